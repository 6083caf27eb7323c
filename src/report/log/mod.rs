//! Log events on stderr, one per line: `DEBUG extract slot=runtime files=1300 took=212ms`.
//!
//! `flavor` logs through `tracing-subscriber`. Launchers have a subscriber of their own: the
//! general one would be a tenth of a launcher, which is a part of every package.

#[cfg(feature = "cli")]
mod command;
#[cfg(not(feature = "cli"))]
mod launcher;
mod line;

#[cfg(feature = "cli")]
pub use command::{LogFormat, init};
#[cfg(not(feature = "cli"))]
pub use launcher::init;

use std::env;
use std::io::{self, Write as _};

use tracing::level_filters::LevelFilter;

use super::printable;
use crate::diagnostics::Code;

/// The variables that configure logging; the first that is set takes precedence.
/// `FOUNDATION_LOG_LEVEL` is FlavorPack's older name.
const VARIABLES: [&str; 3] = ["FLAVOR_LOG_LEVEL", "FOUNDATION_LOG_LEVEL", "RUST_LOG"];

/// The module that all others are in.
const ROOT: &str = "flavor";

/// The most detailed level that is logged for a module, such as `flavor::slot`, and those below it.
type Directive = (String, LevelFilter);

/// The levels from the environment, else `default` for all modules. Empty if nothing is logged.
fn directives(default: Option<LevelFilter>) -> Vec<Directive> {
    let all = |level| vec![(ROOT.to_owned(), level)];
    let variable = VARIABLES
        .iter()
        .find_map(|name| Some((name, env::var_os(name)?)));
    let Some((name, value)) = variable else {
        return default.map(all).unwrap_or_default();
    };
    let value = value.to_string_lossy();
    parse(&value).unwrap_or_else(|| {
        // Other programs read `RUST_LOG` too, so it may contain values that only they know.
        if name.starts_with("FLAVOR") {
            warn(name, &value);
        }
        all(LevelFilter::INFO)
    })
}

/// Prints the accepted values of the variable. The level is `info` then: a user who sets it wants
/// to see messages.
fn warn(name: &str, value: &str) {
    let text = format!(
        "warning[{}]: {name} is not a level: {}\nhint: use one of off, error, warn, info, debug, trace, or a list such as \
         info,flavor::slot=trace\n",
        Code::BAD_VARIABLE,
        printable(value)
    );
    // If stderr is closed, nothing can be reported.
    drop(io::stderr().write_all(text.as_bytes()));
}

/// Reads levels separated by commas, each for all modules or as `module=level`. Modules of other
/// programs are ignored. `None` for an unknown level.
fn parse(text: &str) -> Option<Vec<Directive>> {
    let mut directives = Vec::new();
    for directive in text.split(',').map(str::trim) {
        let (module, level) = directive.split_once('=').unwrap_or((ROOT, directive));
        if module == ROOT || module.starts_with("flavor::") {
            directives.push((module.to_owned(), level_named(level)?));
        }
    }
    Some(directives)
}

fn level_named(word: &str) -> Option<LevelFilter> {
    Some(match word.to_ascii_lowercase().as_str() {
        "off" | "none" | "" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" | "warning" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_for_all_modules_or_for_one() {
        let all = |level| Some(vec![(ROOT.to_owned(), level)]);
        assert_eq!(parse("debug"), all(LevelFilter::DEBUG));
        assert_eq!(parse("WARN"), all(LevelFilter::WARN));
        assert_eq!(parse("hyper=trace, flavor=debug"), all(LevelFilter::DEBUG));
        assert_eq!(
            parse("info,flavor::slot=trace"),
            Some(vec![
                (ROOT.to_owned(), LevelFilter::INFO),
                ("flavor::slot".to_owned(), LevelFilter::TRACE)
            ])
        );
        assert_eq!(parse("hyper=trace"), Some(Vec::new()));
        assert_eq!(parse("hyper=loud"), Some(Vec::new()));
        assert_eq!(parse("loud"), None);
        assert_eq!(parse("info,flavor::slot=loud"), None);
    }
}
