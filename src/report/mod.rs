//! Output for users and logs: durations, sizes, log events. Decides nothing.

#[cfg(feature = "cli")]
mod bars;
#[cfg(feature = "cli")]
mod excerpt;
mod exit_status;
#[cfg(feature = "cli")]
mod load;
mod log;
mod measure;
#[cfg(feature = "cli")]
mod recording;
#[cfg(feature = "cli")]
mod redact;
#[cfg(feature = "cli")]
mod terminal;
mod terminal_text;

#[cfg(feature = "cli")]
pub use excerpt::{Position, SourceText, shown};
pub use exit_status::ended;
#[cfg(feature = "cli")]
pub use load::Load;
#[cfg(feature = "cli")]
pub use log::LogFormat;
pub use log::init as init_log;
pub use measure::{Bytes, Stopwatch, Took, counted};
#[cfg(feature = "cli")]
pub use recording::{PartSpan, PhaseSpan, Recorder, Recording};
#[cfg(feature = "cli")]
pub use redact::{fingerprinted, redact, without_secrets, without_user};
#[cfg(feature = "cli")]
pub use terminal::{Talk, TerminalReporter, clear_bars};
#[cfg(feature = "cli")]
pub use terminal_text::printable_path;
pub use terminal_text::{printable, printable_json};

#[cfg(feature = "cli")]
use std::sync::{Arc, atomic::AtomicU64};
#[cfg(feature = "cli")]
use std::time::Instant;

/// Receives the progress of a long operation. Implementations only display it; they decide nothing.
#[cfg(feature = "cli")]
pub trait Reporter: Sync {
    /// A phase begins.
    fn begin(&self, name: &str);
    /// The number of bytes that a phase will process; `done` counts those processed so far.
    fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>);
    /// A part of a phase ends.
    fn part(&self, part: &Part);
    /// A phase ends, with its outcome and duration.
    fn phase(&self, name: &str, outcome: &str, took: Took);
}

/// The uninterrupted work of one thread for a phase, such as a frame of a slot.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub phase: &'a str,
    /// What was processed, such as a slot.
    pub name: &'a str,
    /// The number of the thread within the phase, from 0.
    pub thread: usize,
    pub began: Instant,
    pub ended: Instant,
    /// Bytes before and after, where that has a meaning.
    pub bytes: Option<(u64, u64)>,
}
