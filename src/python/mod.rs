//! Python: finds an interpreter, installs a project and its dependencies for it, compiles bytecode.
//!
//! Each step turns named inputs into a tree on disk. Independent of slots and packages.

pub mod bytecode;
mod child;
mod command;
mod core_metadata;
pub mod imports;
pub mod install;
pub mod interpreter;
mod markers;
pub mod reach;
pub mod runtime;
pub mod source;
pub mod start;
mod worker;

pub use command::{StartError, redact};
pub use core_metadata::CoreMetadata;
pub use install::recorded_paths;
pub use interpreter::{Interpreter, Kind, ProbeMemory, Request, discover};
pub use worker::Error as WorkerError;
