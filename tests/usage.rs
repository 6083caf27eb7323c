//! Options that every command takes, help, and what is said to a command line that cannot be understood.

use crate::scene::{PROBE, Run, Test};

/// Every command, with its parents.
fn commands(t: &Test) -> Vec<Vec<String>> {
    let reference = t.flavor(["reference"]).silent();
    let names = reference
        .stdout()
        .lines()
        .filter_map(|line| line.strip_prefix("### flavor "));
    names
        .map(|name| name.split(' ').map(Into::into).collect())
        .collect()
}

#[test]
fn every_command_has_help_with_the_options_that_all_take() {
    let t = Test::new();
    let all = commands(&t);
    assert!(all.len() > 30, "{all:?}");
    for command in all {
        let run = t
            .flavor(command.iter().map(String::as_str).chain(["--help"]))
            .silent();
        for option in [
            "-C <DIR>",
            "--quiet",
            "--verbose",
            "--color <WHEN>",
            "--json",
        ] {
            assert!(
                run.stdout().contains(option),
                "{command:?} lacks {option}\n{run}"
            );
        }
    }
}

#[test]
fn help_is_there_before_anybody_notices() {
    let t = Test::new();
    for command in commands(&t) {
        // The quickest of some: this measures us, not what else runs here.
        let took = (0..10).map(|_| {
            let begin = std::time::Instant::now();
            t.flavor(command.iter().map(String::as_str).chain(["--help"]))
                .silent();
            begin.elapsed()
        });
        let took = took.min().expect("a time");
        // A debug build does not count.
        let limit = if cfg!(debug_assertions) { 100 } else { 10 };
        assert!(took.as_millis() < limit, "{command:?} took {took:?}");
    }
}

