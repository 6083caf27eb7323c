//! Records the phases of an operation with their times.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64};
use std::time::{Instant, SystemTime};

use serde::Serialize;

use super::load::{Load, Sampler};
use super::{Part, Reporter, Took};

/// The phases of an operation. Times count from its beginning.
#[derive(Clone, Debug)]
pub struct Recording {
    pub began: SystemTime,
    pub took: Took,
    /// In the order in which they ended.
    pub phases: Vec<PhaseSpan>,
    /// The same; empty without details.
    pub parts: Vec<PartSpan>,
    /// The load of the machine; empty without details.
    pub load: Vec<Load>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PhaseSpan {
    pub name: String,
    pub outcome: String,
    #[serde(rename = "begin_ms")]
    pub begin: Took,
    #[serde(rename = "took_ms")]
    pub took: Took,
}

/// See [`Part`].
#[derive(Clone, Debug, Serialize)]
pub struct PartSpan {
    pub phase: String,
    pub name: String,
    pub thread: usize,
    #[serde(rename = "begin_ms")]
    pub begin: Took,
    #[serde(rename = "took_ms")]
    pub took: Took,
    pub bytes: Option<(u64, u64)>,
}

/// Passes every event on to `inner`, and records it with the time.
pub struct Recorder<'a> {
    inner: &'a dyn Reporter,
    began: (SystemTime, Instant),
    sampler: Option<Sampler>,
    is_detailed: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    begun: BTreeMap<String, Instant>,
    /// From the first part of a phase to its last.
    extents: BTreeMap<String, (Instant, Instant)>,
    phases: Vec<PhaseSpan>,
    parts: Vec<PartSpan>,
}

impl<'a> Recorder<'a> {
    /// Details are every part and the load of the machine.
    pub fn start(inner: &'a dyn Reporter, is_detailed: bool) -> Self {
        let began = Instant::now();
        let sampler = if is_detailed {
            Sampler::start(began)
        } else {
            None
        };
        Self {
            inner,
            began: (SystemTime::now(), began),
            sampler,
            is_detailed,
            state: Mutex::default(),
        }
    }

    pub fn finish(self) -> Recording {
        let took = Took(self.began.1.elapsed());
        let load = self.sampler.map(Sampler::stop).unwrap_or_default();
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Recording {
            began: self.began.0,
            took,
            phases: state.phases,
            parts: state.parts,
            load,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn since_start(&self, time: Instant) -> Took {
        Took(time.saturating_duration_since(self.began.1))
    }
}

impl Reporter for Recorder<'_> {
    fn begin(&self, name: &str) {
        self.lock().begun.insert(name.into(), Instant::now());
        self.inner.begin(name);
    }

    fn measure(&self, name: &str, total: u64, done: Arc<AtomicU64>) {
        self.inner.measure(name, total, done);
    }

    fn part(&self, part: &Part) {
        let mut state = self.lock();
        let extent = state
            .extents
            .entry(part.phase.into())
            .or_insert((part.began, part.ended));
        *extent = (extent.0.min(part.began), extent.1.max(part.ended));
        if self.is_detailed {
            state.parts.push(PartSpan {
                phase: part.phase.into(),
                name: part.name.into(),
                thread: part.thread,
                begin: self.since_start(part.began),
                took: Took(part.ended.saturating_duration_since(part.began)),
                bytes: part.bytes,
            });
        }
        drop(state);
        self.inner.part(part);
    }

    fn phase(&self, name: &str, outcome: &str, took: Took) {
        let now = Instant::now();
        let mut state = self.lock();
        let extent = state.extents.remove(name);
        // A phase that is only reported at its end spans its parts; without parts it has just
        // ended.
        let (begin, end) = match (state.begun.remove(name), extent) {
            (Some(begin), _) => (begin, now),
            (None, Some(extent)) => extent,
            (None, None) => (now.checked_sub(took.0).unwrap_or(now), now),
        };
        state.phases.push(PhaseSpan {
            name: name.into(),
            outcome: outcome.into(),
            begin: self.since_start(begin),
            took: Took(end.saturating_duration_since(begin)),
        });
        drop(state);
        self.inner.phase(name, outcome, took);
    }
}
