//! `flavor trust` and `flavor policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Package;

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Add a key, or the signer of a package, to the trust store
    Add(TrustAdd),
    /// List trusted keys and known signers
    List,
    /// Remove a key from the trust store
    Remove(TrustRemove),
    /// Show whether the signer of a package is trusted and known
    Verify(Package),
    /// Accept a changed signer of a package
    Accept(Package),
    /// Write a statement that a new key replaces an old one
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct TrustAdd {
    /// A public key (PEM), or a package
    pub(crate) source: PathBuf,
    /// A name for the key
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TrustRemove {
    /// The fingerprint of the key, or a prefix of it
    pub(crate) fingerprint: String,
    /// Show what would be removed without removing it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The old private key
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The new public key
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The file to write, for `flavor pack --rotation`
    #[arg(short, long, value_name = "FILE", default_value = "rotation.json")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Write a policy without requirements
    Init,
    /// Print the policies in effect and their files
    Show,
    /// Check a package against the policies
    Check(Package),
}
