//! Log events on stderr, one a line: `DEBUG extract slot=runtime files=1300 took=212ms`.
//!
//! The subscriber is ours because the launcher carries it: a general one would be a tenth of the stub.

use std::env;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::printable;
use crate::diagnostics::Code;

/// Who asks for logs, first one wins. `FOUNDATION_LOG_LEVEL` is FlavorPack's older name.
const VARIABLES: [&str; 3] = ["FLAVOR_LOG_LEVEL", "FOUNDATION_LOG_LEVEL", "RUST_LOG"];

/// Sends log events to stderr when the environment asks for them; otherwise nothing is set up at all.
///
/// `default` applies when no variable is set; `None` means silence.
pub fn init(default: Option<LevelFilter>) {
    let asked = VARIABLES
        .iter()
        .find_map(|name| Some((name, env::var_os(name)?)));
    let asked = asked.map(|(name, value)| {
        let value = value.to_string_lossy();
        level(&value).unwrap_or_else(|| {
            // `RUST_LOG` is for programs of all kinds, and what it says to them is none of our business.
            if name.starts_with("FLAVOR") {
                warn(name, &value);
            }
            LevelFilter::INFO
        })
    });
    let Some(most) = asked.or(default).filter(|level| *level != LevelFilter::OFF) else {
        return;
    };
    // Only a second call could fail, and there is none.
    drop(tracing::subscriber::set_global_default(Lines { most }));
}

/// Says what the variable may hold; the caller takes it for info, because whoever set it wants to see something.
fn warn(name: &str, value: &str) {
    let text = format!(
        "warning[{}]: {name} is not a level: {}\nhint: it is one of off, error, warn, info, debug, trace\n",
        Code::BAD_VARIABLE,
        printable(value)
    );
    // With stderr gone there is nobody to tell.
    drop(io::stderr().write_all(text.as_bytes()));
}

/// Reads a level. Of `RUST_LOG`'s directives the one for `flavor` counts, else the bare one. `None` for an unknown word.
fn level(text: &str) -> Option<LevelFilter> {
    let directives = || text.split(',').map(str::trim);
    let ours = directives().find_map(|directive| directive.strip_prefix("flavor="));
    let Some(word) = ours.or_else(|| directives().find(|directive| !directive.contains('=')))
    else {
        return Some(LevelFilter::OFF);
    };
    Some(match word.to_ascii_lowercase().as_str() {
        "off" | "none" | "" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "info" => LevelFilter::INFO,
        "warn" | "warning" => LevelFilter::WARN,
        "debug" => LevelFilter::DEBUG,
        "trace" => LevelFilter::TRACE,
        _ => return None,
    })
}

/// Writes events; spans are not used in this program and are ignored.
struct Lines {
    most: LevelFilter,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries log too, each for itself.
        *metadata.level() <= self.most && metadata.target().starts_with("flavor")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line {
            message: String::new(),
            fields: String::new(),
        };
        event.record(&mut line);
        let text = format!(
            "{} {}{}",
            event.metadata().level(),
            line.message,
            line.fields
        );
        // One write a line, so that lines of several processes do not mix. With stderr gone there is nobody to tell.
        let line = format!("{}\n", printable(&text));
        #[cfg(feature = "cli")]
        super::bars::write(&line);
        #[cfg(not(feature = "cli"))]
        drop(io::stderr().write_all(line.as_bytes()));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        _ = if field.name() == "message" {
            self.message.write_fmt(value)
        } else {
            write!(self.fields, " {}={value}", field.name())
        };
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_words_and_directives() {
        assert_eq!(level("debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level("WARN"), Some(LevelFilter::WARN));
        assert_eq!(level("hyper=trace,flavor=debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level("hyper=trace"), Some(LevelFilter::OFF));
        assert_eq!(level("loud"), None);
    }
}
