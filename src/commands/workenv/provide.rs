use std::path::{Path, PathBuf};
use std::process::ExitCode;

use flavor::launcher::{Environment, slot_path, warm as warm_package};
use serde_json::json;

use crate::cli::{SlotPath, Warm};
use crate::error::Error;
use crate::output;

/// The path of a slot of a package, extracted if necessary.
pub(super) fn path(options: &SlotPath, as_json: bool) -> Result<ExitCode, Error> {
    let path = slot_path(&absolute(&options.package), &options.slot, &environment())?;
    if as_json {
        output::json(&json!({ "slot": options.slot, "path": output::text(&path) }))?;
    } else {
        output::path(&path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Extracts a package without starting it.
pub(super) fn warm(options: &Warm, as_json: bool) -> Result<ExitCode, Error> {
    if options.to.is_some() {
        // Content of an image is read by other users.
        rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
    }
    let path = warm_package(
        &absolute(&options.package),
        options.to.as_deref(),
        &environment(),
    )?;
    if as_json {
        output::json(
            &json!({ "path": output::text(&path), "cache": options.to.as_deref().map(output::text) }),
        )?;
    } else {
        output::path(&path)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}

fn absolute(package: &Path) -> PathBuf {
    package.canonicalize().unwrap_or_else(|_| package.into())
}
