//! What happened to the cache behind its back is seen and repaired.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::scene::{Run, Test};

/// A program with a tree beside it, started once. Returns the package and the tree in the cache.
fn started(t: &Test) -> (PathBuf, PathBuf) {
    for at in 0..200 {
        t.file(&format!("data/{}/{at}", at % 7), format!("content {at}\n"));
    }
    t.file("data/big", vec![b'x'; 9 << 20]);
    t.file("probe.sh", "#!/bin/sh\ncat \"$FLAVOR_WORKENV\"/data/*/* | cksum; cksum <\"$FLAVOR_WORKENV/data/big\"\n");
    t.manifest(&format!(
        "{}\n[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n",
        crate::scene::PROBE
    ));
    let package = t.pack_with(&["--key-seed", "s"]);
    t.call(&package, [""; 0]).silent();
    let slots = std::fs::read_dir(t.path("cache/v2/slots")).expect("slots");
    let tree = slots
        .flatten()
        .map(|slot| slot.path().join("tree"))
        .find(|tree| tree.is_dir())
        .expect("a tree");
    (package, tree)
}

fn shell(t: &Test, tree: &Path, script: &str) {
    t.run(t.command("sh").args(["-ec", script]).current_dir(tree))
        .success();
}

fn strict(t: &Test, package: &Path) -> Run {
    t.run(t.command(package).env("FLAVOR_VALIDATION", "strict"))
}

/// As if the machine had started anew since everything was written.
fn new_boot(t: &Test) {
    t.call(
        "sh",
        ["-c", r#"sed -i 's/"written":"[^"]*"/"written":"00000000-before"/' cache/v2/slots/*/seal cache/v2/workenv/*/.flavor/seal"#],
    )
    .success();
}

#[test]
fn a_strict_start_finds_and_repairs_any_change() {
    let t = Test::new();
    let (package, tree) = started(&t);
    let good = t.call(&package, [""; 0]).silent().stdout().to_owned();
    assert_eq!(strict(&t, &package).silent().stdout(), good);
    for damage in [
        "chmod u+w 3/3; echo Content 3 >3/3; chmod 444 3/3",
        "chmod u+w big; printf y | dd of=big bs=1 seek=5000000 conv=notrunc status=none",
        ": >5/5",
        "chmod u+w 4; rm 4/4",
        "chmod u+w 4; echo new >4/new",
        "chmod u+w 4; rm 4/4; ln -s ../5/5 4/4",
        "chmod u+w 1 2; mv 1/1 1/aside; mv 2/2 1/1; mv 1/aside 2/2",
        "chmod 777 6/6",
        "rm ../contents",
        ": >../seal",
    ] {
        shell(&t, &tree, damage);
        assert_eq!(strict(&t, &package).success().stdout(), good, "{damage}");
        assert_eq!(
            t.call(&package, [""; 0]).silent().stdout(),
            good,
            "{damage}"
        );
        let verified = t.flavor(["workenv", "verify"]).silent();
        assert!(
            verified.stdout().ends_with(": sound\n"),
            "{damage}: {verified}"
        );
    }
}

#[test]
fn what_a_power_failure_emptied_is_repaired_by_the_next_start() {
    let t = Test::new();
    let (package, tree) = started(&t);
    let good = t.call(&package, [""; 0]).silent().stdout().to_owned();
    let files: Vec<String> = t
        .names("data")
        .into_iter()
        .filter(|name| t.path("data").join(name).is_file())
        .collect();
    let chosen = files.iter().step_by(23).map(|name| tree.join(name));
    let own = ["contents", "seal"].map(|name| tree.with_file_name(name));
    for file in chosen.chain(own) {
        new_boot(&t);
        shell(&t, &tree, &format!(": >'{}'", file.display()));
        assert_eq!(
            t.call(&package, [""; 0]).success().stdout(),
            good,
            "{}",
            file.display()
        );
    }
    for (name, remains) in [
        ("seal of the environment", ".flavor/seal"),
        ("link", "data"),
    ] {
        new_boot(&t);
        t.call(
            "sh",
            ["-c", &format!("rm cache/v2/workenv/*/{remains} && : >$(echo cache/v2/workenv/probe*)/{remains}")],
        )
        .success();
        assert_eq!(t.call(&package, [""; 0]).success().stdout(), good, "{name}");
    }
}

#[test]
fn what_survived_a_new_boot_is_not_looked_at_again() {
    let t = Test::new();
    let (package, _) = started(&t);
    new_boot(&t);
    t.call(&package, [""; 0]).silent();
    let seals = t
        .call(
            "sh",
            [
                "-c",
                r#"grep -ho '"written":"[^"]*"' cache/v2/slots/*/seal cache/v2/workenv/*/.flavor/seal"#,
            ],
        )
        .success();
    assert_eq!(seals.stdout(), "\"written\":\"settled\"\n".repeat(3));
    let before = t.listing("cache/v2");
    t.call(&package, [""; 0]).silent();
    assert_eq!(t.listing("cache/v2"), before);
}

/// Changes a file as whoever may write to the cache can: the list beside the slot and its seal say what it is now.
fn change_with_list(tree: &Path) {
    let file = tree.join("3/3");
    let digest = |bytes: &[u8]| format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes));
    let old = digest(&std::fs::read(&file).expect("a file"));
    let evil = b"evilent 3\n";
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("writable");
    std::fs::write(&file, evil).expect("changed");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).expect("as before");
    let (list, seal) = (tree.join("../contents"), tree.join("../seal"));
    let before = std::fs::read(&list).expect("a list");
    let at = before
        .windows(old.len())
        .position(|window| window == old.as_bytes())
        .expect("the file is listed");
    let mut after = before.clone();
    after[at..at + old.len()].copy_from_slice(digest(evil).as_bytes());
    std::fs::write(&list, &after).expect("a new list");
    let text = std::fs::read_to_string(&seal).expect("a seal");
    let (old, new) = (
        blake3::hash(&before).to_hex(),
        blake3::hash(&after).to_hex(),
    );
    assert!(text.contains(old.as_str()), "{text}");
    std::fs::write(&seal, text.replace(old.as_str(), new.as_str())).expect("a new seal");
}

