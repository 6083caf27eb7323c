//! The launcher at the start of every package.

use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::{env, io};

use flavor::fs::executed_path;
use flavor::launcher::{
    CLI_VARIABLE, Environment, Invocation, Launch, LaunchError, own_path, prepare, run_cli,
};
use flavor::report::{init_log, printable};

fn main() -> ExitCode {
    init_log(None);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed, the message is lost.
            drop(io::stderr().write_all(error.to_message().as_bytes()));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Returns only if there was nothing to start.
fn run() -> Result<(), LaunchError> {
    refuse_other_rights()?;
    let package = own_path()?;
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    let mut arguments: Vec<_> = words.collect();
    let environment = Environment::new(env::vars_os().filter(|(name, _)| name != CLI_VARIABLE));
    if env::var_os(CLI_VARIABLE)
        .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
        && let Some(text) = run_cli(
            &package,
            &mut arguments,
            &environment,
            system::close_rest_at_exec,
        )?
    {
        // Raw for programs, escaped for a terminal. A closed pipe is not an error.
        drop(if io::stdout().is_terminal() {
            let text = String::from_utf8_lossy(&text);
            text.lines()
                .try_for_each(|line| writeln!(io::stdout(), "{}", printable(line)))
        } else {
            io::stdout().write_all(&text)
        });
        return Ok(());
    }
    let executed = executed_path();
    let launch = prepare(Invocation {
        package,
        name,
        executed,
        arguments,
        environment,
    })?;
    Err(exec(launch))
}

/// Refuses to run with privileges that its caller does not have: the caller controls cache,
/// settings and variables.
fn refuse_other_rights() -> Result<(), LaunchError> {
    use rustix::process::{getegid, geteuid, getgid, getuid};
    if getuid() == geteuid() && getgid() == getegid() {
        Ok(())
    } else {
        Err(LaunchError::SetUserId)
    }
}

/// Becomes the program: same process, same descriptors, same terminal.
fn exec(launch: Launch) -> LaunchError {
    let Launch {
        program,
        arguments,
        environment,
        keep,
    } = launch;
    let source = Command::new(&program)
        .args(arguments)
        .env_clear()
        .envs(environment.iter())
        .exec();
    drop(keep);
    LaunchError::not_started(program, source)
}

/// The one system call that neither std nor rustix provides.
#[expect(unsafe_code)]
mod system {
    /// Sets close-on-exec on all descriptors but the first three. Kernels before 5.11 cannot do
    /// that; there they stay open.
    pub(super) fn close_rest_at_exec() {
        unsafe extern "C" {
            fn syscall(number: i64, first: i64, last: i64, flags: i64) -> i64;
        }
        const CLOSE_RANGE: i64 = 436;
        const CLOSE_ON_EXEC: i64 = 4;
        // SAFETY: the number is the same on all processors; the call takes no addresses and closes
        // no descriptor here.
        _ = unsafe { syscall(CLOSE_RANGE, 3, i64::from(u32::MAX), CLOSE_ON_EXEC) };
    }
}

/// C functions that only serve the C library's messages (more detail in a crash, translations,
/// encodings), or that are useless in a static program: dynamic loading, per-thread resolver state.
/// Defining them here lets the linker drop what depends on them: std's reader of debug information;
/// glibc's `printf` and `sscanf` with their numbers, locales and encodings; its dynamic loader.
/// Without that the launcher is half as large again, and each start reads `/proc/self/maps`.
///
/// With [`system`] the crate's only exceptions to `unsafe_code`: the names are the C library's; the
/// functions access nothing.
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_feature = "crt-static",
    panic = "abort"
))]
#[expect(unsafe_code)]
mod without_details {
    /// Functions that std looks up in case the C library has them. Not found: std has a fallback
    /// for each.
    #[unsafe(no_mangle)]
    extern "C" fn dlsym(_library: *const (), _name: *const u8) -> *const () {
        std::ptr::null()
    }

    /// The common implementation of `printf` and its relatives, which is not used: Rust does its
    /// own formatting, and an error number without a name, which `strerror_r` would format, is
    /// printed as a number.
    #[unsafe(no_mangle)]
    extern "C" fn __vfprintf_internal(
        _to: *mut (),
        _format: *const u8,
        _arguments: *mut (),
        _flags: u32,
    ) -> i32 {
        -1
    }

    /// The character conversion of the C locale for wide streams, which are not used.
    #[unsafe(no_mangle)]
    static __wcsmbs_gconv_fcts_c: [usize; 4] = [0; 4];

    /// See [`__wcsmbs_gconv_fcts_c`].
    #[unsafe(no_mangle)]
    extern "C" fn __wcsmbs_clone_conv(_copy: *mut ()) {}

    /// See [`__wcsmbs_gconv_fcts_c`].
    #[unsafe(no_mangle)]
    extern "C" fn __wcsmbs_named_conv(_copy: *mut (), _name: *const u8) -> i32 {
        1
    }

    /// The resolver, which has state in every thread. No host names are resolved here.
    #[unsafe(no_mangle)]
    extern "C" fn __res_vinit(_state: *mut (), _preinit: i32) -> i32 {
        -1
    }

    /// See [`__res_vinit`].
    #[unsafe(no_mangle)]
    extern "C" fn __res_iclose(_state: *mut (), _free: bool) {}

    /// The bounds of a thread's stack. Unknown: a stack overflow is then reported as a plain
    /// SIGSEGV.
    #[unsafe(no_mangle)]
    extern "C" fn pthread_getattr_np(_thread: usize, _attributes: *mut ()) -> i32 {
        const ENOSYS: i32 = 38;
        ENOSYS
    }

    /// Message translation. The launcher never leaves the C locale, in which the translation is the
    /// message itself.
    #[unsafe(no_mangle)]
    extern "C" fn __dcgettext(_domain: *const u8, message: *const u8, _category: i32) -> *const u8 {
        message
    }

    /// A failed assertion inside the C library.
    #[unsafe(no_mangle)]
    extern "C" fn __assert_fail(
        _promise: *const u8,
        _file: *const u8,
        _line: u32,
        _function: *const u8,
    ) -> ! {
        std::process::abort()
    }

    /// The frames of a panic. None: the launcher has neither unwind tables nor symbols; the message
    /// has the line.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Backtrace(_visit: *const (), _argument: *mut ()) -> i32 {
        const END_OF_STACK: i32 = 5;
        END_OF_STACK
    }
}
