//! The command line as the user types it. Commands turn it into plain values; nothing below them knows clap.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing::level_filters::LevelFilter;

#[derive(Debug, Parser)]
#[command(name = "flavor", version, about, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a package from a project
    Pack(Box<Pack>),
    /// Show what a package is and what is in it
    Inspect(Box<Inspect>),
    /// Show what changed in size from one package to another
    Diff(Diff),
    /// Check every byte of a package
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
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Pack {
    /// The project's pyproject.toml, or its directory
    #[arg(long, default_value = "pyproject.toml", value_name = "PATH")]
    pub(crate) manifest: PathBuf,
    /// The file to write [default: dist/<name>.psp beside the manifest]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A launcher to use instead of the one that flavor carries
    #[arg(long, value_name = "FILE")]
    pub(crate) launcher_bin: Option<PathBuf>,
    /// Remove symbols from the launcher and from every native file whose layout allows it
    #[arg(long)]
    pub(crate) strip: bool,
    /// How hard to compress: 0 not at all, 9 as small as possible [default: 5]
    #[arg(long, value_name = "0-9", value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(crate) compress: Option<u8>,
    /// Threads and processes to work with [default: one for each processor]
    #[arg(short, long, value_name = "N", env = "FLAVOR_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Memory for encoding slots, as in 500MB: fewer threads work when they would need more
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory_limit: Option<u64>,
    /// The interpreter: a path, a version as in 3.13, or a specifier as in ">=3.11"
    #[arg(long, value_name = "PYTHON")]
    pub(crate) python: Option<String>,
    /// Sign with this key [default: FLAVOR_PRIVATE_KEY, else the user's own, made on first use]
    #[arg(long, value_name = "FILE", conflicts_with = "key_seed")]
    pub(crate) private_key: Option<PathBuf>,
    /// The public key that must belong to the private key
    #[arg(long, value_name = "FILE", requires = "private_key")]
    pub(crate) public_key: Option<PathBuf>,
    /// A statement that this key takes the place of an older one, from `flavor trust rotate`; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) rotation: Vec<PathBuf>,
    /// Derive the signing key from a text
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_seed: Option<String>,
    /// Look for distributions in this directory or page too; may be repeated
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) find_links: Vec<String>,
    /// Base address of the package index
    #[arg(long, value_name = "URL")]
    pub(crate) index_url: Option<String>,
    /// Do without the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Say nothing but errors, and the path of the package
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Say when each phase begins, not only when it is over
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) progress: bool,
    /// Say of every step whether it was reused or made, and what had changed
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) explain: bool,
    /// Resolve dependencies again although nothing that decides on them has changed
    #[arg(long, conflicts_with = "offline")]
    pub(crate) refresh: bool,
    /// Neither use what earlier packs kept nor keep anything
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Pack a second time, elsewhere and without caches, and compare; exits with 5 when the bytes differ
    #[arg(long)]
    pub(crate) check_reproducible: bool,
    /// Leave out of the dependencies what programs do not need: safe, all, or of tests, docs, stubs, sources, static, locales
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, default_missing_value = "safe", value_parser = slim)]
    pub(crate) slim: Option<Kinds>,
    /// Exit with 5 when the package is larger than [tool.flavor.budget] allows
    #[arg(long)]
    pub(crate) check_budget: bool,
    /// Read the package back and check every byte (the default)
    #[arg(long, overrides_with = "no_verify")]
    pub(crate) verify: bool,
    /// Do not read the package back
    #[arg(long)]
    pub(crate) no_verify: bool,
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
    #[arg(long, value_name = "N", requires = "tree", default_value_t = 3)]
    pub(crate) depth: usize,
    /// List every file
    #[arg(long, group = "view")]
    pub(crate) files: bool,
    /// List the largest files
    #[arg(long, group = "view", value_name = "N")]
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
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The package as it was
    pub(crate) before: PathBuf,
    /// The package as it is
    pub(crate) after: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Markdown, for a comment on a change
    #[arg(long, conflicts_with = "json")]
    pub(crate) md: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The package
    pub(crate) package: PathBuf,
    /// The key that must have signed it: a public key file, or a fingerprint
    #[arg(long, value_name = "FILE|FINGERPRINT")]
    pub(crate) key: Option<String>,
    /// Pack this project with the options that the package records, and compare; exits with 5 when the contents differ
    #[arg(long, value_name = "DIR")]
    pub(crate) rebuild: Option<PathBuf>,
    /// For --rebuild: look for distributions in this directory or page too; may be repeated
    #[arg(long, value_name = "PATH|URL", requires = "rebuild")]
    pub(crate) find_links: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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
}

