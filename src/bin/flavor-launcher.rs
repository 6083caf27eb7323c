//! The stub at the front of every package.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::{env, io};

use flavor::launcher::{CLI_VARIABLE, Environment, Invocation, Launch, LaunchError, own_path, prepare, run_cli};
use flavor::report::init_log;

fn main() -> ExitCode {
    init_log(None);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With stderr gone there is nobody to tell.
            drop(io::stderr().write_all(error.to_message().as_bytes()));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Returns only when there was nothing to start.
fn run() -> Result<(), LaunchError> {
    let package = own_path()?;
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    let mut arguments: Vec<_> = words.collect();
    if env::var_os(CLI_VARIABLE).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
        && let Some(text) = run_cli(&package, &mut arguments)?
    {
        // A closed pipe is success.
        drop(io::stdout().write_all(text.as_bytes()));
        return Ok(());
    }
    let environment = Environment::new(env::vars_os().filter(|(name, _)| name != CLI_VARIABLE));
    let launch = prepare(Invocation { package, name, arguments, environment })?;
    Err(exec(launch))
}

/// Becomes the program: same process, same descriptors, same terminal.
fn exec(launch: Launch) -> LaunchError {
    let Launch { program, arguments, environment, keep } = launch;
    let source = Command::new(&program).args(arguments).env_clear().envs(environment.iter()).exec();
    drop(keep);
    LaunchError::Exec { program, source }
}
