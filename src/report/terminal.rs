use std::io::Write;
use std::sync::Mutex;

use super::{Reporter, Took};

/// How talkative a command is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Nothing but errors.
    Quiet,
    #[default]
    Normal,
    /// The beginning of every phase too.
    Progress,
}

/// Writes a line for each phase on stderr: aligned, and safe to be called from several threads.
pub struct TerminalReporter {
    talk: Talk,
    lines: Mutex<()>,
}

impl TerminalReporter {
    pub fn new(talk: Talk) -> Self {
        Self { talk, lines: Mutex::new(()) }
    }

    /// A line of talk.
    pub fn say(&self, line: &str) {
        if self.talk == Talk::Quiet {
            return;
        }
        let _whole = self.lines.lock();
        // With stderr gone there is nobody to tell.
        drop(writeln!(std::io::stderr(), "{}", super::printable(line)));
    }
}

impl Reporter for TerminalReporter {
    fn begin(&self, name: &str) {
        if self.talk == Talk::Progress {
            self.say(&format!("{name:>12}  …"));
        }
    }

    fn phase(&self, name: &str, outcome: &str, took: Took) {
        tracing::info!(phase = name, took = %took, "{outcome}");
        self.say(&format!("{name:>12}  {outcome} ({took})"));
    }
}
