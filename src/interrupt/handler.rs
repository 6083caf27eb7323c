use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_conditional_shutdown;
use signal_hook::iterator::Signals;

use super::descendants;

/// How long threads that are still writing may delay the removal of a directory.
const PATIENCE: Duration = Duration::from_secs(3);

static STATE: Mutex<State> = Mutex::new(State {
    next: 0,
    leftovers: BTreeMap::new(),
    stopping: false,
});
/// Whether a signal has arrived. A second one ends the process at once.
static STOPPING: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

struct State {
    next: u64,
    leftovers: BTreeMap<u64, PathBuf>,
    /// From here on nothing is created that would have to be removed.
    stopping: bool,
}

/// Handles SIGINT, SIGTERM and SIGHUP from now on, unless they are ignored: a background job may be
/// meant to outlast the terminal (nohup).
///
/// `remove` removes a file or a directory tree, and returns whether it is gone.
pub fn watch(remove: fn(&Path) -> bool) {
    let ignored = ignored();
    let signals: Vec<i32> = [SIGINT, SIGTERM, SIGHUP]
        .into_iter()
        .filter(|signal| ignored & (1 << (signal - 1)) == 0)
        .collect();
    for signal in &signals {
        drop(register_conditional_shutdown(
            *signal,
            128 + signal,
            Arc::clone(&STOPPING),
        ));
    }
    // If the thread cannot be started, signals keep their default action.
    let Ok(mut signals) = Signals::new(signals) else {
        return;
    };
    drop(
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    stop(signal, remove);
                }
            }),
    );
}

/// The signals that the parent process set to be ignored, one bit each; none if `/proc` is not
/// available.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state, for a process that is not being stopped. Otherwise this blocks.
fn going_on() -> MutexGuard<'static, State> {
    let state = state();
    if state.stopping {
        drop(state);
        loop {
            thread::park();
        }
    }
    state
}

/// Does not return if a signal is ending the process: the exit status of a child that was stopped
/// says nothing about its work.
pub fn wait_if_stopping() {
    drop(going_on());
}

pub(super) fn note_leftover<T, E>(
    path: &Path,
    make: impl FnOnce() -> Result<T, E>,
) -> Result<(u64, T), E> {
    // The path must be valid whatever the working directory is by then.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let mut state = going_on();
    let value = make()?;
    let number = state.next;
    state.next += 1;
    state.leftovers.insert(number, path);
    Ok((number, value))
}

pub(super) fn forget_leftover(number: u64) {
    state().leftovers.remove(&number);
}

fn stop(signal: i32, remove: fn(&Path) -> bool) -> ! {
    STOPPING.store(true, Ordering::SeqCst);
    let leftovers = {
        let mut state = state();
        state.stopping = true;
        std::mem::take(&mut state.leftovers)
    };
    crate::report::clear_bars();
    descendants::stop();
    let begin = Instant::now();
    for path in leftovers.values() {
        // Threads that are still working may add entries during the removal.
        while !remove(path) && begin.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
    }
    #[expect(
        clippy::exit,
        reason = "other threads are in the middle of work that is abandoned"
    )]
    std::process::exit(128 + signal)
}
