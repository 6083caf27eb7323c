//! Turns `pyproject.toml`, or another input, into a checked [`Manifest`]. Every error has the key,
//! the line, the cause and the remedy.
//!
//! [`parse()`] only sees the text: the builder checks whether sources and interpreters exist. The
//! result needs no further checks of syntax: names are valid, targets stay inside, requirements
//! parse.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

mod choices;
mod command;
mod entry_point;
mod error;
mod input;
mod line;
mod model;
mod name;
mod operation;
mod parse;
mod placeholder;
mod project;
mod requirement;
mod script;
mod scripts;
mod settings;
mod setup;
mod slim;
mod slot;
pub mod suggest;
mod table;
mod target;
#[cfg(test)]
mod tests;
mod warning;

pub use choices::Choices;
pub use entry_point::EntryPoint;
pub use error::{At, Error, Site};
pub use input::Input;
pub use line::line_of;
pub use model::Manifest;
pub use name::{MAX_NAME, is_name, made_of, normalized};
pub use operation::{MAX_OPERATIONS, Operation, OperationName};
pub use parse::parse;
pub use project::Project;
pub use requirement::{AnyUrl, Named, named, read as read_requirement};
pub use script::{is_script, parse as parse_script, script_block};
pub use scripts::{NamedScript, ScriptTarget};
pub use settings::{Budget, Build, Execution, Policy, Python, RuntimeEnv};
pub use setup::{describes_project, description_in, is_beside as is_setup_beside, is_setup};
pub use slim::{Slim, UnknownSlim};
pub use slot::{Lifecycle, Slot};
pub use target::TargetSettings;
pub use warning::Warning;

pub use crate::pyproject::MANIFEST;
