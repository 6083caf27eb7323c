//! What the tests need of this machine: `tests/setup/run` gets it, once, before the first test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};

use signal_hook::consts::{FORBIDDEN, SIGPIPE};
use signal_hook::flag;

/// Where everything is that the set-up has got: `target/interop`.
pub(crate) fn directory() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target directory");
    target.join("interop")
}

/// Prepares the machine and this process. Whatever a test needs beside `flavor` comes after this.
pub(crate) fn prepare() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        reset_signals();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/setup/run");
        // Its words go to the real stderr, past the capture of a test's output.
        let status = Command::new(&program)
            .arg(directory())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if !status.as_ref().is_ok_and(std::process::ExitStatus::success) {
            let said = format!(
                "tests: {} did not do its work: {status:?}\n",
                program.display()
            );
            // Without stderr there is nobody to tell; the tests tell what they miss.
            drop(std::io::stderr().write_all(said.as_bytes()));
        }
    });
}

/// Gives the children of this process the default dispositions of all signals.
///
/// Under `nohup`, or in the background of a script, some signals are ignored, and children inherit that. A handler is not
/// inherited: one that does nothing leaves this process as it is.
fn reset_signals() {
    let status = std::fs::read_to_string("/proc/self/status").expect("this process");
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .expect("the ignored signals");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a mask");
    // The standard library resets SIGPIPE, which it ignores itself.
    let kept = |signal: &i32| *signal == SIGPIPE || FORBIDDEN.contains(signal);
    for signal in (1..32).filter(|signal| ignored >> (signal - 1) & 1 == 1 && !kept(signal)) {
        flag::register(signal, Arc::new(AtomicBool::new(false))).expect("a handler");
    }
}
