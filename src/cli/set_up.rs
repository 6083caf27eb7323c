//! The commands around packing: setup, diagnosis, and documentation.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The project's pyproject.toml, or its directory
    #[arg(long, default_value = "pyproject.toml", value_name = "PATH")]
    pub(crate) manifest: PathBuf,
    /// The function to start, as in hello.cli:main [default: the first script of the project]
    #[arg(long, value_name = "MODULE:FUNCTION", conflicts_with = "command")]
    pub(crate) entry_point: Option<String>,
    /// Create a pyproject.toml for a program that is not written in Python: the file to start
    #[arg(long, value_name = "FILE")]
    pub(crate) command: Option<PathBuf>,
    /// The name of the package [default: that of the project, or of the directory]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Show what would be written without writing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Helpers {
    /// List available launchers
    List,
    /// Show one launcher
    Info(HelperPath),
    /// Test a launcher with a small package
    Test(HelperPath),
}

#[derive(Debug, Args)]
pub(crate) struct HelperPath {
    /// A name from `helpers list`, or a file [default: the built-in launcher]
    #[arg(value_name = "NAME|FILE")]
    pub(crate) helper: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Show only settings whose names start with this
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Show the origin of each value
    #[arg(long)]
    pub(crate) show_origin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// A code, as in FLV0207
    #[arg(required_unless_present_any = ["list", "markdown"])]
    pub(crate) code: Option<String>,
    /// List all codes
    #[arg(long, conflicts_with = "code")]
    pub(crate) list: bool,
    /// Print docs/errors.md
    #[arg(long, hide = true, conflicts_with_all = ["code", "list"])]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The directory to write into
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}
