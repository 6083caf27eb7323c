//! Whose home it is: nothing is made in another user's, and what is in the way there has a remedy.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::scene::{FLAVOR, Run, Test};

/// Runs as nobody in particular.
const SOMEBODY: [&str; 4] = ["--reuid=12345", "--regid=12345", "--clear-groups", "--"];

/// A user with a home, a superuser with another one, and a package that both can start.
fn two_users() -> (Test, PathBuf) {
    let mut t = Test::new();
    let open = |path: &Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    };
    open(t.root());
    let package = t.script("echo started in $FLAVOR_WORKENV").pack();
    std::fs::create_dir(t.path("user")).expect("a home");
    t.call("chown", ["12345:12345", "user"]).success();
    let entry = |name: &str, id: u32, home: &str| {
        format!("{name}:x:{id}:{id}::{}:/bin/sh\n", t.path(home).display())
    };
    t.file(
        "passwd",
        entry("root", 0, "home") + &entry("user", 12345, "user"),
    );
    t.unset("FLAVOR_CACHE_DIR");
    let home = t.path("user");
    t.set("HOME", home);
    (t, package)
}

/// Runs as root, whose home is `home`, with the variables of the user.
fn as_root(t: &Test, words: &[&str]) -> Run {
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
    t.run(&mut command)
}

