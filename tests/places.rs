//! Where the cache may be, and what a cache in an image is good for.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::scene::Test;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
}

/// Runs as nobody in particular.
const SOMEBODY: [&str; 4] = ["--reuid=12345", "--regid=12345", "--clear-groups", "--"];

/// A test whose directory others can enter.
fn open_test() -> Test {
    let t = Test::new();
    mode(t.root(), 0o755);
    t
}

#[test]
fn a_relative_cache_directory_is_where_the_caller_is() {
    let mut t = Test::new();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    t.set("FLAVOR_CACHE_DIR", "./here/../cache-of-mine");
    std::fs::create_dir(t.path("here")).expect("a directory");
    let run = t.call(&package, [""; 0]).silent();
    let expected = t.root().canonicalize().expect("a path").join("cache-of-mine");
    assert!(Path::new(run.line()).starts_with(&expected), "{run}");
}

#[test]
fn an_unusable_home_gives_way_to_the_one_in_the_password_file() {
    let t = open_test();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    let mut command = t.command("unshare");
    // A password file of the test's own.
    t.file("passwd", format!("root:x:0:0::{}:/bin/sh\n", t.path("home").display()));
    t.file("file", "");
    command.args(["--mount", "sh", "-c", "mount --bind passwd /etc/passwd && exec \"$0\""]).arg(&package);
    command.env_remove("FLAVOR_CACHE_DIR").env("HOME", t.path("file"));
    let run = t.run(&mut command).silent();
    assert!(Path::new(run.line()).starts_with(t.path("home/.cache/flavor")), "{run}");
}

#[test]
fn a_directory_above_the_cache_that_others_may_change_is_refused() {
    let mut t = Test::new();
    let package = t.script("echo started").pack();
    std::fs::create_dir_all(t.path("open/cache")).expect("directories");
    mode(&t.path("open"), 0o777);
    t.set("FLAVOR_CACHE_DIR", t.path("open/cache"));
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 103
    --- stderr
    error[FLV0804]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the directory `[ROOT]/open` can be written by others (mode 0777), and the cache would be there
    hint: run `chmod go-w [ROOT]/open`, or set FLAVOR_CACHE_DIR to another directory
    ");
    mode(&t.path("open"), 0o1777);
    t.call(&package, [""; 0]).silent();
    mode(&t.path("open"), 0o755);
    t.call("chown", ["12345".as_ref(), t.path("open").as_os_str()]).success();
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 103
    --- stderr
    error[FLV0803]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the directory `[ROOT]/open` belongs to user 12345, not to user 0, and the cache would be there
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
    // A link of somebody else's on the way.
    std::fs::create_dir(t.path("sticky")).expect("a directory");
    mode(&t.path("sticky"), 0o1777);
    std::os::unix::fs::symlink(t.path("cache"), t.path("sticky/link")).expect("a link");
    t.set("FLAVOR_CACHE_DIR", t.path("sticky/link"));
    t.call(&package, [""; 0]).silent();
    t.call("chown", ["-h".as_ref(), "12345".as_ref(), t.path("sticky/link").as_os_str()]).success();
    assert!(t.call(&package, [""; 0]).fails_with(103).stderr().contains("belongs to user 12345"));
}

