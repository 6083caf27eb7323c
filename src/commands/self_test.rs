//! Packs a small package with a launcher and starts it, to see whether that works here.

use std::path::Path;
use std::process::Command;

use flavor::fs::{IoContext, Scratch};
use flavor::interrupt;
use flavor::manifest::Manifest;
use flavor::pack::{CacheUse, Key, KeySource, Settings, pack};
use flavor::report::{Talk, TerminalReporter};

use crate::error::Error;

const MANIFEST: &str = r#"
[project]
name = "flavor-self-test"
version = "1"

[tool.flavor.execution]
command = ["{workenv}/bin/self-test"]

[[tool.flavor.slots.entries]]
name = "script"
source = "self-test.sh"
operations = ["gzip"]
target = "bin/self-test"
permissions = "0755"
"#;

/// The expected output.
const ANSWER: &str = "flavor-self-test one two";

/// `Ok(None)` if the package works, else a description of the failure.
pub(super) fn run(launcher: Option<&Path>) -> Result<Option<String>, Error> {
    let scratch = Scratch::temporary().on("make a directory in", std::env::temp_dir())?;
    let file = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, text)
            .on("write", &path)
            .map(|()| path)
    };
    file("self-test.sh", "#!/bin/sh\necho flavor-self-test \"$@\"\n")?;
    let manifest = file("pyproject.toml", MANIFEST)?;
    let (manifest, _) = Manifest::read(&manifest)?;
    let output = scratch.path().join("self-test.psp");
    let settings = Settings {
        output: Some(output.clone()),
        launcher_bin: launcher.map(Into::into),
        // A fixed seed: this package is discarded.
        key: Key::from(KeySource::Seed(String::from("self-test").into())).into(),
        cache: CacheUse::Off,
        verify: true,
        ..Settings::default()
    };
    pack(&manifest, &settings, &TerminalReporter::new(Talk::Quiet)).map_err(|source| {
        Error::Pack {
            manifest: manifest.path.clone(),
            source,
        }
    })?;
    let cache = scratch.path().join("cache");
    let mut command = Command::new(&output);
    for name in [
        "FLAVOR_CACHE_DIR",
        "FLAVOR_WORKENV_CACHE",
        "XDG_CACHE_HOME",
        "HOME",
        "FLAVOR_CONFIG_DIR",
    ] {
        command.env(name, &cache);
    }
    // Variables that would change what the package does.
    for name in [
        "FLAVOR_LAUNCHER_CLI",
        "FLAVOR_LOG_LEVEL",
        "FOUNDATION_LOG_LEVEL",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    let outcome = command.args(["one", "two"]).output().on("start", &output)?;
    interrupt::after_child(outcome.status);
    let printed = String::from_utf8_lossy(&outcome.stdout);
    if outcome.status.success() && printed.trim_end() == ANSWER {
        return Ok(None);
    }
    let errors = String::from_utf8_lossy(&outcome.stderr);
    let words: Vec<&str> = printed
        .lines()
        .chain(errors.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    Ok(Some(format!("{}: {}", outcome.status, words.join(" / "))))
}
