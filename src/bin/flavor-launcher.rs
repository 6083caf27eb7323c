//! The stub at the front of every package.

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
            // With stderr gone there is nobody to tell.
            drop(io::stderr().write_all(error.to_message().as_bytes()));
            ExitCode::from(error.exit_code())
        }
    }
}

/// Returns only when there was nothing to start.
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
        // Names are for programs as they are, and for people as they may see them. A closed pipe is success.
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

/// Refuses to run with rights that its caller does not have: the caller chooses cache, settings and variables.
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

/// The one call to the system that neither std nor rustix has.
#[expect(unsafe_code)]
mod system {
    /// Marks all descriptors but the first three so that `exec` closes them. Kernels before 5.11 cannot; there they stay.
    pub(super) fn close_rest_at_exec() {
        unsafe extern "C" {
            fn syscall(number: i64, first: i64, last: i64, flags: i64) -> i64;
        }
        const CLOSE_RANGE: i64 = 436;
        const CLOSE_ON_EXEC: i64 = 4;
        // SAFETY: the numbers are the kernel's for all processors; it takes no addresses, and no descriptor is closed here.
        _ = unsafe { syscall(CLOSE_RANGE, 3, i64::from(u32::MAX), CLOSE_ON_EXEC) };
    }
}

/// C functions that serve messages of the C library alone: a crash in more detail, another language, another encoding; and
/// what a static program has no use for: modules loaded at run time, the resolver's state in every thread. Answering for
/// them here lets the linker leave out what hangs on them: std's reader of debug information, glibc's `printf` and `sscanf`
/// with their numbers, locales and encodings, its dynamic loader. Without that the stub is half as large again, and a start
/// is spared reading `/proc/self/maps`.
///
/// With [`system`] the crate's only exceptions to `unsafe_code`: the names are the C library's, the functions touch nothing.
#[cfg(all(
    target_os = "linux",
    target_env = "gnu",
    target_feature = "crt-static",
    panic = "abort"
))]
#[expect(unsafe_code)]
mod without_details {
    /// What std looks for in case the C library has it. Not known: std has another way for everything.
    #[unsafe(no_mangle)]
    extern "C" fn dlsym(_library: *const (), _name: *const u8) -> *const () {
        std::ptr::null()
    }

    /// All that `printf` and its kin have in common. Nobody prints by it: Rust formats by itself, and the number of an error
    /// without a name, which `strerror_r` would put into words, is told beside the words.
    #[unsafe(no_mangle)]
    extern "C" fn __vfprintf_internal(
        _to: *mut (),
        _format: *const u8,
        _arguments: *mut (),
        _flags: u32,
    ) -> i32 {
        -1
    }

    /// How the C locale converts characters, for streams of wide ones; here are none.
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

    /// The resolver, of which every thread has a part. Nothing here asks for the address of a host.
    #[unsafe(no_mangle)]
    extern "C" fn __res_vinit(_state: *mut (), _preinit: i32) -> i32 {
        -1
    }

    /// See [`__res_vinit`].
    #[unsafe(no_mangle)]
    extern "C" fn __res_iclose(_state: *mut (), _free: bool) {}

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
    extern "C" fn __assert_fail(
        _promise: *const u8,
        _file: *const u8,
        _line: u32,
        _function: *const u8,
    ) -> ! {
        std::process::abort()
    }

    /// The frames of a panic. None: the stub has neither unwind tables nor symbols; the message names the line.
    #[unsafe(no_mangle)]
    extern "C" fn _Unwind_Backtrace(_visit: *const (), _argument: *mut ()) -> i32 {
        const END_OF_STACK: i32 = 5;
        END_OF_STACK
    }
}
