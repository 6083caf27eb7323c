//! FlavorPack 0.5.4 and this program read each other's packages.

use std::path::{Path, PathBuf};

use crate::fixture::{self, example};
use crate::flavorpack;
use crate::scene::{FLAVOR, Test};

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[track_caller]
fn flavorpack_accepts(package: &Path, slots: usize) {
    let t = Test::new();
    let package = text(package);
    let verified = flavorpack::flavor(&t, &["verify", package]).success();
    assert!(!verified.to_string().contains("failed"), "{verified}");
    let inspected = flavorpack::flavor(&t, &["inspect", "--json", package]).success();
    let json: serde_json::Value = serde_json::from_str(inspected.stdout())
        .unwrap_or_else(|error| panic!("{error}\n{inspected}"));
    assert_eq!(
        json["slots"].as_array().map(Vec::len),
        Some(slots),
        "{inspected}"
    );
    flavorpack::flavor(&t, &["extract-all", package, text(&t.path("out"))]).success();
    let written = t.names("out");
    assert!(written.len() >= slots, "{written:?}");
}

#[test]
fn flavorpack_accepts_tool() {
    flavorpack_accepts(&fixture::tool().path, 5);
}

#[test]
fn flavorpack_accepts_hello() {
    flavorpack_accepts(&fixture::hello().path, 4);
}

#[test]
fn flavorpack_reads_the_slots_that_it_can_decode() {
    let t = Test::new();
    t.file("note", "a note\n");
    t.script("true");
    let manifest = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    t.manifest(&format!(
        "{manifest}\n[[tool.flavor.slots.entries]]\nname = \"note\"\nsource = \"note\"\noperations = [\"gzip\"]\n"
    ));
    let package = t.pack();
    flavorpack::flavor(&t, &["extract", text(&package), "1", "out"]).success();
    let out = t.path("out");
    let out = if out.is_dir() {
        std::fs::read_dir(&out)
            .expect("a directory")
            .flatten()
            .next()
            .expect("a file")
            .path()
    } else {
        out
    };
    assert_eq!(std::fs::read_to_string(out).expect("the note"), "a note\n");
}

#[test]
fn flavorpack_refuses_ours_when_it_is_changed() {
    let t = Test::new();
    let package = t.script("true").pack();
    let mut bytes = std::fs::read(&package).expect("the package");
    let at = bytes.len() - 8210;
    bytes[at] ^= 1;
    t.file("changed.psp", bytes);
    let run = flavorpack::flavor(&t, &["verify", "changed.psp"]);
    assert!(
        !run.status.success() || run.to_string().contains("failed"),
        "{run}"
    );
}