/// Runs as the user, whose home is `user`.
fn as_user(t: &Test, words: &[&str]) -> Run {
    let words: Vec<&str> = ["setpriv"]
        .iter()
        .chain(&SOMEBODY)
        .chain(words)
        .copied()
        .collect();
    as_root(t, &words)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn root_makes_nothing_in_the_home_of_a_user() {
    for variables in [
        &[][..],
        &["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"],
    ] {
        let (mut t, package) = two_users();
        for name in variables {
            let elsewhere = t.path("user").join(name.to_lowercase());
            t.set(name, elsewhere);
        }
        let run = as_root(&t, &[text(&package)]).silent();
        assert!(
            run.line().contains(text(&t.path("home/.cache/flavor"))),
            "{run}"
        );
        as_root(&t, &[FLAVOR, "pack", "--quiet", "-o", "again.psp"]).success();
        as_root(&t, &[FLAVOR, "policy", "init"]).success();
        assert_eq!(t.names("user"), [""; 0], "nothing is made");
        assert!(t.path("home/.config/flavor/known/probe.json").is_file());
        assert!(
            t.path("home/.config/flavor/keys").is_dir()
                && t.path("home/.cache/flavor/build").is_dir()
        );
        let run = as_user(&t, &[text(&package)]).silent();
        assert!(run.line().contains(text(&t.path("user"))), "{run}");
        assert!(t.names("user").iter().all(|name| {
            t.path("user")
                .join(name)
                .symlink_metadata()
                .expect("metadata")
                .uid()
                == 12345
        }));
    }
}

#[test]
fn root_signs_with_the_key_that_its_user_has() {
    let (t, _) = two_users();
    t.call("mkdir", ["-p", "user/.config/flavor"]).success();
    t.call(
        "cp",
        ["-r", "home/.config/flavor/keys", "user/.config/flavor/keys"],
    )
    .success();
    t.call("chown", ["-R", "12345:12345", "user/.config"])
        .success();
    t.call("rm", ["-r", "home/.config"]).success();
    as_root(&t, &[FLAVOR, "pack", "--quiet", "-o", "again.psp"]).success();
    assert!(
        !t.path("home/.config/flavor/keys").exists(),
        "no other key is made"
    );
}

#[test]
fn settings_that_root_has_left_closed_have_a_remedy() {
    let (t, package) = two_users();
    t.call(
        "install",
        ["-d", "-m", "700", "user/.config", "user/.config/flavor"],
    )
    .success();
    snapshot!(as_user(&t, &[text(&package)]), @"
    exit: 106
    --- stderr
    error[FLV0827]: cannot accept `[ROOT]/dist/probe.psp`
      cannot read policy `[ROOT]/user/.config/flavor/policy.json`
      Permission denied (os error 13)
    hint: `[ROOT]/user/.config` belongs to user 0, not to user 12345; `sudo chown -R 12345 [ROOT]/user/.config` changes that
    ");
    t.call("chown", ["-R", "12345", "user/.config"]).success();
    as_user(&t, &[text(&package)]).silent();
}

#[test]
fn a_policy_that_root_has_left_closed_is_never_passed_over() {
    let (t, package) = two_users();
    t.file("user/.config/flavor/policy.json", "{\"version\": 1}");
    t.call("chmod", ["600", "user/.config/flavor/policy.json"])
        .success();
    t.call("chown", ["12345", "user/.config", "user/.config/flavor"])
        .success();
    let run = as_user(&t, &[text(&package)]).fails_with(106);
    let file = t.path("user/.config/flavor/policy.json");
    assert!(
        run.stderr()
            .contains(&format!("sudo chown -R 12345 {}`", file.display())),
        "{run}"
    );
}

#[test]
fn without_a_place_for_notes_a_start_says_so_and_goes_on() {
    let (t, package) = two_users();
    t.call(
        "install",
        ["-d", "-o", "12345", "user/.config", "user/.config/flavor"],
    )
    .success();
    t.call("install", ["-d", "-m", "700", "user/.config/flavor/known"])
        .success();
    let run = as_user(&t, &[text(&package)]).success();
    let started = run.stdout().replace(run.line(), "started");
    assert_eq!(started, "started\n");
    let said = run.stderr().replace(text(t.root()), "[ROOT]");
    insta::assert_snapshot!(said, @"
    warning[FLV0828]: [ROOT]/dist/probe.psp: its signer is not recorded: `[ROOT]/user/.config/flavor/known` belongs to user 0, not to user 12345
    hint: `sudo chown -R 12345 [ROOT]/user/.config/flavor/known` changes that
    ");
}

#[test]
fn a_cache_that_root_has_left_has_a_remedy() {
    let (t, package) = two_users();
    t.call("install", ["-d", "-o", "12345", "user/.cache"])
        .success();
    t.call(
        "mkdir",
        [
            "-p",
            "user/.cache/flavor/v2/slots",
            "user/.cache/flavor/v2/locks",
        ],
    )
    .success();
    let run = as_user(&t, &[text(&package)]).fails_with(106);
    assert!(
        run.stderr().contains(&format!(
            "sudo chown -R 12345 {}`",
            t.path("user/.cache/flavor").display()
        )),
        "{run}"
    );
    // One that cannot even be looked into is no cache.
    t.call("chown", ["0", "user/.cache"]).success();
    t.call("chmod", ["700", "user/.cache"]).success();
    as_user(&t, &[text(&package)]).silent();
}

#[test]
fn without_a_lasting_cache_a_terminal_is_told() {
    let (mut t, package) = two_users();
    t.unset("HOME");
    let command = format!("setpriv {} {}", SOMEBODY.join(" "), package.display());
    let shown = t.call("script", ["-qec", &command, "/dev/null"]).success();
    let shown = shown.stdout().replace('\r', "");
    let (said, started) = shown.split_at(shown.find("started").expect("a start"));
    assert!(started.starts_with("started in /"), "{shown}");
    insta::assert_snapshot!(said.replace(text(&package), "probe.psp"), @"
    warning[FLV0828]: probe.psp: its signer is not recorded: there is no home directory
    hint: set HOME to a permanent directory of your own
    warning[FLV0829]: there is no permanent cache directory: every start extracts the package again
    hint: set FLAVOR_CACHE_DIR, or HOME, to a permanent directory of your own
    ");
    // What a program reads stays as it was.
    t.run(t.command("setpriv").args(SOMEBODY).arg(&package))
        .silent();
    t.set("HOME", "/proc");
    let shown = t.call("script", ["-qec", &command, "/dev/null"]).success();
    assert!(
        shown.stdout().contains("extracts the package again: ")
            && shown.stdout().contains("(HOME)"),
        "{shown}"
    );
}

#[test]
fn a_service_has_its_cache_where_systemd_says() {
    let (mut t, package) = two_users();
    let list = format!(
        "relative:{}:{}",
        t.path("user/one").display(),
        t.path("user/two").display()
    );
    t.set("CACHE_DIRECTORY", list);
    t.set("XDG_CACHE_HOME", t.path("user/xdg"));
    t.call("install", ["-d", "-o", "12345", "user/one", "user/two"])
        .success();
    let run = as_user(&t, &[text(&package)]).silent();
    assert!(
        run.line().contains(text(&t.path("user/one/flavor/v2"))),
        "{run}"
    );
    // One that cannot be used is passed over, and one that the user names comes first.
    t.set("CACHE_DIRECTORY", "/proc");
    let run = as_user(&t, &[text(&package)]).silent();
    assert!(
        run.line().contains(text(&t.path("user/xdg/flavor/v2"))),
        "{run}"
    );
    t.set("FLAVOR_CACHE_DIR", t.path("user/named"));
    let run = as_user(&t, &[text(&package)]).silent();
    assert!(run.line().contains(text(&t.path("user/named/v2"))), "{run}");
}
