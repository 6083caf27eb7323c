//! Programs that the system refuses to start: the message names the file that is the reason.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::scene::{PROBE, Run, Test};

/// Packs bytes as the program `probe` and starts it.
fn start(t: &Test, program: impl AsRef<[u8]>) -> Run {
    t.file("probe.sh", program);
    t.manifest(PROBE);
    let package = t.pack();
    t.call(package, [""; 0])
}

/// This machine's `true`, with a loader of another name.
fn with_loader(loader: &str) -> Vec<u8> {
    let mut bytes = std::fs::read("/usr/bin/env").expect("a program");
    let header = goblin::elf::Elf::parse(&bytes).expect("an ELF file");
    let is_loader = |header: &&goblin::elf::ProgramHeader| {
        header.p_type == goblin::elf::program_header::PT_INTERP
    };
    let place = header
        .program_headers
        .iter()
        .find(is_loader)
        .expect("a loader")
        .file_range();
    bytes[place.clone()].fill(0);
    bytes[place.start..place.start + loader.len()].copy_from_slice(loader.as_bytes());
    bytes
}

/// The header of a program for 64-bit ARM.
fn for_arm() -> Vec<u8> {
    let mut bytes = std::fs::read("/usr/bin/env").expect("a program");
    bytes[18..20].copy_from_slice(&183_u16.to_le_bytes());
    bytes
}

