//! `flavor workenv` and `flavor cache`.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::number;

#[derive(Debug, Subcommand)]
pub(crate) enum Workenv {
    /// List the extracted packages
    List,
    /// Show a summary of the cache
    Info,
    /// Show one extracted package
    Inspect(Named),
    /// Print the path of a slot, extracting it if necessary
    Path(SlotPath),
    /// Extract a package without starting it
    Warm(Warm),
    /// Compare every byte of extracted packages with the packages
    Verify(Chosen),
    /// Extract damaged packages again
    Repair(Chosen),
    /// Remove extracted packages that are not in use
    Remove(Remove),
    /// Remove all extracted packages that are not in use, or those that an option selects
    Clean(Clean),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    /// Show the size and hit rate of each layer
    Stats,
    /// Print the path of the build cache
    Path,
    /// Remove entries that no running pack uses
    Clean(CacheClean),
}

#[derive(Debug, Args)]
pub(crate) struct CacheClean {
    /// Only these layers
    #[arg(value_name = "LAYER")]
    pub(crate) layers: Vec<String>,
    /// Only entries not used for this many days
    #[arg(long, value_name = "DAYS", value_parser = number::<u32>)]
    pub(crate) older_than: Option<u32>,
    /// Show what would be removed without removing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Name, or an unambiguous prefix
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct SlotPath {
    /// The package
    pub(crate) package: PathBuf,
    /// Number or name of the slot
    pub(crate) slot: String,
}

#[derive(Debug, Args)]
pub(crate) struct Warm {
    /// The package
    pub(crate) package: PathBuf,
    /// Extract into this directory, for use as FLAVOR_CACHE_DIR in an image
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// Names, or unambiguous prefixes [default: all]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Names, or unambiguous prefixes
    #[arg(required = true)]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct Clean {
    /// Only packages not started for this many days
    #[arg(long, value_name = "DAYS", value_parser = number::<u32>)]
    pub(crate) older_than: Option<u32>,
    /// Only the least recently started packages, until the others fit into this size
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<String>,
    /// All but the latest N versions of each package
    #[arg(long, value_name = "N", value_parser = number::<usize>)]
    pub(crate) keep_latest: Option<usize>,
    #[command(flatten)]
    pub(crate) consent: Consent,
}

#[derive(Debug, Args)]
pub(crate) struct Consent {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show what would be removed without removing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}
