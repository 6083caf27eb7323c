//! Signing keys: made once, never overwritten, readable by their owner alone.

use std::os::unix::fs::PermissionsExt;

use crate::scene::Test;

#[test]
fn keygen_writes_a_pair_for_its_owner_alone() {
    let t = Test::new();
    snapshot!(t.flavor(["keygen", "--out-dir", "k/deep"]).success(), @"
    exit: 0
    --- stdout
    k/deep/flavor-private.key
    k/deep/flavor-public.key
    fingerprint [DIGEST]
    ");
    let mode = |path: &str| {
        t.path(path)
            .metadata()
            .expect("metadata")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("k/deep"), 0o700);
    assert_eq!(mode("k/deep/flavor-private.key"), 0o600);
    assert_eq!(mode("k/deep/flavor-public.key"), 0o600);
    let read = |name: &str| std::fs::read_to_string(t.path("k/deep").join(name)).expect("a key");
    assert!(read("flavor-private.key").starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(read("flavor-public.key").starts_with("-----BEGIN PUBLIC KEY-----\n"));
}

#[test]
fn keygen_never_overwrites() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "k"]).success();
    let before = std::fs::read(t.path("k/flavor-private.key")).expect("a key");
    snapshot!(t.flavor(["keygen", "--out-dir", "k"]), @"
    exit: 1
    --- stderr
    error[FLV0503]: cannot generate a key pair
      `k/flavor-public.key` already exists
    hint: a key is never overwritten; choose another directory with --out-dir
    ");
    assert_eq!(
        std::fs::read(t.path("k/flavor-private.key")).expect("a key"),
        before
    );

    std::fs::remove_file(t.path("k/flavor-private.key")).expect("removed");
    t.flavor(["keygen", "--out-dir", "k"]).fails_with(1);
    assert!(
        !t.path("k/flavor-private.key").exists(),
        "half a pair was written"
    );
}

#[test]
fn a_package_names_the_key_that_signed_it() {
    let t = Test::new();
    let made = t.flavor(["keygen", "--out-dir", "k"]).success();
    let fingerprint = made
        .stdout()
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("fingerprint "))
        .expect("a line");
    let package = t.script("true").pack_with(&[
        "--private-key",
        "k/flavor-private.key",
        "--public-key",
        "k/flavor-public.key",
    ]);
    let verified = t
        .flavor(["verify".as_ref(), "--json".as_ref(), package.as_os_str()])
        .success()
        .json();
    assert_eq!(verified["signature"]["key"], fingerprint);
    assert_eq!(verified["signature"]["trusted"], false);
}

#[test]
fn a_key_in_the_trust_store_is_trusted() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "k"]).success();
    let package = t
        .script("true")
        .pack_with(&["--private-key", "k/flavor-private.key"]);
    let public = std::fs::read(t.path("k/flavor-public.key")).expect("a key");
    t.file("home/.config/flavor/trusted-keys/me.pub", public);
    snapshot!(t.flavor(["verify".as_ref(), package.as_os_str()]).success(), @"
    exit: 0
    --- stdout
    [ROOT]/dist/probe.psp: OK: all bytes verified
    signer [DIGEST] (trusted on this machine)
    ");
}

#[test]
fn the_key_that_flavorpack_derives_from_a_seed_is_derived() {
    let t = Test::new();
    let package = t.script("true").pack_with(&["--key-seed", "test"]);
    let verified = t
        .flavor(["verify".as_ref(), "--json".as_ref(), package.as_os_str()])
        .success()
        .json();
    assert_eq!(
        verified["signature"]["key"],
        "c14ff30999c0d33fc2eff45b09ffee7b4c4a35279d727b028ad3acaf9fed3a9f"
    );
}

