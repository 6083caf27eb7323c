use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a program has ended, as it reads after its name: `ended with 3`.
pub fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with {code}"),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    }
}
