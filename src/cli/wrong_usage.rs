//! Usage errors, with a code like every other error.

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use flavor::diagnostics::{Code, Diagnosis, Diagnostic};
use serde_json::{Value, json};

use super::{Cli, Command};

/// The error of clap.
pub(crate) struct WrongUsage(clap::Error);

impl From<clap::Error> for WrongUsage {
    fn from(error: clap::Error) -> Self {
        Self(error)
    }
}

impl WrongUsage {
    /// Global options that conflict with an option of a command. clap only detects this if they come after the command.
    pub(crate) fn of_globals(cli: &Cli) -> Option<Self> {
        let option = match &cli.command {
            Command::Diff(options) if options.md && cli.globals.json => "--md",
            Command::Inspect(options) if options.slot.is_some() && cli.globals.json => {
                "--slot <NAME>"
            }
            _ => return None,
        };
        let text = format!("the argument '{option}' cannot be used with '--json'");
        Some(Self(
            Cli::command().error(ErrorKind::ArgumentConflict, text),
        ))
    }

    /// Whether it is help or version output rather than an error.
    pub(crate) fn is_data(&self) -> bool {
        !self.0.use_stderr()
    }

    /// Help or version as JSON.
    pub(crate) fn json(&self) -> Value {
        match self.0.kind() {
            ErrorKind::DisplayVersion => {
                json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") })
            }
            _ => json!({ "help": self.0.render().to_string() }),
        }
    }

    /// The text of clap, with the error code and `hint:`.
    pub(crate) fn text(&self) -> String {
        let text = self.0.render().ansi().to_string();
        if self.is_data() || self.0.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return text;
        }
        text.replacen("error:", &format!("error[{}]:", self.code()), 1)
            .replace("tip:", "hint:")
    }

    /// The message in one line, without the hint.
    pub(crate) fn message(&self) -> String {
        if self.0.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return "a command is missing".into();
        }
        let text = self.0.render().to_string();
        let sentence: Vec<&str> = text
            .lines()
            .take_while(|line| !line.is_empty())
            .map(str::trim)
            .collect();
        let sentence = sentence.join(" ");
        sentence
            .strip_prefix("error: ")
            .unwrap_or(&sentence)
            .to_owned()
    }
}

impl Diagnostic for WrongUsage {
    fn diagnosis(&self) -> Diagnosis {
        let code = match self.0.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                return Code::MISSING_ARGUMENT.with_hint("`--help` lists the commands");
            }
            ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument => Code::UNKNOWN_ARGUMENT,
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::TooFewValues => Code::MISSING_ARGUMENT,
            ErrorKind::ArgumentConflict => Code::ARGUMENT_CONFLICT,
            _ => Code::BAD_ARGUMENT,
        };
        let text = self.0.render().to_string();
        let tips: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip: "))
            .collect();
        Diagnosis {
            code,
            hint: (!tips.is_empty()).then(|| tips.join("; ").into()),
        }
    }
}
