//! A Python program hears its caller, but for where modules come from.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fixture;
use crate::flavorpack;
use crate::interpreter::{self, Interpreter};
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// Prints the value of its argument, a Python expression.
const PROBE: &str = r#"
import json, os, subprocess, sys

OURS = ("PYTHON", "__PYVENV", "FLAVOR_WITHHELD")

def names():
    return {name: value for name, value in os.environ.items() if name.startswith(OURS)}

def names_in_child():
    script = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith(%r)}))" % (OURS,)
    return json.loads(subprocess.run(["/usr/bin/python3", "-IS", "-c", script], stdout=subprocess.PIPE).stdout)

def fact(text):
    names = {"sys": sys, "os": os}
    for name in ("asyncio", "builtins", "faulthandler", "tracemalloc", "site"):
        if name in text:
            names[name] = __import__(name)
    return eval(text, {**globals(), **names})

def debug(loop):
    loop.close()
    return loop.get_debug()

def worker(queue):
    import greetings
    queue.put([greetings.WORD, sys.path])

def in_worker():
    import multiprocessing
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=worker, args=(queue,))
    process.start()
    word, path = queue.get(timeout=60)
    process.join()
    return [word, [one for one in path if "hostile" in one]]

def main():
    print(json.dumps(fact(sys.argv[1])))

if __name__ == "__main__":
    main()
"#;

/// Variables that change how a program runs: a value, a fact and what it is then.
const HEARD: [(&str, &str, &str, &str); 14] = [
    ("PYTHONUNBUFFERED", "1", "sys.stdout.write_through", "true"),
    (
        "PYTHONFAULTHANDLER",
        "1",
        "faulthandler.is_enabled()",
        "true",
    ),
    ("PYTHONBREAKPOINT", "builtins.len", "breakpoint('hit')", "3"),
    (
        "PYTHONWARNINGS",
        "error,ignore::UserWarning",
        "sys.warnoptions[-2:]",
        r#"["error","ignore::UserWarning"]"#,
    ),
    ("PYTHONDEVMODE", "1", "bool(sys.flags.dev_mode)", "true"),
    (
        "PYTHONTRACEMALLOC",
        "7",
        "tracemalloc.get_traceback_limit()",
        "7",
    ),
    (
        "PYTHONASYNCIODEBUG",
        "1",
        "debug(asyncio.new_event_loop())",
        "true",
    ),
    ("PYTHONUTF8", "1", "sys.flags.utf8_mode", "1"),
    (
        "PYTHONIOENCODING",
        "latin-1:replace",
        "[sys.stdout.encoding, sys.stdout.errors]",
        r#"["iso8859-1","replace"]"#,
    ),
    ("PYTHONHASHSEED", "0", "sys.flags.hash_randomization", "0"),
    ("PYTHONOPTIMIZE", "2", "sys.flags.optimize", "2"),
    (
        "PYTHONDONTWRITEBYTECODE",
        "1",
        "sys.dont_write_bytecode",
        "true",
    ),
    ("PYTHONINSPECT", "", "sys.flags.inspect", "0"),
    ("PYTHONNOUSERSITE", "1", "sys.flags.no_user_site", "1"),
];

/// Variables that change what is imported.
const WITHHELD: [&str; 11] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONPLATLIBDIR",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PYTHONUSERBASE",
    "PYTHONSAFEPATH",
    "PYTHONCASEOK",
    "PYTHONPYCACHEPREFIX",
    "PYTHON_FROZEN_MODULES",
    "PYTHON_PRESITE",
];

/// What tells where modules come from.
const ORIGIN: &str =
    "[sys.path, sys.prefix, sys.executable, os.__file__, sys.pycache_prefix, site.getuserbase()]";

fn furnish(t: &Test) {
    t.file("probe/probe.py", PROBE);
    t.file("probe/greetings.py", "WORD = 'Ahoy'\n");
    for module in [
        "sitecustomize",
        "usercustomize",
        "probe",
        "greetings",
        "json",
        "multiprocessing",
        "os",
    ] {
        t.file(
            &format!("hostile/{module}.py"),
            "raise SystemExit('hostile')\n",
        );
    }
}

