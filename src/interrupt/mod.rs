//! Ctrl-C and other termination signals: children are stopped, incomplete files are removed, and
//! the process exits with 128 plus the signal's number.
//!
//! Code that creates a temporary path registers it as a [`Leftover`]; code that has waited for a
//! child calls [`after_child`]. In a package's launcher both do nothing: the next start removes
//! what it leaves.

#[cfg(feature = "cli")]
mod descendants;
#[cfg(feature = "cli")]
mod handler;
mod leftover;

#[cfg(feature = "cli")]
pub use handler::{wait_if_stopping, watch};
pub use leftover::Leftover;

/// Called with the outcome of every child. Does not return if a signal is ending the process: the
/// exit status of a child that was stopped says nothing about its work.
#[cfg(feature = "cli")]
pub fn after_child(status: std::process::ExitStatus) {
    if !status.success() {
        // Ctrl-C reaches both at once, and the child may end first.
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    wait_if_stopping();
}

/// A launcher does not handle signals: it just ends.
#[cfg(not(feature = "cli"))]
pub fn after_child(_: std::process::ExitStatus) {}