#[test]
fn a_script_whose_interpreter_is_not_there() {
    let t = Test::new();
    snapshot!(start(&t, "#!/nowhere/sh\n"), @"
    exit: 104
    --- stderr
    error[FLV0824]: cannot start `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe`
      the first line of `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe` names `/nowhere/sh`, which does not exist
    hint: install it on this machine, or start the script by an interpreter in the package
    ");
    let run = start(&t, "#! /opt/python3.4/bin/python -u\nprint()\n").fails_with(104);
    assert!(
        run.stderr()
            .contains("names `/opt/python3.4/bin/python`, which does not exist"),
        "{run}"
    );
    let run = start(&t, "#!/bin/sh\r\ntrue\r\n").fails_with(104);
    assert!(
        run.stderr()
            .contains("hint: the line ends with a carriage return"),
        "{run}"
    );
    // The interpreter of a script may itself be a script.
    let between = t.executable("between", "#!/nowhere/else\n");
    let run = start(&t, format!("#!{}\n", between.display())).fails_with(104);
    assert!(
        run.stderr()
            .contains("/between` names `/nowhere/else`, which does not exist"),
        "{run}"
    );
    assert!(run.stderr().starts_with("error[FLV0824]: "), "{run}");
}

#[test]
fn flavor_run_says_the_same() {
    let t = Test::new();
    t.file("probe.sh", "#!/nowhere/sh\n");
    let package = t.manifest(PROBE).pack();
    let (by_itself, by_flavor) = (
        t.call(&package, [""; 0]),
        t.flavor(["run".as_ref(), package.as_os_str()]),
    );
    assert_eq!(by_itself.stderr(), by_flavor.stderr());
}

#[test]
fn a_program_whose_loader_is_not_there() {
    let t = Test::new();
    snapshot!(start(&t, with_loader("/lib/ld-musl-x86_64.so.1")), @"
    exit: 104
    --- stderr
    error[FLV0824]: cannot start `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe`
      `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe` needs the loader `/lib/ld-musl-x86_64.so.1`, which does not exist
    hint: the program was built for musl: install musl on this machine, or pack a static build or one for glibc
    ");
    let run = start(&t, with_loader("/lib64/ld-linux.so.9")).fails_with(104);
    assert!(
        run.stderr()
            .contains("needs the loader `/lib64/ld-linux.so.9`, which does not exist"),
        "{run}"
    );
    assert!(
        run.stderr()
            .contains("hint: the program was built for glibc"),
        "{run}"
    );
}

#[test]
fn a_program_for_another_processor() {
    let t = Test::new();
    snapshot!(start(&t, for_arm()), @"
    exit: 104
    --- stderr
    error[FLV0825]: cannot start `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe`
      `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe` is a program for aarch64, this machine is x86_64
    hint: use a package for this machine, or pack the program for it
    ");
}

#[test]
fn a_file_that_is_no_program() {
    let t = Test::new();
    // Without a first line a shell reads a text, as everywhere.
    assert_eq!(start(&t, "echo plain\n").silent().line(), "plain");
    let manifest = PROBE.replace("{workenv}/bin/probe", "{workenv}/bin");
    let package = t.manifest(&manifest).pack();
    t.call(package, [""; 0]).fails_with(104);
}

#[test]
fn a_program_without_the_permission() {
    let t = Test::new();
    t.file("probe.sh", "#!/bin/sh\n");
    let package = t.manifest(&PROBE.replace("0755", "0644")).pack();
    snapshot!(t.call(package, [""; 0]), @r#"
    exit: 104
    --- stderr
    error[FLV0826]: cannot start `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe`
      `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe` is not executable: its mode is 0444
    hint: set `permissions = "0755"` for its slot, or run `chmod 755` on the file before packing
    "#);
    // The interpreter of a script needs it as well.
    let plain = t.file("plain", "#!/bin/sh\n");
    std::fs::set_permissions(&plain, PermissionsExt::from_mode(0o644)).expect("mode");
    let run = start(&t, format!("#!{}\n", plain.display())).fails_with(104);
    assert!(
        run.stderr()
            .contains("/plain` is not executable: its mode is 0644"),
        "{run}"
    );
}

#[test]
fn a_program_that_is_not_there() {
    let t = Test::new();
    let command = |words: &str| PROBE.replace(r#"["{workenv}/bin/probe"]"#, words);
    t.file("probe.sh", "#!/bin/sh\n");
    let package = t.manifest(&command(r#"["no-such-program", "-v"]"#)).pack();
    snapshot!(t.call(package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0823]: cannot start `no-such-program`
      no directory in PATH has a program of that name
    hint: install it on this machine, or pack it and name it by its path in the package
    ");
    let package = t.manifest(&command(r#"["/opt/no/such/program"]"#)).pack();
    snapshot!(t.call(package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0823]: cannot start `/opt/no/such/program`
      the file does not exist
    hint: install it on this machine, or pack it and name it by its path in the package
    ");
    symlink("/nowhere/else", t.path("link")).expect("a link");
    let link = t.path("link").display().to_string();
    let package = t.manifest(&command(&format!("[{link:?}]"))).pack();
    let run = t.call(package, [""; 0]).fails_with(104);
    assert!(
        run.stderr()
            .contains("it is a link to `/nowhere/else`, which does not exist"),
        "{run}"
    );
}

#[test]
fn arguments_that_are_too_long() {
    let t = Test::new();
    t.file("probe.sh", "#!/bin/sh\n");
    let long = "x".repeat(140_000);
    t.manifest(&PROBE.replace(
        r#"["{workenv}/bin/probe"]"#,
        &format!(r#"["{{workenv}}/bin/probe", "{long}"]"#),
    ));
    let package = t.pack();
    snapshot!(t.call(package, [""; 0]), @"
    exit: 104
    --- stderr
    error[FLV0822]: cannot start `[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe`
      Argument list too long (os error 7)
    ");
}

#[test]
fn a_file_system_without_programs() {
    let t = Test::new();
    let programs = Path::new("/usr/bin/env");
    t.copy(programs, "place/env");
    t.file("probe.sh", "#!/bin/sh\n");
    let command = format!("[{:?}]", t.path("place/env").display().to_string());
    let package = t
        .manifest(&PROBE.replace(r#"["{workenv}/bin/probe"]"#, &command))
        .pack();
    let mount = "mount --bind place place && mount -o remount,bind,noexec place && exec \"$0\"";
    let run = t
        .run(
            t.command("unshare")
                .args(["--mount", "sh", "-c", mount])
                .arg(&package),
        )
        .fails_with(104);
    assert!(
        run.stderr()
            .contains("/place/env` is on a file system mounted noexec\n"),
        "{run}"
    );
}
