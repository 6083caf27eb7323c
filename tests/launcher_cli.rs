//! `FLAVOR_LAUNCHER_CLI=1`: a look at a package where there is nothing else.

use crate::scene::Test;

#[test]
fn the_launcher_shows_checks_and_unpacks_its_package() {
    let mut t = Test::new();
    let package = t
        .script("echo ran \"$@\" ${FLAVOR_LAUNCHER_CLI-unset}")
        .pack();
    t.set("FLAVOR_LAUNCHER_CLI", "1");
    snapshot!(t.call(&package, ["info"]).silent(), @"
    exit: 0
    --- stdout
    probe 1.0.0
    format    PSPF/2025
    signer    [DIGEST]
    size      [NUMBER]
    slot 0    script raw 53
    slot 1    _attestation raw 2232
    ");
    snapshot!(t.call(&package, ["verify"]).silent(), @"
    exit: 0
    --- stdout
    valid: signature, launcher, 2 slots
    signer [DIGEST]
    ");
    t.call(&package, ["extract", "0", "out"]).silent();
    assert!(
        std::fs::read_to_string(t.path("out/script"))
            .expect("the script")
            .contains("echo ran")
    );
    assert_eq!(
        t.call(&package, ["metadata"]).silent().json()["package"]["name"],
        "probe"
    );
    assert_eq!(
        t.call(&package, ["run", "info", "-x"]).silent().line(),
        "ran info -x unset"
    );
    t.call(&package, ["help"]).silent();
    t.call(&package, ["version"]).silent();
    snapshot!(t.call(&package, ["nonsense"]), @"
    exit: 105
    --- stderr
    error[FLV0110]: `nonsense` is not a launcher command
    hint: `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands
    ");
    snapshot!(t.call(&package, ["extract", "0"]), @"
    exit: 105
    --- stderr
    error[FLV0110]: `extract` takes a slot and a directory
    hint: `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands
    ");
    snapshot!(t.call(&package, ["info", "extra"]), @"
    exit: 105
    --- stderr
    error[FLV0110]: `info` takes no arguments
    hint: `FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands
    ");
    assert_eq!(
        t.call(&package, ["--version"]).silent().stdout(),
        t.call(&package, ["version"]).silent().stdout()
    );
    for words in [&["path", "scirpt"][..], &["extract", "scirpt", "there"]] {
        let run = t.call(&package, words).fails_with(105);
        assert!(
            run.stderr()
                .contains("there is no slot `scirpt`; the package has `script`, `_attestation`\n"),
            "{run}"
        );
    }
    assert!(!t.path("there").exists());
    t.unset("FLAVOR_LAUNCHER_CLI");
    snapshot!(t.flavor(["extract", "dist/probe.psp", "scirpt", "there"]), @"
    exit: 1
    --- stderr
    error[FLV0617]: cannot open package `dist/probe.psp`
      there is no slot `scirpt`; the package has `script`, `_attestation`
    hint: did you mean `script`?
    ");
    assert_eq!(t.call(&package, ["info"]).silent().line(), "ran info unset");
}
