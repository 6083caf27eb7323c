use std::borrow::Cow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use flavor::manifest::suggest;
use flavor::pack::{CacheStats, Layer, cache_stats, clean_cache};
use flavor::report::{Bytes, Talk, TerminalReporter, counted};
use serde_json::json;

use crate::cli::{Cache, CacheClean, Globals};
use crate::error::Error;
use crate::output;

pub(super) fn run(command: &Cache, globals: &Globals) -> Result<ExitCode, Error> {
    let Globals { json, quiet, .. } = *globals;
    match command {
        Cache::Stats => stats(json, quiet)?,
        Cache::Path => {
            let path = cache_stats().path.ok_or(Error::NoCache)?;
            if json {
                output::json(&json!({ "path": output::text(&path) }))?;
            } else {
                output::path(&path)?;
            }
        }
        Cache::Clean(options) => clean(options, json, quiet)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn stats(as_json: bool, quiet: bool) -> Result<(), Error> {
    let stats = cache_stats();
    if as_json {
        return output::json(&json!({
            "path": stats.path.as_deref().map(output::text),
            "layers": stats.layers,
            "entries": stats.entries,
            "bytes": stats.bytes,
            "unread": texts(&stats.unread),
        }));
    }
    output::data(&table(&stats))?;
    tell_unread(&stats.unread, quiet);
    Ok(())
}

fn table(stats: &CacheStats) -> String {
    let mut text = format!(
        "{:<10} {:>7} {:>10} {:>7} {:>7} {:>6}  {}\n",
        "layer", "entries", "size", "hits", "misses", "rate", "oldest"
    );
    for layer in &stats.layers {
        let rate = layer.rate.map_or("-".into(), |rate| format!("{rate:.0} %"));
        let oldest = layer.oldest.map_or("-".into(), age);
        text.push_str(&format!(
            "{:<10} {:>7} {:>10} {:>7} {:>7} {rate:>6}  {oldest}\n",
            layer.layer.name(),
            layer.entries,
            Bytes(layer.bytes).to_string(),
            layer.hits,
            layer.misses,
        ));
    }
    let place = match &stats.path {
        Some(path) => format!(" in {}", path.display()),
        None => "; no directory is writable, so nothing is kept".into(),
    };
    text.push_str(&format!(
        "{}, {}{place}\n",
        counted(stats.entries, "entry", "entries"),
        Bytes(stats.bytes)
    ));
    text
}

/// `3 days`, `2 h`, `5 min`.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn clean(options: &CacheClean, as_json: bool, quiet: bool) -> Result<(), Error> {
    let layers: Vec<Layer> = options
        .layers
        .iter()
        .map(|name| layer(name))
        .collect::<Result<_, _>>()?;
    let older_than = options
        .older_than
        .map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let cleaned = clean_cache(&layers, older_than, options.dry_run)?;
    if as_json {
        return output::json(&json!({
            "dry_run": options.dry_run,
            "removed": cleaned.removed,
            "bytes": cleaned.bytes,
            "in_use": cleaned.in_use,
            "unread": texts(&cleaned.unread),
        }));
    }
    let verb = if options.dry_run {
        "would remove"
    } else {
        "removed"
    };
    let mut text = format!(
        "{verb} {}, {}\n",
        counted(cleaned.removed, "entry", "entries"),
        Bytes(cleaned.bytes)
    );
    if cleaned.in_use > 0 {
        let stay = counted(
            cleaned.in_use,
            "entry is in use by a running pack and was kept",
            "entries are in use by a running pack and were kept",
        );
        text.push_str(&format!("{stay}\n"));
    }
    output::data(&text)?;
    tell_unread(&cleaned.unread, quiet);
    Ok(())
}

fn texts(paths: &[PathBuf]) -> Vec<Cow<'_, str>> {
    paths.iter().map(|path| output::text(path)).collect()
}

/// Zeros would be wrong for a layer that could not be read.
fn tell_unread(unread: &[PathBuf], quiet: bool) {
    let reporter = TerminalReporter::new(if quiet { Talk::Quiet } else { Talk::Normal });
    for path in unread {
        let text = format!("cannot read `{}`; it is not counted", path.display());
        reporter.warn(None, &text, Some("check its owner and mode"));
    }
}

fn layer(name: &str) -> Result<Layer, Error> {
    let names = || Layer::ALL.iter().map(|layer| layer.name());
    Layer::ALL
        .into_iter()
        .find(|layer| layer.name() == name)
        .ok_or_else(|| {
            let suggestion = suggest::closest(name, names()).map(Into::into);
            Error::NotALayer {
                name: name.into(),
                known: names().collect::<Vec<_>>().join(", "),
                suggestion,
            }
        })
}
