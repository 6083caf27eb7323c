//! `flavor trust` and `flavor policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Package;

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Trust a key, from a file or as the signer of a package
    Add(TrustAdd),
    /// List the trusted keys, and the signers that packages are known by
    List,
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
    /// Say what would go, and let it stay
    #[arg(long)]
    pub(crate) dry_run: bool,
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
    Show,
    /// Say what the policies have against a package
    Check(Package),
}
