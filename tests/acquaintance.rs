//! Trust on first use, as a table: where a package is, what it is called, who signed it, and what the environment says of
//! homes. The rule that the rows are held to is written down here once more, in other words.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use crate::scene::{Run, Test};

/// A name, and whether it is or looks like that of the package that was started first.
const NAMES: [(&str, bool); 6] = [
    ("known-tool", true),
    ("Known.Tool", true),
    ("kn0wn-tooI", true),
    ("known-to0l", true),
    ("other", false),
    ("known", false),
];
/// A seed for a key, and whether it is the first package's.
const KEYS: [(&str, bool); 2] = [("ours", true), ("theirs", false)];
/// Where the package is, and whether another was started from there.
const PLACES: [(&str, bool); 3] = [
    ("bin/tool.psp", true),
    ("link/tool.psp", true),
    ("new/tool.psp", false),
];
/// Variables that name another place for notes; the account's home stays what it is.
const VARIABLES: [&[(&str, &str)]; 5] = [
    &[],
    &[("HOME", "elsewhere")],
    &[("XDG_CONFIG_HOME", "elsewhere")],
    &[("FLAVOR_CONFIG_DIR", "elsewhere")],
    &[
        ("HOME", "elsewhere"),
        ("FLAVOR_CACHE_DIR", "elsewhere/cache"),
        ("FLAVOR_TRUSTED_KEYS_DIR", "elsewhere/keys"),
    ],
];

fn pack(t: &Test, name: &str, version: &str, seed: &str) -> PathBuf {
    t.file(
        "pyproject.toml",
        format!(
            "[project]\nname = \"{name}\"\nversion = \"{version}\"\n[tool.flavor.execution]\ncommand = [\"/bin/echo\", \"{version}\"]\n"
        ),
    );
    let output = t.path(format!("made/{name}-{version}-{seed}.psp"));
    t.pack_with(&[
        "--key-seed",
        seed,
        "--output",
        output.to_str().expect("UTF-8"),
    ])
}

/// Starts what is at a place, as an account whose home is `account`.
fn start(t: &Test, place: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = t.command("unshare");
    command.args([
        "--mount",
        "sh",
        "-c",
        "mount --bind passwd /etc/passwd && exec \"$@\"",
        "sh",
    ]);
    command.arg(t.path(place)).env("HOME", t.path("account"));
    for (name, value) in variables {
        command.env(name, t.path(value));
    }
    t.run(&mut command)
}

/// A machine on which `known-tool`, version 2 by `ours`, was started from `bin/tool.psp` by a link.
fn machine() -> Test {
    let t = Test::new();
    t.file(
        "passwd",
        format!("root:x:0:0::{}:/bin/sh\n", t.path("account").display()),
    );
    for directory in ["account", "elsewhere", "bin", "new/behind", "link"] {
        std::fs::create_dir_all(t.path(directory)).expect("a directory");
    }
    symlink("../bin/tool.psp", t.path("link/tool.psp")).expect("a link");
    std::fs::copy(pack(&t, "known-tool", "2", "ours"), t.path("bin/tool.psp")).expect("installed");
    assert_eq!(start(&t, "link/tool.psp", &[]).silent().line(), "2");
    std::fs::rename(t.path("account"), t.path("before")).expect("kept");
    t
}

/// Puts a package at a place, with the notes as they were.
fn install(t: &Test, package: &PathBuf, place: &str) {
    t.call("rm", ["-rf", "account", "elsewhere", "link/tool.psp"])
        .success();
    t.call("cp", ["-a", "before", "account"]).success();
    std::fs::create_dir(t.path("elsewhere")).expect("a directory");
    if place == "link/tool.psp" {
        // Whoever may replace a link leads it elsewhere.
        std::fs::copy(package, t.path("new/behind/tool.psp")).expect("copied");
        symlink("../new/behind/tool.psp", t.path("link/tool.psp")).expect("a link");
    } else {
        std::fs::remove_file(t.path(place)).ok();
        std::fs::copy(package, t.path(place)).expect("copied");
    }
}

#[test]
fn nothing_starts_that_the_notes_contradict() {
    let t = machine();
    let (mut rows, mut refused) = (0, 0);
    for (name, is_name) in NAMES {
        for (key, is_key) in KEYS {
            let package = pack(&t, name, "3", key);
            for (place, is_place) in PLACES {
                for variables in VARIABLES {
                    install(&t, &package, place);
                    let is_same = is_key && is_name;
                    let is_right = is_same || !is_name && !is_place;
                    let run = start(&t, place, variables);
                    rows += 1;
                    if is_right {
                        assert_eq!(
                            run.success().line(),
                            "3",
                            "{name} by {key} at {place} with {variables:?}"
                        );
                        continue;
                    }
                    refused += 1;
                    let run = run.fails_with(107);
                    assert!(
                        run.stderr().contains("flavor trust accept"),
                        "{name} by {key} at {place}: {run}"
                    );
                }
            }
        }
    }
    assert_eq!(
        (rows, refused),
        (180, 100),
        "rows that were tried, and those that were refused"
    );
}

#[test]
fn what_is_accepted_starts_and_what_was_there_does_not() {
    let t = machine();
    for (name, key) in [
        ("other", "theirs"),
        ("kn0wn-tool", "theirs"),
        ("other", "ours"),
    ] {
        let package = pack(&t, name, "3", key);
        install(&t, &package, "bin/tool.psp");
        let run = start(&t, "bin/tool.psp", &[]).fails_with(107);
        assert!(run.stderr().contains("known-tool"), "{run}");
        let accept = [("FLAVOR_LAUNCHER_CLI", "1")];
        let mut command = t.command("unshare");
        command.args([
            "--mount",
            "sh",
            "-c",
            "mount --bind passwd /etc/passwd && exec \"$@\"",
            "sh",
        ]);
        command
            .arg(t.path("bin/tool.psp"))
            .arg("accept")
            .env("HOME", t.path("account"))
            .envs(accept);
        t.run(&mut command).success();
        assert_eq!(start(&t, "bin/tool.psp", &[]).silent().line(), "3");
        std::fs::copy(t.path("made/known-tool-2-ours.psp"), t.path("bin/tool.psp"))
            .expect("put back");
        start(&t, "bin/tool.psp", &[]).fails_with(107);
    }
}

/// A policy that refuses older versions hears of the newest one from the account's home, whatever the variables say.
#[test]
fn an_older_version_is_older_in_every_home() {
    let t = machine();
    t.file(
        "before/.config/flavor/policy.json",
        r#"{"version":1,"trust":{"refuse_rollback":true}}"#,
    );
    let older = pack(&t, "known-tool", "1", "ours");
    for place in ["bin/tool.psp", "link/tool.psp", "new/tool.psp"] {
        for variables in VARIABLES {
            install(&t, &older, place);
            let run = start(&t, place, variables).fails_with(104);
            assert!(run.stderr().contains("older than 2"), "{run}");
        }
    }
}
