use std::process::ExitCode;

use flavor::launcher::{Environment, repair as repair_package};
use flavor::report::printable;
use flavor::workenv::{Cache, Summary, Verification};
use serde_json::{Value, json};

use super::named;
use crate::cli::Chosen;
use crate::error::Error;
use crate::output;

/// The label of a package or cache that was changed.
const DAMAGED: u8 = 3;

/// Compares every byte of extracted packages with what their publishers signed.
pub(super) fn verify(options: &Chosen, as_json: bool) -> Result<ExitCode, Error> {
    let (cache, chosen) = named(&options.names)?;
    let (mut values, mut text, mut is_sound) = (Vec::new(), String::new(), true);
    for environment in &chosen {
        let verification = cache.verify(environment);
        is_sound &= verification.damaged.is_empty();
        text.push_str(&sentence(environment, &verification));
        values.push(to_json(environment, &verification, None));
    }
    if as_json {
        output::json(&json!({ "environments": values }))?;
    } else {
        output::data(&text)?;
    }
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DAMAGED)
    })
}

/// Recreates damaged environments: at once if their package is still at its path, else at the next
/// start.
pub(super) fn repair(options: &Chosen, as_json: bool) -> Result<ExitCode, Error> {
    let (cache, chosen) = named(&options.names)?;
    let (mut values, mut text) = (Vec::new(), String::new());
    for environment in &chosen {
        let verification = cache.verify(environment);
        let outcome = if verification.damaged.is_empty() {
            "sound"
        } else {
            mend(&cache, environment)?
        };
        text.push_str(&format!(
            "{}: {outcome}{}\n",
            environment.id,
            how_far(environment, &verification)
        ));
        values.push(to_json(environment, &verification, Some(outcome)));
    }
    if as_json {
        output::json(&json!({ "environments": values }))?;
    } else {
        output::data(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn mend(cache: &Cache, environment: &Summary) -> Result<&'static str, Error> {
    // Another package may have that path now, or none.
    let package = &environment.origin.package;
    if package.is_file()
        && repair_package(
            package,
            &environment.id,
            cache,
            &Environment::new(std::env::vars_os()),
        )?
    {
        return Ok("repaired");
    }
    cache.discard_damaged(environment)?;
    Ok("removed; the next start extracts it again")
}

fn sentence(environment: &Summary, verification: &Verification) -> String {
    if verification.damaged.is_empty() {
        return format!(
            "{}: sound{}\n",
            environment.id,
            how_far(environment, verification)
        );
    }
    let mut text = format!("{}: damaged\n", environment.id);
    for path in &verification.damaged {
        text.push_str(&format!("  {}\n", printable(&path.display().to_string())));
    }
    text
}

/// How to qualify a result that is not based on the package.
fn how_far(environment: &Summary, verification: &Verification) -> String {
    if verification.against_package || !verification.damaged.is_empty() {
        return String::new();
    }
    let package = environment.origin.package.display().to_string();
    format!(
        " by its own content lists (`{}` is no longer the package it was made from)",
        printable(&package)
    )
}

fn to_json(environment: &Summary, verification: &Verification, outcome: Option<&str>) -> Value {
    let damaged: Vec<_> = verification
        .damaged
        .iter()
        .map(|path| output::text(path))
        .collect();
    let mut value = json!({
        "name": environment.id.as_str(),
        "sound": damaged.is_empty(),
        "damaged": damaged,
        "compared_with": if verification.against_package { "package" } else { "lists" },
    });
    if let (Some(outcome), Some(fields)) = (outcome, value.as_object_mut()) {
        fields.insert("outcome".into(), outcome.into());
    }
    value
}
