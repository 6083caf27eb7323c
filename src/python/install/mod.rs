//! Installs a project and its dependencies into prefix-shaped trees: `lib/python3.X/site-packages`,
//! `bin`, `share`.
//!
//! uv installs if it is available; otherwise the interpreter's own pip collects wheels and flavor
//! unpacks them. Either way the tree is then normalised (`normalise.rs`), so that its content depends
//! only on the wheels.

mod address;
mod archive;
mod backend;
mod commands;
mod dependencies;
mod distribution;
mod error;
mod failure;
mod index;
mod inputs;
mod installer;
mod lock;
mod metadata;
mod named;
mod neutral;
mod normalise;
mod notice;
mod plan;
mod prepare;
mod project;
mod record;
mod request;
mod script;
mod source;
mod subject;
mod tool;
mod wheel;
mod wheel_error;
mod wheel_facts;

pub use backend::{BuildSystem, Built, Environment, WheelBuild, build_wheel};
pub use commands::Command;
pub use dependencies::{Dependencies, install_dependencies, make_build_environment};
pub use distribution::{Archive, BundledComponent, Distribution, distributions, entry_points};
pub use error::Error;
pub use index::installer_variables;
pub use inputs::{NamedFile, Resolution, build_variables};
pub use installer::Installer;
pub use lock::Lock;
pub use metadata::ProjectMetadata;
pub use named::{NamedSourceError, NamedSources};
pub use notice::Notice;
pub use project::{ProjectInstall, install_project};
pub use record::recorded_paths;
pub use request::{InstallRequest, Purpose};
pub use script::{EntryPoint, file as file_script, function_in, module as module_script, script};
pub use source::{
    Hidden, Snapshot, SourceError, Sources, SourcesError, View, copy as copy_sources,
    list as list_sources, list_with as list_sources_with,
};
pub use subject::{Subject, file_address};
pub use tool::Choice;
pub use wheel_error::WheelError;
pub use wheel_facts::{WheelFacts, fits};
