//! The program's environment is the caller's, but for what the package asks.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::scene::{Run, Test};

/// A package around `/usr/bin/env -0`, with extra lines for the manifest.
fn env_package(t: &Test, extra: &str) -> std::path::PathBuf {
    t.file("note", "a slot");
    t.manifest(&format!(
        r#"
[project]
name = "env"
version = "1.0.0"
[tool.flavor.execution]
command = ["/usr/bin/env", "-0"]
[[tool.flavor.slots.entries]]
name = "note"
source = "note"
{extra}
"#
    ));
    t.pack()
}

fn variables(run: &Run) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let lines = run
        .stdout
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let at = line
                .iter()
                .position(|byte| *byte == b'=')
                .expect("name=value");
            (line[..at].to_vec(), line[at + 1..].to_vec())
        })
        .collect()
}

#[test]
fn nothing_of_the_caller_is_rewritten() {
    let mut t = Test::new();
    for (name, value) in [
        ("LD_LIBRARY_PATH", "/nowhere"),
        ("PYTHONPATH", "/nowhere"),
        ("XDG_DATA_HOME", "/nowhere/data"),
        ("TMPDIR", "/tmp"),
        ("EMPTY", ""),
        ("FLAVOR_JOBS", "2"),
    ] {
        t.set(name, value);
    }
    t.set("BYTES", OsStr::from_bytes(b"\xff\n\xfe"));
    let package = env_package(&t, "");
    let expected = variables(&t.call("/usr/bin/env", ["-0"]));
    for start in ["cold", "warm"] {
        let run = t.call(&package, [""; 0]).silent();
        let mut found = variables(&run);
        let workenv = found
            .remove(&b"FLAVOR_WORKENV"[..])
            .expect("FLAVOR_WORKENV");
        let path = found
            .remove(&b"FLAVOR_PACKAGE_PATH"[..])
            .expect("FLAVOR_PACKAGE_PATH");
        assert!(workenv.starts_with(t.path("cache/v2/workenv/env-1.0.0-").as_os_str().as_bytes()));
        assert_eq!(path, package.as_os_str().as_bytes());
        let differs = |name: &&Vec<u8>| found.get(*name) != expected.get(*name);
        let differing: Vec<_> = found
            .keys()
            .chain(expected.keys())
            .filter(differs)
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        assert_eq!(differing, [""; 0], "{start}");
    }
}

#[test]
fn the_manifest_can_unset_pass_map_and_set() {
    let mut t = Test::new();
    for (name, value) in [
        ("SECRET_A", "1"),
        ("SECRET_KEEP", "2"),
        ("OLD", "3"),
        ("PYTHONPATH", "4"),
        ("OTHER", "5"),
    ] {
        t.set(name, value);
    }
    let package = env_package(
        &t,
        r#"
[tool.flavor.execution.runtime.env]
unset = ["SECRET_*", "PYTHONPATH"]
pass = ["SECRET_KEEP"]
map = { OLD = "NEW" }
set = { DATA = "{workenv}/note", OTHER = "six" }
"#,
    );
    let found = variables(&t.call(&package, [""; 0]).silent());
    let get = |name: &str| {
        found
            .get(name.as_bytes())
            .map(|value| String::from_utf8_lossy(value).into_owned())
    };
    assert_eq!(get("SECRET_A"), None);
    assert_eq!(get("PYTHONPATH"), None);
    assert_eq!(get("OLD"), None);
    assert_eq!(get("SECRET_KEEP").as_deref(), Some("2"));
    assert_eq!(get("NEW").as_deref(), Some("3"));
    assert_eq!(get("OTHER").as_deref(), Some("six"));
    assert_eq!(get("HOME"), Some(t.path("home").display().to_string()));
    assert_eq!(
        get("DATA"),
        Some(format!("{}/note", get("FLAVOR_WORKENV").expect("set")))
    );
}

