use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::ExitCode;

use flavor::fs::{self, IoContext};
use flavor::package::Reader;
use flavor::report::printable;
use flavor::sign::{Rotation, SecretKey};
use flavor::trust::{Acquaintance, Known, Notes, Presented, TrustStore, TrustedKey};
use serde_json::{Value, json};

use super::public_key;
use crate::cli::{Package, Rotate, Trust, TrustAdd, TrustRemove};
use crate::error::Error;
use crate::output;

pub(super) fn run(command: &Trust, json: bool) -> Result<ExitCode, Error> {
    match command {
        Trust::Add(options) => add(options, json)?,
        Trust::List => list(json)?,
        Trust::Remove(options) => remove(options, json)?,
        Trust::Verify(options) => return verify(options, json),
        Trust::Accept(options) => accept(options, json)?,
        Trust::Rotate(options) => rotate(options, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(options: &TrustAdd, as_json: bool) -> Result<(), Error> {
    let key = public_key(&options.source).or_else(|error| match Reader::open(&options.source) {
        Ok(reader) => Ok(*reader.signer()),
        Err(source) if source.is_integrity() && !source.is_no_package() => Err(Error::Package {
            path: options.source.clone(),
            source,
        }),
        Err(_) => Err(error),
    })?;
    let store = TrustStore::from_env();
    let directory = store.directory().ok_or(Error::NoTrustStore)?;
    let mut builder = std::fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .on("create directory", directory)?;
    let fingerprint = key.fingerprint();
    let path = directory.join(format!("{}.pub", fingerprint.short()));
    let name = options.name.as_ref().map_or(String::new(), |name| {
        format!("# Name: {}\n", printable(name))
    });
    let is_ours = |trusted: &TrustedKey| trusted.key == key && trusted.path == path;
    if !name.is_empty() && store.list().0.iter().any(is_ours) {
        fs::replace_file(&path, format!("{name}{}", key.to_pem()).as_bytes())?;
    } else if !store.contains(&key) {
        let mut file = std::fs::OpenOptions::new();
        let mut file = file
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .on("create", &path)?;
        file.write_all(format!("{name}{}", key.to_pem()).as_bytes())
            .on("write", &path)?;
    }
    if as_json {
        return output::json(
            &json!({ "fingerprint": fingerprint.as_str(), "path": output::text(&path) }),
        );
    }
    output::data(&format!("{fingerprint}\n"))
}

fn list(as_json: bool) -> Result<(), Error> {
    let (keys, unusable) = TrustStore::from_env().list();
    let known = Notes::open().all();
    for key in &unusable {
        tracing::warn!(path = %key.path.display(), reason = key.reason, "a key that counts for nothing");
    }
    if as_json {
        let keys: Vec<Value> = keys
            .iter()
            .map(|key| json!({ "fingerprint": key.key.fingerprint().as_str(), "name": key.name, "path": output::text(&key.path) }))
            .collect();
        return output::json(&json!({ "trusted": keys, "known": known }));
    }
    let mut text = String::new();
    for TrustedKey { key, name, .. } in &keys {
        let name = name
            .as_deref()
            .map_or(String::new(), |name| format!("  {}", printable(name)));
        text.push_str(&format!("trusted  {}{name}\n", key.fingerprint()));
    }
    for Known {
        name,
        fingerprint,
        version,
    } in &known
    {
        text.push_str(&format!(
            "known    {fingerprint}  signs {} (newest {})\n",
            printable(name),
            printable(version)
        ));
    }
    output::data(&text)
}

fn remove(options: &TrustRemove, as_json: bool) -> Result<(), Error> {
    let wanted = options.fingerprint.to_ascii_lowercase();
    let (keys, _) = TrustStore::from_env().list();
    let matching: Vec<&TrustedKey> = keys
        .iter()
        .filter(|key| !wanted.is_empty() && key.key.fingerprint().as_str().starts_with(&wanted))
        .collect();
    let first = matching
        .first()
        .ok_or_else(|| Error::NoSuchKey(options.fingerprint.clone()))?;
    if matching.iter().any(|key| key.key != first.key) {
        return Err(Error::AmbiguousKey(options.fingerprint.clone()));
    }
    for key in matching.iter().filter(|_| !options.dry_run) {
        std::fs::remove_file(&key.path).on("remove", &key.path)?;
    }
    let removed: Vec<&Path> = matching.iter().map(|key| key.path.as_path()).collect();
    if as_json {
        return output::json(&json!({
            "fingerprint": first.key.fingerprint().as_str(),
            "removed": removed.iter().map(|path| output::text(path)).collect::<Vec<_>>(),
            "dry_run": options.dry_run,
        }));
    }
    output::data(&format!("{}\n", first.key.fingerprint()))
}

fn open(path: &Path) -> Result<Reader, Error> {
    Reader::open(path).map_err(|source| Error::Package {
        path: path.into(),
        source,
    })
}

/// Exits with 3 if the signer is not trusted, or is not the known one.
fn verify(options: &Package, as_json: bool) -> Result<ExitCode, Error> {
    let reader = open(&options.package)?;
    let package = &reader.metadata().package;
    let trusted = TrustStore::from_env().contains(reader.signer());
    let refused = |source| Error::Refused {
        path: options.package.clone(),
        source,
    };
    let acquaintance = Notes::open()
        .compare(&Presented::of(&reader))
        .map_err(refused)?;
    let (word, text) = match &acquaintance {
        Acquaintance::New => ("new", "not started here before".to_owned()),
        Acquaintance::Same => ("same", "same signer as before".to_owned()),
        Acquaintance::Succeeded => (
            "succeeded",
            "the signer replaces the previous one".to_owned(),
        ),
        Acquaintance::Older(newest) => (
            "older",
            format!(
                "older than {}, which was started here before",
                printable(newest)
            ),
        ),
    };
    let fingerprint = reader.signer().fingerprint();
    if as_json {
        output::json(
            &json!({ "signer": fingerprint.as_str(), "trusted": trusted, "known": word }),
        )?;
    } else {
        let trust = if trusted {
            "trusted"
        } else {
            "not among the trusted keys"
        };
        let name = printable(&format!("{} {}", package.name, package.version)).to_string();
        output::data(&format!("signer {fingerprint}: {trust}\n{name}: {text}\n"))?;
    }
    Ok(if trusted {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(3)
    })
}

fn accept(options: &Package, as_json: bool) -> Result<(), Error> {
    let reader = open(&options.package)?;
    let known = Notes::accept(&reader)?;
    if as_json {
        return output::json(&known);
    }
    output::data(&format!(
        "{} is known by {} from now on\n",
        printable(&known.name),
        known.fingerprint
    ))
}

fn rotate(options: &Rotate, as_json: bool) -> Result<(), Error> {
    let old =
        SecretKey::read(&options.from).map_err(|error| Error::key_file(&options.from, error))?;
    let new = public_key(&options.to)?;
    if new == old.public() {
        return Err(Error::SameKey {
            path: options.to.clone(),
        });
    }
    let statement = Rotation::sign(&old, new).to_record();
    if options.output.symlink_metadata().is_ok() {
        return Err(Error::Exists {
            path: options.output.clone(),
        });
    }
    let text = serde_json::to_string_pretty(&statement).unwrap_or_default();
    std::fs::write(&options.output, text + "\n").on("write", &options.output)?;
    if as_json {
        return output::json(&json!({ "path": output::text(&options.output) }));
    }
    output::path(&options.output)
}
