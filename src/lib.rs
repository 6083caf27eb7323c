//! The code shared by `flavor` (the command) and `flavor-launcher` (the launcher at the start of
//! every package).
//!
//! Modules depend only on lower ones; `docs/architecture.md` has the map.

#![forbid(unsafe_code)]
// The modules of the launcher parse untrusted data: no arithmetic and no indexing there may panic.
// A clippy run for the launcher alone checks this.
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

pub mod codec;
pub mod config;
pub mod diagnostics;
pub mod format;
pub mod fs;
pub mod interrupt;
pub mod report;
pub mod target;

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
pub mod pyproject;
#[cfg(feature = "cli")]
pub mod python;
#[cfg(feature = "cli")]
pub mod stub;
