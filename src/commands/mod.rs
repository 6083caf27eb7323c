//! One file for each verb: options in, words and an exit code out.

mod cache;
mod diff;
mod evidence;
mod extract;
mod inspect;
mod keygen;
mod pack;
mod policy;
mod run;
mod trust;
mod verify;
mod workenv;

use std::process::ExitCode;

use crate::cli::Command;
use crate::error::Error;

/// Carries out a command.
pub(crate) fn run(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Pack(options) => pack::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Extract(options) => extract::one(&options),
        Command::ExtractAll(options) => extract::all(&options),
        Command::Keygen(options) => keygen::run(&options),
        Command::Run(options) => run::run(options),
        Command::Trust(command) => trust::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Workenv(options) => workenv::run(&options),
        Command::Cache(options) => cache::run(&options),
    }
}
