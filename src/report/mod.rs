//! What a user or a log is told: durations, sizes, log events. Decides nothing.

mod log;
mod measure;
mod terminal_text;

pub use log::init as init_log;
pub use measure::{Bytes, Stopwatch, Took};
pub use terminal_text::printable;
