//! `pack`: a checked manifest and settings become a package.
//!
//! ```text
//! Manifest ─ python::discover, install, runtime, bytecode ─▶ trees       (only for Python applications)
//! trees and the manifest's own slots ─ slots::plan ─▶ [SlotPlan]          every refusal happens by here
//! [SlotPlan] ─ slot::encode ─▶ [EncodedSlot] ─ seal ─▶ Metadata ─ package::write ─▶ temporary file ─ rename ─▶ PackReport
//! ```

mod application;
mod cache;
mod encoded;
mod error;
mod key;
mod native;
mod pack;
mod seal;
mod settings;
mod slots;

pub use error::BuildError;
pub use key::{KeySource, SigningKey};
pub use native::Stripped;
pub use pack::{PackReport, SlotReport, pack};
pub use seal::OWN_LAUNCHER;
pub use settings::Settings;
