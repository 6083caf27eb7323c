//! `flavor`: packs a project into one signed file that runs on a bare machine.

#![forbid(unsafe_code)]

mod annotation;
mod cli;
mod commands;
mod error;
mod failure;
mod output;

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use flavor::diagnostics::Diagnostic;
use flavor::interrupt;
use flavor::report::init_log;

use crate::cli::{Before, Cli, Command, Globals, Workenv, WrongUsage};
use crate::error::Error;

fn main() -> ExitCode {
    let mut words: Vec<OsString> = env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "help") {
        // `help help` shows the help of `help`.
        words.retain(|word| word != "-h" && word != "--help");
    }
    let before = Before::of(&words);
    before.color.choice().write_global();
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error.into(), before.json),
    };
    if let Some(error) = WrongUsage::of_globals(&cli) {
        return not_understood(&error, before.json);
    }
    let globals = cli.globals;
    globals.color.choice().write_global();
    let level = match &cli.command {
        // Started programs have stderr to themselves; `repair` reports damage itself.
        Command::Run(_) | Command::Workenv(Workenv::Repair(_)) if globals.verbose == 0 => None,
        _ => globals.log_level(),
    };
    init_log(level, globals.log_format());
    let outcome = enter(&globals).and_then(|()| {
        interrupt::watch(|path| flavor::fs::remove_tree(path).is_ok());
        commands::run(cli.command, &globals)
    });
    // A process that was told to stop ends with the signal's exit code, whatever the outcome of the
    // work.
    interrupt::wait_if_stopping();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            failure::tell(&error, globals.json);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Changes to the directory given by `-C`.
fn enter(globals: &Globals) -> Result<(), Error> {
    globals.directories.iter().try_for_each(|directory| {
        env::set_current_dir(directory).map_err(|source| Error::NoDirectory {
            path: directory.clone(),
            source,
        })
    })
}

/// Help and version are data and go to stdout; wrong usage exits with code 2.
fn not_understood(usage: &WrongUsage, json: bool) -> ExitCode {
    if usage.is_data() && json {
        drop(output::json(&usage.json()));
        return ExitCode::SUCCESS;
    }
    if usage.is_data() {
        drop(write!(anstream::stdout(), "{}", usage.text()));
        return ExitCode::SUCCESS;
    }
    let exit_code = usage.code().exit_code();
    if json {
        failure::json(&[usage.message()], &usage.diagnosis(), exit_code);
    } else {
        drop(write!(anstream::stderr(), "{}", usage.text()));
    }
    ExitCode::from(exit_code)
}
