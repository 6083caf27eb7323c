//! Ctrl-C and its kin: children are stopped, what is half made is removed, and the process ends with 128 and the signal's
//! number.
//!
//! Whoever makes something that must not stay says so by a [`Leftover`]; whoever has waited for a child calls
//! [`after_child`]. In a package's launcher both do nothing: what it leaves is swept by the next start.

#[cfg(feature = "cli")]
mod descendants;
#[cfg(feature = "cli")]
mod handler;
mod leftover;

#[cfg(feature = "cli")]
pub use handler::{wait_if_stopping, watch};
pub use leftover::Leftover;

/// To be called with the outcome of every child. When the process was told to stop, this does not return: what a child says
/// that was stopped is not what became of its work.
#[cfg(feature = "cli")]
pub fn after_child(status: std::process::ExitStatus) {
    if !status.success() {
        // Ctrl-C reaches both at once; the child may be the quicker one.
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    wait_if_stopping();
}

/// A launcher is not told to stop: it just ends.
#[cfg(not(feature = "cli"))]
pub fn after_child(_: std::process::ExitStatus) {}