#[test]
fn a_slot_is_compared_with_what_was_signed_and_not_with_its_own_list() {
    let t = Test::new();
    let (package, tree) = started(&t);
    let good = t.call(&package, [""; 0]).silent().stdout().to_owned();
    change_with_list(&tree);
    assert_eq!(strict(&t, &package).success().stdout(), good);
    change_with_list(&tree);
    new_boot(&t);
    assert_eq!(t.call(&package, [""; 0]).success().stdout(), good);
    change_with_list(&tree);
    let verified = t.flavor(["workenv", "verify"]).fails_with(3);
    assert!(verified.stdout().ends_with("/tree/3/3\n"), "{verified}");
    t.flavor(["workenv", "repair"]).success();
    assert_eq!(t.call(&package, [""; 0]).silent().stdout(), good);
    // The links of an environment are as signed as the slots that they lead to, whatever its own seal says.
    shell(
        &t,
        &tree,
        r#"cd ../../../workenv/*; ln -sfn /tmp data; one='\{"path":"data","facts":"[^"]*"\}'
           sed -i -E "s/,$one//; s/$one,//" .flavor/seal; ! grep -q '"data"' .flavor/seal"#,
    );
    let verified = t.flavor(["workenv", "verify"]).fails_with(3);
    assert!(!verified.stdout().contains("slots/"), "{verified}");
    t.flavor(["workenv", "repair"]).success();
    // For want of the package the list is all there is, and that is said.
    assert_eq!(t.call(&package, [""; 0]).success().stdout(), good);
    let elsewhere = t.copy(&package, "elsewhere.psp");
    std::fs::remove_file(&package).expect("the package");
    change_with_list(&tree);
    let verified = t.flavor(["workenv", "verify"]).silent();
    assert!(
        verified
            .stdout()
            .contains("sound by its own content lists (`"),
        "{verified}"
    );
    assert_eq!(strict(&t, &elsewhere).success().stdout(), good);
}

#[test]
fn verify_names_what_is_damaged_and_repair_mends_it() {
    let t = Test::new();
    let (package, tree) = started(&t);
    let good = t.call(&package, [""; 0]).silent().stdout().to_owned();
    shell(&t, &tree, "chmod u+w 3 3/3; echo Content 3 >3/3; rm 3/10");
    let verified = t.flavor(["workenv", "verify", "probe"]).fails_with(3);
    assert!(
        verified.stdout().contains("/tree/3/3\n") && verified.stdout().contains("/tree/3/10\n"),
        "{verified}"
    );
    let value = t
        .flavor(["workenv", "verify", "--json"])
        .fails_with(3)
        .json();
    assert_eq!(
        (
            &value["environments"][0]["sound"],
            value["environments"][0]["damaged"].as_array().map(Vec::len)
        ),
        (&false.into(), Some(3))
    );
    snapshot!(t.flavor(["workenv", "repair", "probe"]).success(), @"
    exit: 0
    --- stdout
    probe-1.0.0-[DIGEST]: repaired
    ");
    t.flavor(["workenv", "verify"]).silent();
    // Without its package there is nothing to repair from.
    shell(&t, &tree, "chmod u+w 3/3; echo Content 3 >3/3");
    let elsewhere = t.copy(&package, "elsewhere.psp");
    std::fs::remove_file(&package).expect("the package");
    snapshot!(t.flavor(["workenv", "repair", "--json"]).silent(), @r#"
    exit: 0
    --- stdout
    {
      "environments": [
        {
          "compared_with": "lists",
          "damaged": [
            "[ROOT]/cache/v2/slots/[DIGEST]/tree/3/3"
          ],
          "name": "probe-1.0.0-[DIGEST]",
          "outcome": "removed; the next start extracts it again",
          "sound": false
        }
      ]
    }
    "#);
    assert_eq!(t.call(&elsewhere, [""; 0]).silent().stdout(), good);
}

#[test]
fn other_words_than_strict_take_nothing_away() {
    let t = Test::new();
    let (package, tree) = started(&t);
    let script = tree
        .parent()
        .and_then(Path::parent)
        .expect("slots")
        .join("*/tree");
    for word in ["none", "relaxed", "minimal", "STANDARD", "nonsense"] {
        t.call(
            "sh",
            [
                "-c",
                &format!(
                    "for f in {}; do [ -d $f ] || {{ chmod u+w $f; echo 'echo evil' >$f; }}; done",
                    script.display()
                ),
            ],
        )
        .success();
        let run = t
            .run(t.command(&package).env("FLAVOR_VALIDATION", word))
            .success();
        assert!(!run.stdout().contains("evil"), "{word}: {run}");
    }
}
