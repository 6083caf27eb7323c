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
    for one in &chosen {
        let found = cache.verify(one);
        is_sound &= found.damaged.is_empty();
        text.push_str(&sentence(one, &found));
        values.push(to_json(one, &found, None));
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
    for one in &chosen {
        let found = cache.verify(one);
        let outcome = if found.damaged.is_empty() {
            "sound"
        } else {
            mend(&cache, one)?
        };
        text.push_str(&format!("{}: {outcome}{}\n", one.id, how_far(one, &found)));
        values.push(to_json(one, &found, Some(outcome)));
    }
    if as_json {
        output::json(&json!({ "environments": values }))?;
    } else {
        output::data(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn mend(cache: &Cache, one: &Summary) -> Result<&'static str, Error> {
    // Another package may have that path now, or none.
    let package = &one.origin.package;
    if package.is_file()
        && repair_package(
            package,
            &one.id,
            cache,
            &Environment::new(std::env::vars_os()),
        )?
    {
        return Ok("repaired");
    }
    cache.discard_damaged(one)?;
    Ok("removed; the next start extracts it again")
}

fn sentence(one: &Summary, found: &Verification) -> String {
    if found.damaged.is_empty() {
        return format!("{}: sound{}\n", one.id, how_far(one, found));
    }
    let mut text = format!("{}: damaged\n", one.id);
    for path in &found.damaged {
        text.push_str(&format!("  {}\n", printable(&path.display().to_string())));
    }
    text
}

/// How to qualify a result that is not based on the package.
fn how_far(one: &Summary, found: &Verification) -> String {
    if found.against_package || !found.damaged.is_empty() {
        return String::new();
    }
    let package = one.origin.package.display().to_string();
    format!(
        " by its own content lists (`{}` is no longer the package it was made from)",
        printable(&package)
    )
}

fn to_json(one: &Summary, found: &Verification, outcome: Option<&str>) -> Value {
    let damaged: Vec<_> = found
        .damaged
        .iter()
        .map(|path| output::text(path))
        .collect();
    let mut value = json!({
        "name": one.id.as_str(),
        "sound": damaged.is_empty(),
        "damaged": damaged,
        "compared_with": if found.against_package { "package" } else { "lists" },
    });
    if let (Some(outcome), Some(fields)) = (outcome, value.as_object_mut()) {
        fields.insert("outcome".into(), outcome.into());
    }
    value
}
