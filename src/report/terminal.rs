use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

use super::bars::{self, Bars};
use super::{Part, Reporter, Took, printable};
use crate::diagnostics::Code;

pub use super::bars::clear as clear_bars;

/// The verbosity of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Only errors.
    Quiet,
    #[default]
    Normal,
    /// Also the beginning of every phase.
    Progress,
}

const PHASE: Style = AnsiColor::Green.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Writes an aligned line for each phase to stderr, from any number of threads. On a terminal, long
/// phases also show their progress.
pub struct TerminalReporter {
    talk: Talk,
    bars: Option<Bars>,
}

impl TerminalReporter {
    pub fn new(talk: Talk) -> Self {
        Self {
            talk,
            bars: (talk != Talk::Quiet && bars::are_wanted()).then(Bars::new),
        }
    }

    /// Writes a message of one line.
    pub fn say(&self, line: &str) {
        self.write(printable(line).as_ref());
    }

    /// Writes a warning with its remedy.
    pub fn warn(&self, code: Option<Code>, text: &str, hint: Option<&str>) {
        let code = code.map_or(String::new(), |code| format!("[{code}]"));
        for (at, line) in text.lines().enumerate() {
            let line = printable(line);
            self.write(&if at == 0 {
                format!("{WARNING}warning{code}{WARNING:#}: {line}")
            } else {
                line.into_owned()
            });
        }
        if let Some(hint) = hint {
            self.write(&format!("{HINT}hint{HINT:#}: {}", printable(hint)));
        }
    }

    /// Writes a line with our own styles, which are removed if colours are disabled.
    fn write(&self, line: &str) {
        if self.talk == Talk::Quiet {
            return;
        }
        let choice = AutoStream::choice(&std::io::stderr());
        let mut plain = AutoStream::new(Vec::new(), choice);
        // Writing to memory cannot fail.
        drop(std::io::Write::write_all(
            &mut plain,
            format!("{line}\n").as_bytes(),
        ));
        // One write per line, so that lines of several threads do not mix.
        bars::write(&String::from_utf8_lossy(&plain.into_inner()));
    }

    fn phase_line(&self, name: &str, text: &str) {
        // Aligned without the styles, because escapes have no width.
        let name = format!("{:>12}", printable(name));
        self.write(&format!("{PHASE}{name}{PHASE:#}  {}", printable(text)));
    }
}

impl Reporter for TerminalReporter {
    fn begin(&self, name: &str) {
        if let Some(bars) = &self.bars {
            bars.begin(name);
        }
        if self.talk == Talk::Progress {
            self.phase_line(name, "…");
        }
    }

    fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>) {
        if let Some(bars) = &self.bars {
            bars.measure(name, total, done);
        }
    }

    fn part(&self, _: &Part) {}

    fn phase(&self, name: &str, outcome: &str, took: Took) {
        if let Some(bars) = &self.bars {
            bars.end(name);
        }
        // The log has the same text in a form for programs.
        if tracing::enabled!(tracing::Level::INFO) {
            tracing::info!(phase = name, took = %took, "{outcome}");
        } else {
            self.phase_line(name, &format!("{outcome} ({took})"));
        }
    }
}
