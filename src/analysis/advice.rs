//! What could be smaller, how much that would save, and what to write for it.
//!
//! Each rule has a code that never changes its meaning; `docs/size.md` lists them. What a rule saves is measured: it is
//! the share of the stored bytes that the files in question have.

use std::collections::HashSet;

use serde::Serialize;

use super::contents::{Contents, PackedEntry, SlotContents};
use super::duplicates::duplicates;
use crate::format::{ATTESTATION_SLOT, Codec};
use crate::manifest::Slim;
use crate::python::runtime::FEATURES;

/// Something that could be smaller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `FLA012`.
    pub code: &'static str,
    pub title: String,
    /// Stored bytes that following it saves.
    pub saving: u64,
    /// Bytes of content that it is about.
    pub size: u64,
    pub files: u64,
    /// What to write, and where.
    pub remedy: String,
    /// The largest of the files, `slot/path`.
    pub examples: Vec<String>,
}

/// How many files are named.
const EXAMPLES: usize = 3;
/// Names of slots that `pack` makes for a Python application.
const DEPENDENCIES: &str = "deps";
const RUNTIME: &str = "runtime";
/// What installs distributions and is rarely needed where they are installed.
const INSTALLERS: [&str; 4] = ["pip", "setuptools", "wheel", "uv"];

/// Rules and what they look for, in the order of their codes.
type Rule = fn(&Contents) -> Option<Advice>;

const RULES: [Rule; 11] = [
    |contents| left_out("FLA010", contents, Slim::Stubs),
    |contents| left_out("FLA011", contents, Slim::Sources),
    |contents| left_out("FLA012", contents, Slim::Tests),
    |contents| left_out("FLA013", contents, Slim::Docs),
    |contents| left_out("FLA014", contents, Slim::Static),
    |contents| left_out("FLA015", contents, Slim::Locales),
    symbols,
    installers,
    copies,
    uncompressed,
    standard_library,
];

/// All advice there is for a package, the largest saving first.
pub fn advise(contents: &Contents) -> Vec<Advice> {
    let mut found: Vec<Advice> = RULES.iter().filter_map(|rule| rule(contents)).filter(|one| one.saving > 0).collect();
    found.sort_by(|one, other| other.saving.cmp(&one.saving).then_with(|| one.code.cmp(other.code)));
    found
}

/// FLA010 to FLA015: what `--slim` leaves out of dependencies.
fn left_out(code: &'static str, contents: &Contents, slim: Slim) -> Option<Advice> {
    let matcher = slim.matcher();
    let is_out = |slot: &SlotContents, entry: &PackedEntry| {
        slot.name == DEPENDENCIES && matcher.matched_path_or_any_parents(&entry.path, false).is_ignore()
    };
    let remedy = match slim {
        Slim::Tests => {
            "add \"deps:**/tests/**\" to `exclude` under [tool.flavor.build], or pack with --slim=tests".into()
        }
        slim => format!("add \"{0}\" to `slim` under [tool.flavor.build], or pack with --slim={0}", slim.name()),
    };
    about(code, slim.title(), contents, is_out, |entry| entry.stored, remedy)
}

/// FLA020: symbols of native files.
fn symbols(contents: &Contents) -> Option<Advice> {
    let strippable = |entry: &PackedEntry| entry.native.as_ref().is_some_and(|native| native.strippable > 0);
    let saving = |entry: &PackedEntry| {
        entry.native.as_ref().map_or(0, |native| {
            u64::try_from(u128::from(entry.stored) * u128::from(native.strippable_share) / 1000).unwrap_or(0)
        })
    };
    let remedy = "set `strip = true` under [tool.flavor.build], or pack with --strip";
    about("FLA020", "symbols in native files", contents, |_, entry| strippable(entry), saving, remedy.into())
}

