//! What can go wrong with slots, keys, trust, the cache and the system: each kind that no other story tells, with its code.

use std::path::Path;

use crate::flavorpack;
use crate::scene::{FLAVOR, PROBE, Test, eventually, start};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A slot called `data` of a file or directory of that name.
fn slot(more: &str) -> String {
    format!("[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n{more}\n")
}

fn with_slot(t: &Test, more: &str) {
    t.script("echo ran");
    t.manifest(&format!("{PROBE}\n{}", slot(more)));
}

#[test]
fn slots_that_cannot_be_packed() {
    let t = Test::new();
    t.file("data", "some");
    with_slot(&t, "target = \"bin/probe\"");
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0406]: cannot pack `pyproject.toml`
      slots `script` and `data` both target `{workenv}/bin/probe`
    hint: give one of them another `target`
    ");
    std::fs::remove_file(t.path("data")).expect("removed");
    std::fs::create_dir(t.path("data")).expect("a directory");
    with_slot(&t, "lifecycle = \"lazy\"\ntarget = \"{workenv}\"");
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0404]: cannot pack `pyproject.toml`
      slot `data`: with the lifecycle `lazy` it cannot be the whole work environment
    hint: set its `target` to a subdirectory
    ");
    std::fs::remove_dir_all(t.path("data")).expect("removed");
    t.call("truncate", ["--size=65G", "data"]).success();
    with_slot(&t, "operations = [\"xz:1\"]");
    snapshot!(t.flavor(["pack", "--quiet"]), @"
    exit: 1
    --- stderr
    error[FLV0425]: cannot pack `pyproject.toml`
      cannot encode slot `data`
      the slot has [NUMBER] bytes; the limit is [NUMBER]
    hint: split it into several slots
    ");
}

#[test]
fn a_source_that_changes_while_it_is_packed() {
    let t = Test::new();
    t.file("data", "some");
    with_slot(&t, "operations = [\"gzip\"]");
    let data = t.path("data");
    let words = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        text(&data),
        "-e",
        "trace=pread64",
        "-e",
        "inject=pread64:retval=0",
    ];
    snapshot!(t.run(t.command("strace").args(words).args([FLAVOR, "pack", "--quiet", "--no-cache"])), @"
    exit: 1
    --- stderr
    error[FLV0420]: cannot pack `pyproject.toml`
      cannot encode the slots
      `./data` changed while it was read
    hint: pack again when nothing writes to the tree
    ");
}

#[test]
fn what_their_launcher_lacks() {
    let t = Test::new();
    t.script("true");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.hooks]\npost_extract = \"true\"\n"
    ));
    let launcher = flavorpack::native("flavor-rs-launcher");
    snapshot!(t.flavor(["pack", "--quiet", "--launcher-bin", text(&launcher)]), @"
    exit: 1
    --- stderr
    error[FLV0403]: cannot pack `pyproject.toml`
      `post_extract` is not supported by the launcher of FlavorPack
    hint: remove it, or omit --launcher-bin
    ");
    for (more, what) in [
        ("path = true", "`path = true`"),
        (
            "env = { A = \"{env:HOME}\" }",
            "another variable in the value of `A`",
        ),
        (
            "[tool.flavor.execution.runtime.env]\nset = { A = \"{env:HOME:-/}\" }",
            "another variable in the value of `A`",
        ),
    ] {
        t.manifest(&PROBE.replace(
            "command = [\"{workenv}/bin/probe\"]",
            &format!("command = [\"{{workenv}}/bin/probe\"]\n{more}"),
        ));
        let run = t
            .flavor(["pack", "--quiet", "--launcher-bin", text(&launcher)])
            .fails_with(1);
        let error = format!("  {what} is not supported by the launcher of FlavorPack\n");
        assert!(
            run.stderr().starts_with("error[FLV0403]") && run.stderr().contains(&error),
            "{run}"
        );
    }
}