/// The program, packed with an interpreter; runtimes are shared with the other tests.
fn packed(interpreter: Interpreter, name: &str) -> (Test, PathBuf) {
    let mut t = Test::at(&fixture::directory().join(name));
    furnish(&t);
    let cache = t.path("cache");
    t.set("FLAVOR_CACHE_DIR", fixture::directory().join("cache"));
    let python = match interpreter {
        Interpreter::Managed => {
            t.set("UV_PYTHON_INSTALL_DIR", interpreter::managed_root());
            t.prepend_path(&flavorpack::uv_directory());
            ">=3.13".into()
        }
        other => other.executable(),
    };
    let options = [
        "probe".into(),
        "--entry-point".into(),
        "probe:main".into(),
        "--python".into(),
        python,
    ];
    let package = t.pack_with::<PathBuf>(&options);
    t.set("FLAVOR_CACHE_DIR", cache);
    (t, package)
}

fn evaluated(t: &Test, package: &PathBuf, variables: &[(&str, &str)], fact: &str) -> Value {
    let mut command = t.command(package);
    command.arg(fact).envs(variables.iter().copied());
    t.run(&mut command).silent().json()
}

fn hostile(t: &Test) -> Vec<(&'static str, String)> {
    let directory = t.path("hostile").display().to_string();
    WITHHELD
        .map(|name| {
            (
                name,
                if name == "PYTHONCASEOK" {
                    "1".into()
                } else {
                    directory.clone()
                },
            )
        })
        .into()
}

/// Everything that is promised, with one interpreter.
fn hears_its_caller(interpreter: Interpreter, name: &str) {
    let (t, package) = packed(interpreter, name);
    for (variable, value, fact, expected) in HEARD {
        let found = evaluated(&t, &package, &[(variable, value)], fact);
        assert_eq!(found.to_string(), expected, "{variable}={value}");
    }
    let seeded = || evaluated(&t, &package, &[("PYTHONHASHSEED", "42")], "hash('a')");
    assert_eq!(seeded(), seeded());

    let usual = evaluated(&t, &package, &[], ORIGIN);
    let all = hostile(&t);
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for one in &all {
        assert_eq!(evaluated(&t, &package, &[*one], ORIGIN), usual, "{one:?}");
        // CPython itself takes one of them away.
        let expected = json!({ one.0: one.1 });
        assert_eq!(evaluated(&t, &package, &[*one], "names()"), expected);
    }
    let both: Vec<(&str, &str)> = all
        .iter()
        .copied()
        .chain([("PYTHONHASHSEED", "0")])
        .collect();
    assert_eq!(evaluated(&t, &package, &both, ORIGIN), usual);
    assert_eq!(
        evaluated(&t, &package, &both, "sys.flags.hash_randomization"),
        json!(0)
    );
    let expected: serde_json::Map<String, Value> = both
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    assert_eq!(
        evaluated(&t, &package, &both, "names()"),
        Value::Object(expected.clone())
    );
    let mut child = evaluated(&t, &package, &both, "names_in_child()");
    // CPython itself removes this one from what it hears.
    child["__PYVENV_LAUNCHER__"] = expected["__PYVENV_LAUNCHER__"].clone();
    assert_eq!(child, Value::Object(expected));
    assert_eq!(
        evaluated(&t, &package, &both, "in_worker()"),
        json!(["Ahoy", []])
    );
    assert_eq!(
        evaluated(&t, &package, &[], "in_worker()"),
        json!(["Ahoy", []])
    );
}

#[test]
fn a_program_of_cpython_3_8_hears_its_caller() {
    hears_its_caller(Interpreter::Pyenv(8), "variables-8");
}

#[test]
fn a_program_of_cpython_3_10_hears_its_caller() {
    hears_its_caller(Interpreter::Pyenv(10), "variables-10");
}

