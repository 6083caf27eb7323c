use std::path::Path;
use std::process::ExitCode;

use flavor::manifest::Choices;
use flavor::pack::{BuildRecord, Key, KeySource, Settings, read_input, rebuild, run_pre_build};
use flavor::package::{Authenticity, Reader, check_content, verify};
use flavor::report::{Talk, TerminalReporter, printable};
use flavor::sign::PublicKey;
use flavor::trust::TrustStore;
use serde_json::json;

use super::public_key;
use crate::cli::{Globals, Verify};
use crate::error::Error;
use crate::output;

pub(super) fn run(options: &Verify, globals: &Globals) -> Result<ExitCode, Error> {
    let path = &options.package;
    let failed = |source| Error::Package {
        path: path.clone(),
        source,
    };
    let reader = Reader::open_within(path, options.limits.into()).map_err(failed)?;
    let verified = verify(&reader).map_err(failed)?;
    check_content(&reader).map_err(failed)?;
    if let Some(wanted) = &options.key
        && !is_key(wanted, reader.signer())?
    {
        let found = reader.signer().fingerprint().as_str().to_owned();
        return Err(Error::OtherSigner {
            path: path.clone(),
            found,
        });
    }
    if let Some(project) = &options.rebuild {
        return rebuilt(options, &reader, project, globals);
    }
    let is_wanted = options.key.is_some();
    let trusted = TrustStore::from_env().contains(reader.signer());
    let fingerprint = reader.signer().fingerprint();
    let complete = reader.authenticity() == Authenticity::Complete;
    if globals.json {
        output::json(&json!({
            "package": output::text(path),
            "valid": true,
            "complete": complete,
            "launcher": verified.launcher,
            "slots": verified.slots,
            "unauthenticated": verified.unauthenticated,
            "signature": { "key": fingerprint.as_str(), "trusted": trusted },
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let extent = if complete {
        "OK: all bytes verified"
    } else {
        "made by FlavorPack: metadata and slots verified, the rest is not signed"
    };
    let mut text = format!("{}: {extent}\n", path.display());
    for slot in &verified.unauthenticated {
        text = format!("{text}not authenticated: slot `{}`\n", printable(slot));
    }
    let trust = match (trusted, is_wanted) {
        (true, _) => "trusted on this machine",
        // A user who gives the key knows its owner.
        (false, true) => "the given key",
        (false, false) => "not trusted on this machine",
    };
    output::data(&format!("{text}signer {fingerprint} ({trust})\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Exits with 5 if packing the project gives different contents.
fn rebuilt(
    options: &Verify,
    reader: &Reader,
    project: &Path,
    globals: &Globals,
) -> Result<ExitCode, Error> {
    let plain = || read_input(Some(project), &Choices::default());
    let record = match BuildRecord::of(reader) {
        Ok(record) => record,
        Err(source) => {
            return Err(Error::Pack {
                manifest: plain()?.manifest.path,
                source,
            });
        }
    };
    let read = || read_input(Some(project), &record.choices);
    let mut manifest = read()?.manifest;
    let settings = record.settings(&Settings {
        jobs: std::thread::available_parallelism()
            .map_or(1, std::num::NonZero::get)
            .into(),
        find_links: options.find_links.clone(),
        // Any key will do: contents are compared, not signatures.
        key: Key::from(KeySource::Seed(String::from("rebuild").into())).into(),
        ..Settings::default()
    });
    let reporter = TerminalReporter::new(if globals.quiet {
        Talk::Quiet
    } else {
        Talk::Normal
    });
    let ran = run_pre_build(&manifest, &settings, &reporter);
    if ran.map_err(|source| Error::Pack {
        manifest: manifest.path.clone(),
        source,
    })? {
        manifest = read()?.manifest;
    }
    let differences =
        rebuild(&manifest, &settings, reader, &reporter).map_err(|source| Error::Pack {
            manifest: manifest.path.clone(),
            source,
        })?;
    if globals.json {
        let each: Vec<_> = differences
            .iter()
            .map(|difference| json!({ "part": difference.part, "details": difference.details }))
            .collect();
        output::json(
            &json!({ "package": output::text(&options.package), "same": each.is_empty(), "differences": each }),
        )?;
    } else if differences.is_empty() {
        output::data(&format!(
            "{}: what {} gives\n",
            options.package.display(),
            project.display()
        ))?;
    } else {
        for difference in &differences {
            let which = if difference.details.is_empty() {
                String::new()
            } else {
                format!(": {}", difference.details.join(", "))
            };
            output::data(&format!(
                "differs: {}\n",
                printable(&format!("{}{which}", difference.part))
            ))?;
        }
    }
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(5)
    })
}

/// Whether a key is the one given as a file or a fingerprint. A short prefix of a fingerprint can
/// be forged.
fn is_key(wanted: &str, key: &PublicKey) -> Result<bool, Error> {
    const SHORTEST: usize = 16;
    let path = Path::new(wanted);
    if path.exists() {
        return Ok(public_key(path)? == *key);
    }
    let digits = wanted
        .strip_prefix("sha256:")
        .unwrap_or(wanted)
        .to_ascii_lowercase();
    if digits.len() < SHORTEST || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::NotAFingerprint {
            text: wanted.into(),
            digits: SHORTEST,
        });
    }
    Ok(key.fingerprint().as_str().starts_with(&digits))
}
