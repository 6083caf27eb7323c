//! A machine that has nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::fixture;
use crate::interpreter::Interpreter;
use crate::scene::{Run, Test, eventually};

/// A root directory with a package, glibc's own libraries and a static busybox: no Python, OpenSSL, /proc, /tmp or home.
pub(crate) fn bare_root(t: &Test, package: &Path) -> PathBuf {
    assert!(
        rustix::process::geteuid().is_root(),
        "chroot needs the superuser"
    );
    let busybox = Path::new("/usr/bin/busybox");
    assert!(
        busybox.exists(),
        "there is no static busybox; tests/setup/run installs busybox-static"
    );
    t.copy(busybox, "root/bin/busybox");
    t.copy(package, "root/app.psp");
    for name in ["sh", "env", "ls"] {
        std::os::unix::fs::symlink("busybox", t.path("root/bin").join(name)).expect("a link");
    }
    let listed = t.call("dpkg", ["-L", "libc6"]).success();
    let libraries = listed
        .stdout()
        .lines()
        .filter(|line| line.contains(".so.") && line.contains("/lib/"));
    for library in libraries.filter(|library| Path::new(library).exists()) {
        t.copy(Path::new(library), &format!("root{library}"));
    }
    let loader = Path::new("/lib64/ld-linux-x86-64.so.2");
    t.copy(loader, "root/lib64/ld-linux-x86-64.so.2");
    let root = t.path("root");
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755)).expect("mode");
    root
}

pub(crate) fn inside(t: &Test, root: &Path, words: &[&str]) -> Run {
    let mut command = t.command("chroot");
    command
        .arg(root)
        .args(["/bin/env", "-i"])
        .args(words)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    t.run(&mut command)
}

/// Nothing remains of a run that had no cache.
fn is_clean(t: &Test) {
    let names = || {
        std::fs::read_dir(t.path("root"))
            .expect("the root")
            .flatten()
            .map(|entry| entry.file_name())
            .collect::<Vec<_>>()
    };
    eventually("the temporary cache is removed", || {
        names()
            .iter()
            .all(|name| !name.to_string_lossy().starts_with("flavor-"))
    });
}

#[track_caller]
fn greets_in_a_bare_root(interpreter: Interpreter) {
    let t = Test::new();
    let root = bare_root(&t, &fixture::hello_by(interpreter).path);
    let run = inside(&t, &root, &["/app.psp", "--plain", "world"]).silent();
    assert_eq!(run.line(), "Hello, world!");
    let run = inside(
        &t,
        &root,
        &["/bin/sh", "-c", "cd / && exec ./app.psp --version"],
    )
    .silent();
    assert_eq!(run.line(), "hello, version 1.0.0");
    is_clean(&t);
    // With a place for the cache it is kept.
    std::fs::create_dir(root.join("cache")).expect("a directory");
    for _ in ["cold", "warm"] {
        let run = inside(
            &t,
            &root,
            &["FLAVOR_CACHE_DIR=/cache", "/app.psp", "--plain", "again"],
        )
        .silent();
        assert_eq!(run.line(), "Hello, again!");
    }
    assert!(root.join("cache/v2").is_dir());
}

#[test]
fn hello_runs_where_there_is_nothing() {
    greets_in_a_bare_root(Interpreter::Pyenv(13));
}

#[test]
fn hello_by_the_system_python_runs_where_there_is_nothing() {
    greets_in_a_bare_root(Interpreter::System);
}

#[test]
fn hello_by_an_interpreter_of_uv_runs_where_there_is_nothing() {
    greets_in_a_bare_root(Interpreter::Managed);
}

#[test]
fn tool_runs_where_there_is_not_even_a_shell() {
    let t = Test::new();
    let root = t.path("root");
    t.copy(&fixture::tool().path, "root/tool.psp");
    let mut command = t.command("chroot");
    command
        .arg(&root)
        .args(["/tool.psp", "count"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let run = t.run(&mut command).silent();
    assert_eq!(run.stdout().lines().last(), Some("total 14"));
    is_clean(&t);
}

#[test]
fn the_launcher_is_static() {
    let t = Test::new();
    let package = &fixture::tool().path;
    let said = t
        .call("file", ["-b".as_ref(), package.as_os_str()])
        .success();
    assert!(
        said.line().contains("statically linked") || said.line().contains("static-pie linked"),
        "{said}"
    );
    let run = t.call("ldd", [package]);
    assert!(
        run.to_string().contains("not a dynamic executable")
            || run.to_string().contains("statically linked"),
        "{run}"
    );
    let bytes = std::fs::read(package).expect("the package");
    let launcher = goblin::elf::Elf::parse(&bytes).expect("an ELF file");
    assert_eq!(launcher.interpreter, None);
    assert_eq!(launcher.libraries, [""; 0]);
}
