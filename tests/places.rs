//! Where the cache may be, and what a cache in an image is good for.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::scene::{FLAVOR, Test};

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
    let expected = t
        .root()
        .canonicalize()
        .expect("a path")
        .join("cache-of-mine");
    assert!(Path::new(run.line()).starts_with(&expected), "{run}");
}

#[test]
fn an_unusable_home_gives_way_to_the_one_in_the_password_file() {
    let t = open_test();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    let mut command = t.command("unshare");
    // A password file of the test's own.
    t.file(
        "passwd",
        format!("root:x:0:0::{}:/bin/sh\n", t.path("home").display()),
    );
    t.file("file", "");
    command
        .args([
            "--mount",
            "sh",
            "-c",
            "mount --bind passwd /etc/passwd && exec \"$0\"",
        ])
        .arg(&package);
    command
        .env_remove("FLAVOR_CACHE_DIR")
        .env("HOME", t.path("file"));
    let run = t.run(&mut command).silent();
    assert!(
        Path::new(run.line()).starts_with(t.path("home/.cache/flavor")),
        "{run}"
    );
}

#[test]
fn what_is_told_of_the_cache_is_where_a_start_has_it() {
    let t = open_test();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    t.file(
        "passwd",
        format!("root:x:0:0::{}:/bin/sh\n", t.path("home").display()),
    );
    t.file("file", "");
    let within = |words: &[&str]| {
        let mut command = t.command("unshare");
        command
            .args([
                "--mount",
                "sh",
                "-c",
                "mount --bind passwd /etc/passwd && exec \"$@\"",
                "sh",
            ])
            .args(words);
        command
            .env_remove("FLAVOR_CACHE_DIR")
            .env("HOME", t.path("file"));
        t.run(&mut command).silent()
    };
    let place = t.path("home/.cache/flavor");
    let told = format!("cache         {}, not created yet\n", place.display());
    assert!(
        within(&[FLAVOR, "workenv", "info"])
            .stdout()
            .starts_with(&told)
    );
    assert!(!place.exists(), "nothing is made to be told of");
    within(&[package.to_str().expect("UTF-8")]);
    let listed = within(&[FLAVOR, "workenv", "list", "--json"]).json();
    let path = listed["environments"][0]["path"]
        .as_str()
        .expect("a path")
        .to_owned();
    assert!(Path::new(&path).starts_with(&place), "{path}");
    assert_eq!(
        within(&[FLAVOR, "cache", "path"]).line(),
        place.join("build").to_str().expect("UTF-8")
    );
    snapshot!(within(&[FLAVOR, "config", "--show-origin", "cache.directory"]), @"
    exit: 0
    --- stdout
    default (cannot make a directory in `[ROOT]/file`: Not a directory (os error 20) (HOME))	cache.directory=[ROOT]/home/.cache/flavor
    ");
}

#[test]
fn without_a_place_for_a_cache_that_is_told() {
    let mut t = open_test();
    let flavor = t.copy(FLAVOR.as_ref(), "flavor");
    let somebody = |t: &Test, words: &[&str]| {
        let mut command = t.command("setpriv");
        t.run(
            command
                .args(SOMEBODY)
                .arg(&flavor)
                .args(words)
                .env_remove("HOME"),
        )
    };
    t.unset("FLAVOR_CACHE_DIR");
    assert_eq!(
        somebody(&t, &["config", "cache.directory"]).silent().line(),
        "cache.directory=none: each start uses a temporary directory"
    );
    assert_eq!(
        somebody(&t, &["workenv", "list", "--json"]).silent().json()["environments"],
        serde_json::json!([])
    );
    assert!(
        somebody(&t, &["cache", "stats"])
            .silent()
            .stdout()
            .contains("; no directory is writable, so nothing is kept")
    );
    // One that is named is used or nothing.
    t.set("FLAVOR_CACHE_DIR", t.path("cache/closed"));
    mode(&t.path("cache"), 0o755);
    let run = somebody(&t, &["workenv", "list"]).fails_with(1);
    assert!(
        run.stderr()
            .starts_with("error[FLV0802]: the cache directory"),
        "{run}"
    );
}

#[test]
fn what_cannot_be_read_is_not_counted_as_nothing() {
    let mut t = open_test();
    let flavor = t.copy(FLAVOR.as_ref(), "flavor");
    for directory in ["build/deps", "build/slots", "v2/locks", "v2/workenv"] {
        std::fs::create_dir_all(t.path("theirs").join(directory)).expect("directories");
    }
    t.call("chown", ["-R", "12345", "theirs"]).success();
    t.call("chmod", ["-R", "go-w", "theirs"]).success();
    mode(&t.path("theirs/build/deps"), 0);
    mode(&t.path("theirs/v2/workenv"), 0);
    t.set("FLAVOR_CACHE_DIR", t.path("theirs"));
    let somebody =
        |words: &[&str]| t.run(t.command("setpriv").args(SOMEBODY).arg(&flavor).args(words));
    for words in [["cache", "stats"], ["cache", "clean"]] {
        let run = somebody(&words).success();
        let warning = format!(
            "warning: cannot read `{}`; it is not counted\n",
            t.path("theirs/build/deps").display()
        );
        assert!(run.stderr().starts_with(&warning), "{run}");
    }
    let unread = somebody(&["cache", "clean", "--dry-run", "--json"])
        .silent()
        .json();
    assert_eq!(unread["dry_run"], true);
    assert_eq!(
        unread["unread"][0],
        t.path("theirs/build/deps").to_str().expect("UTF-8")
    );
    let run = somebody(&["workenv", "list"]).fails_with(1);
    assert!(
        run.stderr().starts_with("error[FLV0902]: cannot list"),
        "{run}"
    );
}

#[test]
fn a_terminal_gets_names_escaped_and_programs_get_them_as_they_are() {
    let mut t = Test::new();
    let package = t.script("true").pack();
    let odd = t.path("red\u{1b}[31m");
    t.set("FLAVOR_CACHE_DIR", &odd);
    let escaped = t.path("red\\u{1b}[31m").display().to_string();
    let commands = [
        format!("{FLAVOR} workenv path {0} script", package.display()),
        format!("{FLAVOR} workenv info"),
        format!("{FLAVOR} config"),
    ];
    for command in &commands {
        let shown = t.call("script", ["-qec", command, "/dev/null"]).success();
        assert!(
            !shown.stdout.contains(&0x1b) && shown.stdout().contains(&escaped),
            "{shown}"
        );
        let piped = t.call("sh", ["-c", command]).silent();
        assert!(
            piped.stdout().contains("red\u{1b}[31m") || command.ends_with("config"),
            "{piped}"
        );
    }
    t.set("FLAVOR_LAUNCHER_CLI", "1");
    let command = format!("{} path script", package.display());
    assert!(
        !t.call("script", ["-qec", &command, "/dev/null"])
            .success()
            .stdout
            .contains(&0x1b)
    );
    assert!(
        t.call(&package, ["path", "script"])
            .silent()
            .stdout
            .contains(&0x1b)
    );
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
      the directory `[ROOT]/open` is writable by other users (mode 0777) and cannot hold the cache
    hint: run `chmod go-w [ROOT]/open`, or set FLAVOR_CACHE_DIR to another directory
    ");
    mode(&t.path("open"), 0o1777);
    t.call(&package, [""; 0]).silent();
    mode(&t.path("open"), 0o755);
    t.call("chown", ["12345".as_ref(), t.path("open").as_os_str()])
        .success();
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 103
    --- stderr
    error[FLV0803]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the directory `[ROOT]/open` is owned by user 12345, not by user 0, and cannot hold the cache
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
    // A link of somebody else's on the way.
    std::fs::create_dir(t.path("sticky")).expect("a directory");
    mode(&t.path("sticky"), 0o1777);
    std::os::unix::fs::symlink(t.path("cache"), t.path("sticky/link")).expect("a link");
    t.set("FLAVOR_CACHE_DIR", t.path("sticky/link"));
    t.call(&package, [""; 0]).silent();
    t.call(
        "chown",
        [
            "-h".as_ref(),
            "12345".as_ref(),
            t.path("sticky/link").as_os_str(),
        ],
    )
    .success();
    assert!(
        t.call(&package, [""; 0])
            .fails_with(103)
            .stderr()
            .contains("is owned by user 12345")
    );
}

#[test]
fn a_cache_in_an_image_serves_others_and_is_never_written_to() {
    let mut t = open_test();
    let package = t.script("cat \"$FLAVOR_WORKENV/bin/probe\" | wc -l").pack();
    let package = package.to_str().expect("UTF-8").to_owned();
    let run = t
        .flavor(["workenv", "warm", &package, "--to", "image"])
        .silent();
    assert!(
        Path::new(run.line()).starts_with(
            t.root()
                .canonicalize()
                .expect("a path")
                .join("image/v2/workenv")
        ),
        "{run}"
    );
    t.set("FLAVOR_CACHE_DIR", t.path("image"));
    let before = t.listing("image");
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "2");
    assert_eq!(
        t.run(t.command("setpriv").args(SOMEBODY).arg(&package))
            .silent()
            .line(),
        "2"
    );
    t.call(
        "chmod",
        ["-R".as_ref(), "a-w".as_ref(), t.path("image").as_os_str()],
    )
    .success();
    let read_only = t.listing("image");
    assert_eq!(
        t.run(t.command("setpriv").args(SOMEBODY).arg(&package))
            .silent()
            .line(),
        "2"
    );
    let run = t.run(
        t.command("setpriv")
            .args(SOMEBODY)
            .arg(&package)
            .env("FLAVOR_VALIDATION", "strict"),
    );
    assert_eq!(run.silent().line(), "2");
    assert_eq!(t.listing("image"), read_only);
    assert_ne!(read_only, before);
    let mount = "mount --bind image image && mount -o remount,bind,ro image && exec \"$0\"";
    let run = t.run(
        t.command("unshare")
            .args(["--mount", "sh", "-c", mount])
            .arg(&package),
    );
    assert_eq!(run.silent().line(), "2");
    // A copy has other inodes and other times.
    t.call(
        "sh",
        [
            "-c",
            "tar -cf copy.tar image && chmod -R u+w image && rm -r image && tar -xf copy.tar",
        ],
    )
    .success();
    let copied = t.listing("image");
    assert_eq!(
        t.run(t.command("setpriv").args(SOMEBODY).arg(&package))
            .silent()
            .line(),
        "2"
    );
    assert_eq!(t.listing("image"), copied);
}

