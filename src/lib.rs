//! The parts that `flavor` (the command) and `flavor-launcher` (the stub at the front of every package) share.
//!
//! Arrows point down only; `docs/architecture.md` has the map.

#![forbid(unsafe_code)]
// All that a launcher consists of reads what others wrote: no arithmetic and no index there may panic. Checked by a run of
// clippy for the launcher alone.
#![cfg_attr(
    not(feature = "cli"),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

pub mod config;
pub mod diagnostics;
pub mod format;
pub mod fs;
pub mod interrupt;
pub mod report;

pub mod package;
pub mod sign;
pub mod slot;
pub mod trust;
pub mod workenv;

pub mod launcher;

#[cfg(feature = "cli")]
pub mod analysis;
#[cfg(feature = "cli")]
pub mod elf;
#[cfg(feature = "cli")]
pub mod evidence;
#[cfg(feature = "cli")]
pub mod libraries;
#[cfg(feature = "cli")]
pub mod manifest;
#[cfg(feature = "cli")]
pub mod pack;
#[cfg(feature = "cli")]
pub mod python;
#[cfg(feature = "cli")]
pub mod stub;
