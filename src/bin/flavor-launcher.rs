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
    let environment = Environment::new(env::vars_os().filter(|(name, _)| name != CLI_VARIABLE));
    if env::var_os(CLI_VARIABLE).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
        && let Some(text) = run_cli(&package, &mut arguments, &environment)?
    {
        // A closed pipe is success.
        drop(io::stdout().write_all(text.as_bytes()));
        return Ok(());
    }
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

/// C functions that serve messages alone: a crash in more detail, another language. Answering for them here lets the linker
/// leave out what hangs on them: std's reader of debug information, and glibc's `sscanf` with its numbers and locales. That
/// is 320 KB of a stub of 1.6 MB, and a start is spared reading `/proc/self/maps`.
///
/// The crate's only exception to `unsafe_code`: the names are the C library's, the functions touch nothing.
#[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static", panic = "abort"))]
#[expect(unsafe_code)]
mod without_details {
    /// The bounds of a thread's stack. Not known: an overflow then ends as a plain SIGSEGV.
    #[unsafe(no_mangle)]
    extern "C" fn pthread_getattr_np(_thread: usize, _attributes: *mut ()) -> i32 {
        const ENOSYS: i32 = 38;
        ENOSYS
    }

    /// The translation of a message: the stub never leaves the C locale, in which that is the message itself.
    #[unsafe(no_mangle)]
    extern "C" fn __dcgettext(_domain: *const u8, message: *const u8, _category: i32) -> *const u8 {
        message
    }

    /// A broken promise inside the C library.
    #[unsafe(no_mangle)]
    extern "C" fn __assert_fail(_promise: *const u8, _file: *const u8, _line: u32, _function: *const u8) -> ! {
        std::process::abort()
    }

    /// The frames of a panic. None: the stub has neither unwind tables nor symbols; the message names the line.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Backtrace(_visit: *const (), _argument: *mut ()) -> i32 {
        const END_OF_STACK: i32 = 5;
        END_OF_STACK
    }
}