#[test]
fn a_wrong_command_line_is_told_with_its_code() {
    let t = Test::new();
    snapshot!(t.flavor(["pack", "--ouptut", "x"]), @"
    exit: 2
    --- stderr
    error[FLV0101]: unexpected argument '--ouptut' found

      hint: a similar argument exists: '--output'

    Usage: flavor pack --output <FILE> [INPUT]

    For more information, try '--help'.
    ");
    snapshot!(t.flavor(["verify"]), @"
    exit: 2
    --- stderr
    error[FLV0102]: the following required arguments were not provided:
      <PACKAGE>

    Usage: flavor verify <PACKAGE>

    For more information, try '--help'.
    ");
    snapshot!(t.flavor(["pack", "--compress", "10"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: invalid value '10' for '--compress <0-9>': expected a number from 0 to 9

    For more information, try '--help'.
    ");
    snapshot!(t.flavor(["pack", "--key-seed", "s", "--private-key", "k"]), @"
    exit: 2
    --- stderr
    error[FLV0104]: the argument '--key-seed <TEXT>' cannot be used with '--private-key <FILE>'

    Usage: flavor pack --key-seed <TEXT> [INPUT]

    For more information, try '--help'.
    ");
    snapshot!(t.flavor(["workenv", "lits"]), @"
    exit: 2
    --- stderr
    error[FLV0101]: unrecognized subcommand 'lits'

      hint: a similar subcommand exists: 'list'

    Usage: flavor workenv [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn a_wrong_command_line_is_json_where_json_was_asked_for() {
    let t = Test::new();
    snapshot!(t.flavor(["pakc", "--json"]), @r#"
    exit: 2
    --- stdout
    {
      "error": {
        "causes": [],
        "code": "FLV0101",
        "exit_code": 2,
        "hint": "a similar subcommand exists: 'pack'",
        "message": "unrecognized subcommand 'pakc'"
      }
    }
    "#);
    let kinds = [
        (vec!["--json", "pack", "--ouptut", "x"], "FLV0101"),
        (vec!["verify", "--json"], "FLV0102"),
        (vec!["workenv", "--json"], "FLV0102"),
        (vec!["--json", "pack", "--compress", "10"], "FLV0103"),
        (
            vec!["pack", "--json", "--key-seed", "s", "--private-key", "k"],
            "FLV0104",
        ),
        (vec!["diff", "--md", "--json", "a", "b"], "FLV0104"),
        (vec!["--json", "diff", "--md", "a", "b"], "FLV0104"),
        (vec!["--json", "inspect", "--slot", "s", "p"], "FLV0104"),
    ];
    for (words, code) in kinds {
        let run = t.flavor(words).fails_with(2);
        assert_eq!(run.json()["error"]["code"], code, "{run}");
        assert_eq!(run.json()["error"]["exit_code"], 2);
        assert_eq!(run.stderr(), "");
    }
}

#[test]
fn help_and_version_are_json_where_json_was_asked_for() {
    let t = Test::new();
    let version = t.flavor(["--json", "--version"]).silent().json();
    assert_eq!(
        version,
        serde_json::json!({ "name": "flavor", "version": env!("CARGO_PKG_VERSION") })
    );
    let help = t.flavor(["pack", "--help", "--json"]).silent().json();
    assert_eq!(
        help["help"].as_str(),
        Some(t.flavor(["pack", "--help"]).silent().stdout())
    );
    assert_eq!(
        t.flavor(["help", "-h"]).silent().stdout(),
        t.flavor(["help"]).silent().stdout()
    );
    assert_eq!(
        t.flavor(["help", "pack", "--help"]).silent().stdout(),
        t.flavor(["help", "pack"]).silent().stdout()
    );
}

#[test]
fn values_that_cannot_be_are_told_with_their_codes() {
    let mut t = Test::new();
    t.script("true");
    let package = t.pack();
    t.call(&package, [""; 0]).silent();
    snapshot!(t.flavor(["workenv", "clean", "--max-size", "lots"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: `lots` is not a size such as 20GB or 512MiB
    ");
    for words in [
        &["workenv", "clean", "--older-than", "x"][..],
        &["inspect", "p", "--largest=-1"],
        &["pack", "-j", "x"],
    ] {
        let run = t.flavor(words).fails_with(2);
        assert!(
            run.stderr().contains(": expected a ") && !run.stderr().contains("invalid digit"),
            "{run}"
        );
    }
    snapshot!(t.flavor(["workenv", "clean"]), @"
    exit: 2
    --- stderr
    error[FLV0106]: cannot ask for confirmation: not a terminal
    hint: pass -y to remove without asking
    ");
    snapshot!(t.flavor(["cache", "clean", "runtmie"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: `runtmie` is not a layer of the build cache (runtime, build-env, deps, app, bytecode, slots)
    hint: did you mean `runtime`?
    ");
    snapshot!(t.flavor(["verify", "--key", "abc", "dist/probe.psp"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: `abc` is neither a public key file nor at least 16 digits of a fingerprint
    ");
    t.set("SOURCE_DATE_EPOCH", "yesterday");
    snapshot!(t.flavor(["pack"]), @"
    exit: 2
    --- stderr
    error[FLV0105]: SOURCE_DATE_EPOCH is not a number: yesterday
    ");
}

#[test]
fn every_command_fails_in_json_when_asked() {
    let t = Test::new();
    t.file("package", "none");
    let calls: [&[&str]; 22] = [
        &["pack"],
        &["init"],
        &["inspect", "package"],
        &["verify", "package"],
        &["extract", "package", "0", "out"],
        &["extract-all", "package", "out"],
        &["keygen", "--out-dir", "package"],
        &["run", "package"],
        &["trust", "add", "package"],
        &["trust", "remove", "00"],
        &["trust", "verify", "package"],
        &["trust", "accept", "package"],
        &["trust", "rotate", "--from", "package", "--to", "package"],
        &["policy", "check", "package"],
        &["workenv", "inspect", "nothing"],
        &["workenv", "path", "package", "0"],
        &["workenv", "warm", "package"],
        &["workenv", "remove", "nothing"],
        &["cache", "clean", "nothing"],
        &["helpers", "info", "nothing"],
        &["explain", "nothing"],
        &["man", "package"],
    ];
    for call in calls {
        // Before the command, so that `run` takes it too.
        let run = t.flavor(["--json"].iter().chain(call));
        let error = &run.json()["error"];
        assert!(
            error["code"]
                .as_str()
                .is_some_and(|code| code.starts_with("FLV")),
            "{run}"
        );
        assert_eq!(
            error["exit_code"].as_i64(),
            run.code().map(i64::from),
            "{run}"
        );
        assert_eq!(run.stderr(), "", "{call:?}");
    }
}

#[test]
fn every_command_that_does_well_prints_json_when_asked() {
    let t = Test::new();
    t.script("echo ran");
    let key = t.flavor(["keygen", "--json"]).silent().json();
    assert_eq!(key["private_key"], "keys/flavor-private.key");
    let packed = t.flavor(["pack", "--quiet", "--json"]).silent().json();
    assert_eq!(packed["path"], "./dist/probe.psp");
    assert_eq!(packed["slots"][0]["name"], "script");
    assert_eq!(packed["steps"][0]["reused"], false);
    let calls: [&[&str]; 21] = [
        &[
            "init",
            "--manifest",
            "new",
            "--command",
            "probe.sh",
            "--dry-run",
        ],
        &["inspect", "dist/probe.psp"],
        &["verify", "dist/probe.psp"],
        &["extract", "dist/probe.psp", "0", "out"],
        &["extract-all", "dist/probe.psp", "all"],
        &["trust", "add", "dist/probe.psp"],
        &["trust", "list"],
        &["trust", "verify", "dist/probe.psp"],
        &["trust", "accept", "dist/probe.psp"],
        &["policy", "init"],
        &["policy", "show"],
        &["policy", "check", "dist/probe.psp"],
        &["workenv", "warm", "dist/probe.psp"],
        &["workenv", "list"],
        &["workenv", "info"],
        &["workenv", "verify"],
        &["cache", "stats"],
        &["cache", "path"],
        &["helpers", "list"],
        &["config"],
        &["completions", "bash"],
    ];
    for call in calls {
        let run = t.flavor(call.iter().chain(&["--json", "-q"])).silent();
        assert!(run.json().is_object() || run.json().is_array(), "{run}");
    }
    let trusted = t.flavor(["trust", "list", "--json"]).silent().json();
    let fingerprint = trusted["trusted"][0]["fingerprint"]
        .as_str()
        .expect("a fingerprint");
    let removed = t
        .flavor(["trust", "remove", fingerprint, "--json"])
        .silent()
        .json();
    assert_eq!(removed["fingerprint"], fingerprint);
}

#[test]
fn a_command_works_in_the_directory_that_it_is_sent_to() {
    let t = Test::new();
    t.file("a/b/probe.sh", "#!/bin/sh\n");
    t.file("a/b/pyproject.toml", PROBE);
    assert_eq!(
        t.flavor(["-C", "a/b", "pack", "-q"]).silent().line(),
        "./dist/probe.psp"
    );
    assert_eq!(
        t.flavor(["pack", "-q", "-C", "a", "-C", "b"])
            .silent()
            .line(),
        "./dist/probe.psp"
    );
    assert!(t.path("a/b/dist/probe.psp").exists());
    snapshot!(t.flavor(["-C", "a/c", "pack"]), @"
    exit: 2
    --- stderr
    error[FLV0109]: cannot work in `a/c`
      No such file or directory (os error 2)
    ");
}

fn coloured(run: &Run) -> (bool, bool) {
    (run.stdout.contains(&0x1b), run.stderr.contains(&0x1b))
}

#[test]
fn colours_come_when_they_are_wanted() {
    let mut t = Test::new();
    assert_eq!(coloured(&t.flavor(["--help"])), (false, false));
    assert_eq!(coloured(&t.flavor(["inspect", "nothing"])), (false, false));
    assert_eq!(
        coloured(&t.flavor(["--color", "always", "--help"])),
        (true, false)
    );
    assert_eq!(
        coloured(&t.flavor(["inspect", "nothing", "--color=always"])),
        (false, true)
    );
    assert_eq!(
        coloured(&t.flavor(["pakc", "--color=always"])),
        (false, true)
    );
    t.set("CLICOLOR_FORCE", "1");
    assert_eq!(coloured(&t.flavor(["inspect", "nothing"])), (false, true));
    assert_eq!(
        coloured(&t.flavor(["inspect", "nothing", "--color", "never"])),
        (false, false)
    );
    t.set("NO_COLOR", "1");
    assert_eq!(coloured(&t.flavor(["inspect", "nothing"])), (false, false));
    assert_eq!(
        coloured(&t.flavor(["inspect", "nothing", "--color", "always"])),
        (false, true)
    );
    // What a program reads has none, whoever asks.
    assert_eq!(
        coloured(&t.flavor(["inspect", "nothing", "--color", "always", "--json"])),
        (false, false)
    );
}

#[test]
fn quiet_is_quiet_and_verbose_is_not() {
    let t = Test::new();
    t.script("true");
    t.flavor(["pack", "-q"]).silent();
    t.flavor(["-q", "pack"]).silent();
    let usual = t.flavor(["pack"]).success();
    let info = t.flavor(["pack", "-v"]).success();
    assert!(
        !usual.stderr().contains("INFO")
            && info.stderr().contains("INFO")
            && !info.stderr().contains("DEBUG")
    );
    // A phase is told once, by whichever of the two.
    assert!(usual.stderr().contains("slots  1 reused"), "{usual}");
    assert!(
        info.stderr().contains("phase=slots") && !info.stderr().contains("slots  "),
        "{info}"
    );
    assert!(
        t.flavor(["-vv", "pack"])
            .success()
            .stderr()
            .contains("DEBUG")
    );
}

#[test]
fn shells_complete_and_manuals_are_written() {
    let t = Test::new();
    for (shell, mark) in [
        ("bash", "complete "),
        ("zsh", "#compdef flavor"),
        ("fish", "complete -c flavor"),
    ] {
        let run = t.flavor(["completions", shell]).silent();
        assert!(
            run.stdout().contains(mark) && run.stdout().contains("extract-all"),
            "{shell}"
        );
        assert!(!run.stdout().contains("reference"), "{shell}");
    }
    // What bash makes of it.
    t.file(
        "complete.bash",
        t.flavor(["completions", "bash"]).silent().stdout(),
    );
    let ask = "source complete.bash; COMP_WORDS=(flavor pa); COMP_CWORD=1; _flavor flavor pa flavor; echo \"${COMPREPLY[@]}\"";
    assert_eq!(t.call("bash", ["-c", ask]).silent().line(), "pack");
    assert_eq!(t.flavor(["man", "manual"]).silent().line(), "manual");
    let pages = t.names("manual");
    for page in [
        "flavor.1",
        "flavor-pack.1",
        "flavor-workenv-clean.1",
        "flavor-explain.1",
    ] {
        assert!(pages.contains(&page.into()), "{pages:?}");
    }
    assert!(
        !pages.iter().any(|page| page.contains("reference")),
        "{pages:?}"
    );
    let text = std::fs::read_to_string(t.path("manual/flavor-pack.1")).expect("a page");
    assert!(
        text.contains(".SH OPTIONS") && text.contains("\\-\\-compress"),
        "{text}"
    );
}

#[test]
fn a_code_that_no_error_has() {
    let t = Test::new();
    snapshot!(t.flavor(["explain", "FLV0270"]), @"
    exit: 2
    --- stderr
    error[FLV0108]: `FLV0270` is not an error code
    hint: did you mean `FLV0207`?
    ");
    snapshot!(t.flavor(["explain", "nonsense"]), @"
    exit: 2
    --- stderr
    error[FLV0108]: `nonsense` is not an error code
    hint: `flavor explain --list` lists them
    ");
}

/// A name that is not text.
fn odd() -> std::ffi::OsString {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(b"odd\xff".to_vec())
}

#[test]
fn paths_that_are_not_text_are_json_too() {
    let mut t = Test::new();
    let odd = t.path(odd());
    std::fs::create_dir_all(&odd).expect("a directory");
    t.script("#!/bin/sh\necho hello\n");
    t.set("FLAVOR_CACHE_DIR", odd.join("cache"));
    let package = odd.join("o.psp");
    let trace = odd.join("trace.json");
    let words = |words: &[&dyn AsRef<std::ffi::OsStr>]| {
        words
            .iter()
            .map(|word| word.as_ref().to_owned())
            .collect::<Vec<_>>()
    };
    let json = |list: Vec<std::ffi::OsString>| {
        let run = t.flavor([vec!["--json".into()], list].concat()).success();
        assert!(run.json().is_object() || run.json().is_array(), "{run}");
    };
    json(words(&[
        &"pack",
        &"--timings",
        &"--trace",
        &trace,
        &"-o",
        &package,
    ]));
    json(words(&[&"verify", &package]));
    json(words(&[&"inspect", &package]));
    json(words(&[
        &"inspect",
        &"--html",
        &odd.join("sizes.html"),
        &package,
    ]));
    json(words(&[&"extract", &package, &"0", &odd.join("slot")]));
    json(words(&[&"extract-all", &package, &odd.join("slots")]));
    json(words(&[&"keygen", &"--out-dir", &odd.join("keys")]));
    json(words(&[&"man", &odd.join("man")]));
    json(words(&[&"workenv", &"warm", &package]));
    json(words(&[&"workenv", &"path", &package, &"0"]));
    for command in ["list", "info", "verify"] {
        json(words(&[&"workenv", &command]));
    }
    json(words(&[&"cache", &"path"]));
    json(words(&[&"cache", &"stats"]));
    json(words(&[&"config"]));
    json(words(&[&"doctor"]));
    let build =
        std::fs::read_to_string(t.path("home/.local/state/flavor/builds.jsonl")).expect("a record");
    assert_eq!(build.lines().count(), 1, "{build}");
}

#[test]
fn files_of_others_are_never_overwritten() {
    let t = Test::new();
    t.script("#!/bin/sh\necho hello\n");
    let package = t.pack();
    let before = std::fs::read(&package).expect("a package");
    let path = package.to_str().expect("text");
    let source = t.file("source.txt", "years of work\n");
    let source = source.to_str().expect("text");
    let timings = format!("--timings={source}");
    for words in [
        vec!["inspect", "--html", path, path],
        vec!["inspect", "--html", source, path],
        vec!["pack", "-o", source],
        vec!["pack", &timings],
        vec!["pack", "--trace", source],
        vec!["pack", "--trace", path],
    ] {
        let run = t.flavor(&words).fails_with(1);
        assert!(
            run.stderr().contains("already exists") || run.stderr().contains("FLV0408"),
            "{run}"
        );
        assert_eq!(
            std::fs::read(&package).expect("still there"),
            before,
            "{words:?}"
        );
        assert_eq!(
            std::fs::read_to_string(source).expect("still there"),
            "years of work\n",
            "{words:?}"
        );
    }
    // What they have written themselves they write again.
    for _ in 0..2 {
        t.flavor(["pack", "--timings=t.html", "--trace", "t.json"])
            .success();
        t.flavor(["inspect", "--html", "s.html", path]).success();
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_and_said_so() {
    let t = Test::new();
    t.script("#!/bin/sh\necho hello\n");
    let package = t.pack();
    let full = t.call(
        "sh",
        [
            "-c",
            "\"$0\" --json inspect \"$1\" > /dev/full",
            crate::scene::FLAVOR,
            package.to_str().expect("text"),
        ],
    );
    assert!(
        full.fails_with(1)
            .stderr()
            .contains("cannot write to standard output")
    );
}
