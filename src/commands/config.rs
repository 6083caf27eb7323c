//! `flavor config`: every setting, its value, and its origin.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use flavor::config::{self, CacheLimits, KNOWN_KEYS};
use flavor::fs::{PASSWORD_FILE, cache_candidates, config_dir};
use flavor::manifest::suggest;
use flavor::pack::{KeySource, PRIVATE_KEY_VARIABLE};
use flavor::python::install::installer_variables;
use flavor::python::redact;
use flavor::report::{Bytes, Talk, TerminalReporter};
use flavor::sign::PRIVATE_KEY_FILE;
use flavor::trust::TrustStore;
use flavor::workenv::{Cache, Foreseen};
use serde_json::{Value, json};

use crate::cli::{Config, Globals, When};
use crate::error::Error;
use crate::output;

struct Setting {
    name: String,
    value: String,
    origin: SettingOrigin,
}

/// The origin of a value.
enum SettingOrigin {
    Default,
    File {
        path: PathBuf,
        line: usize,
    },
    Variable(&'static str),
    CommandLine(&'static str),
    /// For the cache: what is wrong with this directory or with preferred ones.
    Hindered {
        origin: Box<SettingOrigin>,
        why: String,
    },
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "file:{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment:{name}"),
            Self::CommandLine(option) => write!(f, "command line:{option}"),
            Self::Hindered { origin, why } => write!(f, "{origin} ({why})"),
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
    let found: Vec<Setting> = all
        .into_iter()
        .filter(|setting| setting.name.starts_with(wanted))
        .collect();
    if globals.json {
        let each: Vec<Value> = found
            .iter()
            .map(|one| json!({ "name": one.name, "value": one.value, "origin": one.origin.to_string() }))
            .collect();
        output::json(&json!({ "settings": each }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = found.iter().map(
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
    let CacheLimits { max_size, retain } = file.cache_limits()?;
    let in_file = |key: &str| match file.line(key) {
        Some(line) => SettingOrigin::File {
            path: file.path().into(),
            line,
        },
        None => SettingOrigin::Default,
    };
    let unset = || SettingOrigin::Default;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let own_key = config_dir().map(|directory| directory.join("keys").join(PRIVATE_KEY_FILE));
    let store = TrustStore::from_env();
    let path =
        |path: Option<PathBuf>| path.map_or(String::new(), |path| path.display().to_string());
    let mut all = vec![
        cache_directory(),
        Setting {
            name: "cache.max-size".into(),
            value: max_size.map_or("none".into(), |size| Bytes(size).to_string()),
            origin: variable("FLAVOR_CACHE_MAX_SIZE")
                .map_or_else(|| in_file("cache.max-size"), |(_, origin)| origin),
        },
        Setting {
            name: "cache.retain".into(),
            value: retain.to_string(),
            origin: in_file("cache.retain"),
        },
        first(
            "config.directory",
            &["FLAVOR_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"],
            |_| path(config_dir()),
            || Setting {
                name: "config.directory".into(),
                value: String::new(),
                origin: unset(),
            },
        ),
        first(
            "log.level",
            &["FLAVOR_LOG_LEVEL", "FOUNDATION_LOG_LEVEL", "RUST_LOG"],
            ToOwned::to_owned,
            || {
                let value = globals
                    .log_level()
                    .map_or("off".into(), |level| level.to_string());
                let origin = match (globals.quiet, globals.verbose) {
                    (true, _) => SettingOrigin::CommandLine("--quiet"),
                    (false, 0) => SettingOrigin::Default,
                    (false, _) => SettingOrigin::CommandLine("--verbose"),
                };
                Setting {
                    name: "log.level".into(),
                    value,
                    origin,
                }
            },
        ),
        color(globals),
        Setting {
            name: "output.json".into(),
            value: globals.json.to_string(),
            origin: if globals.json {
                SettingOrigin::CommandLine("--json")
            } else {
                SettingOrigin::Default
            },
        },
        of("pack.jobs", "FLAVOR_JOBS", &processors.to_string()),
        private_key(&path(own_key)),
        of("pack.source-date-epoch", "SOURCE_DATE_EPOCH", "0"),
        of("pack.uv", "UV", "the one on PATH"),
        of("start.validation", "FLAVOR_VALIDATION", "metadata"),
        of(
            "trust.directory",
            "FLAVOR_TRUSTED_KEYS_DIR",
            &path(store.directory().map(Into::into)),
        ),
    ];
    all.extend(installer_variables().filter_map(|name| {
        let (value, origin) = variable(name)?;
        Some(Setting {
            name: installer(name),
            value: redact(&value),
            origin,
        })
    }));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

/// The name under which an installer's variable is listed.
fn installer(variable: &str) -> String {
    format!("installer.{variable}")
}

fn variable(name: &'static str) -> Option<(String, SettingOrigin)> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some((
        value.to_string_lossy().into_owned(),
        SettingOrigin::Variable(name),
    ))
}

/// A setting with one variable, for the signing key. A key in the variable itself is not shown.
fn private_key(default: &str) -> Setting {
    let setting = of("pack.private-key", PRIVATE_KEY_VARIABLE, default);
    match KeySource::from_variable() {
        Some(KeySource::Text(_)) => Setting {
            value: "****".into(),
            ..setting
        },
        _ => setting,
    }
}

fn of(name: &str, from: &'static str, default: &str) -> Setting {
    let (value, origin) =
        variable(from).unwrap_or_else(|| (default.into(), SettingOrigin::Default));
    Setting {
        name: name.into(),
        value,
        origin,
    }
}

/// A setting from the first variable that is set.
fn first(
    name: &str,
    from: &[&'static str],
    value: impl Fn(&str) -> String,
    otherwise: impl FnOnce() -> Setting,
) -> Setting {
    match from.iter().find_map(|one| variable(one)) {
        Some((text, origin)) => Setting {
            name: name.into(),
            value: value(&text),
            origin,
        },
        None => otherwise(),
    }
}

/// The cache that a start would use, found in the same way.
fn cache_directory() -> Setting {
    let of = |name| {
        if name == PASSWORD_FILE {
            SettingOrigin::Default
        } else {
            SettingOrigin::Variable(name)
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
            SettingOrigin::Default,
            passed_over,
        ),
        // Named by the user, so a start has no fallback.
        Err(error) => {
            let named = cache_candidates()
                .into_iter()
                .find(|candidate| !candidate.optional);
            let value = named
                .as_ref()
                .map_or(String::new(), |one| one.path.display().to_string());
            (
                value,
                named.map_or(SettingOrigin::Default, |one| of(one.origin)),
                vec![error.to_string()],
            )
        }
    };
    let why = why.join("; ");
    let origin = if why.is_empty() {
        origin
    } else {
        SettingOrigin::Hindered {
            origin: Box::new(origin),
            why,
        }
    };
    Setting {
        name: "cache.directory".into(),
        value,
        origin,
    }
}

fn color(globals: &Globals) -> Setting {
    let (value, origin) = match globals.color {
        When::Always => ("always", SettingOrigin::CommandLine("--color")),
        When::Never => ("never", SettingOrigin::CommandLine("--color")),
        When::Auto if variable("NO_COLOR").is_some() => {
            ("never", SettingOrigin::Variable("NO_COLOR"))
        }
        When::Auto => match (variable("CLICOLOR_FORCE"), variable("CLICOLOR")) {
            (Some((_, origin)), _) => ("always", origin),
            (_, Some((wanted, origin))) if wanted == "0" => ("never", origin),
            _ => ("auto", SettingOrigin::Default),
        },
    };
    Setting {
        name: "output.color".into(),
        value: value.into(),
        origin,
    }
}
