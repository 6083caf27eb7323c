//! Builds the launcher stub and hands its path to the crate, which embeds the bytes.
//!
//! The stub needs flags of its own (static, size-optimised, abort on panic), so it is built by a nested cargo into one
//! target directory shared by every profile. `FLAVOR_LAUNCHER_BIN=path` skips that and embeds the named file.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the stub is made of: an edit of a command must not relink it.
const LAUNCHER_SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src/bin/flavor-launcher.ld",
    "src/bin/flavor-launcher.rs",
    "src/lib.rs",
    "src/diagnostics/codes.rs",
    "src/diagnostics/exit.rs",
    "src/diagnostics/mod.rs",
    "src/codec",
    "src/config",
    "src/format",
    "src/fs",
    "src/interrupt",
    "src/launcher",
    "src/package",
    "src/report",
    "src/sign",
    "src/slot",
    "src/target",
    "src/trust",
    "src/workenv",
];

/// Static, so that a package starts wherever the kernel does; the rest is for size. `compact` is what SHA-2 falls back to
/// on processors without instructions for it.
const LAUNCHER_FLAGS: &[&str] = &[
    "-Ctarget-feature=+crt-static",
    "-Crelocation-model=static",
    "-Cforce-unwind-tables=no",
    "--cfg=curve25519_dalek_backend=\"serial\"",
    "--cfg=sha2_backend_soft=\"compact\"",
];

fn main() {
    println!("cargo::rerun-if-env-changed=FLAVOR_LAUNCHER_BIN");
    // The nested build runs this script too; it must not recurse.
    if env::var_os("CARGO_FEATURE_CLI").is_none() {
        link_launcher();
        return;
    }
    for source in LAUNCHER_SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let stub = match env::var_os("FLAVOR_LAUNCHER_BIN") {
        Some(path) => PathBuf::from(path),
        None => build_launcher(),
    };
    println!(
        "cargo::rustc-env=FLAVOR_EMBEDDED_LAUNCHER={}",
        stub.display()
    );
}

/// Options of the stub's linker; a dynamic build, as the editor makes one, takes none of them.
fn link_launcher() {
    const SCRIPT: &str = "src/bin/flavor-launcher.ld";
    println!("cargo::rerun-if-changed={SCRIPT}");
    let variable = |name| env::var(name).unwrap_or_default();
    let is_static = variable("CARGO_CFG_TARGET_FEATURE")
        .split(',')
        .any(|feature| feature == "crt-static");
    if is_static && variable("CARGO_CFG_TARGET_OS") == "linux" {
        // A copy among what is built: another checkout may build into the same directory, and this one be gone.
        let copy = PathBuf::from(variable("OUT_DIR")).join("flavor-launcher.ld");
        std::fs::copy(SCRIPT, &copy).expect("the linker script can be copied");
        println!(
            "cargo::rustc-link-arg-bin=flavor-launcher=-T{}",
            copy.display()
        );
        // `without_details` in the launcher answers for a function of libgcc, whose file is linked for others.
        println!("cargo::rustc-link-arg-bin=flavor-launcher=-Wl,-z,muldefs");
    }
}

fn build_launcher() -> PathBuf {
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let target = env::var("TARGET").expect("cargo sets TARGET");
    // OUT_DIR is <target>/<profile>/build/<crate>-<hash>/out; four levels up is the directory all profiles share.
    let shared = out_dir
        .ancestors()
        .nth(4)
        .unwrap_or(&out_dir)
        .join("flavor-launcher");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_FEATURE_")
            || name.starts_with("CARGO_CFG_")
            || name.starts_with("CARGO_PROFILE_")
        {
            cargo.env_remove(&*name);
        }
    }
    let status = cargo
        .args([
            "build",
            "--bin",
            "flavor-launcher",
            "--no-default-features",
            "--features",
            "launcher",
        ])
        .args([
            "--profile",
            "launcher",
            "--target",
            &target,
            "--manifest-path",
        ])
        .arg(
            Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"))
                .join("Cargo.toml"),
        )
        .arg("--target-dir")
        .arg(&shared)
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_BUILD_TARGET")
        .env("CARGO_ENCODED_RUSTFLAGS", launcher_flags())
        .status()
        .expect("cargo can be started");
    assert!(status.success(), "building the launcher stub failed");
    shared.join(target).join("launcher").join("flavor-launcher")
}

/// Separated as cargo wants it, because paths may hold blanks. Panic messages name sources; not where they lie here.
fn launcher_flags() -> String {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    let remap = home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display()));
    LAUNCHER_FLAGS
        .iter()
        .map(ToString::to_string)
        .chain(remap)
        .collect::<Vec<_>>()
        .join("\x1f")
}
