//! The cache of extracted packages.
//!
//! ```text
//! <cache>/CACHEDIR.TAG
//! <cache>/v1/slots/<key>/tree        one slot, extracted once, read-only, shared by every package that has it
//! <cache>/v1/slots/<key>/seal        what it was made from
//! <cache>/v1/workenv/<id>/           a package's environment: links into slots, and what makes it a virtual environment
//! <cache>/v1/workenv/<id>/.flavor/   its seal
//! <cache>/v1/locks/                  files that are locked and never removed
//! <cache>/v1/staging/                work in progress; whatever is left by a killed process is swept
//! ```

mod cache;
mod compose;
mod error;
mod key;
mod manage;
mod materialise;
mod seal;
mod slots;
mod watch;

pub use cache::Cache;
pub use error::WorkenvError;
pub use key::{EnvId, SlotKey};
pub use manage::{Removal, SlotUse, Summary};
pub use materialise::{Progress, Start, Workenv, materialise};
