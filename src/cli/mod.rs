//! The command line as the user types it. Commands turn it into plain values; nothing below them knows clap.

mod caches;
mod globals;
mod pack;
mod set_up;
mod trust;
mod wrong_usage;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use caches::{Cache, CacheClean, Chosen, Clean, Consent, SlotPath, Warm, Workenv};
pub(crate) use globals::{Before, Globals, When};
pub(crate) use pack::Pack;
pub(crate) use set_up::{Completions, Config, Explain, HelperPath, Helpers, Init, Man};
pub(crate) use trust::{Policy, Rotate, Trust, TrustAdd, TrustRemove};
pub(crate) use wrong_usage::WrongUsage;

#[derive(Debug, Parser)]
#[command(
    name = "flavor",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true,
    styles = globals::STYLES,
    after_help = "`flavor COMMAND --help` says more of a command, `flavor explain CODE` of an error."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set a project up to be packed
    Init(Init),
    /// Build a package from a project
    Pack(Box<Pack>),
    /// Show what a package is and what is in it
    Inspect(Box<Inspect>),
    /// Show what changed in size from one package to another
    Diff(Diff),
    /// Check every byte of a package, and that it can be extracted
    Verify(Verify),
    /// Unpack one slot
    Extract(Extract),
    /// Write all slots, as they are stored, into a directory
    ExtractAll(ExtractAll),
    /// Make a pair of signing keys
    Keygen(Keygen),
    /// Start the program in a package
    Run(Run),
    /// Choose whom to trust
    #[command(subcommand)]
    Trust(Trust),
    /// See what this machine demands of packages
    #[command(subcommand)]
    Policy(Policy),
    /// Look after the extracted packages
    #[command(subcommand)]
    Workenv(Workenv),
    /// Look after what packs keep to be quick the next time
    #[command(subcommand)]
    Cache(Cache),
    /// Look at this machine, and say what is missing to pack and to run
    Doctor,
    /// See the launchers at hand
    #[command(subcommand)]
    Helpers(Helpers),
    /// Show every setting
    Config(Config),
    /// Say what an error means and what to do about it
    Explain(Explain),
    /// Print what makes a shell complete commands and options
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
    /// Print the reference of all commands as docs/cli.md has it
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Inspect {
    /// The package
    pub(crate) package: PathBuf,
    /// Print the bill of materials instead: CycloneDX 1.6
    #[arg(long, group = "view")]
    pub(crate) sbom: bool,
    /// Print instead what the package was made from: an in-toto statement with SLSA's provenance
    #[arg(long, group = "view")]
    pub(crate) provenance: bool,
    /// With --provenance: in the signed DSSE envelope, for other tools
    #[arg(long, requires = "provenance")]
    pub(crate) envelope: bool,
    /// Print instead what licences the distributions declare
    #[arg(long, group = "view")]
    pub(crate) licenses: bool,
    /// Show the directories, the largest first
    #[arg(long, group = "view")]
    pub(crate) tree: bool,
    /// With --tree: how deep
    #[arg(long, value_name = "N", requires = "tree", default_value_t = 3, value_parser = number::<usize>)]
    pub(crate) depth: usize,
    /// List every file
    #[arg(long, group = "view")]
    pub(crate) files: bool,
    /// List the largest files
    #[arg(long, group = "view", value_name = "N", value_parser = number::<usize>)]
    pub(crate) largest: Option<usize>,
    /// List what can be imported, the largest first
    #[arg(long, group = "view")]
    pub(crate) modules: bool,
    /// List content that is there more than once
    #[arg(long, group = "view")]
    pub(crate) duplicates: bool,
    /// List the native files: which glibc and which libraries they need
    #[arg(long, group = "view")]
    pub(crate) native: bool,
    /// Say what could be smaller, and how
    #[arg(long, group = "view")]
    pub(crate) advice: bool,
    /// Write a page with a map of sizes, for a browser
    #[arg(long, group = "view", value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// With --tree, --files, --largest, --modules, --native: only this slot
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sbom", "provenance", "licenses", "html", "json"])]
    pub(crate) slot: Option<String>,
    /// What it may cost to read the package: in proportion to its size, or whatever it takes
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The package as it was
    pub(crate) before: PathBuf,
    /// The package as it is
    pub(crate) after: PathBuf,
    /// Print Markdown, for a comment on a change
    #[arg(long, conflicts_with = "json")]
    pub(crate) md: bool,
    /// What it may cost to read a package: in proportion to its size, or whatever it takes
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The package
    pub(crate) package: PathBuf,
    /// The key that must have signed it: a public key file, or a fingerprint
    #[arg(long, value_name = "FILE|FINGERPRINT")]
    pub(crate) key: Option<String>,
    /// Pack this input with the options that the package records, and compare; exits with 5 when the contents differ
    #[arg(long, value_name = "INPUT")]
    pub(crate) rebuild: Option<PathBuf>,
    /// For --rebuild: look for distributions in this directory or page too; may be repeated
    #[arg(long, value_name = "PATH|URL", requires = "rebuild")]
    pub(crate) find_links: Vec<String>,
    /// What it may cost to read the package: in proportion to its size, or whatever it takes
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Extract {
    /// The package
    pub(crate) package: PathBuf,
    /// Number or name of the slot
    pub(crate) slot: String,
    /// Where to: a new directory for a tree, a new file for a file
    pub(crate) output: PathBuf,
    /// Write the stored bytes instead of what they decode to
    #[arg(long)]
    pub(crate) stored: bool,
    /// What it may cost to read the package: in proportion to its size, or whatever it takes
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct ExtractAll {
    /// The package
    pub(crate) package: PathBuf,
    /// The directory to write into
    pub(crate) directory: PathBuf,
    /// Decode the slots, a directory or file each
    #[arg(long)]
    pub(crate) as_tree: bool,
    /// What it may cost to read the package: in proportion to its size, or whatever it takes
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// The directory to write the pair into
    #[arg(long, default_value = "keys", value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(override_usage = "flavor run [OPTIONS] <PACKAGE> [ARGUMENTS]...")]
pub(crate) struct Run {
    /// The package; all that follows it is the program's
    #[arg(
        value_name = "PACKAGE [ARGUMENTS]...",
        trailing_var_arg = true,
        required = true
    )]
    pub(crate) words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Package {
    /// The package
    pub(crate) package: PathBuf,
}

/// What reading a package may cost.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Limits {
    /// In proportion to the size of the package
    #[default]
    Default,
    /// Whatever it takes: for a package that you trust
    None,
}

impl From<Limits> for flavor::package::Limits {
    fn from(limits: Limits) -> Self {
        match limits {
            Limits::Default => Self::Look,
            Limits::None => Self::None,
        }
    }
}

/// A number, in our words where there is none.
fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "write a whole number, as in 7".into())
}

fn size(text: &str) -> Result<u64, String> {
    let size = flavor::report::Bytes::parse(text)
        .map(|size| size.0)
        .filter(|size| *size > 0);
    size.ok_or_else(|| "write it as in 500MB or 2GiB".into())
}