#[test]
fn a_program_of_cpython_3_11_hears_its_caller() {
    hears_its_caller(Interpreter::Pyenv(11), "variables-11");
}

#[test]
fn a_program_of_cpython_3_12_hears_its_caller() {
    hears_its_caller(Interpreter::Pyenv(12), "variables-12");
}

#[test]
fn a_program_of_cpython_3_13_hears_its_caller() {
    hears_its_caller(Interpreter::Pyenv(13), "variables-13");
}

#[test]
fn a_program_of_the_systems_cpython_hears_its_caller() {
    hears_its_caller(Interpreter::System, "variables-system");
}

#[test]
fn a_program_of_a_managed_cpython_hears_its_caller() {
    hears_its_caller(Interpreter::Managed, "variables-managed");
}

/// A project whose dependency has commands, with extra lines for the manifest.
fn project(extra: &str) -> Test {
    let mut t = wheelhouse::project();
    furnish(&t);
    t.file("app/src.py", PROBE);
    t.file("app/greetings.py", "WORD = 'Ahoy'\n");
    let hail = "#!python\nfrom __future__ import annotations\nimport sys, os, json\nprint(json.dumps([os.environ.get('PYTHONPATH'), \
                sys.flags.hash_randomization, [one for one in sys.path if 'hostile' in one], sys.argv[1:], os.path.exists(sys.executable)]))\n";
    wheelhouse::wheel(
        &t,
        "greeting",
        "2.0",
        &[
            ("greeting.py", ""),
            ("greeting-2.0.data/scripts/hail", hail),
        ],
    );
    t.file(
        "app/pyproject.toml",
        format!("{}\n{extra}", wheelhouse::MANIFEST),
    );
    t.unset("PYTHONHASHSEED");
    t
}

fn pack(t: &Test) -> PathBuf {
    t.pack_with(&["--manifest", "app"])
}

#[test]
fn the_manifest_is_heard_as_its_caller_is() {
    let lines: Vec<String> = HEARD
        .iter()
        .map(|(name, value, ..)| format!("{name} = {value:?}"))
        .collect();
    let t = project(&format!(
        "[tool.flavor.execution.runtime.env.set]\n{}\nPYTHONPATH = \"{{workenv}}/nowhere\"",
        lines.join("\n")
    ));
    let package = pack(&t);
    for (variable, _, fact, expected) in HEARD {
        assert_eq!(
            evaluated(&t, &package, &[], fact).to_string(),
            expected,
            "{variable}"
        );
    }
    let path = evaluated(
        &t,
        &package,
        &[],
        "[os.environ['PYTHONPATH'][-8:], [one for one in sys.path if 'nowhere' in one]]",
    );
    assert_eq!(path, json!(["/nowhere", []]));
}

#[test]
fn the_commands_of_dependencies_hear_as_the_program_does() {
    let t = project("[tool.flavor.execution]\npath = true");
    let package = pack(&t);
    let call =
        "json.loads(subprocess.run(['hail', 'a b'], stdout=subprocess.PIPE, check=True).stdout)";
    let directory = t.path("hostile").display().to_string();
    let variables = [
        ("PYTHONPATH", directory.as_str()),
        ("PYTHONHOME", "/nowhere"),
        ("PYTHONEXECUTABLE", "/nowhere/python"),
    ];
    let all = [&variables[..], &[("PYTHONHASHSEED", "0")]].concat();
    assert_eq!(
        evaluated(&t, &package, &all, call),
        json!([directory, 0, [], ["a b"], true])
    );
    assert_eq!(
        evaluated(&t, &package, &[("PYTHONHASHSEED", "0")], call),
        json!([null, 0, [], ["a b"], true])
    );
    assert_eq!(
        evaluated(&t, &package, &[], call),
        json!([null, 1, [], ["a b"], true])
    );
}

