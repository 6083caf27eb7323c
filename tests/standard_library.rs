//! The standard library inside a package: what is carried for it, and what is said of what is left out.

use std::path::Path;

use crate::chroot::{bare_root, inside};
use crate::fixture;
use crate::interpreter::Interpreter;
use crate::scene::{Run, Test};
use crate::wheelhouse;

const EVERY: [Interpreter; 3] = [
    Interpreter::Pyenv(13),
    Interpreter::System,
    Interpreter::Managed,
];

/// A script with parts of the standard library to include.
fn script(t: &Test, include: &str, code: &str) {
    t.file(
        "app.py",
        format!("# /// script\n# [tool.flavor.python]\n# include = [{include}]\n# ///\n{code}\n"),
    );
}

fn run(t: &Test, package: &Path, code: &str) -> Run {
    t.call(package, [code])
}

#[test]
fn an_import_of_what_is_left_out_names_the_remedy() {
    let t = Test::new();
    let package = fixture::probe(Interpreter::Pyenv(11), false);
    for (module, feature) in [
        ("tkinter", "tkinter"),
        ("tkinter.ttk", "tkinter"),
        ("turtle", "turtle"),
        ("idlelib.idle", "idlelib"),
        ("turtledemo", "turtledemo"),
        ("ensurepip", "ensurepip"),
        ("lib2to3.pygram", "lib2to3"),
        ("pydoc_data.topics", "pydoc_data"),
        ("test.support", "test"),
        ("nis", "nis"),
    ] {
        let run = run(&t, package, &format!("import {module}")).fails_with(1);
        let name = module.split('.').next().unwrap_or(module);
        let expected = format!(
            "\nModuleNotFoundError: No module named '{name}': this part of the standard library is not in the package; \
             add it with `include = [\"{feature}\"]` under [tool.flavor.python]\n"
        );
        assert!(run.stderr().ends_with(&expected), "{module}: {run}");
    }
    // Programs that can do without go on as they would without the module.
    let optional = "
try:
    import tkinter
except ModuleNotFoundError as error:
    print(error.name)
import pydoc
pydoc.help.showtopic('if')
";
    let run = run(&t, package, optional).success();
    assert!(run.stdout().starts_with("tkinter\n"), "{run}");
    // Modules that are no more in this version are nobody's to include.
    let run = self::run(
        &t,
        fixture::probe(Interpreter::Pyenv(13), false),
        "import lib2to3",
    )
    .fails_with(1);
    assert!(
        run.stderr()
            .ends_with("\nModuleNotFoundError: No module named 'lib2to3'\n"),
        "{run}"
    );
}

#[test]
fn a_part_that_is_run_as_a_program_names_the_remedy_too() {
    let t = Test::new();
    let package = fixture::probe(Interpreter::Pyenv(13), false);
    let code = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-m', *sys.argv[1:]]).returncode)";
    let run = |words: &[&str]| {
        let mut all = vec![code];
        all.extend(words);
        t.call(package, all)
    };
    let remedy =
        "not in the package; add it with `include = [\"ensurepip\"]` under [tool.flavor.python]\n";
    for words in [&["ensurepip"][..], &["venv", "env"]] {
        let run = run(words).fails_with(1);
        assert!(
            run.stderr().ends_with(remedy) && !run.stderr().contains("Traceback"),
            "{run}"
        );
    }
    assert!(!t.path("env").exists());
    run(&["venv", "--without-pip", "env"]).silent();
    assert!(
        run(&["idlelib"])
            .fails_with(1)
            .stderr()
            .contains("`include = [\"idlelib\"]`")
    );
}

#[test]
fn a_module_of_the_same_name_is_found_where_the_library_has_none() {
    let t = Test::new();
    wheelhouse::wheel(
        &t,
        "own",
        "1",
        &[
            ("test/__init__.py", "WORD = 'mine'\n"),
            ("test/support.py", "MORE = 2\n"),
        ],
    );
    t.file(
        "own.py",
        "import test.support\nprint(test.WORD, test.support.MORE, test.__name__)\n",
    );
    let package = t.pack_with(&["--python", "3.13", "own.py"]);
    // Beside the program; natively the library's own would win in site-packages.
    let library = t.path("wheels/own-1-py3-none-any.whl");
    let code = format!(
        "import sys; sys.path.append({:?}); import test.support as s; print(s.MORE)",
        library.display()
    );
    assert_eq!(
        run(&t, fixture::probe(Interpreter::Pyenv(13), false), &code)
            .silent()
            .line(),
        "2"
    );
    let run = t.call(package, [""; 0]).fails_with(1);
    assert!(run.stderr().contains("`include = [\"test\"]`"), "{run}");
}

