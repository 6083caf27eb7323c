//! `flavor config`: every setting, its value, and its origin.

use std::path::PathBuf;
use std::process::ExitCode;

use flavor::config::{self, KNOWN_KEYS, Origin, Sourced, Sources, process_environment};
use flavor::fs::{PASSWORD_FILE, cache_candidates, config_dir};
use flavor::manifest::{Choices, suggest};
use flavor::pack::{Arguments, KeySource, Settings, own_key_path, read_input};
use flavor::python::install::installer_variables;
use flavor::python::redact;
use flavor::report::{Bytes, Talk, TerminalReporter};
use flavor::trust::TrustStore;
use flavor::workenv::{Cache, Foreseen};
use serde_json::{Value, json};

use crate::cli::{Config, Globals, When};
use crate::error::Error;
use crate::output;

/// A row of the list.
struct Setting {
    name: String,
    value: String,
    /// Of the value; for the cache also what is wrong with it, or with preferred ones.
    origin: String,
}

impl Setting {
    fn new<T>(name: &str, sourced: &Sourced<T>, text: impl Fn(&T) -> String) -> Self {
        Self {
            name: name.into(),
            value: text(&sourced.value),
            origin: sourced.origin.to_string(),
        }
    }
}

pub(super) fn run(options: &Config, globals: &Globals) -> Result<ExitCode, Error> {
    let file = config::Config::read()?;
    let reporter = TerminalReporter::new(if globals.quiet {
        Talk::Quiet
    } else {
        Talk::Normal
    });
    for (key, line) in file.keys().filter(|(key, _)| !KNOWN_KEYS.contains(key)) {
        let hint = suggest::closest(key, KNOWN_KEYS).map(suggest::did_you_mean);
        let text = format!(
            "{}:{line}: `{key}` is not a known setting and has no effect",
            file.path().display()
        );
        reporter.warn(
            Some(flavor::diagnostics::Code::UNKNOWN_KEY),
            &text,
            hint.as_deref(),
        );
    }
    let wanted = options.name.as_deref().unwrap_or("");
    let all = settings(&file, globals)?;
    // Installer variables that are not set are not listed, but not unknown either.
    let mut names: Vec<String> = installer_variables().map(installer).collect();
    names.extend(all.iter().map(|setting| setting.name.clone()));
    if !names.iter().any(|name| name.starts_with(wanted)) {
        let suggestion = suggest::closest(wanted, names.iter().map(String::as_str)).map(Into::into);
        return Err(Error::NoSetting {
            name: wanted.into(),
            suggestion,
        });
    }
    let settings: Vec<Setting> = all
        .into_iter()
        .filter(|setting| setting.name.starts_with(wanted))
        .collect();
    if globals.json {
        let each: Vec<Value> = settings
            .iter()
            .map(|setting| json!({ "name": setting.name, "value": setting.value, "origin": setting.origin }))
            .collect();
        output::json(&json!({ "settings": each }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = settings.iter().map(
        |Setting {
             name,
             value,
             origin,
         }| {
            let line = flavor::report::printable(&format!("{name}={value}")).into_owned();
            if options.show_origin {
                format!("{origin}\t{line}\n")
            } else {
                format!("{line}\n")
            }
        },
    );
    output::data(&lines.collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// By name.
fn settings(file: &config::Config, globals: &Globals) -> Result<Vec<Setting>, Error> {
    let manifest = read_input(None, &Choices::default()).ok();
    let manifest = manifest.as_ref().map(|input| &input.manifest);
    let pack = Settings::resolve(Arguments::default(), &process_environment, manifest, file)?;
    let text = |value: &String| value.clone();
    let mut all = vec![
        cache_directory(),
        Setting::new(
            "cache.max-size",
            &file.max_size(&process_environment)?,
            |size| size.map_or("none".into(), |size| Bytes(size).to_string()),
        ),
        Setting::new("cache.retain", &file.retain()?, ToString::to_string),
        Setting::new("config.directory", &config_directory(), text),
        Setting::new("log.level", &log_level(globals), text),
        Setting::new("output.color", &color(globals), text),
        Setting::new(
            "output.json",
            &Sources::default()
                .option("--json", globals.json.then_some(true))
                .or(false),
            ToString::to_string,
        ),
        Setting::new("pack.compress", &pack.effort, ToString::to_string),
        Setting::new("pack.jobs", &pack.jobs, ToString::to_string),
        Setting::new("pack.offline", &pack.offline, ToString::to_string),
        Setting::new("pack.private-key", &pack.key, |key| {
            private_key(key.source())
        }),
        Setting::new("pack.slim", &pack.slim, |kinds| {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            names.join(",")
        }),
        Setting::new("pack.source-date-epoch", &pack.epoch, ToString::to_string),
        Setting::new("pack.strip", &pack.strip, ToString::to_string),
        Setting::new("pack.uv", &variable("UV", "the one on PATH"), text),
        Setting::new(
            "start.validation",
            &variable("FLAVOR_VALIDATION", "metadata"),
            text,
        ),
        Setting::new("trust.directory", &trust_directory(), text),
    ];
    let optional = [
        ("pack.python", &pack.python),
        ("pack.index-url", &pack.index_url),
    ];
    all.extend(optional.into_iter().filter_map(|(name, value)| {
        Some(Setting::new(name, value.as_ref()?, |value| redact(value)))
    }));
    all.extend(installer_variables().filter_map(|name| {
        let value = Sources::default().variable(name, set(name)).resolve()?;
        Some(Setting::new(&installer(name), &value, |value| {
            redact(value)
        }))
    }));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The name under which an installer's variable is listed.
fn installer(variable: &str) -> String {
    format!("installer.{variable}")
}

/// The value of a variable, if it is set.
fn set(name: &str) -> Option<String> {
    process_environment(name).map(|value| value.to_string_lossy().into_owned())
}

/// A setting that only a variable sets.
fn variable(name: &'static str, default: &str) -> Sourced<String> {
    Sources::default()
        .variable(name, set(name))
        .or(default.into())
}

/// An optional path, for people.
fn shown(path: Option<PathBuf>) -> String {
    path.map_or(String::new(), |path| path.display().to_string())
}

fn config_directory() -> Sourced<String> {
    let variables = ["FLAVOR_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"];
    first(&variables)
        .or(String::new())
        .map(|_| shown(config_dir()))
}

/// The first variable that is set.
fn first(names: &[&'static str]) -> Sources<String> {
    let sources = Sources::default();
    names
        .iter()
        .fold(sources, |sources, name| sources.variable(name, set(name)))
}

fn trust_directory() -> Sourced<String> {
    let directory = TrustStore::from_env().directory().map(Into::into);
    variable("FLAVOR_TRUSTED_KEYS_DIR", "").map(|_| shown(directory))
}

/// A variable has precedence over `--quiet` and `--verbose`, which choose the level without one.
fn log_level(globals: &Globals) -> Sourced<String> {
    if let Some(level) = first(&["FLAVOR_LOG_LEVEL", "FOUNDATION_LOG_LEVEL", "RUST_LOG"]).resolve()
    {
        return level;
    }
    let level = globals
        .log_level()
        .map_or("off".into(), |level| level.to_string());
    let (quiet, verbose) = (globals.quiet, globals.verbose > 0);
    Sources::default()
        .option("--verbose", verbose.then(|| level.clone()))
        .option("--quiet", quiet.then(|| level.clone()))
        .or(level)
}

/// Where the key is; a key in the variable itself is not shown.
fn private_key(source: &KeySource) -> String {
    match source {
        KeySource::File { private, .. } => private.display().to_string(),
        KeySource::Own => shown(own_key_path()),
        KeySource::Text(_) | KeySource::Seed(_) => "****".into(),
    }
}

/// The cache that a start would use, found in the same way.
fn cache_directory() -> Setting {
    let of = |name| {
        if name == PASSWORD_FILE {
            Origin::Default
        } else {
            Origin::Variable(name)
        }
    };
    let (value, origin, why) = match Cache::foresee() {
        Ok(Foreseen {
            found: Some((cache, name)),
            passed_over,
        }) => (cache.root().display().to_string(), of(name), passed_over),
        Ok(Foreseen {
            found: None,
            passed_over,
        }) => (
            "none: each start uses a temporary directory".into(),
            Origin::Default,
            passed_over,
        ),
        // Named by the user, so a start has no fallback.
        Err(error) => {
            let named = cache_candidates()
                .into_iter()
                .find(|candidate| !candidate.optional);
            let origin = named
                .as_ref()
                .map_or(Origin::Default, |candidate| of(candidate.origin));
            let path = named.map(|candidate| candidate.path);
            (shown(path), origin, vec![error.to_string()])
        }
    };
    let why = why.join("; ");
    Setting {
        name: "cache.directory".into(),
        value,
        origin: if why.is_empty() {
            origin.to_string()
        } else {
            format!("{origin} ({why})")
        },
    }
}

fn color(globals: &Globals) -> Sourced<String> {
    let named = match globals.color {
        When::Always => Some("always"),
        When::Never => Some("never"),
        When::Auto => None,
    };
    let wanted = process_environment("CLICOLOR").is_some_and(|value| value == "0");
    let is_set = |name| process_environment(name).is_some();
    Sources::default()
        .option("--color", named)
        .variable("NO_COLOR", is_set("NO_COLOR").then_some("never"))
        .variable(
            "CLICOLOR_FORCE",
            is_set("CLICOLOR_FORCE").then_some("always"),
        )
        .variable("CLICOLOR", wanted.then_some("never"))
        .or("auto")
        .map(Into::into)
}
