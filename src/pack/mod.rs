//! `pack`: turns a checked manifest and settings into a package.
//!
//! ```text
//! Manifest ─ languages ─▶ Application                              trees and programs
//! its slots and the manifest's own ─ slots::plan ─▶ [SlotPlan]      with all inputs of their bytes
//! [SlotPlan] ─ encoded ─▶ [Stored] ─ seal ─▶ Metadata ─ output ─▶ the package
//! ```
//!
//! A language of applications is a folder, such as `python`, and a line in `languages`; no other
//! stage knows one. Every step uses the build cache (`cache`): results of equal inputs are reused.

mod application;
mod attestation;
mod built;
mod cache;

mod contents;
mod context;
mod encoded;
mod error;
#[cfg(test)]
mod example_language;
mod history;
mod hooks;
mod ignored;
mod input;
mod key;
mod language;
mod languages;
mod native;
mod needs;
mod output;
mod python;
mod report;
mod reproducible;
mod seal;
mod settings;
mod slim;
mod slots;
mod stages;
mod startable;
mod warning;

pub use cache::{CacheStats, CacheUse, Cleaned, Layer, LayerStats, Step, cache_stats, clean_cache};
pub use contents::{ListedFile, ListedSlot, Listing, list_files};
pub use error::BuildError;
pub use history::Build;
pub use hooks::{FailedHook, run_post_build, run_pre_build};
pub use input::{InputError, ReadInput, manifest_above, read_input};
pub use key::{Key, KeySource, PRIVATE_KEY_VARIABLE, SigningKey, own_key_path};
pub use native::{Carried, Stripped};
pub use needs::Needs;
pub use python::{Fault, Place, Remedy};
pub use report::{PackReport, SlotReport};
pub use reproducible::{BuildRecord, Difference, check_reproducible, compare, rebuild};
pub use seal::OWN_LAUNCHER;
pub use settings::{Arguments, Settings, SettingsError};
pub use slim::{Slimmed, SlimmedKind};
pub use slots::leads_outside;
pub use stages::pack;
pub use warning::{Finding, Lacking};
