//! `flavor diff`: what grew from one package to another.

use std::process::ExitCode;

use flavor::analysis::{Change, Diff, Size, diff};
use flavor::report::{Bytes, printable};
use serde_json::json;

use super::inspect;
use crate::cli;
use crate::error::Error;
use crate::output;

/// Version of the JSON; increased by incompatible changes.
const JSON_SCHEMA: u32 = 1;
/// How many files are listed in text output.
const FILES: usize = 20;

pub(super) fn run(options: &cli::Diff, as_json: bool) -> Result<ExitCode, Error> {
    let (_, before) = inspect::read(&options.before, options.limits)?;
    let (_, after) = inspect::read(&options.after, options.limits)?;
    let difference = diff(&before, &after);
    if as_json {
        #[derive(serde::Serialize)]
        struct Json<'a> {
            schema: u32,
            before: serde_json::Value,
            after: serde_json::Value,
            #[serde(flatten)]
            diff: &'a Diff,
        }
        let name = |contents: &flavor::analysis::Contents| json!({ "name": contents.package, "version": contents.version, "size": contents.size });
        output::json(&Json {
            schema: JSON_SCHEMA,
            before: name(&before),
            after: name(&after),
            diff: &difference,
        })?;
    } else {
        let titles =
            [&before, &after].map(|contents| format!("{} {}", contents.package, contents.version));
        let text = if options.md {
            markdown(&difference, &titles)
        } else {
            text(&difference, &titles)
        };
        output::data(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `+1.2 MB`, `-300 B`, `0 B`.
fn grown(bytes: i64) -> String {
    let sign = match bytes {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}", Bytes(bytes.unsigned_abs()))
}

fn stored(size: Option<Size>) -> String {
    size.map_or("-".into(), |size| Bytes(size.stored).to_string())
}

/// The label of a change: a file with its slot, a distribution with its versions.
fn name(change: &Change) -> String {
    match (&change.slot, &change.versions) {
        (Some(slot), _) => format!("{slot}/{}", change.name),
        (None, Some((Some(old), Some(new)))) if old != new => {
            format!("{} {old} → {new}", change.name)
        }
        (None, Some((old, new))) => {
            format!(
                "{} {}",
                change.name,
                new.as_deref().or(old.as_deref()).unwrap_or_default()
            )
        }
        (None, None) => change.name.clone(),
    }
}

fn how(change: &Change) -> &'static str {
    match (change.before, change.after) {
        (None, Some(_)) => "new",
        (Some(_), None) => "gone",
        _ => "",
    }
}

/// The sections of a difference with their headings.
fn parts(difference: &Diff) -> [(&'static str, Vec<&Change>); 3] {
    let whole = [&difference.launcher, &difference.metadata];
    let slots = difference
        .slots
        .iter()
        .chain(whole)
        .filter(|change| change.before != change.after)
        .collect();
    [
        ("slots", slots),
        ("distributions", difference.distributions.iter().collect()),
        ("files", difference.files.iter().take(FILES).collect()),
    ]
}

fn more(difference: &Diff) -> Option<String> {
    let left = difference.files.get(FILES..)?;
    let sum = left
        .iter()
        .fold(0_i64, |sum, change| sum.saturating_add(change.grown));
    (!left.is_empty()).then(|| format!("{} more files: {}", left.len(), grown(sum)))
}

fn text(difference: &Diff, titles: &[String; 2]) -> String {
    let [before, after] = titles;
    let package = &difference.package;
    let mut lines = vec![format!(
        "{before} → {after}: {} → {}, {}",
        stored(package.before),
        stored(package.after),
        grown(package.grown)
    )];
    for (heading, changes) in parts(difference) {
        if changes.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!(
            "{:>10} {:>10} {:>10}  {heading}",
            "before", "after", "grown"
        ));
        for change in changes {
            let word = how(change);
            let word = if word.is_empty() {
                String::new()
            } else {
                format!(" ({word})")
            };
            lines.push(format!(
                "{:>10} {:>10} {:>10}  {}{word}",
                stored(change.before),
                stored(change.after),
                grown(change.grown),
                name(change)
            ));
        }
    }
    if lines.len() == 1 {
        lines.push("no changes".into());
    }
    lines.extend(more(difference).map(|line| format!("{:32}  {line}", "")));
    if difference.same_files != 0 {
        lines.push(format!(
            "{:>32}  unchanged files, compressed together with others",
            grown(difference.same_files)
        ));
    }
    lines
        .iter()
        .map(|line| printable(line).into_owned() + "\n")
        .collect()
}

fn markdown(difference: &Diff, titles: &[String; 2]) -> String {
    let [before, after] = titles;
    let package = &difference.package;
    let mut out = format!(
        "**{} → {}**: {} → {} ({})\n",
        cell(before),
        cell(after),
        stored(package.before),
        stored(package.after),
        grown(package.grown)
    );
    for (heading, changes) in parts(difference) {
        if changes.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "\n| {heading} | before | after | grown |\n|---|---:|---:|---:|\n"
        ));
        for change in changes {
            let (before, after) = (stored(change.before), stored(change.after));
            out.push_str(&format!(
                "| {} | {before} | {after} | {} |\n",
                cell(&name(change)),
                grown(change.grown)
            ));
        }
    }
    if let Some(more) = more(difference) {
        out.push_str(&format!("\n{more}\n"));
    }
    out
}

/// Text from a package, escaped for a Markdown table.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '!' => {
                out.extend(['\\', c]);
            }
            _ => out.push(c),
        }
    }
    out
}
