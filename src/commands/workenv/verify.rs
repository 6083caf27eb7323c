use std::path::PathBuf;
use std::process::ExitCode;

use flavor::launcher::{Environment, repair as repair_package};
use flavor::report::printable;
use flavor::workenv::{Cache, Summary};
use serde_json::{Value, json};

use super::named;
use crate::cli::Chosen;
use crate::error::Error;
use crate::output;

/// What a package or a cache is called that is not as it was made.
const DAMAGED: u8 = 3;

/// Compares every byte of extracted packages with what was extracted.
pub(super) fn verify(options: &Chosen, as_json: bool) -> Result<ExitCode, Error> {
    let (cache, chosen) = named(&options.names)?;
    let (mut values, mut text, mut is_sound) = (Vec::new(), String::new(), true);
    for one in &chosen {
        let damaged = cache.verify(one);
        is_sound &= damaged.is_empty();
        text.push_str(&sentence(one, &damaged));
        values.push(to_json(one, &damaged, None));
    }
    if as_json {
        output::json(&json!({ "environments": values }))?;
    } else {
        output::data(&text)?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
}

/// Makes damaged environments again: at once when their package is still where it was, else at the next start.
pub(super) fn repair(options: &Chosen, as_json: bool) -> Result<ExitCode, Error> {
    let (cache, chosen) = named(&options.names)?;
    let (mut values, mut text) = (Vec::new(), String::new());
    for one in &chosen {
        let damaged = cache.verify(one);
        let outcome = if damaged.is_empty() { "sound" } else { mend(&cache, one)? };
        text.push_str(&format!("{}: {outcome}\n", one.id));
        values.push(to_json(one, &damaged, Some(outcome)));
    }
    if as_json {
        output::json(&json!({ "environments": values }))?;
    } else {
        output::data(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn mend(cache: &Cache, one: &Summary) -> Result<&'static str, Error> {
    // Another package may stand there by now, or none.
    let package = &one.origin.package;
    if package.is_file() && repair_package(package, &one.id, cache, &Environment::new(std::env::vars_os()))? {
        return Ok("repaired");
    }
    cache.discard_damaged(one)?;
    Ok("removed; the next start extracts it again")
}

fn sentence(one: &Summary, damaged: &[PathBuf]) -> String {
    if damaged.is_empty() {
        return format!("{}: sound\n", one.id);
    }
    let mut text = format!("{}: damaged\n", one.id);
    for path in damaged {
        text.push_str(&format!("  {}\n", printable(&path.display().to_string())));
    }
    text
}

fn to_json(one: &Summary, damaged: &[PathBuf], outcome: Option<&str>) -> Value {
    let mut value = json!({ "name": one.id.as_str(), "sound": damaged.is_empty(), "damaged": damaged.iter().map(|path| output::text(path)).collect::<Vec<_>>() });
    if let (Some(outcome), Some(fields)) = (outcome, value.as_object_mut()) {
        fields.insert("outcome".into(), outcome.into());
    }
    value
}
