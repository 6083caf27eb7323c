//! `flavor pack`: what it reads, what it prints, where it writes.

use std::os::unix::fs::PermissionsExt;

use crate::scene::{PROBE, Test};
use crate::wheelhouse;

#[test]
fn the_path_alone_is_on_stdout() {
    let t = Test::new();
    let run = t.script("true").flavor(["pack"]).success();
    assert_eq!(run.line(), "./dist/probe.psp");
    let quiet = t.flavor(["pack", "--quiet"]).silent();
    assert_eq!(quiet.line(), "./dist/probe.psp");
}

#[test]
fn the_package_is_executable_and_alone_in_its_directory() {
    let t = Test::new();
    let package = t.script("true").pack();
    assert_eq!(
        package.metadata().expect("metadata").permissions().mode() & 0o777,
        0o755
    );
    assert_eq!(t.names("dist"), ["probe.psp"]);
}

#[test]
fn the_manifest_may_be_a_directory_or_a_file_and_the_output_anywhere() {
    let t = Test::new();
    t.file("project/pyproject.toml", PROBE);
    t.file("project/probe.sh", "#!/bin/sh\necho ran\n");
    for (manifest, output) in [
        ("project", "a/b/one.psp"),
        ("project/pyproject.toml", "two"),
        ("./project/", "a/three.psp"),
    ] {
        assert_eq!(
            t.flavor(["pack", "-q", "--manifest", manifest, "-o", output])
                .silent()
                .line(),
            output
        );
        assert_eq!(t.call(t.path(output), [""; 0]).silent().line(), "ran");
    }
    assert_eq!(
        t.flavor(["pack", "-q", "--manifest", "project"])
            .silent()
            .line(),
        "project/dist/probe.psp"
    );
}

#[test]
fn an_older_package_is_replaced_while_it_runs() {
    let t = Test::new();
    let package = t
        .script("sleep 2; cat \"$FLAVOR_WORKENV/bin/probe\" | tail -1")
        .pack();
    let child = crate::scene::start(t.command(&package).stdout(std::process::Stdio::piped()));
    t.script("echo new");
    assert_eq!(t.pack(), package);
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "new");
    let old = child.wait_with_output().expect("its output");
    assert!(
        String::from_utf8_lossy(&old.stdout).starts_with("sleep 2"),
        "the old program saw the new files"
    );
}

#[test]
fn alone_in_an_empty_directory_flavor_packs() {
    let mut t = Test::new();
    t.script("echo packed by one file");
    t.copy(crate::scene::FLAVOR.as_ref(), "only/flavor");
    t.copy("/bin/sh".as_ref(), "only/sh");
    t.set("PATH", t.path("only"));
    let run = t.call("sh", ["-c", "flavor pack --quiet"]).success();
    assert_eq!(
        t.call(t.path(run.line()), [""; 0]).silent().line(),
        "packed by one file"
    );
}

#[test]
fn a_second_script_of_a_manifest_reads_slots_with_id() {
    let t = Test::new();
    t.file("probe.sh", "#!/bin/sh\necho by id\n");
    t.manifest(
        r#"
[project]
name = "ids"
version = "1"
[tool.flavor.execution]
command = "{workenv}/bin/probe"
[[tool.flavor.slots]]
id = "script"
source = "probe.sh"
target = "{workenv}/bin/probe"
permissions = "0755"
"#,
    );
    assert_eq!(t.call(t.pack(), [""; 0]).silent().line(), "by id");
}

#[test]
fn the_command_may_have_arguments_and_blanks() {
    let t = Test::new();
    t.file("show.sh", "#!/bin/sh\nprintf '<%s>' \"$@\"\n");
    t.manifest(
        r#"
[project]
name = "words"
version = "1"
[tool.flavor.execution]
command = "/bin/sh '{workenv}/a b/show.sh' 'one two'"
args = ["three", ""]
[[tool.flavor.slots.entries]]
name = "show"
source = "show.sh"
target = "a b/show.sh"
"#,
    );
    assert_eq!(
        t.call(t.pack(), ["four"]).silent().stdout(),
        "<one two><three><><four>"
    );
}

#[test]
fn unknown_keys_are_named_with_the_likely_one() {
    let t = Test::new();
    t.script("true");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.executoin]\ncommand = \"x\"\n"
    ));
    let run = t.flavor(["pack"]).success();
    let warnings: Vec<_> = run.stderr().lines().take(2).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"
    warning[FLV0240]: pyproject.toml:16:14: `tool.flavor.executoin` is not a known key and has no effect
    hint: did you mean `execution`?
    ");
}

