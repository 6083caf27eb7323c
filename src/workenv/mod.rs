//! The cache of extracted packages.
//!
//! ```text
//! <cache>/CACHEDIR.TAG
//! <cache>/v2/slots/<key>/tree        one extracted slot, read-only, shared by all packages
//! <cache>/v2/slots/<key>/contents    its content list
//! <cache>/v2/slots/<key>/seal        marks it as complete
//! <cache>/v2/workenv/<id>/           a package's environment: links into slots, virtual environment
//! <cache>/v2/workenv/<id>/.flavor/   its seal
//! <cache>/v2/runs/<id>-<random>/     run directory
//! <cache>/v2/foreign/<key>/<name>    private copy of another tool's package
//! <cache>/v2/locks/                  lock files, never removed
//! <cache>/v2/staging/                work in progress; leftovers are removed
//! ```

mod cache;
mod compose;
#[cfg(feature = "cli")]
mod copy;
mod detached;
mod durability;
mod error;
mod evict;
mod extraction;
mod key;
mod manage;
mod materialise;
mod place;
mod provision;
mod publish;
mod run;
mod seal;
mod slots;
mod watch;

pub use cache::Cache;
#[cfg(feature = "cli")]
pub use copy::{CopyError, PrivateCopy};
pub use detached::{detach, start_detached};
pub use error::WorkenvError;
pub use evict::{COPIES_KEPT, Selection, bytes};
pub use key::{EnvId, SlotKey};
pub use manage::{Removal, SlotUse, Summary, Verification};
pub use materialise::{Start, Workenv, materialise, shared};
#[cfg(feature = "cli")]
pub use place::Foreseen;
pub use place::NoLastingCache;
pub use provision::{Check, Progress, Provision, SET_UP_LOG, SetUp};
pub use run::lazy_slot;
pub use seal::SourcePackage;
