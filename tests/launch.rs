//! A package behaves like the program in it.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;

use crate::scene::{Test, eventually, start};

#[test]
fn the_program_is_the_same_process() {
    let t = Test::new();
    let package = t.script("echo $$").pack();
    for start in ["cold", "warm"] {
        let run = t.call(&package, [""; 0]).success();
        assert_eq!(run.line(), run.pid.to_string(), "{start}");
    }
}

#[test]
fn cold_and_warm_starts_are_silent() {
    let t = Test::new();
    let package = t.script("echo done").pack();
    for _ in ["cold", "warm"] {
        assert_eq!(t.call(&package, [""; 0]).silent().line(), "done");
    }
}

#[test]
fn exit_codes_pass_through() {
    let t = Test::new();
    let package = t.script("exit $1").pack();
    for code in [0, 1, 2, 3, 42, 101, 127, 255] {
        assert_eq!(t.call(&package, [code.to_string()]).code(), Some(code));
    }
}

#[test]
fn a_death_by_signal_is_one() {
    let t = Test::new();
    let package = t.script("kill -$1 $$; sleep 60").pack();
    for (name, number) in [("TERM", 15), ("USR1", 10), ("KILL", 9), ("SEGV", 11)] {
        assert_eq!(
            t.call(&package, [name]).status.signal(),
            Some(number),
            "{name}"
        );
    }
}

#[test]
fn a_signal_reaches_the_program() {
    let t = Test::new();
    let package = t
        .script("trap 'echo caught; exit 7' TERM; touch ready; while :; do sleep 0.05; done")
        .pack();
    let child = start(t.command(&package).stdout(Stdio::piped()));
    eventually("the program runs", || t.path("ready").exists());
    t.call("kill", ["-TERM", &child.id().to_string()]).success();
    let output = child.wait_with_output().expect("its output");
    assert_eq!(
        (output.status.code(), output.stdout),
        (Some(7), b"caught\n".to_vec())
    );
}

#[test]
fn sigterm_ends_a_program_that_does_not_mind_it() {
    let t = Test::new();
    let package = t.script("touch ready; exec sleep 60").pack();
    let child = start(&mut t.command(&package));
    eventually("the program runs", || t.path("ready").exists());
    t.call("kill", ["-TERM", &child.id().to_string()]).success();
    let status = child.wait_with_output().expect("its status").status;
    assert_eq!(status.signal(), Some(15), "what a shell shows as 143");
}

#[test]
fn stdin_passes_through() {
    let t = Test::new();
    let package = t.script("exec cat").pack();
    let sent: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let mut child = start(
        t.command(&package)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped()),
    );
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn({
        let sent = sent.clone();
        move || stdin.write_all(&sent)
    });
    let output = child.wait_with_output().expect("its output");
    writer
        .join()
        .expect("the writer")
        .expect("a reader until the end");
    assert!(output.stdout == sent, "what came out is not what went in");
}

