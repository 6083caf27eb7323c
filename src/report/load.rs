//! The load of the machine's processors, from `/proc/stat` (proc(5)).

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Took;

/// The kernel counts in ticks of 10 ms per processor.
const INTERVAL: Duration = Duration::from_millis(50);

/// The load over an interval that ends at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Since the beginning.
    #[serde(rename = "at_ms")]
    pub at: Took,
    /// Share of all processors, 0 to 1, by all programs together.
    pub busy: f64,
}

/// Measures the load until it is stopped.
pub(super) struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Vec<Load>>,
}

impl Sampler {
    /// `None` if its thread cannot be started.
    pub(super) fn start(began: Instant) -> Option<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("load".into())
            .spawn(move || sample(began, &stopped))
            .ok()?;
        Some(Self { stop, thread })
    }

    pub(super) fn stop(self) -> Vec<Load> {
        drop(self.stop);
        self.thread.join().unwrap_or_default()
    }
}

fn sample(began: Instant, stopped: &Receiver<()>) -> Vec<Load> {
    let mut samples = Vec::new();
    let Some(mut last) = processor_time() else {
        return samples;
    };
    loop {
        let is_over = !matches!(
            stopped.recv_timeout(INTERVAL),
            Err(RecvTimeoutError::Timeout)
        );
        let Some(now) = processor_time() else {
            return samples;
        };
        let (all, idle) = (
            now.all.saturating_sub(last.all),
            now.idle.saturating_sub(last.idle),
        );
        if all > 0 {
            #[expect(clippy::cast_precision_loss, reason = "ticks of a pack")]
            let busy = all.saturating_sub(idle) as f64 / all as f64;
            samples.push(Load {
                at: Took(began.elapsed()),
                busy,
            });
            last = now;
        }
        if is_over {
            return samples;
        }
    }
}

/// Ticks since the machine was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProcessorTime {
    all: u64,
    idle: u64,
}

fn processor_time() -> Option<ProcessorTime> {
    parse(&std::fs::read_to_string("/proc/stat").ok()?)
}

/// The first line counts user, nice, system, idle, iowait, irq, softirq and steal. Further fields
/// are included in user and nice.
fn parse(stat: &str) -> Option<ProcessorTime> {
    let numbers = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .take(8);
    let numbers: Vec<u64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    let idle = numbers.get(3)?.saturating_add(*numbers.get(4)?);
    Some(ProcessorTime {
        all: numbers.iter().sum(),
        idle,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_are_not_counted_twice_and_waiting_is_idle() {
        let stat = "cpu  100 20 30 400 50 6 7 8 90 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        assert_eq!(
            parse(stat),
            Some(ProcessorTime {
                all: 621,
                idle: 450
            })
        );
        assert_eq!(parse("cpu  1 2"), None);
        assert_eq!(parse(""), None);
    }
}
