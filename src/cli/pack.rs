//! `flavor pack`.

#![expect(clippy::doc_markdown, reason = "these comments are the help texts")]

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Pack {
    /// What to pack: a project, a script, a wheel, a directory of modules, an sdist, a URL, or a requirement such as
    /// NAME==VERSION [default: the project in this directory or a parent]
    #[arg(conflicts_with = "manifest")]
    pub(crate) input: Option<PathBuf>,
    /// The project's pyproject.toml, or its directory
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest: Option<PathBuf>,
    /// The program to start: module:function, module, or a file of a module directory
    #[arg(long, value_name = "ENTRY")]
    pub(crate) entry_point: Option<String>,
    /// The script to start, from any installed distribution
    #[arg(long, value_name = "NAME", conflicts_with = "entry_point")]
    pub(crate) script: Option<String>,
    /// Also install this extra; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) extra: Vec<String>,
    /// Also install this dependency group; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// The file to write [default: dist/<name>.psp next to the input]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Use this launcher instead of the built-in one
    #[arg(long, value_name = "FILE")]
    pub(crate) launcher_bin: Option<PathBuf>,
    /// Remove symbols from the launcher and from every native file whose layout allows it
    #[arg(long)]
    pub(crate) strip: bool,
    /// Compression level: 0 (none) to 9 (smallest) [default: 5]
    #[arg(long, value_name = "0-9", value_parser = level)]
    pub(crate) compress: Option<u8>,
    /// Number of threads and processes [env: FLAVOR_JOBS] [default: one per processor]
    #[arg(short, long, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<u16>,
    /// Memory limit for encoding slots, as in 500MB; uses fewer threads if necessary
    #[arg(long, value_name = "SIZE", value_parser = super::size)]
    pub(crate) memory_limit: Option<u64>,
    /// The interpreter: a path, a version as in 3.13, or a specifier as in ">=3.11"
    #[arg(long, value_name = "PYTHON")]
    pub(crate) python: Option<String>,
    /// Sign with this key [default: FLAVOR_PRIVATE_KEY, else the user's own key, generated on first use]
    #[arg(long, value_name = "FILE", conflicts_with = "key_seed")]
    pub(crate) private_key: Option<PathBuf>,
    /// The public key that must match the private key
    #[arg(long, value_name = "FILE", requires = "private_key")]
    pub(crate) public_key: Option<PathBuf>,
    /// Include a statement from `flavor trust rotate` that this key replaces an older one; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) rotation: Vec<PathBuf>,
    /// Derive the signing key from a text
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) key_seed: Option<String>,
    /// Also look for distributions in this directory or page; may be repeated
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) find_links: Vec<String>,
    /// Base URL of the package index
    #[arg(long, value_name = "URL")]
    pub(crate) index_url: Option<String>,
    /// Do not use the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Also print when each phase begins
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) progress: bool,
    /// Print for each step whether its result was reused, or which inputs changed
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) explain: bool,
    /// Resolve dependencies again even if their inputs have not changed
    #[arg(long, conflicts_with = "offline")]
    pub(crate) refresh: bool,
    /// Do not read or write the build cache
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Pack a second time, in another directory and without caches, and compare; exits with 5 if the bytes differ
    #[arg(long)]
    pub(crate) check_reproducible: bool,
    /// Print the files that would be packed, slot by slot, without packing
    #[arg(long, conflicts_with_all = ["check_reproducible", "check_budget"])]
    pub(crate) list_files: bool,
    /// Do not run the pre_build and post_build hooks
    #[arg(long)]
    pub(crate) no_hooks: bool,
    /// Leave out files of dependencies that are not needed at run time: safe, all, or any of tests, docs, stubs, sources, static, locales
    #[arg(long, value_name = "KINDS", num_args = 0..=1, require_equals = true, default_missing_value = "safe", value_parser = slim)]
    pub(crate) slim: Option<Kinds>,
    /// Exit with 5 if the package exceeds [tool.flavor.budget]
    #[arg(long)]
    pub(crate) check_budget: bool,
    /// Write an HTML page that shows how long each phase took [default: <name>.timings.html next to the package]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) timings: Option<OsString>,
    /// Write the timings as a Chrome trace, for Perfetto and chrome://tracing
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Verify the package after writing it (the default)
    #[arg(long, overrides_with = "no_verify")]
    pub(crate) verify: bool,
    /// Do not verify the package after writing it
    #[arg(long)]
    pub(crate) no_verify: bool,
}

fn level(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|level| *level <= 9)
        .ok_or_else(|| "expected a number from 0 to 9".into())
}

fn jobs(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|jobs| *jobs > 0)
        .ok_or_else(|| format!("expected a number from 1 to {}", u16::MAX))
}

/// Kinds of files that `--slim` leaves out.
#[derive(Clone, Debug)]
pub(crate) struct Kinds(pub(crate) Vec<flavor::manifest::Slim>);

fn slim(text: &str) -> Result<Kinds, flavor::manifest::UnknownSlim> {
    flavor::manifest::Slim::parse_list(text).map(Kinds)
}