#[test]
fn the_launcher_fills_an_image_without_flavor() {
    let mut t = open_test();
    let package = t.script("echo started").pack();
    let run = t
        .run(
            t.command(&package)
                .args(["warm", "--to", "image"])
                .env("FLAVOR_LAUNCHER_CLI", "1"),
        )
        .silent();
    assert!(
        run.line().ends_with(|_: char| true) && t.path("image/v2").is_dir(),
        "{run}"
    );
    t.set("FLAVOR_CACHE_DIR", t.path("image"));
    assert_eq!(
        t.run(t.command("setpriv").args(SOMEBODY).arg(&package))
            .silent()
            .line(),
        "started"
    );
    t.set("FLAVOR_CACHE_DIR", t.path("cache"));
    t.run(
        t.command(&package)
            .arg("warm")
            .env("FLAVOR_LAUNCHER_CLI", "1"),
    )
    .silent();
    let before = t.listing("cache/v2/workenv");
    t.call(&package, [""; 0]).silent();
    assert_eq!(t.listing("cache/v2/workenv"), before);
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
      the cache directory `[ROOT]/locked/cache` is on a file system mounted noexec
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
            let words = [
                "-qq",
                "-o",
                "/dev/null",
                "-f",
                "-e",
                "trace=flock",
                "-e",
                &inject,
            ];
            let run = t.run(t.command("strace").args(words).arg(&package));
            assert_eq!(run.silent().line(), "2", "{error}");
        }
        assert_eq!(t.names("cache/v2/staging"), [""; 0]);
        t.flavor(["workenv", "clean", "-y"]).silent();
    }
}