#[test]
fn everything_but_a_few_can_be_unset() {
    let mut t = Test::new();
    t.set("LC_ALL", "C");
    t.set("X", "1");
    let package = env_package(
        &t,
        r#"
[tool.flavor.execution.runtime.env]
unset = ["*"]
pass = ["PATH", "LC_*"]
"#,
    );
    let found = variables(&t.call(&package, [""; 0]).silent());
    let names: Vec<_> = found
        .keys()
        .map(|name| String::from_utf8_lossy(name))
        .collect();
    assert_eq!(
        names,
        ["FLAVOR_PACKAGE_PATH", "FLAVOR_WORKENV", "LC_ALL", "PATH"]
    );
}

#[test]
fn a_value_can_name_other_variables() {
    let mut t = Test::new();
    t.set("FIRST", "1");
    t.set("BYTES", OsStr::from_bytes(b"\xff"));
    t.set("GONE", "2");
    let package = env_package(
        &t,
        r#"
[tool.flavor.execution.env]
LAST = "{env:SECOND}"
[tool.flavor.execution.runtime.env]
unset = ["GONE"]
map = { FIRST = "SECOND" }
set = { PATH = "{workenv}/bin:{env:PATH}", NONE = "/a:{env:NONE_SUCH}", GIVEN = "{env:NONE_SUCH:-{workenv}}", \
BOTH = "{env:SECOND}{env:BYTES}", GONE = "{env:GONE:-gone}", FIRST = "{env:FIRST:-renamed}" }
"#
        .replace("\\\n", "")
        .as_str(),
    );
    let path = t
        .call("sh", ["-c", "printf %s \"$PATH\""])
        .silent()
        .stdout()
        .to_owned();
    let found = variables(&t.call(&package, [""; 0]).silent());
    let get = |name: &str| {
        found
            .get(name.as_bytes())
            .map(|value| String::from_utf8_lossy(value).into_owned())
    };
    assert_eq!(
        get("PATH"),
        Some(format!(
            "{}/bin:{path}",
            get("FLAVOR_WORKENV").expect("set")
        ))
    );
    assert_eq!(
        get("NONE").as_deref(),
        Some("/a"),
        "no empty element is left"
    );
    assert_eq!(get("LAST").as_deref(), Some("1"));
    assert_eq!(found[&b"BOTH"[..]], b"1\xff");
    assert_eq!(
        (get("GONE").as_deref(), get("FIRST").as_deref()),
        (Some("gone"), Some("renamed"))
    );
}

#[test]
fn a_reference_that_nothing_replaces_is_a_warning() {
    let t = Test::new();
    t.manifest(
        r#"
[project]
name = "env"
version = "1.0.0"
[tool.flavor.execution]
command = ["/usr/bin/env", "X={env:HOME}"]
env = { A = "{env.HOME}", B = "{env:HOME}", C = "{ENV:HOME}", D = "${HOME} {other:thing}" }
"#,
    );
    let run = t.flavor(["pack"]).success();
    let warned: Vec<&str> = run
        .stderr()
        .lines()
        .filter(|line| line.starts_with("warning"))
        .collect();
    let placeholders: Vec<_> = warned
        .iter()
        .filter_map(|line| Some(line.split_once("placeholder `")?.1.split_once('`')?.0))
        .collect();
    assert_eq!(
        placeholders,
        ["{env:HOME}", "{env.HOME}", "{ENV:HOME}"],
        "{run}"
    );
    assert!(
        run.stderr()
            .contains("hint: only values of `env` and `set` can refer to variables"),
        "{run}"
    );
}

