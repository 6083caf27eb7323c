//! `flavor inspect`: what a package is, what it contains, and what that costs.

mod html;
mod json;
mod text;
mod views;

use std::path::Path;
use std::process::ExitCode;

use flavor::analysis::Contents;
use flavor::package::{Reader, Slot, verify};
use flavor::trust::TrustStore;

use super::evidence;
use crate::cli::{Inspect, Limits};
use crate::error::Error;
use crate::output;

/// Also reads the slots, and therefore verifies the package first.
pub(super) fn run(options: &Inspect, as_json: bool) -> Result<ExitCode, Error> {
    if options.sbom || options.provenance {
        let reader = open(&options.package, options.limits)?;
        if options.sbom {
            evidence::sbom(&reader)?;
        } else {
            evidence::provenance(&reader, options.envelope)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (reader, mut contents) = read(&options.package, options.limits)?;
    if let Some(wanted) = &options.slot {
        let slot = reader.slot(wanted).map_err(|source| Error::Package {
            path: options.package.clone(),
            source,
        })?;
        contents
            .slots
            .retain(|candidate| candidate.index == slot.index);
    }
    if options.licenses {
        evidence::licenses(as_json, &contents.distributions)?;
    } else if let Some(path) = &options.html {
        html::write(&contents, path)?;
        if as_json {
            output::json(&serde_json::json!({ "path": output::text(path) }))
        } else {
            output::path(path)
        }?;
    } else if as_json {
        let trusted = TrustStore::from_env().contains(reader.signer());
        json::print(&reader, &contents, trusted, options.largest)?;
    } else if let Some(view) = views::chosen(options, &contents) {
        output::data(&view)?;
    } else {
        let trusted = TrustStore::from_env().contains(reader.signer());
        output::data(&text::summary(&reader, &contents, trusted))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a package and verifies every byte of it.
fn open(path: &Path, limits: Limits) -> Result<Reader, Error> {
    let failed = |source| Error::Package {
        path: path.into(),
        source,
    };
    let reader = Reader::open_within(path, limits.into()).map_err(failed)?;
    verify(&reader).map_err(failed)?;
    Ok(reader)
}

/// Verifies a package and reads its contents.
pub(super) fn read(path: &Path, limits: Limits) -> Result<(Reader, Contents), Error> {
    let reader = open(path, limits)?;
    let contents = Contents::read(&reader).map_err(|source| Error::Package {
        path: path.into(),
        source,
    })?;
    Ok((reader, contents))
}

/// Uncompressed bytes: signed in our packages, only claimed in others.
fn plain_size(slot: &Slot<'_>) -> u64 {
    slot.facts
        .map_or(slot.row.plain_size, |facts| facts.plain_size)
}

fn ratio(stored: u64, plain: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio for people; sizes stay far below 2^52"
    )]
    let ratio = if stored == 0 {
        1.0
    } else {
        plain as f64 / stored as f64
    };
    (ratio * 100.0).round() / 100.0
}
