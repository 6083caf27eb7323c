//! The log of `flavor`: levels by module, as text or JSON, optionally with times.

use std::fmt;
use std::io;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{DefaultFields, Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::line::Line;
use super::{directives, printable};
use crate::report::bars;

/// The format of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogFormat {
    /// One JSON object per line, instead of `LEVEL message name=value …`.
    pub json: bool,
    /// Lines begin with the time in UTC (RFC 3339).
    pub time: bool,
}

/// Sends log events to stderr: those that the environment asks for, else those up to `default`.
pub fn init(default: Option<LevelFilter>, format: LogFormat) {
    let targets: Targets = directives(default).into_iter().collect();
    let layer = tracing_subscriber::fmt::layer().with_writer(Lines);
    let subscriber = tracing_subscriber::registry().with(targets);
    // Only a second call could fail, and there is none.
    drop(match format {
        LogFormat { json: false, time } => {
            let layer = layer.fmt_fields(DefaultFields::new());
            subscriber
                .with(layer.event_format(Text { time }))
                .try_init()
        }
        LogFormat {
            json: true,
            time: true,
        } => {
            let layer = layer.fmt_fields(JsonFields::new());
            subscriber.with(layer.event_format(json())).try_init()
        }
        LogFormat {
            json: true,
            time: false,
        } => {
            let layer = layer.fmt_fields(JsonFields::new());
            subscriber
                .with(layer.event_format(json().without_time()))
                .try_init()
        }
    });
}

fn json() -> Format<Json> {
    tracing_subscriber::fmt::format()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
}

/// Writes each event to stderr by one call, so that lines of several processes do not mix.
struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        Self
    }
}

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        bars::write(&format!("{}\n", printable(text.trim_end_matches('\n'))));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `LEVEL message name=value …`, the format of launchers.
struct Text {
    time: bool,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> tracing_subscriber::fmt::FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if self.time {
            SystemTime.format_time(&mut writer)?;
            writer.write_char(' ')?;
        }
        writeln!(writer, "{}", Line::of(event))
    }
}