#[test]
fn a_cache_in_an_image_serves_others_and_is_never_written_to() {
    let mut t = open_test();
    let package = t.script("cat \"$FLAVOR_WORKENV/bin/probe\" | wc -l").pack();
    let package = package.to_str().expect("UTF-8").to_owned();
    let run = t.flavor(["workenv", "warm", &package, "--to", "image"]).silent();
    assert!(
        Path::new(run.line()).starts_with(t.root().canonicalize().expect("a path").join("image/v1/workenv")),
        "{run}"
    );
    t.set("FLAVOR_CACHE_DIR", t.path("image"));
    let before = t.listing("image");
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "2");
    assert_eq!(t.run(t.command("setpriv").args(SOMEBODY).arg(&package)).silent().line(), "2");
    t.call("chmod", ["-R".as_ref(), "a-w".as_ref(), t.path("image").as_os_str()]).success();
    let read_only = t.listing("image");
    assert_eq!(t.run(t.command("setpriv").args(SOMEBODY).arg(&package)).silent().line(), "2");
    let run = t.run(t.command("setpriv").args(SOMEBODY).arg(&package).env("FLAVOR_VALIDATION", "strict"));
    assert_eq!(run.silent().line(), "2");
    assert_eq!(t.listing("image"), read_only);
    assert_ne!(read_only, before);
    let mount = "mount --bind image image && mount -o remount,bind,ro image && exec \"$0\"";
    let run = t.run(t.command("unshare").args(["--mount", "sh", "-c", mount]).arg(&package));
    assert_eq!(run.silent().line(), "2");
    // A copy has other inodes and other times.
    t.call("sh", ["-c", "tar -cf copy.tar image && chmod -R u+w image && rm -r image && tar -xf copy.tar"]).success();
    let copied = t.listing("image");
    assert_eq!(t.run(t.command("setpriv").args(SOMEBODY).arg(&package)).silent().line(), "2");
    assert_eq!(t.listing("image"), copied);
}

#[test]
fn the_launcher_fills_an_image_without_flavor() {
    let mut t = open_test();
    let package = t.script("echo started").pack();
    let run = t.run(t.command(&package).args(["warm", "--to", "image"]).env("FLAVOR_LAUNCHER_CLI", "1")).silent();
    assert!(run.line().ends_with(|_: char| true) && t.path("image/v1").is_dir(), "{run}");
    t.set("FLAVOR_CACHE_DIR", t.path("image"));
    assert_eq!(t.run(t.command("setpriv").args(SOMEBODY).arg(&package)).silent().line(), "started");
    t.set("FLAVOR_CACHE_DIR", t.path("cache"));
    t.run(t.command(&package).arg("warm").env("FLAVOR_LAUNCHER_CLI", "1")).silent();
    let before = t.listing("cache/v1/workenv");
    t.call(&package, [""; 0]).silent();
    assert_eq!(t.listing("cache/v1/workenv"), before);
}

#[test]
fn a_cache_that_cannot_be_written_to_is_named_with_the_way_out() {
    let mut t = open_test();
    let package = t.script("echo started").pack();
    std::fs::create_dir(t.path("locked")).expect("a directory");
    t.set("FLAVOR_CACHE_DIR", t.path("locked/cache"));
    snapshot!(t.run(t.command("setpriv").args(SOMEBODY).arg(&package)), @"
    exit: 103
    --- stderr
    error[FLV0802]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the cache directory `[ROOT]/locked/cache`, or a directory above it, cannot be written to
      cannot create directory `[ROOT]/locked/cache`
      Permission denied (os error 13)
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
    let mount = "mount -t tmpfs -o noexec none locked && exec \"$0\"";
    snapshot!(t.run(t.command("unshare").args(["--mount", "sh", "-c", mount]).arg(&package)), @"
    exit: 103
    --- stderr
    error[FLV0805]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the cache directory `[ROOT]/locked/cache` is on a file system that is mounted noexec
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
}

#[test]
fn a_file_system_without_locks_is_no_obstacle() {
    let t = Test::new();
    let package = t.script("cat \"$FLAVOR_WORKENV/bin/probe\" | wc -l").pack();
    for error in ["ENOLCK", "EOPNOTSUPP", "ENOSYS"] {
        for _ in ["cold", "warm"] {
            let inject = format!("inject=flock:error={error}");
            let words = ["-qq", "-o", "/dev/null", "-f", "-e", "trace=flock", "-e", &inject];
            let run = t.run(t.command("strace").args(words).arg(&package));
            assert_eq!(run.silent().line(), "2", "{error}");
        }
        assert_eq!(t.names("cache/v1/staging"), [""; 0]);
        t.flavor(["workenv", "clean", "-y"]).silent();
    }
}
