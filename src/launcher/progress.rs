use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::report::{Bytes, printable};
use crate::workenv::Progress;

/// A first start that takes longer than this shows progress, on a terminal.
const QUIET: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);

/// A progress line on stderr, erased when the program starts. Not shown if stderr is not a
/// terminal.
#[derive(Default)]
pub(super) struct Line {
    drawing: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

impl Line {
    /// Shows the result of `text` until [`Progress::end`]; nothing if that comes early enough.
    fn show(&self, text: impl Fn() -> String + Send + 'static) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        // If no thread can be started, no line is shown.
        let thread = std::thread::Builder::new().spawn(move || draw(&text, &seen));
        *self.drawing.lock().unwrap_or_else(PoisonError::into_inner) =
            thread.ok().map(|thread| (over, thread));
    }
}

impl Progress for Line {
    fn begin(&self, total: u64, done: &Arc<AtomicU64>) {
        let (begun, done) = (Instant::now(), Arc::clone(done));
        self.show(move || extracting(total, done.load(Ordering::Relaxed), begun.elapsed()));
    }

    fn setting_up(&self) {
        self.show(|| "first start: setting up".into());
    }

    fn waiting(&self, what: &str) {
        let what = printable(what).into_owned();
        tracing::info!("waiting for {what}");
        self.show(move || format!("waiting for {what}"));
    }

    fn end(&self) {
        if let Some((over, thread)) = self
            .drawing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            over.store(true, Ordering::Relaxed);
            thread.thread().unpark();
            // The thread only draws, so its result does not matter.
            drop(thread.join());
        }
    }
}

/// Progress of an extraction: bytes, and the estimated time left at the average rate.
fn extracting(total: u64, done: u64, elapsed: Duration) -> String {
    let text = format!("first start: {} of {} extracted", Bytes(done), Bytes(total));
    let left = u128::from(total.saturating_sub(done));
    match elapsed
        .as_millis()
        .saturating_mul(left)
        .checked_div(u128::from(done))
    {
        Some(millis) => format!("{text}, {} s left", millis.div_ceil(1000)),
        None => text,
    }
}

fn draw(text: &dyn Fn() -> String, over: &AtomicBool) {
    std::thread::park_timeout(QUIET);
    let mut drawn = false;
    while !over.load(Ordering::Relaxed) {
        print(&format!("\r\x1b[K{}", text()));
        drawn = true;
        std::thread::park_timeout(STEP);
    }
    if drawn {
        print("\r\x1b[K");
    }
}

/// Errors in writing to the terminal must not prevent the start.
fn print(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_pace() {
        let after = |done, millis| extracting(80_000_000, done, Duration::from_millis(millis));
        assert_eq!(after(0, 300), "first start: 0 B of 80.0 MB extracted");
        assert_eq!(
            after(20_000_000, 1000),
            "first start: 20.0 MB of 80.0 MB extracted, 3 s left"
        );
        assert_eq!(
            after(80_000_000, 1000),
            "first start: 80.0 MB of 80.0 MB extracted, 0 s left"
        );
    }
}