#[test]
fn a_command_that_names_the_interpreter_or_a_script_hears_too() {
    for command in [
        r#"["{workenv}/bin/python", "-m", "src"]"#,
        r#"["{workenv}/bin/offline"]"#,
    ] {
        let t = project(&format!(
            "[tool.flavor.python]\n[tool.flavor.execution]\ncommand = {command}"
        ));
        let package = pack(&t);
        let directory = t.path("hostile").display().to_string();
        let variables = [
            ("PYTHONPATH", directory.as_str()),
            ("PYTHONHOME", "/nowhere"),
            ("PYTHONHASHSEED", "0"),
        ];
        let fact = "[sys.flags.hash_randomization, [one for one in sys.path if 'hostile' in one], names()]";
        let expected =
            json!({"PYTHONPATH": directory, "PYTHONHOME": "/nowhere", "PYTHONHASHSEED": "0"});
        assert_eq!(
            evaluated(&t, &package, &variables, fact),
            json!([0, [], expected]),
            "{command}"
        );
    }
}

#[test]
fn set_up_commands_hear_as_the_program_does() {
    let t = project(
        "[tool.flavor.hooks]\npost_extract = [[\"{workenv}/bin/python\", \"-c\", \"import os, sys; open('heard', 'w').write(\
         os.environ['PYTHONPATH'] + str(sys.flags.hash_randomization))\"]]",
    );
    let package = pack(&t);
    let directory = t.path("hostile").display().to_string();
    let variables = [("PYTHONPATH", directory.as_str()), ("PYTHONHASHSEED", "0")];
    let fact = "open(os.environ['FLAVOR_WORKENV'] + '/heard').read()";
    assert_eq!(
        evaluated(&t, &package, &variables, fact),
        json!(format!("{directory}0"))
    );
}

#[test]
fn a_script_hears_and_imports_what_lies_beside_it() {
    let t = Test::new();
    furnish(&t);
    let package = t.pack_with(&["probe/probe.py"]);
    let directory = t.path("hostile").display().to_string();
    let variables = [
        ("PYTHONPATH", directory.as_str()),
        ("PYTHONSAFEPATH", "1"),
        ("PYTHONHASHSEED", "0"),
    ];
    let fact = "[os.path.dirname(os.path.realpath(__file__)) == os.path.realpath(sys.path[0]), sys.flags.hash_randomization]";
    assert_eq!(evaluated(&t, &package, &variables, fact), json!([true, 0]));
}

#[test]
fn a_sitecustomize_of_the_program_runs_in_any_case() {
    let t = project("");
    let site = "import builtins, os\nbuiltins.seen = os.environ.get('PYTHONPATH')\n";
    wheelhouse::wheel(
        &t,
        "greeting",
        "2.0",
        &[("greeting.py", ""), ("sitecustomize.py", site)],
    );
    let package = pack(&t);
    let fact = "[builtins.seen, 'flavor' in __import__('sitecustomize').__file__.split('/')[-2]]";
    assert_eq!(evaluated(&t, &package, &[], fact), json!([null, false]));
    let directory = t.path("hostile").display().to_string();
    assert_eq!(
        evaluated(&t, &package, &[("PYTHONPATH", &directory)], fact),
        json!([directory, false])
    );
}

#[test]
fn options_of_the_manifest_decide_when_nothing_can_be_given_back() {
    let t = project("[tool.flavor.python]\nflags = [\"-I\"]");
    let package = pack(&t);
    let variables = [
        ("PYTHONEXECUTABLE", "/nowhere/python"),
        ("PYTHONHASHSEED", "0"),
        ("PYTHONPATH", "/nowhere"),
    ];
    let fact = "[os.path.exists(sys.executable), sys.flags.hash_randomization, os.environ.get('PYTHONPATH')]";
    assert_eq!(
        evaluated(&t, &package, &variables, fact),
        json!([true, 1, "/nowhere"])
    );
}

#[test]
fn an_error_of_the_callers_variables_is_the_interpreters() {
    let (t, package) = packed(Interpreter::Pyenv(13), "variables-13-error");
    let run: Run = t.run(
        t.command(&package)
            .arg("1")
            .env("PYTHONHASHSEED", "nonsense"),
    );
    assert!(run.stderr().contains("PYTHONHASHSEED must be"), "{run}");
}
