//! What a user or a log is told: durations, sizes, log events. Decides nothing.

#[cfg(feature = "cli")]
mod bars;
mod log;
mod measure;
#[cfg(feature = "cli")]
mod terminal;
mod terminal_text;

pub use log::init as init_log;
pub use measure::{Bytes, Stopwatch, Took};
#[cfg(feature = "cli")]
pub use terminal::{Talk, TerminalReporter, clear_bars};
pub use terminal_text::{printable, printable_json};

#[cfg(feature = "cli")]
use std::sync::{Arc, atomic::AtomicU64};

/// Told what a long piece of work does. Implementations only show; they decide nothing.
#[cfg(feature = "cli")]
pub trait Reporter: Sync {
    /// A phase begins.
    fn begin(&self, name: &str);
    /// How many bytes a phase that has begun is to do; `done` counts them.
    fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>);
    /// A phase is over: its name, what came of it, how long it took.
    fn phase(&self, name: &str, outcome: &str, took: Took);
}
