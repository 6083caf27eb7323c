use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use flavor::launcher::{Environment, Invocation, Launch, LaunchError, prepare};

use crate::cli::Run;
use crate::error::Error;

/// Starts a package as its own launcher would: this process becomes the program.
pub(super) fn run(options: Run) -> Result<ExitCode, Error> {
    let package = options.package.canonicalize().unwrap_or_else(|_| options.package.clone());
    let invocation = Invocation {
        name: options.package.into_os_string(),
        package,
        arguments: options.arguments,
        environment: Environment::new(std::env::vars_os()),
    };
    let Launch { program, arguments, environment, keep } = prepare(invocation)?;
    let source = Command::new(&program).args(arguments).env_clear().envs(environment.iter()).exec();
    drop(keep);
    Err(LaunchError::Exec { program, source }.into())
}
