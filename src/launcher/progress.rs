use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::report::Bytes;
use crate::workenv::Progress;

/// A first start that takes longer than this says so, on a terminal.
const QUIET: Duration = Duration::from_millis(300);
const STEP: Duration = Duration::from_millis(100);

/// One line on stderr that is gone again when the program starts. Silent when stderr is not a terminal.
#[derive(Default)]
pub(super) struct Line {
    drawing: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

impl Progress for Line {
    fn begin(&self, total: u64, done: &Arc<AtomicU64>) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let over = Arc::new(AtomicBool::new(false));
        let (seen, done) = (Arc::clone(&over), Arc::clone(done));
        // Without a thread to draw it there is no line.
        let thread = std::thread::Builder::new().spawn(move || draw(total, &done, &seen)).ok();
        *self.drawing.lock().unwrap_or_else(PoisonError::into_inner) = thread.map(|thread| (over, thread));
    }

    fn end(&self) {
        if let Some((over, thread)) = self.drawing.lock().unwrap_or_else(PoisonError::into_inner).take() {
            over.store(true, Ordering::Relaxed);
            thread.thread().unpark();
            // The thread only draws; how it ended does not matter.
            drop(thread.join());
        }
    }

    fn waiting(&self) {
        if std::io::stderr().is_terminal() {
            print("waiting for another process that extracts this package …\n");
        }
        tracing::info!("waiting for another process that extracts this package");
    }
}

fn draw(total: u64, done: &AtomicU64, over: &AtomicBool) {
    std::thread::park_timeout(QUIET);
    let mut drawn = false;
    while !over.load(Ordering::Relaxed) {
        let (now, left) = (done.load(Ordering::Relaxed), total.saturating_sub(done.load(Ordering::Relaxed)));
        print(&format!("\r\x1b[Kfirst start: {} extracted, {} to go", Bytes(now), Bytes(left)));
        drawn = true;
        std::thread::park_timeout(STEP);
    }
    if drawn {
        print("\r\x1b[K");
    }
}

/// A terminal that cannot be written to is no reason not to start.
fn print(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}