#[test]
fn virtual_environments_work_in_a_package() {
    for interpreter in EVERY {
        let mut t = Test::new();
        wheelhouse::wheel(&t, "greeting", "2.0", &[("greeting.py", "WORD = 'Ahoy'\n")]);
        t.set("PIP_NO_INDEX", "1");
        t.set("PIP_FIND_LINKS", t.path("wheels"));
        t.set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        let package = fixture::probe(interpreter, true);
        let make = "import venv; venv.create('copied', symlinks=False, with_pip=True)";
        run(&t, package, make).silent();
        let mut names = vec!["copied"];
        if interpreter == Interpreter::Pyenv(13) {
            let make = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'venv', 'linked'], check=True)";
            run(&t, package, make).silent();
            names.push("linked");
        }
        for name in names {
            t.call(t.path(name).join("bin/pip"), ["install", "-q", "greeting"])
                .success();
            let code =
                "import greeting, ssl, sqlite3, ctypes, sys; print(greeting.WORD, sys.prefix)";
            let run = t
                .call(t.path(name).join("bin/python"), ["-c", code])
                .silent();
            assert_eq!(
                run.line(),
                format!("Ahoy {}", t.path(name).display()),
                "{interpreter:?}"
            );
        }
    }
}

#[test]
fn tcl_finds_its_scripts_in_the_package() {
    for interpreter in [
        Interpreter::Pyenv(11),
        Interpreter::Pyenv(13),
        Interpreter::Managed,
    ] {
        let t = Test::new();
        assert!(
            interpreter.has("_tkinter"),
            "{interpreter:?} was built without tk-dev, which .ci/run installs"
        );
        let root = bare_root(&t, fixture::probe(interpreter, true));
        let code = "
import os, tkinter, turtle
tcl = tkinter.Tcl()
print(tcl.eval('info library'))
print(tcl.eval('encoding convertfrom cp1252 \\\\x80'), 'TCL_LIBRARY' in os.environ)
try:
    tkinter.Tk()
except tkinter.TclError as error:
    print(error)
";
        let run = inside(&t, &root, &["FLAVOR_CACHE_DIR=/cache", "/app.psp", code]).silent();
        let lines: Vec<&str> = run.stdout().lines().collect();
        assert!(
            lines[0].starts_with("/cache/v2/") && lines[0].ends_with("/lib/tcl8.6"),
            "{run}"
        );
        assert_eq!(
            lines[1..],
            [
                "€ False",
                "no display name and no $DISPLAY environment variable"
            ],
            "{run}"
        );
    }
}