#[test]
fn a_package_of_flavorpack_is_verified_and_shown() {
    let t = Test::new();
    let package = flavorpack::build(&t);
    snapshot!(t.flavor(["verify", text(&package)]).success(), @"
    exit: 0
    --- stdout
    [ROOT]/theirs.psp: made by FlavorPack: metadata and slots verified, the rest is not signed
    not authenticated: slot `_attestation`
    signer [DIGEST] (not trusted on this machine)
    ");
    let json = t
        .flavor(["verify", "--json", text(&package)])
        .success()
        .json();
    assert_eq!(
        (&json["valid"], &json["complete"]),
        (&true.into(), &false.into())
    );
    let json = t
        .flavor(["inspect", "--json", text(&package)])
        .success()
        .json();
    assert_eq!(json["package_metadata"]["name"], "theirs");
    let names: Vec<_> = json["slots"]
        .as_array()
        .expect("slots")
        .iter()
        .map(|slot| &slot["name"])
        .collect();
    assert_eq!(names, ["program", "docs", "note", "_attestation"]);
    t.flavor(["inspect", text(&package)]).success();
}

#[test]
fn a_package_of_flavorpack_is_unpacked() {
    let t = Test::new();
    let package = flavorpack::build(&t);
    t.flavor(["extract-all", text(&package), "out"]).success();
    t.call(
        "sh",
        [
            "-c",
            "tar -xzf out/slot_1.tar.gz -O | sort | tr '\\n' ' ' && gzip -dc out/slot_2.gz",
        ],
    )
    .success();
    t.call("sh", ["-c", "gzip -dc out/slot_2.gz | grep -qx 'a note'"])
        .success();
    t.flavor(["extract", text(&package), "docs", "tree"])
        .success();
    let one = t
        .call("sh", ["-c", "cat $(find tree -name one.txt)"])
        .success();
    assert_eq!(one.line(), "one");
    t.flavor(["extract", text(&package), "0", "run.sh"])
        .success();
    t.call("cmp", ["run.sh", "theirs/run.sh"]).silent();
}

#[test]
fn a_package_of_flavorpack_is_run_by_its_own_launcher() {
    let mut t = Test::new();
    let package = flavorpack::build(&t);
    t.set("FLAVOR_LOG_LEVEL", "error");
    let run = t.flavor(["run", text(&package), "one", "--two"]).success();
    assert_eq!(run.stdout(), "theirs one --two\na note\n");
}

/// Private copies in the cache: path, mode, inode.
fn copies(t: &Test) -> Vec<String> {
    let found = t
        .call(
            "find",
            [
                "cache/v2",
                "-path",
                "*/foreign/*/*",
                "-printf",
                "%f %m %i\\n",
            ],
        )
        .success();
    found.stdout().lines().map(str::to_owned).collect()
}

#[test]
fn a_package_of_flavorpack_that_others_can_change_starts_from_a_private_copy() {
    let mut t = Test::new();
    let package = flavorpack::build(&t);
    t.set("FLAVOR_LOG_LEVEL", "error");
    let start = |t: &Test| {
        t.flavor(["run", text(&package), "one"])
            .success()
            .stdout()
            .to_owned()
    };
    let right = "theirs one\na note\n";
    t.call("chmod", ["700", "theirs.psp"]).success();
    assert_eq!(start(&t), right);
    assert!(
        !t.path("cache/v2/foreign").exists(),
        "nobody else can change it"
    );
    t.call("chmod", ["757", "theirs.psp"]).success();
    assert_eq!(start(&t), right);
    let first = copies(&t);
    assert!(
        matches!(&*first, [one] if one.starts_with("theirs.psp 500 ")),
        "{first:?}"
    );
    assert_eq!(start(&t), right);
    assert_eq!(copies(&t), first, "a second start does not copy again");
    // A copy counts no more than the original: it is verified at every start.
    t.call(
        "sh",
        [
            "-c",
            "f=$(echo cache/v2/foreign/*/theirs.psp); chmod u+w $f; printf x | dd of=$f bs=1 seek=5000 conv=notrunc",
        ],
    )
    .success();
    assert_eq!(start(&t), right);
    assert_ne!(copies(&t), first, "it was made again");
    let freed = t
        .flavor(["workenv", "clean", "--dry-run", "--json"])
        .silent()
        .json();
    assert!(freed["bytes"].as_u64() > Some(1_000_000), "{freed}");
    t.flavor(["workenv", "clean", "-y", "--keep-latest", "1"])
        .silent();
    assert_eq!(copies(&t).len(), 1, "it was started lately");
    t.flavor(["workenv", "clean", "-y"]).silent();
    assert_eq!(copies(&t), [""; 0]);
}

#[test]
fn a_copy_that_a_program_runs_from_stays_and_an_old_one_goes() {
    let mut t = Test::new();
    let package = flavorpack::build(&t);
    t.set("FLAVOR_LOG_LEVEL", "error");
    t.call("chmod", ["757", "theirs.psp"]).success();
    t.flavor(["run", text(&package)]).success();
    let lock = "flock --shared cache/v2/locks/foreign-* sh -c 'echo held; read line'";
    let mut running = t.command("sh");
    running
        .args(["-c", lock])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut running = running.spawn().expect("flock");
    let mut held = [0; 5];
    std::io::Read::read_exact(running.stdout.as_mut().expect("a pipe"), &mut held).expect("held");
    t.flavor(["workenv", "clean", "-y"]).silent();
    assert_eq!(copies(&t).len(), 1);
    drop(running.stdin.take());
    running.wait().expect("its end");
    // Another one makes the old one go.
    t.call(
        "sh",
        ["-c", "touch -d '8 days ago' cache/v2/locks/foreign-* && cp theirs.psp other.psp && chmod 757 other.psp"],
    )
    .success();
    t.flavor(["run", "other.psp"]).success();
    let left = copies(&t);
    assert!(
        matches!(&*left, [one] if one.starts_with("other.psp ")),
        "{left:?}"
    );
}

#[test]
fn what_others_change_in_a_package_of_flavorpack_while_it_starts_does_not_run() {
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::{AtomicBool, Ordering};
    let mut t = Test::new();
    let package = flavorpack::build(&t);
    t.set("FLAVOR_LOG_LEVEL", "error");
    t.call("chmod", ["777", "theirs.psp"]).success();
    let honest = std::fs::read(&package).expect("the package");
    let mut evil = honest.clone();
    swap_first_slot(&mut evil);
    let differs: Vec<usize> = (0..honest.len())
        .filter(|at| honest[*at] != evil[*at])
        .collect();
    // Nothing is executed that is open for writing, so the writer closes the file each time.
    let write = |content: &[u8]| {
        let Ok(file) = std::fs::OpenOptions::new().write(true).open(&package) else {
            return;
        };
        for at in &differs {
            file.write_at(&content[*at..=*at], *at as u64)
                .expect("written");
        }
    };
    let is_over = AtomicBool::new(false);
    let runs: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for content in [&evil, &honest] {
                    write(content);
                    std::thread::sleep(std::time::Duration::from_millis(3));
                }
            }
        });
        let runs = (0..12).map(|_| {
            drop(std::fs::remove_dir_all(t.path("cache")));
            t.flavor(["run", text(&package), "one"])
        });
        let runs = runs.collect();
        is_over.store(true, Ordering::Relaxed);
        runs
    });
    for run in runs {
        match run.code() {
            Some(0) => assert_eq!(run.stdout(), "theirs one\na note\n", "{run}"),
            _ => assert_eq!((run.code(), run.stdout()), (Some(3), ""), "{run}"),
        }
    }
}

