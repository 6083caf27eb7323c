//! `flavor`: packs a project into one signed file that runs on a bare machine.

#![forbid(unsafe_code)]

mod cli;
mod commands;
mod error;
mod output;

use std::process::ExitCode;

use clap::Parser as _;
use flavor::report::init_log;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are data on stdout; clap's own exit code for wrong usage is 2.
        Err(error) => {
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    init_log(cli.command.log_level());
    let json = cli.command.wants_json();
    match commands::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            error.report(json);
            ExitCode::from(error.exit_code())
        }
    }
}