#[test]
fn jobs_come_from_the_option_or_the_environment() {
    let mut t = Test::new();
    t.script("true");
    let said = |t: &Test, arguments: &[&str]| t.flavor(arguments).success().stderr().to_owned();
    assert!(said(&t, &["pack", "--jobs", "3"]).contains("with 3 jobs"));
    t.set("FLAVOR_JOBS", "5");
    t.script("false");
    assert!(said(&t, &["pack"]).contains("with 5 jobs"));
    snapshot!(t.flavor(["pack", "--jobs", "0"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: invalid value '0' for '--jobs <N>': expected a number from 1 to 65535

    For more information, try '--help'.
    ");
}

#[test]
fn progress_is_told_where_nobody_watches_when_asked_for() {
    let t = Test::new();
    t.script("true");
    let said = |options: &[&str]| {
        t.flavor([&["pack"], options].concat())
            .success()
            .stderr()
            .to_owned()
    };
    assert!(said(&["--progress"]).contains("slots  …"));
    assert!(!said(&[]).contains('…'));
}

#[test]
fn the_result_is_read_back_unless_told_not_to() {
    let t = Test::new();
    t.script("true");
    let reads_back = |options: &[&str]| {
        let run = t
            .flavor([&["pack", "-o", "x.psp"], options].concat())
            .success();
        run.stderr().contains("every byte")
    };
    assert!(!reads_back(&["--no-verify"]));
    assert!(
        reads_back(&[]),
        "a file that nobody checked is not taken for checked"
    );
    std::fs::remove_file(t.path("x.psp")).expect("removed");
    assert!(reads_back(&["--no-verify", "--verify"]));
}

#[test]
fn dependencies_come_from_a_directory_of_wheels_without_the_network() {
    let t = Test::new();
    // Two wheels made by hand: the project's dependency and its build back end.
    wheelhouse::wheel(&t, "greeting", "2.0", &[("greeting.py", "WORD = 'Ahoy'\n")]);
    wheelhouse::wheel(
        &t,
        "tinybackend",
        "1.0",
        &[("tinybackend.py", wheelhouse::BACKEND)],
    );
    t.file(
        "src.py",
        "from greeting import WORD\ndef main():\n    print(WORD)\n",
    );
    t.manifest(wheelhouse::MANIFEST);
    let package = t.pack_with(&["--offline", "--find-links", "wheels"]);
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "Ahoy");

    let mut t = t;
    t.set("PIP_FIND_LINKS", t.path("wheels"));
    t.set("PIP_NO_INDEX", "1");
    let package = t.pack_with(&["--output", "by-variable.psp"]);
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "Ahoy");
}

#[test]
fn help_names_every_option() {
    let t = Test::new();
    snapshot!(t.flavor(["--help"]).success(), @"
    exit: 0
    --- stdout
    Packs a project into one signed file that runs on a bare machine

    Usage: flavor [OPTIONS] <COMMAND>

    Commands:
      init         Configure a project for `flavor pack`
      pack         Build a package from a project
      inspect      Show the metadata and contents of a package
      diff         Compare the sizes of two packages
      verify       Check the signature and every byte of a package, and that it can be extracted
      extract      Extract one slot
      extract-all  Extract all slots, without decoding them, into a directory
      keygen       Generate a signing key pair
      run          Start the program in a package
      trust        Manage trusted keys
      policy       Manage the policy of this machine
      workenv      Manage extracted packages
      cache        Manage the build cache
      doctor       Check whether this machine can pack and run packages
      helpers      Manage launchers
      config       Show all settings
      explain      Explain an error code
      completions  Print shell completions
      man          Write the manual pages
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
      -C <DIR>                   Change to this directory first; relative to the previous one if
                                 repeated
      -q, --quiet                Print only errors
      -v, --verbose...           Print each step and its duration; repeat for more detail, up to three
                                 times
          --color <WHEN>         When to use colours: auto, always, never [default: auto]
          --json                 Print JSON, errors included
          --log-format <FORMAT>  Format of the log on stderr: text, json [env: FLAVOR_LOG_FORMAT]
                                 [default: text]
          --log-time             Begin each line of the log with the time

    Run `flavor COMMAND --help` for help on a command, `flavor explain CODE` on an error.
    ");
    let help = t.flavor(["pack", "--help"]).success();
    for option in [
        "--manifest",
        "--output",
        "--launcher-bin",
        "--strip",
        "--slim",
        "--check-budget",
        "--compress",
        "--jobs",
        "--python",
        "--private-key",
        "--public-key",
        "--key-seed",
        "--find-links",
        "--index-url",
        "--offline",
        "--quiet",
        "--progress",
        "--verify",
        "--no-verify",
    ] {
        assert!(help.stdout().contains(option), "{option}");
    }
}

#[test]
fn neither_the_last_package_nor_a_private_key_is_a_source() {
    let t = Test::new();
    t.file("app/run.sh", "echo hello\n");
    t.file(
        "app/pyproject.toml",
        r#"
[project]
name = "all"
version = "1"
[tool.flavor.execution]
command = ["/bin/sh", "{workenv}/all/run.sh"]
[[tool.flavor.slots.entries]]
name = "all"
source = "."
operations = ["tar", "zstd"]
target = "all"
"#,
    );
    let pack = || {
        t.flavor(["pack", "--manifest", "app"])
            .success()
            .line()
            .to_owned()
    };
    let first = std::fs::read(t.path(pack())).expect("a package");
    let again = std::fs::read(t.path(pack())).expect("a package");
    assert!(
        first == again,
        "the package has grown from {} to {} bytes",
        first.len(),
        again.len()
    );
    // A directory of modules goes in as it is, but for that.
    t.file("modules/__main__.py", "print('hello')\n");
    t.flavor(["keygen", "--out-dir", "modules/keys"]).success();
    let listed = t.flavor(["pack", "modules", "--list-files"]).success();
    assert!(listed.stdout().contains("flavor-public.key"), "{listed}");
    assert!(!listed.stdout().contains("flavor-private.key"), "{listed}");
}
