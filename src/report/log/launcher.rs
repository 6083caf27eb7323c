//! The launcher's subscriber: one level for all modules, no spans, one format.

use std::io::{self, Write as _};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::line::Line;
use super::{ROOT, directives};
use crate::report::printable;

/// Sends log events to stderr if the environment requests them; otherwise there is no subscriber,
/// and an event costs one comparison.
///
/// `default` applies when no variable is set; `None` means silence.
pub fn init(default: Option<LevelFilter>) {
    let level = directives(default)
        .into_iter()
        .rfind(|(module, _)| module == ROOT)
        .map(|(_, level)| level);
    if let Some(level) = level.filter(|level| *level != LevelFilter::OFF) {
        // Only a second call could fail, and there is none.
        drop(tracing::subscriber::set_global_default(Lines { level }));
    }
}

/// Writes events; launchers have no spans.
struct Lines {
    level: LevelFilter,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Libraries have events too.
        *metadata.level() <= self.level && metadata.target().starts_with(ROOT)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn event(&self, event: &Event<'_>) {
        let text = Line::of(event).to_string();
        // One write per line, so that lines of several processes do not mix. If stderr is closed,
        // nothing can be reported.
        drop(io::stderr().write_all(format!("{}\n", printable(&text)).as_bytes()));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
