//! Global options, before or after the command.

use std::ffi::OsString;
use std::path::PathBuf;

use anstream::ColorChoice;
use anstyle::AnsiColor;
use clap::builder::Styles;
use clap::{Args, ValueEnum};
use flavor::report::LogFormat;
use tracing::level_filters::LevelFilter;

/// Colours of help and wrong usage.
pub(super) const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Change to this directory first; relative to the previous one if repeated
    #[arg(short = 'C', global = true, value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
    /// Print only errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Print each step and its duration; repeat for more detail, up to three times
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Whether to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = When::Auto, hide_possible_values = true,
        help = "When to use colours: auto, always, never")]
    pub(crate) color: When,
    /// Print JSON, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Format of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Text, hide_possible_values = true,
        env = "FLAVOR_LOG_FORMAT", hide_env_values = true, help = "Format of the log on stderr: text, json")]
    pub(crate) log_format: Format,
    /// Begin each line of the log with the time
    #[arg(long, global = true)]
    pub(crate) log_time: bool,
}

impl Globals {
    /// The log level if no variable sets one: warnings, or nothing with `--quiet`.
    pub(crate) fn log_level(&self) -> Option<LevelFilter> {
        match (self.quiet, self.verbose) {
            (true, _) => None,
            (false, 0) => Some(LevelFilter::WARN),
            (false, 1) => Some(LevelFilter::INFO),
            (false, 2) => Some(LevelFilter::DEBUG),
            (false, _) => Some(LevelFilter::TRACE),
        }
    }

    /// The format of the log.
    pub(crate) fn log_format(&self) -> LogFormat {
        LogFormat {
            json: self.log_format == Format::Json,
            time: self.log_time,
        }
    }
}

/// The format of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR` or `CLICOLOR_FORCE` overrides it.
    Auto,
    Always,
    Never,
}

impl When {
    pub(crate) fn choice(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

/// Options that are read before parsing, because they also apply to usage errors.
pub(crate) struct Before {
    pub(crate) color: When,
    pub(crate) json: bool,
}

impl Before {
    pub(crate) fn of(words: &[OsString]) -> Self {
        let mut before = Self {
            color: When::Auto,
            json: false,
        };
        let mut words = words
            .iter()
            .skip(1)
            .map(|word| word.to_string_lossy())
            .take_while(|word| word != "--");
        while let Some(word) = words.next() {
            let when = match word.split_once('=') {
                Some(("--color", when)) => Some(when.to_owned()),
                _ if word == "--color" => words.next().map(Into::into),
                _ => None,
            };
            if let Some(when) = when.and_then(|when| When::from_str(&when, false).ok()) {
                before.color = when;
            }
            before.json |= word == "--json";
        }
        before
    }
}