/// FLA021: what installs distributions, unless another dependency requires it.
fn installers(contents: &Contents) -> Option<Advice> {
    let dependencies = contents.distributions.iter().filter(|one| one.slot == DEPENDENCIES);
    let required: HashSet<&str> = dependencies.flat_map(|one| one.requires.iter().map(String::as_str)).collect();
    let unneeded = |entry: &PackedEntry| {
        let one = entry.distribution.and_then(|at| contents.distributions.get(at));
        one.filter(|one| INSTALLERS.contains(&one.name.as_str()) && !required.contains(one.name.as_str()))
    };
    let mut names: Vec<&str> =
        contents.entries().filter_map(|(_, entry)| Some(unneeded(entry)?.name.as_str())).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let remedy = format!("take {} out of the dependencies, unless the program calls it", names.join(", "));
    let is_one = |_: &SlotContents, entry: &PackedEntry| unneeded(entry).is_some();
    about("FLA021", "installers among the distributions", contents, is_one, |entry| entry.stored, remedy)
}

/// FLA030: the same content in several places.
fn copies(contents: &Contents) -> Option<Advice> {
    let found = duplicates(contents);
    let most = found.first()?;
    let examples = most.copies.iter().take(EXAMPLES).map(|copy| format!("{}/{}", copy.slot, copy.path)).collect();
    Some(Advice {
        code: "FLA030",
        title: "the same content in several places".into(),
        saving: found.iter().map(|one| one.wasted).sum(),
        size: found.iter().map(|one| one.size * (one.copies.len() as u64 - 1)).sum(),
        files: found.iter().map(|one| one.copies.len() as u64 - 1).sum(),
        remedy: "leave all copies but one out with `exclude`; `flavor inspect --duplicates` lists them".into(),
        examples,
    })
}

/// FLA031: slots that are stored as they are, though they would be smaller.
fn uncompressed(contents: &Contents) -> Option<Advice> {
    let would_shrink = |slot: &&SlotContents| {
        slot.codec == Some(Codec::Raw) && slot.name != ATTESTATION_SLOT && slot.alone < slot.stored / 10 * 9
    };
    let slots: Vec<&SlotContents> = contents.slots.iter().filter(would_shrink).collect();
    let first = slots.first()?;
    let chain = if first.tar { "[\"tar\", \"zstd\"]" } else { "[\"zstd\"]" };
    Some(Advice {
        code: "FLA031",
        title: "slots without compression".into(),
        saving: slots.iter().map(|slot| slot.stored - slot.alone).sum(),
        size: slots.iter().map(|slot| slot.plain).sum(),
        files: slots.iter().filter_map(|slot| slot.files()).sum(),
        remedy: format!("write `operations = {chain}` for slot `{}`, or leave `operations` out", first.name),
        examples: slots.iter().take(EXAMPLES).map(|slot| slot.name.clone()).collect(),
    })
}

/// FLA040: parts of the standard library that are left out unless they are asked for.
fn standard_library(contents: &Contents) -> Option<Advice> {
    let feature = |entry: &PackedEntry| {
        let rest = entry.path.strip_prefix("lib/python3")?.split_once('/')?.1;
        FEATURES.iter().find(|feature| feature.paths.iter().any(|path| rest.split('/').next() == Some(*path)))
    };
    let mut names: Vec<&str> = contents
        .entries()
        .filter(|(slot, entry)| slot.name == RUNTIME && entry.is_file())
        .filter_map(|(_, entry)| Some(feature(entry)?.name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let remedy = format!("take {} out of `include` under [tool.flavor.python]", names.join(", "));
    let is_one = |slot: &SlotContents, entry: &PackedEntry| slot.name == RUNTIME && feature(entry).is_some();
    about(
        "FLA040",
        "parts of the standard library that few programs need",
        contents,
        is_one,
        |entry| entry.stored,
        remedy,
    )
}

/// Adds up the files that a rule is about.
fn about(
    code: &'static str,
    title: &str,
    contents: &Contents,
    is_one: impl Fn(&SlotContents, &PackedEntry) -> bool,
    saving: impl Fn(&PackedEntry) -> u64,
    remedy: String,
) -> Option<Advice> {
    let mut found: Vec<_> = contents.files().filter(|(slot, entry)| is_one(slot, entry)).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.stored));
    Some(Advice {
        code,
        title: title.into(),
        saving: found.iter().map(|(_, entry)| saving(entry)).sum(),
        size: found.iter().map(|(_, entry)| entry.size).sum(),
        files: found.len() as u64,
        remedy,
        examples: found.iter().take(EXAMPLES).map(|(slot, entry)| format!("{}/{}", slot.name, entry.path)).collect(),
    })
}
