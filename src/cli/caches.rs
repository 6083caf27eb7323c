//! `flavor workenv` and `flavor cache`.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::number;

#[derive(Debug, Subcommand)]
pub(crate) enum Workenv {
    /// List the extracted packages
    List,
    /// Show the cache as a whole
    Info,
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
    Stats,
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
    #[arg(long, value_name = "DAYS", value_parser = number::<u32>)]
    pub(crate) older_than: Option<u32>,
    /// Say what would go, and let it stay
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its name, or the beginning of it
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
    /// A directory to be part of an image; FLAVOR_CACHE_DIR names it there
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// Their names, or the beginnings of them; all without any
    pub(crate) names: Vec<String>,
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
    #[arg(long, value_name = "DAYS", value_parser = number::<u32>)]
    pub(crate) older_than: Option<u32>,
    /// Those that were not started for longest, until the others take no more than this
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<String>,
    /// All but the latest versions of each package
    #[arg(long, value_name = "N", value_parser = number::<usize>)]
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
}
