//! The contents of a package and their cost: entries, distributions, modules, duplicates, native
//! files, advice, differences.
//!
//! Everything is read from the slots themselves. Independent of output: results are plain values.

mod advice;
mod contents;
mod diff;
mod distribution;
mod duplicates;
mod module;
mod native;
mod read;
mod tree;

pub use advice::{Advice, advise};
pub use contents::{Contents, PackedDistribution, PackedEntry, SlotContents};
pub use diff::{Change, Diff, Size, diff};
pub use duplicates::{Duplicate, duplicates};
pub use module::{ModuleSize, modules};
pub use native::NativeFile;
pub use tree::{Node, tree};
