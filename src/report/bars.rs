//! Progress on a terminal: a line for each phase that takes long, and a bar if bytes are counted.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter phases are not shown.
const DELAY: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// The bars on the terminal, which other output has to hide while it is written.
static SHOWN: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// The bars of one piece of work.
pub(super) struct Bars {
    shared: Arc<Shared>,
}

struct Shared {
    all: MultiProgress,
    phases: Mutex<BTreeMap<String, Phase>>,
    over: AtomicBool,
}

struct Phase {
    begin: Instant,
    bytes: Option<(u64, Arc<AtomicU64>)>,
    bar: Option<ProgressBar>,
}

/// Whether bars can be displayed: not in the log of a continuous integration service, even if it
/// claims to be a terminal.
pub(super) fn are_wanted() -> bool {
    let is_set =
        |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stderr().is_terminal() && !is_set("CI") && !is_dumb
}

impl Bars {
    pub(super) fn new() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        *lock(&SHOWN) = Some(all.clone());
        let shared = Arc::new(Shared {
            all,
            phases: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let ticking = Arc::clone(&shared);
        // If the thread cannot be started, there are no bars.
        drop(
            std::thread::Builder::new()
                .name("bars".into())
                .spawn(move || {
                    while !ticking.over.load(Ordering::Relaxed) {
                        ticking.tick();
                        std::thread::sleep(TICK);
                    }
                }),
        );
        Self { shared }
    }

    pub(super) fn begin(&self, name: &str) {
        let phase = Phase {
            begin: Instant::now(),
            bytes: None,
            bar: None,
        };
        lock(&self.shared.phases).insert(name.into(), phase);
    }

    pub(super) fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>) {
        if let Some(phase) = lock(&self.shared.phases).get_mut(name) {
            phase.bytes = Some((total, done));
            if let Some(bar) = phase.bar.take() {
                bar.finish_and_clear();
            }
        }
    }

    pub(super) fn end(&self, name: &str) {
        if let Some(bar) = lock(&self.shared.phases)
            .remove(name)
            .and_then(|phase| phase.bar)
        {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        lock(&self.shared.phases).clear();
        clear();
    }
}

impl Shared {
    fn tick(&self) {
        for (name, phase) in lock(&self.phases).iter_mut() {
            if phase.begin.elapsed() < DELAY {
                continue;
            }
            let bar = phase.bar.get_or_insert_with(|| {
                let bar = self.all.add(match &phase.bytes {
                    Some((total, _)) => ProgressBar::new(*total).with_style(style(
                        "{prefix:>12}  [{bar:30}] {decimal_bytes} of {decimal_total_bytes} ({elapsed})",
                    )),
                    None => ProgressBar::new_spinner().with_style(style("{prefix:>12}  {spinner} {elapsed}")),
                });
                bar.set_prefix(super::printable(name).into_owned());
                bar
            });
            if let Some((_, done)) = &phase.bytes {
                bar.set_position(done.load(Ordering::Relaxed));
            }
            bar.tick();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}

/// Removes the bars permanently: the process ends, or another program uses the terminal.
pub fn clear() {
    if let Some(all) = lock(&SHOWN).take() {
        // If the terminal is closed, there is nothing to clear.
        drop(all.clear());
        all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// Writes to stderr, above the bars if there are any.
pub(super) fn write(text: &str) {
    let write = || drop(io::stderr().write_all(text.as_bytes()));
    match &*lock(&SHOWN) {
        Some(all) => all.suspend(write),
        None => write(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
