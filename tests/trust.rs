//! Whom a machine trusts: keys, policies, and the signers that it knows.

use std::path::{Path, PathBuf};

use crate::scene::Test;

/// A package that says its version, signed by the key of a seed.
fn package(t: &Test, version: &str, seed: &str, more: &str) -> PathBuf {
    let manifest = format!(
        "[project]\nname = \"known\"\nversion = \"{version}\"\n[tool.flavor.execution]\ncommand = [\"/bin/echo\", \
         \"{version}\"]\n{more}"
    );
    t.file("pyproject.toml", manifest);
    let output = t.path(format!("known-{version}-{seed}.psp"));
    t.pack_with(&[
        "--key-seed",
        seed,
        "--output",
        output.to_str().expect("UTF-8"),
    ])
}

fn policy(t: &Test, text: &str) {
    t.file("home/.config/flavor/policy.json", text);
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn another_signer_is_refused_until_it_is_accepted() {
    let t = Test::new();
    let (ours, theirs) = (package(&t, "1", "ours", ""), package(&t, "1", "theirs", ""));
    assert_eq!(t.call(&ours, [""; 0]).silent().line(), "1");
    snapshot!(t.call(&theirs, [""; 0]), @"
    exit: 107
    --- stderr
    error[FLV0708]: cannot accept `[ROOT]/known-1-theirs.psp`
      `known` was signed by [DIGEST] before and is now signed by [DIGEST]
    hint: if its publisher has told you about the new key: `flavor trust accept PACKAGE`, or `FLAVOR_LAUNCHER_CLI=1 PACKAGE accept`
    ");
    t.flavor(["run", text(&theirs)]).fails_with(107);
    assert_eq!(
        t.call(&ours, [""; 0]).silent().line(),
        "1",
        "the one that was known still is"
    );
    t.flavor(["trust", "accept", text(&theirs)]).success();
    assert_eq!(t.call(&theirs, [""; 0]).silent().line(), "1");
    t.call(&ours, [""; 0]).fails_with(107);
    // Without flavor on the machine the package itself can be asked.
    t.run(
        t.command(&ours)
            .arg("accept")
            .env("FLAVOR_LAUNCHER_CLI", "1"),
    )
    .success();
    t.call(&ours, [""; 0]).silent();
}

#[test]
fn a_key_that_is_trusted_may_follow() {
    let t = Test::new();
    let (ours, theirs) = (package(&t, "1", "ours", ""), package(&t, "2", "theirs", ""));
    t.call(&ours, [""; 0]).silent();
    t.call(&theirs, [""; 0]).fails_with(107);
    t.flavor(["trust", "add", text(&theirs), "--name", "The Others"])
        .success();
    t.call(&theirs, [""; 0]).silent();
    snapshot!(t.flavor(["trust", "list"]), @"
    exit: 0
    --- stdout
    trusted  [DIGEST]  The Others
    known    [DIGEST]  signs known (newest 2)
    ");
}

#[test]
fn a_key_may_name_its_successor() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "old"]).success();
    t.flavor(["keygen", "--out-dir", "new"]).success();
    t.file(
        "pyproject.toml",
        "[project]\nname = \"moved\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"/bin/true\"]\n",
    );
    let pack = |key: &str, more: &[&str]| {
        let output = t.path(format!("{}.psp", key.replace('/', "-")));
        let mut options = vec!["--private-key", key, "--output", text(&output)];
        options.extend(more);
        t.pack_with(&options)
    };
    let old = pack("old/flavor-private.key", &[]);
    t.call(&old, [""; 0]).silent();
    let new = pack("new/flavor-private.key", &[]);
    t.call(&new, [""; 0]).fails_with(107);
    let rotate = [
        "trust",
        "rotate",
        "--from",
        "old/flavor-private.key",
        "--to",
        "new/flavor-public.key",
    ];
    assert_eq!(t.flavor(rotate).success().line(), "rotation.json");
    let new = pack("new/flavor-private.key", &["--rotation", "rotation.json"]);
    t.call(&new, [""; 0]).silent();
    t.call(&old, [""; 0]).fails_with(107);
    snapshot!(t.flavor(["pack", "--private-key", "old/flavor-private.key", "--rotation", "rotation.json"]), @"
    exit: 1
    --- stderr
    error[FLV0516]: cannot pack `pyproject.toml`
      the rotation statement ends at [DIGEST]; the package is signed by [DIGEST]
    hint: give the statement that was written with `--to` and the public half of the signing key
    ");
    t.file("forged.json", r#"{"old":"00","new":"00","signature":"00"}"#);
    snapshot!(t.flavor(["pack", "--rotation", "forged.json"]), @"
    exit: 1
    --- stderr
    error[FLV0506]: `forged.json` is not a key rotation statement
    hint: `flavor trust rotate` writes one
    ");
}

#[test]
fn an_older_version_is_reported_and_by_policy_refused() {
    let t = Test::new();
    let (one, two) = (package(&t, "1.9", "s", ""), package(&t, "1.10", "s", ""));
    t.call(&two, [""; 0]).silent();
    assert_eq!(t.call(&one, [""; 0]).silent().line(), "1.9");
    let said = t.flavor(["trust", "verify", text(&one)]);
    assert!(
        said.stdout()
            .contains("older than 1.10, which was started here"),
        "{said}"
    );
    policy(&t, r#"{"version":1,"trust":{"refuse_rollback":true}}"#);
    snapshot!(t.call(&one, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0703]: cannot accept `[ROOT]/known-1.9-s.psp`
      the policy of this machine (`[ROOT]/home/.config/flavor/policy.json`) refuses it: version 1.9 is older than 1.10, which was started here before
    hint: `flavor policy show` prints the policies in force
    ");
    t.call(&two, [""; 0]).silent();
    policy(
        &t,
        r#"{"version":1,"trust":{"refuse_rollback":true},"enforcement":{"rollback":"warn"}}"#,
    );
    let run = t.call(&one, [""; 0]).success();
    assert!(
        run.stderr().starts_with("warning: ") && run.stderr().contains("1.10"),
        "{run}"
    );
}

#[test]
fn a_policy_may_demand_a_trusted_key_and_no_variable_gets_around_it() {
    let t = Test::new();
    let package = package(&t, "1", "s", "");
    policy(&t, r#"{"version":1,"trust":{"require_trusted_key":true}}"#);
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0703]: cannot accept `[ROOT]/known-1-s.psp`
      the policy of this machine (`[ROOT]/home/.config/flavor/policy.json`) refuses it: its signer [DIGEST] is not among the trusted keys
    hint: `flavor trust add` adds a key to those that are trusted
    ");
    t.flavor(["policy", "check", text(&package)]).fails_with(5);
    // Keys of the caller's choice do not count, nor does a policy of his.
    std::fs::create_dir_all(t.path("mine")).expect("a directory");
    let with = |name: &str| {
        t.command(&package)
            .env(name, t.path("mine"))
            .output()
            .expect("run")
    };
    let mut elsewhere = t.command(crate::scene::FLAVOR);
    elsewhere
        .args(["trust", "add", text(&package)])
        .env("FLAVOR_TRUSTED_KEYS_DIR", t.path("mine"));
    t.run(&mut elsewhere).success();
    assert_eq!(with("FLAVOR_TRUSTED_KEYS_DIR").status.code(), Some(104));
    t.flavor(["trust", "add", text(&package)]).success();
    t.call(&package, [""; 0]).silent();
    t.flavor(["policy", "check", text(&package)]).success();
    // A store that others can write to is no store.
    t.call("chmod", ["-R", "go+w", "home/.config/flavor/trusted-keys"])
        .success();
    t.call(&package, [""; 0]).fails_with(104);
}

#[test]
fn a_policy_that_is_damaged_or_open_to_others_stops_everything() {
    let t = Test::new();
    let package = package(&t, "1", "s", "");
    policy(&t, r#"{"version":1,"trsut":{}}"#);
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0705]: cannot accept `[ROOT]/known-1-s.psp`
      `[ROOT]/home/.config/flavor/policy.json` is not a policy: unknown field `trsut`, expected one of `version`, `trust`, `execution`, `attestation`, `enforcement` at line 1 column 20
    hint: an invalid policy is never ignored: correct the file or remove it
    ");
    policy(&t, r#"{"version":2}"#);
    t.call(&package, [""; 0]).fails_with(104);
    policy(&t, r#"{"version":1}"#);
    t.call(&package, [""; 0]).silent();
    t.call("chmod", ["666", "home/.config/flavor/policy.json"])
        .success();
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0706]: cannot accept `[ROOT]/known-1-s.psp`
      `[ROOT]/home/.config/flavor/policy.json` is writable by other users
    hint: chmod go-w [ROOT]/home/.config/flavor/policy.json
    ");
}

#[test]
fn each_demand_of_an_operator_is_enforced_alone() {
    let t = Test::new();
    let package = package(&t, "1", "s", "");
    let refused = |demand: &str, word: &str| {
        policy(&t, &format!("{{\"version\":1,{demand}}}"));
        let run = t.call(&package, [""; 0]).fails_with(104);
        assert!(run.stderr().contains(word), "{run}");
    };
    refused(
        r#""execution":{"allow_platforms":["linux_arm64"]}"#,
        "not for linux_amd64",
    );
    refused(r#""execution":{"refuse_root":true}"#, "by root");
    refused(r#""execution":{"max_age_days":1}"#, "when it was built");
    for passes in [
        r#""execution":{"allow_platforms":["linux_amd64"]}"#,
        r#""attestation":{"require_sbom":true}"#,
        r#""execution":{"refuse_root":true},"enforcement":{"root_execution":"allow"}"#,
        r#""execution":{"refuse_root":true},"enforcement":{"default":"allow"}"#,
    ] {
        policy(&t, &format!("{{\"version\":1,{passes}}}"));
        t.call(&package, [""; 0]).silent();
    }
}

#[test]
fn each_demand_of_a_package_is_enforced_alone() {
    let mut t = Test::new();
    let root = package(&t, "1", "s", "[tool.flavor.policy]\nrefuse_root = true\n");
    snapshot!(t.call(&root, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0704]: cannot accept `[ROOT]/known-1-s.psp`
      its own policy refuses: it may not be started by root
    ");
    // An operator cannot allow what the publisher forbids.
    policy(&t, r#"{"version":1,"enforcement":{"default":"allow"}}"#);
    t.call(&root, [""; 0]).fails_with(104);
    let variable = package(
        &t,
        "2",
        "s",
        "[tool.flavor.policy]\nrequire_env = [\"LICENCE\"]\n",
    );
    let run = t.call(&variable, [""; 0]).fails_with(104);
    assert!(
        run.stderr().contains("the variable LICENCE is not set"),
        "{run}"
    );
    t.run(t.command(&variable).env("LICENCE", "1")).success();
    t.call(
        package(
            &t,
            "3",
            "s",
            "[tool.flavor.policy]\nplatforms = [\"linux_arm64\"]\n",
        ),
        [""; 0],
    )
    .fails_with(104);

    let aged = "[tool.flavor.policy]\nmax_age_days = 30\n";
    t.file(
        "pyproject.toml",
        format!("[project]\nname = \"aged\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"true\"]\n{aged}"),
    );
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0233]: cannot pack `pyproject.toml`
      `tool.flavor.policy.max_age_days` needs a build time to count from
    hint: set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack
    ");
    t.set("SOURCE_DATE_EPOCH", "1000000000");
    let old = package(&t, "4", "s", aged);
    let run = t.call(&old, [""; 0]).fails_with(104);
    assert!(run.stderr().contains("days old, more than 30"), "{run}");
}

#[test]
fn verify_may_be_told_which_key_it_has_to_be() {
    let t = Test::new();
    let package = package(&t, "1", "s", "");
    t.flavor(["keygen", "--out-dir", "k"]).success();
    let fingerprint = t
        .flavor(["trust", "add", text(&package)])
        .success()
        .line()
        .to_owned();
    t.flavor(["verify", text(&package), "--key", &fingerprint])
        .success();
    t.flavor(["verify", text(&package), "--key", &fingerprint[..16]])
        .success();
    t.flavor(["verify", text(&package), "--key", "k/flavor-public.key"])
        .fails_with(3);
    t.flavor(["verify", text(&package), "--key", &fingerprint[..8]])
        .fails_with(2);
    t.flavor(["trust", "verify", text(&package)]).success();
    t.flavor(["trust", "remove", "--dry-run", &fingerprint[..12]])
        .success();
    t.flavor(["trust", "remove", &fingerprint[..12]]).success();
    t.flavor(["trust", "verify", text(&package)]).fails_with(3);
    snapshot!(t.flavor(["trust", "remove", &fingerprint[..12]]), @"
    exit: 1
    --- stderr
    error[FLV0509]: no trusted key begins with `0c61b0a35049`
    hint: `flavor trust list` shows them
    ");
}

#[test]
fn a_first_policy_is_written_and_shown() {
    let t = Test::new();
    t.flavor(["policy", "show"]).success();
    let path = t.flavor(["policy", "init"]).success();
    assert!(
        path.line().ends_with("home/.config/flavor/policy.json"),
        "{path}"
    );
    snapshot!(t.flavor(["policy", "show"]), @r#"
    exit: 0
    --- stdout
    [ROOT]/home/.config/flavor/policy.json
    {
      "version": 1,
      "trust": {
        "require_trusted_key": false,
        "use_os_keychain": false,
        "refuse_rollback": false
      },
      "execution": {
        "refuse_root": false,
        "max_age_days": null,
        "allow_platforms": []
      },
      "attestation": {
        "require_sbom": false
      },
      "enforcement": {
        "default": "deny"
      }
    }
    "#);
    t.flavor(["policy", "init"]).fails_with(1);
}

#[test]
fn policies_hold_for_packages_of_flavorpack_too() {
    let t = Test::new();
    let theirs = crate::flavorpack::build(&t);
    t.flavor(["run", text(&theirs)]).success();
    policy(&t, r#"{"version":1,"trust":{"require_trusted_key":true}}"#);
    let run = t.flavor(["run", text(&theirs)]).fails_with(3);
    assert!(run.stderr().contains("not among the trusted keys"), "{run}");
    t.flavor(["trust", "add", text(&theirs)]).success();
    t.flavor(["run", text(&theirs)]).success();
}

#[test]
fn notes_are_private_whatever_the_mask() {
    let t = Test::new();
    let package = package(&t, "1", "s", "");
    for _ in ["first", "second"] {
        t.call("sh", ["-c", &format!("umask 000; exec {}", text(&package))])
            .silent();
    }
    let mode = t
        .call("stat", ["-c", "%a", "home/.config/flavor/known/known.json"])
        .success();
    assert_eq!(mode.line(), "600");
    // A home that cannot be written to, or none at all, is no reason not to start.
    t.run(t.command(&package).env("HOME", "/proc")).success();
    let empty = r#"mount -t tmpfs tmpfs "$(getent passwd "$(id -u)" | cut -d: -f6)" && exec "$@""#;
    let mut alone = t.command("unshare");
    t.run(
        alone
            .args(["--mount", "sh", "-c", empty, "sh"])
            .arg(&package)
            .env_remove("HOME"),
    )
    .success();
}

#[test]
fn a_policy_that_cannot_be_read_is_not_an_absent_one() {
    use std::os::unix::fs::symlink;
    let t = Test::new();
    t.script("echo started");
    let package = t.pack();
    let policy = t.path("home/.config/flavor/policy.json");
    std::fs::create_dir_all(policy.parent().expect("a directory")).expect("made");
    assert_eq!(t.call::<&str>(&package, []).success().line(), "started");
    symlink("nowhere", &policy).expect("a link");
    let run = t.call::<&str>(&package, []).fails_with(104);
    assert!(run.stderr().contains("it is a dangling link"), "{run}");
    std::fs::remove_file(&policy).expect("removed");
    t.call("mkfifo", [&policy]).success();
    let run = t.call::<&str>(&package, []).fails_with(104);
    assert!(run.stderr().contains("it is not a regular file"), "{run}");
    std::fs::remove_file(&policy).expect("removed");
    let settings = t.path("home/.config/flavor");
    std::fs::rename(&settings, t.path("gone")).expect("moved");
    symlink("nowhere", &settings).expect("a link");
    let run = t.call::<&str>(&package, []).fails_with(104);
    assert!(
        run.stderr().contains("its directory is a dangling link"),
        "{run}"
    );
}

#[test]
fn a_package_from_the_future_never_grows_old_and_is_refused() {
    let mut t = Test::new();
    t.script("echo started");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    t.file(
        "home/.config/flavor/policy.json",
        r#"{"version":1,"execution":{"max_age_days":30}}"#,
    );
    t.set("SOURCE_DATE_EPOCH", (now + 3600).to_string());
    let package = t.pack();
    assert_eq!(t.call::<&str>(&package, []).success().line(), "started");
    t.set("SOURCE_DATE_EPOCH", (now + 40 * 86400 + 600).to_string());
    let run = t.call::<&str>(t.pack(), []).fails_with(104);
    assert!(
        run.stderr()
            .contains("its build time is 40 days in the future"),
        "{run}"
    );
}

#[test]
fn a_package_does_not_run_with_rights_that_its_caller_lacks() {
    use std::os::unix::fs::PermissionsExt;
    let mut t = Test::new();
    t.script("id -u");
    let package = t.pack();
    let open = |path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    };
    open(t.root());
    open(package.parent().expect("a directory"));
    std::fs::set_permissions(&package, std::fs::Permissions::from_mode(0o4755)).expect("mode");
    let other = |t: &Test| {
        let words = ["--reuid=65534", "--regid=65534", "--clear-groups"].map(std::ffi::OsStr::new);
        t.call(
            "setpriv",
            words
                .into_iter()
                .chain([package.as_os_str(), "info".as_ref()]),
        )
    };
    let run = other(&t).fails_with(104);
    snapshot!(run, @"
    exit: 104
    --- stderr
    error[FLV0840]: the package would run with the rights of another user: its file is set-user-id or set-group-id
    hint: remove the bits with `chmod ug-s`, and use sudo where other rights are needed
    ");
    t.set("FLAVOR_LAUNCHER_CLI", "1");
    other(&t).fails_with(104);
}