#[test]
fn a_swapped_slot_in_their_package_is_found_even_with_repaired_checksums() {
    let t = Test::new();
    let package = flavorpack::build(&t);
    let mut bytes = std::fs::read(&package).expect("the package");
    swap_first_slot(&mut bytes);
    t.file("swapped.psp", bytes);
    // They do not notice.
    let theirs = flavorpack::flavor(&t, &["verify", "swapped.psp"]).success();
    assert!(!theirs.to_string().contains("failed"), "{theirs}");
    snapshot!(t.flavor(["verify", "swapped.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0614]: cannot open package `swapped.psp`
      slot `program` has digest [DIGEST]; the signed metadata has [DIGEST]
    hint: do not run it; download the file again from its publisher
    ");
    t.flavor(["extract-all", "swapped.psp", "out"])
        .fails_with(3);
}

/// Changes a slot, then repairs the checksum in its row and that of the index; the signature covers neither.
fn swap_first_slot(bytes: &mut [u8]) {
    use sha2::Digest;
    let number = |bytes: &[u8], at: usize| {
        usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8"))).expect("fits")
    };
    let index = bytes.len() - 8196;
    let row = number(bytes, index + 40);
    let (offset, size) = (number(bytes, row + 16), number(bytes, row + 24));
    bytes[offset + size / 2] ^= 1;
    let digest = sha2::Sha256::digest(&bytes[offset..offset + size]);
    bytes[row + 48..row + 56].copy_from_slice(&digest[..8]);
    bytes[index + 4..index + 8].fill(0);
    let sum = adler2::adler32_slice(&bytes[index..index + 8192]);
    bytes[index + 4..index + 8].copy_from_slice(&sum.to_le_bytes());
}

/// An example packed in front of a launcher of FlavorPack's.
fn packed_for(t: &Test, name: &str, launcher: &str) -> PathBuf {
    let project = example(t, name);
    let manifest = project.join("pyproject.toml");
    // tar+xz is more than their launchers can undo.
    let plain = std::fs::read_to_string(&manifest)
        .expect("the manifest")
        .replace("[\"tar\", \"xz\"]", "[\"tar\"]");
    std::fs::write(&manifest, plain).expect("the manifest");
    let launcher = flavorpack::native(launcher);
    t.pack_with(&[
        "--manifest",
        text(&manifest),
        "--launcher-bin",
        text(&launcher),
    ])
}

#[test]
fn tool_starts_under_their_launcher() {
    for launcher in ["flavor-rs-launcher", "flavor-go-launcher"] {
        let mut t = Test::new();
        let package = packed_for(&t, "tool", launcher);
        t.set("FLAVOR_LOG_LEVEL", "error");
        for _ in ["cold", "warm"] {
            let run = t.call(&package, ["count"]).success();
            assert_eq!(
                run.stdout(),
                "colours 6\nfruits 8\ntotal 14\n",
                "{launcher}"
            );
        }
        let run = t.call(&package, ["motd"]).success();
        assert!(!run.stdout().is_empty());
        t.flavor(["verify", text(&package)]).success();
        flavorpack_accepts(&package, 5);
    }
}

#[test]
fn hello_starts_under_their_launcher() {
    let mut t = Test::new();
    t.set("FLAVOR_CACHE_DIR", fixture::directory().join("cache"));
    let package = packed_for(&t, "hello", "flavor-rs-launcher");
    t.set(
        "FLAVOR_CACHE_DIR",
        t.path("their cache")
            .parent()
            .expect("a parent")
            .join("cache"),
    );
    t.set("FLAVOR_LOG_LEVEL", "error");
    for _ in ["cold", "warm"] {
        let run = t.call(&package, ["--plain", "their", "launcher"]).success();
        assert_eq!(run.stdout(), "Hello, their!\nHello, launcher!\n");
    }
    assert_eq!(
        t.call(&package, ["--version"]).success().line(),
        "hello, version 1.0.0"
    );
    t.flavor(["verify", text(&package)]).success();
}

#[test]
fn what_their_launcher_cannot_decode_is_an_error_at_pack_time() {
    let t = Test::new();
    let tool = example(&t, "tool");
    let launcher = flavorpack::native("flavor-rs-launcher");
    let run = t.flavor([
        "pack",
        "--manifest",
        text(&tool),
        "--launcher-bin",
        text(&launcher),
    ]);
    snapshot!(run, @"
    exit: 1
    --- stderr
    error[FLV0402]: cannot pack `[ROOT]/tool/pyproject.toml`
      slot `words`: `xz` is not supported by the launcher of FlavorPack
    hint: use gzip or raw for this slot, or omit --launcher-bin
    ");
    assert!(!tool.join("dist/tool.psp").exists());
}

#[test]
fn a_program_that_is_no_launcher_is_refused() {
    let t = Test::new();
    t.script("true");
    snapshot!(t.flavor(["pack", "--launcher-bin", "/bin/true"]), @"
    exit: 1
    --- stderr
    error[FLV0412]: cannot pack `pyproject.toml`
      `/bin/true` is an executable, but not a launcher
    hint: omit --launcher-bin to use the embedded launcher
    ");
    t.file("text", "#!/bin/sh\n");
    snapshot!(t.flavor(["pack", "--launcher-bin", "text"]), @"
    exit: 1
    --- stderr
    error[FLV0411]: cannot pack `pyproject.toml`
      `text` is not an executable file for Linux on this processor
    hint: omit --launcher-bin to use the embedded launcher
    ");
    snapshot!(t.flavor(["pack", "--launcher-bin", "nowhere"]), @"
    exit: 1
    --- stderr
    error[FLV0901]: cannot pack `pyproject.toml`
      cannot read launcher `nowhere`
      No such file or directory (os error 2)
    ");
    assert!(!t.path("dist/probe.psp").exists());
}

#[test]
fn a_launcher_of_ours_given_by_hand_is_the_same_as_the_embedded_one() {
    let t = Test::new();
    t.script("echo by hand");
    let embedded = t.pack_with(&["--key-seed", "s"]);
    let size = usize::try_from(
        flavor::package::Reader::open(&embedded)
            .expect("a package")
            .index()
            .launcher_size,
    )
    .expect("fits");
    let bytes = std::fs::read(&embedded).expect("a package");
    t.file("launcher", &bytes[..size]);
    let given = t.pack_with(&[
        "--key-seed",
        "s",
        "--launcher-bin",
        "launcher",
        "--output",
        "given.psp",
    ]);
    assert!(std::fs::read(given).expect("a package") == bytes);
    assert!(Path::new(FLAVOR).exists());
}