#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// The directory to write the pair into
    #[arg(long, default_value = "keys", value_name = "DIR")]
    pub(crate) out_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The package
    pub(crate) package: PathBuf,
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Trust a key, from a file or as the signer of a package
    Add(TrustAdd),
    /// List the trusted keys, and the signers that packages are known by
    List(Json),
    /// Trust a key no longer
    Remove(TrustRemove),
    /// Say whether a package's signer is trusted, and known
    Verify(Package),
    /// Accept the signer of a package in place of the one that it had before
    Accept(Package),
    /// Write the statement that a new key takes the place of an old one
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct TrustAdd {
    /// A public key (PEM), or a package
    pub(crate) source: PathBuf,
    /// A name to remember it by
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TrustRemove {
    /// The key's fingerprint, or its beginning
    pub(crate) fingerprint: String,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The private key that was used so far
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The public key that follows
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The file to write, for `flavor pack --rotation`
    #[arg(short, long, value_name = "FILE", default_value = "rotation.json")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Write a policy that demands nothing yet
    Init,
    /// Print what this machine demands, and where that is written
    Show(Json),
    /// Say what the policies have against a package
    Check(Package),
}

#[derive(Debug, Args)]
pub(crate) struct Package {
    /// The package
    pub(crate) package: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workenv {
    /// List the extracted packages
    List(Json),
    /// Show the cache as a whole
    Info(Json),
    /// Show one extracted package
    Inspect(Named),
    /// Extract a slot of a package if need be, and show where it is
    Path(SlotPath),
    /// Extract a package without starting it
    Warm(Warm),
    /// Compare every byte of extracted packages with what was extracted
    Verify(Chosen),
    /// Make damaged ones again
    Repair(Chosen),
    /// Remove extracted packages; those in use stay
    Remove(Remove),
    /// Remove all extracted packages, or those that an option names; those in use stay
    Clean(Clean),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Show what is kept, layer by layer
    Stats(Json),
    /// Print where it is kept
    Path,
    /// Remove what is kept; what a running pack uses stays
    Clean(CacheClean),
}

#[derive(Debug, Args)]
pub(crate) struct CacheClean {
    /// Only these layers
    #[arg(value_name = "LAYER")]
    pub(crate) layers: Vec<String>,
    /// Only what was not used for so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<u32>,
    /// Say what would go, and let it stay
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its name, or the beginning of it
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SlotPath {
    /// The package
    pub(crate) package: PathBuf,
    /// Number or name of the slot
    pub(crate) slot: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Warm {
    /// The package
    pub(crate) package: PathBuf,
    /// A directory to be part of an image; FLAVOR_CACHE_DIR names it there
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// Their names, or the beginnings of them; all without any
    pub(crate) names: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Their names, or the beginnings of them
    #[arg(required = true)]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// Those that were not started for so long
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<u32>,
    /// Those that were not started for longest, until the others take no more than this
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<String>,
    /// All but the latest versions of each package
    #[arg(long, value_name = "N")]
    pub(crate) keep_latest: Option<usize>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct Consent {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Say what would go, and let it stay
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Kinds of files that a package does without.
#[derive(Clone, Debug)]
pub(crate) struct Kinds(pub(crate) Vec<flavor::manifest::Slim>);

fn slim(text: &str) -> Result<Kinds, flavor::manifest::UnknownSlim> {
    flavor::manifest::Slim::parse_list(text).map(Kinds)
}

fn size(text: &str) -> Result<u64, String> {
    let size = flavor::report::Bytes::parse(text).map(|size| size.0).filter(|size| *size > 0);
    size.ok_or_else(|| "write it as in 500MB or 2GiB".into())
}

impl Command {
    /// Log events that are shown unless a variable says otherwise: warnings, where nobody has asked for silence.
    pub(crate) fn log_level(&self) -> Option<LevelFilter> {
        match self {
            Self::Pack(options) if options.quiet => None,
            // Started programs have stderr to themselves; what is damaged is what `repair` has to say.
            Self::Run(_) | Self::Workenv(Workenv::Repair(_)) => None,
            _ => Some(LevelFilter::WARN),
        }
    }

    /// Whether errors are to be JSON too.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Inspect(command) => command.json,
            Self::Diff(command) => command.json,
            Self::Verify(command) => command.json,
            Self::Trust(Trust::List(command)) | Self::Policy(Policy::Show(command)) => command.json,
            Self::Trust(Trust::Verify(command) | Trust::Accept(command)) | Self::Policy(Policy::Check(command)) => {
                command.json
            }
            Self::Workenv(command) => match command {
                Workenv::List(command) | Workenv::Info(command) => command.json,
                Workenv::Inspect(command) => command.json,
                Workenv::Path(command) => command.json,
                Workenv::Warm(command) => command.json,
                Workenv::Verify(command) | Workenv::Repair(command) => command.json,
                Workenv::Remove(Remove { consent, .. }) | Workenv::Clean(Clean { consent, .. }) => consent.json,
            },
            Self::Cache(command) => match command {
                Cache::Stats(command) => command.json,
                Cache::Clean(command) => command.json,
                Cache::Path => false,
            },
            _ => false,
        }
    }
}
