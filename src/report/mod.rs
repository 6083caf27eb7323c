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

/// Told what a long piece of work does. Implementations only show; they decide nothing.
#[cfg(feature = "cli")]
pub trait Reporter: Sync {
    /// A phase begins.
    fn begin(&self, name: &str);
    /// How many bytes a phase that has begun is to do; `done` counts them.
    fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>);
    /// A part of a phase is over.
    fn part(&self, part: &Part);
    /// A phase is over: its name, what came of it, how long it took.
    fn phase(&self, name: &str, outcome: &str, took: Took);
}

/// What one thread did for a phase without a break, such as a frame of a slot.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub phase: &'a str,
    /// What it was done for, such as a slot.
    pub name: &'a str,
    /// Which of the threads that share the phase did it, from 0.
    pub thread: usize,
    pub began: Instant,
    pub ended: Instant,
    /// Bytes that went in and came out, where that has a meaning.
    pub bytes: Option<(u64, u64)>,
}