#[test]
fn what_packages_of_flavorpack_do_not_say() {
    let t = Test::new();
    flavorpack::build(&t);
    t.script("true");
    snapshot!(t.flavor(["verify", "--rebuild", ".", "theirs.psp"]), @"
    exit: 1
    --- stderr
    error[FLV0410]: cannot pack `./pyproject.toml`
      the package has no build record
    ");
    snapshot!(t.flavor(["workenv", "warm", "theirs.psp"]), @"
    exit: 107
    --- stderr
    error[FLV0701]: cannot accept `[ROOT]/theirs.psp`
      the signature does not cover all bytes: the package was made by another tool
    ");
    snapshot!(t.flavor(["extract", "theirs.psp", "_attestation", "out"]), @"
    exit: 3
    --- stderr
    error[FLV0512]: `_attestation` in `theirs.psp` is not authenticated by the signature
    hint: get the package from its publisher, built by flavor
    ");
}

#[test]
fn links_in_a_circle_where_links_are_followed() {
    let t = Test::new();
    t.file("data/inner/file", "");
    std::os::unix::fs::symlink("../inner", t.path("data/inner/again")).expect("a link");
    with_slot(&t, "operations = [\"tar\"]");
    let launcher = flavorpack::native("flavor-rs-launcher");
    snapshot!(t.flavor(["pack", "--quiet", "--launcher-bin", text(&launcher)]), @"
    exit: 1
    --- stderr
    error[FLV0423]: cannot pack `pyproject.toml`
      cannot encode slot `data`
      the links below `[ROOT]/data/inner/again` form a loop
    ");
}

#[test]
fn keys() {
    let mut t = Test::new();
    t.script("true");
    for number in 0..17 {
        let out = format!("keys/{number}");
        t.flavor(["keygen", "--out-dir", &out]).silent();
        t.flavor(["trust", "add", &format!("{out}/flavor-public.key")])
            .silent();
    }
    // Seventeen keys, sixteen digits.
    let list = t.flavor(["trust", "list"]).silent();
    let digits: Vec<char> = list
        .stdout()
        .lines()
        .filter_map(|line| line.chars().nth(9))
        .collect();
    let twice = digits
        .iter()
        .find(|one| digits.iter().filter(|other| other == one).count() > 1)
        .expect("one");
    let run = t.flavor(["trust", "remove", &twice.to_string()]);
    insta::assert_snapshot!(run.to_string().replace(&format!("`{twice}`"), "`7`"), @"
    exit: 1
    --- stderr
    error[FLV0510]: more than one trusted key begins with `7`
    hint: `flavor trust list` shows them
    ");
    t.flavor([
        "pack",
        "--quiet",
        "--private-key",
        "keys/1/flavor-private.key",
    ])
    .silent();
    snapshot!(t.flavor(["verify", "dist/probe.psp", "--key", "keys/2/flavor-public.key"]), @"
    exit: 3
    --- stderr
    error[FLV0508]: `dist/probe.psp` is signed by another key: [DIGEST]
    ");
    t.unset("HOME");
    t.unset("FLAVOR_TRUSTED_KEYS_DIR");
    // Without a password file nobody has a home.
    t.file("nobody", "");
    let homeless = |words: &[&str]| {
        let script = "mount --bind nobody /etc/passwd && exec \"$0\" \"$@\"";
        let before = ["--mount", "sh", "-c", script, FLAVOR];
        t.call("unshare", before.iter().chain(words))
    };
    snapshot!(homeless(&["pack", "--quiet"]), @"
    exit: 1
    --- stderr
    error[FLV0505]: cannot pack `pyproject.toml`
      cannot store a signing key: neither FLAVOR_CONFIG_DIR, XDG_CONFIG_HOME nor HOME is set
    hint: pass --private-key FILE or --key-seed TEXT
    ");
    snapshot!(homeless(&["trust", "add", "keys/1/flavor-public.key"]), @"
    exit: 1
    --- stderr
    error[FLV0511]: cannot find the trust store: HOME is not set
    hint: set HOME or FLAVOR_TRUSTED_KEYS_DIR
    ");
    snapshot!(homeless(&["policy", "init"]), @"
    exit: 1
    --- stderr
    error[FLV0511]: cannot find the policy: HOME is not set
    hint: set HOME or FLAVOR_CONFIG_DIR
    ");
}

#[test]
fn a_note_that_is_damaged() {
    let t = Test::new();
    let package = t.script("echo ran").pack();
    t.call(&package, [""; 0]).silent();
    t.file("home/.config/flavor/known/probe.json", "nonsense");
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0707]: cannot accept `[ROOT]/dist/probe.psp`
      `[ROOT]/home/.config/flavor/known/probe.json` is not a known-signer record: expected ident at line 1 column 2
    hint: remove the file; the next start notes the signer again
    ");
}

#[test]
fn starts() {
    let mut t = Test::new();
    let package = t.script("true").pack();
    std::fs::create_dir(t.path("small")).expect("a directory");
    t.set("FLAVOR_CACHE_DIR", t.path("small/cache"));
    let small = "mount -t tmpfs -o size=100k none small && exec \"$0\"";
    with_slot(&t, "operations = [\"gzip\"]");
    t.call("truncate", ["--size=1M", "data"]).success();
    let package_with_data = t.pack_with(&["--output", "data.psp", "--no-cache"]);
    snapshot!(t.run(t.command("unshare").args(["--mount", "sh", "-c", small]).arg(&package_with_data)), @"
    exit: 103
    --- stderr
    error[FLV0806]: cannot prepare the environment of `[ROOT]/data.psp`
      not enough space in `[ROOT]/small/cache`: [SIZE] needed, [SIZE] available
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
    t.unset("FLAVOR_CACHE_DIR");
    t.set("HOME", "/dev/null");
    t.file("passwd", "root:x:0:0::/dev/null:/bin/sh\n");
    let mount = "mount --bind passwd /etc/passwd && exec \"$0\" workenv warm \"$1\"";
    snapshot!(t.run(t.command("unshare").args(["--mount", "sh", "-c", mount, FLAVOR, text(&package)])), @"
    exit: 106
    --- stderr
    error[FLV0801]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      no directory for the cache: the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (HOME); the directory `/dev/null` is writable by other users (mode 0666) and cannot hold the cache (the password file)
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
}

#[test]
fn set_up_commands() {
    let t = Test::new();
    t.script("true");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.hooks]\npost_extract = \"sh -c 'echo no licence; exit 3'\"\n"
    ));
    let package = t.pack();
    snapshot!(t.call(&package, [""; 0]), @"
    exit: 103
    --- stderr
    error[FLV0808]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the set-up command `sh` ended with 3
    hint: its output ends with: no licence
    ");
    let words = [
        "-qq",
        "-o",
        "/dev/null",
        "-f",
        "-e",
        "trace=flock",
        "-e",
        "inject=flock:error=ENOLCK",
    ];
    snapshot!(t.run(t.command("strace").args(words).arg(&package)), @"
    exit: 103
    --- stderr
    error[FLV0807]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      the cache directory `[ROOT]/cache` is on a file system without file locks, which a package with set-up commands requires
    hint: set FLAVOR_CACHE_DIR to a directory of your own where programs may run
    ");
}

#[test]
fn a_file_system_without_links() {
    let t = Test::new();
    let package = t.script("true").pack();
    let words = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=symlink,symlinkat",
        "-e",
        "inject=symlink,symlinkat:error=EPERM",
    ];
    let run = t
        .run(t.command("strace").args(words).arg(&package))
        .to_string();
    let (_, rest) = run.split_once("/work-").expect("a staging directory");
    let (unique, _) = rest.split_once('/').expect("what is in it");
    insta::assert_snapshot!(run.replace(unique, "[ID]"), @"
    exit: 103
    --- stderr
    error[FLV0814]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      cannot create link `[ROOT]/cache/v2/staging/work-[ID]/workenv/bin/probe`
      the file system does not support symbolic links
    hint: set FLAVOR_CACHE_DIR to a directory on a file system with symbolic links, where programs may run
    ");
}

#[test]
fn environments() {
    let t = Test::new();
    let package = t.script("touch started; exec sleep 100").pack();
    let mut child = start(t.command(&package).current_dir(t.root()));
    eventually("it runs", || t.path("started").exists());
    snapshot!(t.flavor(["workenv", "inspect", "nothing"]), @"
    exit: 1
    --- stderr
    error[FLV0811]: no work environment `nothing` in the cache
    hint: `flavor workenv list` shows the names
    ");
    let names = t.names("cache/v2/workenv");
    let name = names
        .iter()
        .find(|name| !name.contains('/'))
        .expect("an environment");
    // Damaged while it runs, and its package is gone.
    std::fs::remove_file(&package).expect("removed");
    let change =
        "f=$(readlink -f cache/v2/workenv/*/bin/probe); chmod u+w \"$f\"; echo changed >> \"$f\"";
    t.call("sh", ["-c", change]).success();
    let run = t.flavor(["workenv", "repair", name]);
    insta::assert_snapshot!(run.to_string().replace(name.as_str(), "probe-1.0.0-7f83b1657ff1fc53"), @"
    exit: 1
    --- stderr
    error[FLV0812]: `probe-1.0.0-7f83b1657ff1fc53` is in use by a running program
    ");
    child.kill().expect("killed");
    child.wait().expect("its end");
}

#[test]
fn file_systems_that_are_full() {
    let t = Test::new();
    t.script("true");
    std::fs::create_dir(t.path("small")).expect("a directory");
    let mount = "mount -t tmpfs -o size=100k none small && exec \"$0\" pack --quiet --output small/probe.psp";
    snapshot!(t.run(t.command("unshare").args(["--mount", "sh", "-c", mount, FLAVOR])), @"
    exit: 1
    --- stderr
    error[FLV0903]: cannot pack `pyproject.toml`
      cannot write `small/probe.psp`
      No space left on device (os error 28)
    ");
    // What has no room is not left there in part.
    t.pack();
    for (room, command) in [
        ("100k", "man small/man"),
        ("8k", "extract-all dist/probe.psp small/all"),
    ] {
        let find = format!(
            "mount -t tmpfs -o size={room} none small && ! \"$0\" {command} && find small -type f \\( -empty -o -name '*.1' \\)"
        );
        let run = t
            .run(
                t.command("unshare")
                    .args(["--mount", "sh", "-c", &find, FLAVOR]),
            )
            .success();
        assert!(
            run.stdout().is_empty() && run.stderr().contains("No space left on device"),
            "{run}"
        );
    }
    snapshot!(t.call("sh", ["-c", "exec \"$0\" explain --list > /dev/full", FLAVOR]), @"
    exit: 1
    --- stderr
    error[FLV0905]: cannot write to standard output
      No space left on device (os error 28)
    ");
}
