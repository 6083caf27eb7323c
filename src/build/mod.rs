//! `pack`: a checked manifest and settings become a package.
//!
//! ```text
//! Manifest ─ application ─▶ trees                                  (only for Python applications)
//! trees and the manifest's own slots ─ slots::plan ─▶ [SlotPlan]    each with everything that its bytes depend on
//! [SlotPlan] ─ encoded ─▶ [Stored] ─ seal ─▶ Metadata ─ output ─▶ the package
//! ```
//!
//! Every arrow goes by way of the build cache ([`cache`]): what the same inputs made before is not made again.

mod application;
mod attestation;
mod cache;
mod encoded;
mod error;
mod history;
mod ignored;
mod key;
mod native;
mod output;
mod pack;
mod reproducible;
mod seal;
mod settings;
mod slim;
mod slots;

pub use cache::{CacheStats, CacheUse, Cleaned, Layer, LayerStats, Step, cache_stats, clean_cache};
pub use error::BuildError;
pub use history::Build;
pub use key::{KeySource, SigningKey};
pub use native::Stripped;
pub use pack::{PackReport, SlotReport, pack};
pub use reproducible::{Difference, check_reproducible, compare, rebuild};
pub use seal::OWN_LAUNCHER;
pub use settings::Settings;
pub use slim::{Slimmed, SlimmedKind};
