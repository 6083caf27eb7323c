//! The command line. Commands convert it to plain values; no lower layer depends on clap.

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
    after_help = "Run `flavor COMMAND --help` for help on a command, `flavor explain CODE` on an error."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Configure a project for `flavor pack`
    Init(Init),
    /// Build a package from a project
    Pack(Box<Pack>),
    /// Show the metadata and contents of a package
    Inspect(Box<Inspect>),
    /// Compare the sizes of two packages
    Diff(Diff),
    /// Check the signature and every byte of a package, and that it can be extracted
    Verify(Verify),
    /// Extract one slot
    Extract(Extract),
    /// Extract all slots, without decoding them, into a directory
    ExtractAll(ExtractAll),
    /// Generate a signing key pair
    Keygen(Keygen),
    /// Start the program in a package
    Run(Run),
    /// Manage trusted keys
    #[command(subcommand)]
    Trust(Trust),
    /// Manage the policy of this machine
    #[command(subcommand)]
    Policy(Policy),
    /// Manage extracted packages
    #[command(subcommand)]
    Workenv(Workenv),
    /// Manage the build cache
    #[command(subcommand)]
    Cache(Cache),
    /// Check whether this machine can pack and run packages
    Doctor,
    /// Manage launchers
    #[command(subcommand)]
    Helpers(Helpers),
    /// Show all settings
    Config(Config),
    /// Explain an error code
    Explain(Explain),
    /// Print shell completions
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
    /// Print the command reference in docs/cli.md
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Inspect {
    /// The package
    pub(crate) package: PathBuf,
    /// Print the SBOM (CycloneDX 1.6)
    #[arg(long, group = "view")]
    pub(crate) sbom: bool,
    /// Print the provenance (an in-toto statement with the SLSA predicate)
    #[arg(long, group = "view")]
    pub(crate) provenance: bool,
    /// With --provenance: print the signed DSSE envelope
    #[arg(long, requires = "provenance")]
    pub(crate) envelope: bool,
    /// Print the licences that the distributions declare
    #[arg(long, group = "view")]
    pub(crate) licenses: bool,
    /// Show directories, largest first
    #[arg(long, group = "view")]
    pub(crate) tree: bool,
    /// With --tree: levels to show
    #[arg(long, value_name = "N", requires = "tree", default_value_t = 3, value_parser = number::<usize>)]
    pub(crate) depth: usize,
    /// List every file
    #[arg(long, group = "view")]
    pub(crate) files: bool,
    /// List the largest files
    #[arg(long, group = "view", value_name = "N", value_parser = number::<usize>)]
    pub(crate) largest: Option<usize>,
    /// List importable modules, largest first
    #[arg(long, group = "view")]
    pub(crate) modules: bool,
    /// List duplicate content
    #[arg(long, group = "view")]
    pub(crate) duplicates: bool,
    /// List native files with the glibc version and the libraries that they require
    #[arg(long, group = "view")]
    pub(crate) native: bool,
    /// Show how to reduce the size of the package
    #[arg(long, group = "view")]
    pub(crate) advice: bool,
    /// Write an HTML page with a treemap of sizes
    #[arg(long, group = "view", value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// With --tree, --files, --largest, --modules, --native: only this slot
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sbom", "provenance", "licenses", "html", "json"])]
    pub(crate) slot: Option<String>,
    /// Limits on the extracted size of the package and on the time to read it
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The old package
    pub(crate) before: PathBuf,
    /// The new package
    pub(crate) after: PathBuf,
    /// Print Markdown, for a pull request comment
    #[arg(long, conflicts_with = "json")]
    pub(crate) md: bool,
    /// Limits on the extracted size of the packages and on the time to read them
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The package
    pub(crate) package: PathBuf,
    /// Require this signer: a public key file or a fingerprint
    #[arg(long, value_name = "FILE|FINGERPRINT")]
    pub(crate) key: Option<String>,
    /// Pack this input with the options recorded in the package and compare; exits with 5 if the contents differ
    #[arg(long, value_name = "INPUT")]
    pub(crate) rebuild: Option<PathBuf>,
    /// With --rebuild: also look for distributions in this directory or page; may be repeated
    #[arg(long, value_name = "PATH|URL", requires = "rebuild")]
    pub(crate) find_links: Vec<String>,
    /// Limits on the extracted size of the package and on the time to read it
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Extract {
    /// The package
    pub(crate) package: PathBuf,
    /// Number or name of the slot
    pub(crate) slot: String,
    /// The directory or file to create
    pub(crate) output: PathBuf,
    /// Write the stored bytes without decoding them
    #[arg(long)]
    pub(crate) stored: bool,
    /// Limits on the extracted size of the package and on the time to read it
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct ExtractAll {
    /// The package
    pub(crate) package: PathBuf,
    /// The directory to write into
    pub(crate) directory: PathBuf,
    /// Decode each slot into a directory or a file
    #[arg(long)]
    pub(crate) as_tree: bool,
    /// Limits on the extracted size of the package and on the time to read it
    #[arg(long, value_name = "WHICH", value_enum, default_value_t)]
    pub(crate) limits: Limits,
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// The directory to write the key pair into
    #[arg(long, default_value = "keys", value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(override_usage = "flavor run [OPTIONS] <PACKAGE> [ARGUMENTS]...")]
pub(crate) struct Run {
    /// The package, followed by the arguments of the program
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

/// Limits for reading a package.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Limits {
    /// In proportion to the size of the package
    #[default]
    Default,
    /// No limits, for a package that you trust
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

/// Parses a number, with a readable error.
fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| "expected a whole number such as 7".into())
}

fn size(text: &str) -> Result<u64, String> {
    let size = flavor::report::Bytes::parse(text)
        .map(|size| size.0)
        .filter(|size| *size > 0);
    size.ok_or_else(|| "expected a size such as 500MB or 2GiB".into())
}