#[test]
fn a_public_key_of_somebody_else_is_refused() {
    let t = Test::new();
    t.script("true");
    t.flavor(["keygen", "--out-dir", "one"]).success();
    t.flavor(["keygen", "--out-dir", "two"]).success();
    let run = t.flavor([
        "pack",
        "--private-key",
        "one/flavor-private.key",
        "--public-key",
        "two/flavor-public.key",
    ]);
    snapshot!(run, @"
    exit: 1
    --- stderr
    error[FLV0502]: cannot pack `pyproject.toml`
      the public key in `two/flavor-public.key` does not match the private key
    hint: omit --public-key: it is derived from the private key
    ");
    assert!(!t.path("dist/probe.psp").exists());
}

#[test]
fn a_file_that_holds_no_key_is_refused() {
    let t = Test::new();
    t.script("true");
    t.file("key", "secret");
    snapshot!(t.flavor(["pack", "--private-key", "key"]), @"
    exit: 1
    --- stderr
    error[FLV0501]: cannot pack `pyproject.toml`
      `key` is not a PEM file with an Ed25519 private key
    hint: generate a key pair with `flavor keygen --out-dir DIR`
    ");
}

#[test]
fn what_is_no_public_key_is_named() {
    let t = Test::new();
    t.script("true");
    let package = t.pack();
    let package = package.to_str().expect("UTF-8");
    t.flavor(["keygen", "--out-dir", "k"]).success();
    t.file("text", "no key");
    snapshot!(t.flavor(["trust", "add", "nowhere"]), @"
    exit: 1
    --- stderr
    error[FLV0901]: cannot read key `nowhere`
      No such file or directory (os error 2)
    ");
    snapshot!(t.flavor(["trust", "add", "k/flavor-private.key"]), @"
    exit: 1
    --- stderr
    error[FLV0501]: cannot use `k/flavor-private.key` as a key
      `k/flavor-private.key` holds a private key; expected a public key
    hint: give `flavor-public.key` of the same pair
    ");
    snapshot!(t.flavor(["verify", "--key", "text", package]), @"
    exit: 1
    --- stderr
    error[FLV0501]: cannot use `text` as a key
      `text` is not a PEM file with an Ed25519 public key
    hint: such a file begins with `-----BEGIN PUBLIC KEY-----`; `flavor keygen --out-dir DIR` makes a pair
    ");
    snapshot!(t.flavor(["trust", "rotate", "--from", "k/flavor-public.key", "--to", "k/flavor-public.key"]), @"
    exit: 1
    --- stderr
    error[FLV0501]: cannot use `k/flavor-public.key` as a key
      `k/flavor-public.key` holds a public key; expected a private key
    hint: give `flavor-private.key` of the same pair
    ");
    snapshot!(t.flavor(["trust", "rotate", "--from", "k/flavor-private.key", "--to", "k/flavor-public.key"]), @"
    exit: 1
    --- stderr
    error[FLV0515]: the key in `k/flavor-public.key` cannot replace itself
    hint: make its successor with `flavor keygen --out-dir DIR`
    ");
    assert!(!t.path("rotation.json").exists());
}

#[test]
fn a_trusted_key_may_get_another_name() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "k"]).success();
    let names = |name: &str| {
        t.flavor(["trust", "add", "k/flavor-public.key", "--name", name])
            .success();
        t.flavor(["trust", "list", "--json"]).success().json()["trusted"].clone()
    };
    names("first");
    let keys = names("second");
    assert_eq!(
        (keys.as_array().map(Vec::len), &keys[0]["name"]),
        (Some(1), &"second".into())
    );
    t.flavor(["trust", "add", "k/flavor-public.key"]).success();
    assert_eq!(
        t.flavor(["trust", "list", "--json"]).success().json()["trusted"],
        keys
    );
}

#[test]
fn a_damaged_package_is_not_taken_for_a_key() {
    let t = Test::new();
    t.script("true");
    let package = t.pack();
    let mut bytes = std::fs::read(&package).expect("read");
    bytes.pop();
    t.file("cut.psp", bytes);
    t.file("changed.psp", {
        let mut bytes = std::fs::read(&package).expect("read");
        let at = bytes.len() - 100;
        bytes[at] ^= 1;
        bytes
    });
    snapshot!(t.flavor(["trust", "add", "changed.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0603]: cannot open package `changed.psp`
      the index has checksum [SUM]; expected [SUM]
    hint: do not run it; download the file again from its publisher
    ");
    t.flavor(["trust", "add", "cut.psp"]).fails_with(1);
    assert_eq!(t.flavor(["trust", "list"]).success().stdout(), "");
}

#[test]
fn a_seed_that_everybody_knows_signs_nothing() {
    let t = Test::new();
    t.script("true");
    snapshot!(t.flavor(["pack", "--key-seed", ""]), @"
    exit: 2
    --- stderr
    error[FLV0103]: a value is required for '--key-seed <TEXT>' but none was supplied

    For more information, try '--help'.
    ");
    assert!(!t.path("dist").exists());
}

#[test]
fn the_users_own_key_is_made_once_and_announced_once() {
    let t = Test::new();
    t.script("true");
    let first = t.flavor(["pack"]).success();
    let second = t.flavor(["pack"]).success();
    assert!(
        first.stderr().contains("made your signing key in"),
        "{first}"
    );
    assert!(
        !second.stderr().contains("made your signing key"),
        "{second}"
    );
    let private = t.path("home/.config/flavor/keys/flavor-private.key");
    assert_eq!(
        private.metadata().expect("a key").permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn first_packs_at_once_end_up_with_one_key() {
    for _ in 0..10 {
        let t = Test::new();
        t.script("true");
        let outputs: Vec<String> = (0..8).map(|number| format!("{number}.psp")).collect();
        let packs: Vec<_> = outputs
            .iter()
            .map(|output| {
                let mut command = t.command(crate::scene::FLAVOR);
                command
                    .args(["pack", "--quiet", "--output", output])
                    .stdout(std::process::Stdio::null());
                crate::scene::start(&mut command)
            })
            .collect();
        for mut pack in packs {
            assert!(pack.wait().expect("waited for").success());
        }
        let read = |name: &String| std::fs::read(t.path(name)).expect("a package");
        assert!(
            outputs.iter().all(|one| read(one) == read(&outputs[0])),
            "not all by the same key"
        );
        let left = t
            .names("home/.config/flavor/keys")
            .into_iter()
            .filter(|name| name.starts_with(".key"))
            .count();
        assert_eq!(left, 0);
    }
}

#[test]
fn a_key_in_the_variable_itself_signs_and_is_never_shown() {
    let mut t = Test::new();
    t.script("true");
    let keys = t.flavor(["keygen", "--out-dir", "keys"]).silent();
    let private = keys.stdout().lines().next().expect("the key").to_owned();
    let text = std::fs::read_to_string(t.path(&private)).expect("the key");
    t.set("FLAVOR_PRIVATE_KEY", t.path(&private));
    let by_file = std::fs::read(t.pack()).expect("a package");
    let secret = text.lines().nth(1).expect("the key's bytes").to_owned();
    let damaged = text.replace("BEGIN", "BEGlN");
    for (value, works) in [
        (text.clone(), true),
        (text.replace('\n', "\\n"), true),
        (damaged, false),
        (secret.clone(), false),
    ] {
        t.set("FLAVOR_PRIVATE_KEY", &value);
        let said = [
            ["pack", "-v"],
            ["config", "--show-origin"],
            ["doctor", "--json"],
        ]
        .map(|words| t.flavor(words));
        assert_eq!(said[0].status.success(), works, "{}", said[0]);
        for run in said {
            assert!(!run.to_string().contains(&secret), "{run}");
        }
        if works {
            assert!(
                std::fs::read(t.path("dist/probe.psp")).expect("a package") == by_file,
                "{value}"
            );
        }
    }
}

#[test]
fn a_new_key_is_announced_also_when_the_pack_fails() {
    let t = Test::new();
    t.flavor(["keygen", "--out-dir", "old"]).success();
    t.flavor(["keygen", "--out-dir", "new"]).success();
    let rotate = [
        "trust",
        "rotate",
        "--from",
        "old/flavor-private.key",
        "--to",
        "new/flavor-public.key",
    ];
    t.flavor(rotate).success();
    t.file(
        "pyproject.toml",
        "[project]\nname = \"app\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"/bin/true\"]\n",
    );
    // The user has no key yet: one is generated, and it is not the end of the rotation.
    let pack = ["pack", "--rotation", "rotation.json"];
    let failed = t.flavor(pack).fails_with(1);
    let told = failed.stderr();
    let key = told.find("made your signing key in").expect("the key");
    assert!(
        key < told.find("error[FLV0516]").expect("the error"),
        "{told}"
    );
    let again = t.flavor(pack).fails_with(1);
    assert!(!again.stderr().contains("made your signing key"));
}