#[test]
fn arguments_are_bytes() {
    let t = Test::new();
    let package = t
        .script(r#"for word; do printf '%s\0' "$word"; done"#)
        .pack();
    let words: [&[u8]; 8] = [
        b"",
        b"a b",
        b"--help",
        b"-I",
        b"--",
        b"line\nbreak",
        b"\xff\xfe not UTF-8",
        "… $HOME `x` \"'".as_bytes(),
    ];
    let run = t
        .call(&package, words.map(std::ffi::OsStr::from_bytes))
        .silent();
    let came: Vec<&[u8]> = run.stdout.split(|byte| *byte == 0).collect();
    assert_eq!(&came[..words.len()], words);
    assert_eq!(came.len(), words.len() + 1);
}

#[test]
fn the_working_directory_is_the_callers() {
    let t = Test::new();
    let package = t.script("pwd").pack();
    let elsewhere = t.path("else where");
    std::fs::create_dir(&elsewhere).expect("a directory");
    let run = t.run(t.command(&package).current_dir(&elsewhere)).silent();
    assert_eq!(run.line(), elsewhere.to_str().expect("UTF-8"));
}

#[test]
fn a_working_directory_that_is_gone_is_no_obstacle() {
    let t = Test::new();
    let package = t.script("echo alive").pack();
    std::fs::create_dir(t.path("gone")).expect("a directory");
    let script = format!("cd gone && rmdir ../gone && exec {}", package.display());
    assert_eq!(t.call("sh", ["-c", &script]).success().line(), "alive");
}

#[test]
fn a_link_a_copy_and_a_name_with_blanks_start_the_same_environment() {
    let t = Test::new();
    let package = t.script("echo $FLAVOR_WORKENV").pack();
    let expected = t.call(&package, [""; 0]).silent().line().to_owned();
    let link = t.path("probe-2");
    std::os::unix::fs::symlink(&package, &link).expect("a link");
    let blanks = t.copy(&package, "a directory/a name with  blanks.psp");
    let renamed = t.copy(&package, "other");
    for path in [link, blanks, renamed] {
        assert_eq!(
            t.call(&path, [""; 0]).silent().line(),
            expected,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_shell_that_execs_a_package_becomes_its_program() {
    let t = Test::new();
    let package = t.script("echo $$ \"$@\"").pack();
    std::fs::copy(&package, t.path("x.psp")).expect("a copy");
    let run = t
        .call("sh", ["-c", "exec ./x.psp one 'two three'"])
        .silent();
    assert_eq!(run.line(), format!("{} one two three", run.pid));
}

#[test]
fn a_package_is_found_on_path() {
    let mut t = Test::new();
    let package = t.script("echo $FLAVOR_PACKAGE_PATH").pack();
    t.copy(&package, "bin/thing");
    t.prepend_path(&t.path("bin"));
    let run = t.call("sh", ["-c", "thing"]).silent();
    assert_eq!(run.line(), t.path("bin/thing").to_str().expect("UTF-8"));
}

#[test]
fn flavor_run_becomes_the_program() {
    let t = Test::new();
    let package = t.script("echo $$ \"$@\"; exit 9").pack();
    let run = t.flavor([
        "run".as_ref(),
        package.as_os_str(),
        "--json".as_ref(),
        "-x".as_ref(),
    ]);
    assert_eq!(run.line(), format!("{} --json -x", run.pid));
    assert_eq!(run.code(), Some(9));
}

#[test]
fn flavor_run_refuses_what_is_no_package() {
    let t = Test::new();
    t.file("note", "not a package");
    snapshot!(t.flavor(["run", "note"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `note`
      the file has 13 bytes; a package has at least 8200
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
}

#[test]
fn descriptors_of_the_caller_stay_open() {
    let t = Test::new();
    let package = t.script("echo seen >&5").pack();
    t.call(
        "sh",
        [
            "-c".to_owned(),
            format!("exec 5>out; {}", package.display()),
        ],
    )
    .silent();
    assert_eq!(
        std::fs::read_to_string(t.path("out")).expect("a file"),
        "seen\n"
    );
}

#[test]
fn running_writes_nothing_into_the_cache() {
    let t = Test::new();
    let package = t.script("cat $0 >/dev/null; echo done").pack();
    t.call(&package, [""; 0]).silent();
    let before = (t.listing("cache/v2/slots"), t.listing("cache/v2/workenv"));
    t.call(&package, [""; 0]).silent();
    assert_eq!(
        (t.listing("cache/v2/slots"), t.listing("cache/v2/workenv")),
        before
    );
}

#[test]
fn a_name_given_by_the_caller_alone_changes_nothing() {
    let t = Test::new();
    let package = t.script("echo same").pack();
    let run = t.run(t.command(&package).arg0("something else"));
    assert_eq!(run.silent().line(), "same");
}

#[test]
fn many_first_starts_at_once_all_succeed() {
    let t = Test::new();
    let package = t.script("cat \"$FLAVOR_WORKENV/bin/probe\" | wc -l").pack();
    let starts: Vec<_> = (0..12)
        .map(|_| {
            start(
                t.command(&package)
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped()),
            )
        })
        .collect();
    for child in starts {
        let output = child.wait_with_output().expect("its output");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.stdout, b"2\n");
    }
    assert_eq!(t.names("cache/v2/staging"), [""; 0]);
}

#[test]
fn an_extraction_that_was_killed_is_made_again() {
    let t = Test::new();
    t.file("big", vec![7; 64 << 20]);
    t.script("wc -c < \"$FLAVOR_WORKENV/big\"");
    let manifest = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    t.manifest(&format!(
        "{manifest}\n[[tool.flavor.slots.entries]]\nname = \"big\"\nsource = \"big\"\noperations = [\"raw\"]\n"
    ));
    let package = t.pack();
    let mut killed_midway = 0;
    for delay in [1, 3, 6, 10, 15, 20, 30] {
        let mut child = start(&mut t.command(&package));
        std::thread::sleep(std::time::Duration::from_millis(delay));
        child.kill().expect("a running child");
        killed_midway += usize::from(!child.wait().expect("its status").success());
        drop(std::fs::remove_dir_all(t.path("cache/v2/workenv")));
        std::fs::create_dir_all(t.path("cache/v2/workenv")).expect("a directory");
    }
    assert!(killed_midway > 0, "no start was caught midway");
    assert_eq!(
        t.call(&package, [""; 0]).silent().line(),
        (64 << 20).to_string()
    );
}

#[test]
fn a_damaged_environment_is_made_again() {
    let t = Test::new();
    let package = t.script("echo good").pack();
    t.call(&package, [""; 0]).silent();
    let environments = t.path("cache/v2/workenv");
    for entry in std::fs::read_dir(&environments).expect("environments") {
        std::fs::remove_dir_all(entry.expect("an entry").path()).expect("gone");
    }
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "good");
    let slots = t.path("cache/v2/slots");
    t.call("chmod", ["-R".as_ref(), "u+w".as_ref(), slots.as_os_str()])
        .success();
    for entry in std::fs::read_dir(&slots).expect("slots") {
        std::fs::remove_dir_all(entry.expect("an entry").path()).expect("gone");
    }
    assert_eq!(t.call(&package, [""; 0]).success().line(), "good");
}

#[test]
fn a_file_edited_in_the_cache_is_not_started() {
    let t = Test::new();
    let package = t.script("echo good").pack();
    t.call(&package, [""; 0]).silent();
    let slot = t
        .names("cache/v2/slots")
        .into_iter()
        .find(|name| name.ends_with("/tree"))
        .expect("the script's slot");
    let script = t.path("cache/v2/slots").join(slot);
    t.call("chmod", ["u+w".as_ref(), script.as_os_str()])
        .success();
    std::fs::write(&script, "#!/bin/sh\necho evil\n").expect("the script");
    let run = t.call(&package, [""; 0]);
    assert!(!run.stdout().contains("evil"), "{run}");
}

#[test]
fn packages_that_share_a_slot_do_not_extract_it_again_and_again_after_a_repair() {
    let t = Test::new();
    let packages = ["1.0.1", "1.0.2"].map(|version| {
        t.script("echo good")
            .manifest(&crate::scene::PROBE.replace("1.0.0", version));
        t.pack_with(&["--output", version])
    });
    for package in &packages {
        t.call(package, [""; 0]).silent();
    }
    let slot = t
        .names("cache/v2/slots")
        .into_iter()
        .find(|name| name.ends_with("/tree"))
        .expect("the script's slot");
    let script = t.path("cache/v2/slots").join(slot);
    t.call("chmod", ["u+w".as_ref(), script.as_os_str()])
        .success();
    std::fs::write(&script, "#!/bin/sh\necho evil\n").expect("the script");
    for package in &packages {
        assert_eq!(t.call(package, [""; 0]).success().line(), "good");
    }
    let before = t.listing("cache/v2/slots");
    for package in &packages {
        assert_eq!(t.call(package, [""; 0]).silent().line(), "good");
    }
    assert_eq!(t.listing("cache/v2/slots"), before);
}
