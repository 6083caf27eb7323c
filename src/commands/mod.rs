//! One file for each command: options in, output and an exit code out.

mod cache;
mod config;
mod diff;
mod doctor;
mod evidence;
mod explain;
mod extract;
mod helpers;
mod init;
mod inspect;
mod keygen;
mod pack;
mod page;
mod policy;
mod reference;
mod run;
mod self_test;
mod trust;
mod verify;
mod workenv;

use std::path::Path;
use std::process::ExitCode;

use flavor::sign::PublicKey;

use crate::cli::{Command, Globals};
use crate::error::Error;

/// Runs a command.
pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode, Error> {
    let json = globals.json;
    match command {
        Command::Init(options) => init::run(&options, globals),
        Command::Pack(options) => pack::run(&options, globals),
        Command::Inspect(options) => inspect::run(&options, json),
        Command::Diff(options) => diff::run(&options, json),
        Command::Verify(options) => verify::run(&options, globals),
        Command::Extract(options) => extract::slot(&options, json),
        Command::ExtractAll(options) => extract::all(&options, json),
        Command::Keygen(options) => keygen::run(&options, json),
        Command::Run(options) => run::run(options),
        Command::Trust(command) => trust::run(&command, json),
        Command::Policy(command) => policy::run(&command, json),
        Command::Workenv(command) => workenv::run(&command, json),
        Command::Cache(command) => cache::run(&command, globals),
        Command::Doctor => doctor::run(json),
        Command::Helpers(command) => helpers::run(&command, json),
        Command::Config(options) => config::run(&options, globals),
        Command::Explain(options) => explain::run(&options, json),
        Command::Completions(options) => reference::completions(&options, json),
        Command::Man(options) => reference::man(&options, json),
        Command::Reference => reference::reference(json),
    }
}

/// A public key from a file given by the user.
fn public_key(path: &Path) -> Result<PublicKey, Error> {
    PublicKey::read(path).map_err(|error| Error::key_file(path, error))
}