#[test]
fn a_part_that_the_interpreter_lacks_is_an_error() {
    let t = Test::new();
    script(&t, "\"ensurepip\"", "");
    let hide = "mount -t tmpfs none /usr/lib/python3.11/ensurepip && exec \"$@\"";
    let words = [
        "--mount",
        "sh",
        "-c",
        hide,
        "sh",
        crate::scene::FLAVOR,
        "pack",
        "-q",
        "--python",
        "/usr/bin/python3",
    ];
    snapshot!(t.run(t.command("unshare").args(words).arg("app.py")), @r#"
    exit: 1
    --- stderr
    error[FLV0355]: cannot pack `app.py`
      cannot make the interpreter relocatable
      `/usr/bin/python3` has no `ensurepip`, which `include = ["ensurepip"]` asks for
    hint: install the system's package `python3-venv` (Debian, Ubuntu) or `python3-libs` (Fedora), or choose another interpreter with `--python`
    "#);
    script(&t, "\"lib2to3\"", "");
    let run = t
        .flavor(["pack", "--python", "3.13", "app.py"])
        .fails_with(1);
    assert!(
        run.stderr()
            .contains("hint: CPython 3.13 has no such part: remove it from `include`"),
        "{run}"
    );
}

/// Draws on a terminal of its own.
const DRAW: &str = r#"
import os, pty
pid, terminal = pty.fork()
if pid == 0:
    import curses
    def draw(screen):
        screen.addstr("drawn")
        screen.refresh()
    curses.wrapper(draw)
    print("left", os.environ.get("TERMINFO_DIRS"), flush=True)
    os._exit(0)
said = b""
try:
    while chunk := os.read(terminal, 4096):
        said += chunk
except OSError:
    pass
os.waitpid(pid, 0)
print(b"drawn" in said, b"left None" in said or said)
"#;

#[test]
fn curses_knows_terminals_that_the_machine_does_not() {
    for interpreter in EVERY {
        let t = Test::new();
        let root = bare_root(&t, fixture::probe(interpreter, false));
        for (term, colors) in [
            ("xterm-256color", "256"),
            ("linux", "8"),
            ("vt100", "-1"),
            ("screen", "8"),
        ] {
            let code = "import curses; curses.setupterm(fd=1); print(curses.tigetnum('colors'))";
            let term = format!("TERM={term}");
            let run = inside(
                &t,
                &root,
                &["FLAVOR_CACHE_DIR=/cache", &term, "/app.psp", code],
            )
            .silent();
            assert_eq!(run.line(), colors, "{interpreter:?} {term}");
        }
        let code = "import curses; curses.setupterm('no-such-terminal', fd=1)";
        let run = inside(&t, &root, &["FLAVOR_CACHE_DIR=/cache", "/app.psp", code]).fails_with(1);
        assert!(
            run.stderr()
                .contains("_curses.error: setupterm: could not find terminal"),
            "{run}"
        );
        let mount =
            "mkdir root/dev && mount --rbind /dev root/dev && exec chroot root /bin/env -i \"$@\"";
        let mut command = t.command("unshare");
        command.args([
            "--mount",
            "sh",
            "-c",
            mount,
            "sh",
            "TERM=tmux-256color",
            "FLAVOR_CACHE_DIR=/cache",
        ]);
        let run = t.run(command.args(["/app.psp", DRAW])).silent();
        assert_eq!(run.line(), "True True", "{interpreter:?}");
    }
}

#[test]
fn the_machines_own_description_of_a_terminal_comes_first() {
    let t = Test::new();
    let root = bare_root(&t, fixture::probe(Interpreter::Pyenv(13), false));
    t.copy(
        Path::new("/lib/terminfo/d/dumb"),
        "root/lib/terminfo/x/xterm",
    );
    let code = "import curses; curses.setupterm('xterm', fd=1); print(curses.tigetnum('colors'))";
    assert_eq!(inside(&t, &root, &["/app.psp", code]).silent().line(), "-1");
}

#[test]
fn time_zones_are_carried_when_asked_for_and_named_otherwise() {
    for interpreter in EVERY {
        let t = Test::new();
        let berlin = "import datetime, zoneinfo; zone = zoneinfo.ZoneInfo('Europe/Berlin')
print(datetime.datetime(2024, 7, 1, tzinfo=zone).utcoffset(), len(zoneinfo.available_timezones()) > 400)";
        let root = bare_root(&t, fixture::probe(interpreter, true));
        assert_eq!(
            inside(&t, &root, &["/app.psp", berlin]).silent().line(),
            "2:00:00 True",
            "{interpreter:?}"
        );
        t.copy(fixture::probe(interpreter, false), "root/bare.psp");
        let run = inside(&t, &root, &["/bare.psp", berlin]).fails_with(1);
        let remedy = "No time zone found with key Europe/Berlin: this machine has no time zone data, and neither has the \
                      package; add the dependency `tzdata`, or `include = [\"tzdata\"]` under [tool.flavor.python]";
        assert!(run.stderr().contains(remedy), "{run}");
        // The machine's own data comes first, and what it lacks is an ordinary error there.
        t.copy(
            Path::new("/usr/share/zoneinfo/UTC"),
            "root/usr/share/zoneinfo/Europe/Berlin",
        );
        for package in ["/app.psp", "/bare.psp"] {
            let run = inside(&t, &root, &[package, &berlin.replace("> 400", "> 0")]).silent();
            assert_eq!(run.line(), "0:00:00 True", "{interpreter:?}");
        }
        let run = inside(
            &t,
            &root,
            &[
                "/bare.psp",
                "import zoneinfo; zoneinfo.ZoneInfo('Europe/Rome')",
            ],
        )
        .fails_with(1);
        assert!(
            run.stderr()
                .contains("No time zone found with key Europe/Rome'\n"),
            "{run}"
        );
    }
}

#[test]
fn what_is_carried_by_default_is_small() {
    let t = Test::new();
    let package = fixture::probe(Interpreter::Pyenv(13), false);
    let code = "
import os
library = os.path.dirname(os.__file__)
size = lambda path: os.path.getsize(os.path.join(library, path))
terminals = [os.path.join(place, name) for place, _, names in os.walk(library + '/curses/terminfo') for name in names]
print(len(terminals) >= 10, sum(map(os.path.getsize, terminals)) < 60_000, size('_left_out.py') < 4000)
";
    assert_eq!(run(&t, package, code).silent().line(), "True True True");
}