#[test]
fn the_commands_of_a_package_can_come_first_on_path() {
    let mut t = Test::new();
    let manifest = |more: &str| {
        t.file("hail.sh", "#!/bin/sh\necho \"$PATH\"\n");
        let slot = crate::scene::PROBE.replace(
            "command = [\"{workenv}/bin/probe\"]",
            "command = [\"probe\"]\npath = true",
        );
        t.file("probe.sh", "#!/bin/sh\nexec probe-path\n");
        let second = "[[tool.flavor.slots.entries]]\nname = \"second\"\nsource = \"hail.sh\"\n\
                      operations = [\"raw\"]\ntarget = \"bin/probe-path\"\npermissions = \"0755\"\n";
        t.manifest(&format!("{slot}\n{second}\n{more}"));
        t.pack()
    };
    let workenv = |run: &crate::scene::Run| {
        let first = run.line().split(':').next().expect("an element").to_owned();
        assert!(
            first.starts_with(t.path("cache").to_str().expect("UTF-8")) && first.ends_with("/bin"),
            "{run}"
        );
        run.line()[first.len()..].to_owned()
    };
    let package = manifest("");
    let path = t
        .call("sh", ["-c", "printf %s \"$PATH\""])
        .silent()
        .stdout()
        .to_owned();
    assert_eq!(
        workenv(&t.call(&package, [""; 0]).silent()),
        format!(":{path}")
    );
    let mut command = t.command(&package);
    command.env_remove("PATH");
    assert_eq!(
        workenv(&t.run(&mut command).silent()),
        ":/usr/local/bin:/usr/bin:/bin"
    );
    // One that the manifest sets comes after it.
    let package =
        manifest("[tool.flavor.execution.runtime.env]\nset = { PATH = \"/usr/bin:/bin\" }\n");
    assert_eq!(
        workenv(&t.call(&package, [""; 0]).silent()),
        ":/usr/bin:/bin"
    );
    let package = manifest("[tool.flavor.execution.env]\nPATH = \"{workenv}/bin:/bin\"\n");
    assert_eq!(workenv(&t.call(&package, [""; 0]).silent()), ":/bin");
    t.unset("PATH");
}

#[test]
fn a_python_program_does_not_hear_the_callers_pythonpath() {
    let mut t = Test::new();
    t.file("hostile/click/__init__.py", "raise SystemExit('hostile')");
    t.file("hostile/sitecustomize.py", "raise SystemExit('hostile')");
    t.set("PYTHONPATH", t.path("hostile"));
    t.set("PYTHONHOME", t.path("hostile"));
    let run = t
        .call(&crate::fixture::hello().path, ["--version"])
        .silent();
    assert_eq!(run.line(), "hello, version 1.0.0");
}

#[test]
fn a_cache_directory_with_blanks_is_a_cache_directory() {
    let mut t = Test::new();
    t.set("FLAVOR_CACHE_DIR", t.path("a cache with blanks"));
    let package = t.script("echo \"$FLAVOR_WORKENV\"").pack();
    let run = t.call(&package, [""; 0]).silent();
    assert!(
        run.line()
            .starts_with(t.path("a cache with blanks/v2/").to_str().expect("UTF-8")),
        "{run}"
    );
}

#[test]
fn without_a_cache_directory_xdg_and_home_are_used() {
    let mut t = Test::new();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    t.unset("FLAVOR_CACHE_DIR");
    let below = |t: &Test, directory: &str| {
        let run = t.call(&package, [""; 0]).silent();
        assert!(
            run.line()
                .starts_with(t.path(directory).to_str().expect("UTF-8")),
            "{run}"
        );
    };
    below(&t, "home/.cache/flavor/v2/");
    t.set("XDG_CACHE_HOME", t.path("xdg"));
    below(&t, "xdg/flavor/v2/");
}

#[test]
fn the_cache_is_private_and_marked() {
    use std::os::unix::fs::PermissionsExt;
    let t = Test::new();
    let package = t.script("true").pack();
    std::fs::remove_dir_all(t.path("cache")).expect("no cache yet");
    t.call(&package, [""; 0]).silent();
    let mode = |path: &str| {
        t.path(path)
            .metadata()
            .expect("metadata")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("cache"), mode("cache/v2")), (0o700, 0o700));
    let tag = std::fs::read_to_string(t.path("cache/CACHEDIR.TAG")).expect("a tag");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
}

#[test]
fn a_cache_that_others_can_write_is_refused() {
    let t = Test::new();
    let package = t.script("true").pack();
    t.call(&package, [""; 0]).silent();
    t.call("chmod", ["777".as_ref(), t.path("cache").as_os_str()])
        .success();
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 103
    --- stderr
    error[FLV0804]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the directory `[ROOT]/cache` is writable by other users (mode 0777) and cannot hold the cache
    hint: run `chmod go-w [ROOT]/cache`, or set FLAVOR_CACHE_DIR to another directory
    ");
}
