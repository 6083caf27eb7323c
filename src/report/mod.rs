//! What a user or a log is told: durations, sizes, log events. Decides nothing.

mod log;
mod measure;
#[cfg(feature = "cli")]
mod terminal;
mod terminal_text;

pub use log::init as init_log;
pub use measure::{Bytes, Stopwatch, Took};
#[cfg(feature = "cli")]
pub use terminal::{Talk, TerminalReporter};
pub use terminal_text::{printable, printable_json};

/// Told what a long piece of work does. Implementations only show; they decide nothing.
pub trait Reporter: Sync {
    /// A phase begins.
    fn begin(&self, name: &str);
    /// A phase is over: its name, what came of it, how long it took.
    fn phase(&self, name: &str, outcome: &str, took: Took);
}
