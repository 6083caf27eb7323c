//! Advice on reducing the size of a package: what to change, and how much it saves.
//!
//! Each rule has a code that never changes its meaning; `docs/size.md` lists them. Savings are
//! measured: they are the shares of the stored bytes of the files in question.

use std::collections::HashSet;

use serde::Serialize;

use super::contents::{Contents, PackedEntry, SlotContents};
use super::duplicates::duplicates;
use crate::format::{ATTESTATION_SLOT, Codec};
use crate::manifest::Slim;
use crate::python::runtime::FEATURES;

/// A possible reduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `FLA012`.
    pub code: &'static str,
    pub title: String,
    /// Stored bytes that it saves.
    pub saving: u64,
    /// Uncompressed bytes of the files.
    pub size: u64,
    pub files: u64,
    /// What to write, and where.
    pub remedy: String,
    /// The largest files, `slot/path`.
    pub examples: Vec<String>,
}

/// The maximum number of files listed.
const EXAMPLES: usize = 3;
/// Names of slots that `pack` makes for a Python application.
const DEPENDENCIES: &str = "deps";
const RUNTIME: &str = "runtime";
/// Installers of distributions, which are rarely needed in a package.
const INSTALLERS: [&str; 4] = ["pip", "setuptools", "wheel", "uv"];

/// The rules, in the order of their codes.
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

/// All advice for a package, largest saving first.
pub fn advise(contents: &Contents) -> Vec<Advice> {
    let mut advice: Vec<Advice> = RULES
        .iter()
        .filter_map(|rule| rule(contents))
        .filter(|advice| advice.saving > 0)
        .collect();
    advice.sort_by(|a, b| b.saving.cmp(&a.saving).then_with(|| a.code.cmp(b.code)));
    advice
}

/// FLA010 to FLA015: what `--slim` leaves out of dependencies.
fn left_out(code: &'static str, contents: &Contents, slim: Slim) -> Option<Advice> {
    let matcher = slim.matcher();
    let is_out = |slot: &SlotContents, entry: &PackedEntry| {
        slot.name == DEPENDENCIES
            && matcher
                .matched_path_or_any_parents(&entry.path, false)
                .is_ignore()
    };
    let remedy = match slim {
        Slim::Tests => {
            "add \"deps:**/tests/**\" to `exclude` under [tool.flavor.build], or pack with --slim=tests".into()
        }
        slim => format!("add \"{0}\" to `slim` under [tool.flavor.build], or pack with --slim={0}", slim.name()),
    };
    about(
        code,
        slim.title(),
        contents,
        is_out,
        |entry| entry.stored,
        remedy,
    )
}

/// FLA020: symbols of native files.
fn symbols(contents: &Contents) -> Option<Advice> {
    let strippable = |entry: &PackedEntry| {
        entry
            .native
            .as_ref()
            .is_some_and(|native| native.strippable > 0)
    };
    let saving = |entry: &PackedEntry| {
        entry.native.as_ref().map_or(0, |native| {
            u64::try_from(u128::from(entry.stored) * u128::from(native.strippable_share) / 1000)
                .unwrap_or(0)
        })
    };
    let remedy = "set `strip = true` under [tool.flavor.build], or pack with --strip";
    about(
        "FLA020",
        "symbols in native files",
        contents,
        |_, entry| strippable(entry),
        saving,
        remedy.into(),
    )
}

/// FLA021: installers, unless another dependency requires them.
fn installers(contents: &Contents) -> Option<Advice> {
    let dependencies = contents
        .distributions
        .iter()
        .filter(|distribution| distribution.slot == DEPENDENCIES);
    let required: HashSet<&str> = dependencies
        .flat_map(|distribution| distribution.requires.iter().map(String::as_str))
        .collect();
    let unneeded = |entry: &PackedEntry| {
        let distribution = entry
            .distribution
            .and_then(|at| contents.distributions.get(at));
        distribution.filter(|distribution| {
            INSTALLERS.contains(&distribution.name.as_str())
                && !required.contains(distribution.name.as_str())
        })
    };
    let mut names: Vec<&str> = contents
        .entries()
        .filter_map(|(_, entry)| Some(unneeded(entry)?.name.as_str()))
        .collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    let remedy = format!(
        "remove {} from the dependencies, unless the program calls it",
        names.join(", ")
    );
    let is_affected = |_: &SlotContents, entry: &PackedEntry| unneeded(entry).is_some();
    about(
        "FLA021",
        "installers among the distributions",
        contents,
        is_affected,
        |entry| entry.stored,
        remedy,
    )
}

/// FLA030: duplicate content.
fn copies(contents: &Contents) -> Option<Advice> {
    let duplicates = duplicates(contents);
    let most = duplicates.first()?;
    let examples = most
        .copies
        .iter()
        .take(EXAMPLES)
        .map(|copy| format!("{}/{}", copy.slot, copy.path))
        .collect();
    Some(Advice {
        code: "FLA030",
        title: "duplicate content".into(),
        saving: duplicates.iter().map(|duplicate| duplicate.wasted).sum(),
        size: duplicates
            .iter()
            .map(|duplicate| duplicate.size * (duplicate.copies.len() as u64 - 1))
            .sum(),
        files: duplicates
            .iter()
            .map(|duplicate| duplicate.copies.len() as u64 - 1)
            .sum(),
        remedy:
            "leave out all copies but one with `exclude`; `flavor inspect --duplicates` lists them"
                .into(),
        examples,
    })
}

/// FLA031: slots that are stored uncompressed, though compression would make them smaller.
fn uncompressed(contents: &Contents) -> Option<Advice> {
    let would_shrink = |slot: &&SlotContents| {
        slot.codec == Some(Codec::Raw)
            && slot.name != ATTESTATION_SLOT
            && slot.alone < slot.stored / 10 * 9
    };
    let slots: Vec<&SlotContents> = contents.slots.iter().filter(would_shrink).collect();
    let first = slots.first()?;
    let chain = if first.tar {
        "[\"tar\", \"zstd\"]"
    } else {
        "[\"zstd\"]"
    };
    Some(Advice {
        code: "FLA031",
        title: "slots without compression".into(),
        saving: slots.iter().map(|slot| slot.stored - slot.alone).sum(),
        size: slots.iter().map(|slot| slot.size()).sum(),
        files: slots.iter().filter_map(|slot| slot.files()).sum(),
        remedy: format!(
            "write `operations = {chain}` for slot `{}`, or leave `operations` out",
            first.name
        ),
        examples: slots
            .iter()
            .take(EXAMPLES)
            .map(|slot| slot.name.clone())
            .collect(),
    })
}

/// FLA040: parts of the standard library that are omitted by default.
fn standard_library(contents: &Contents) -> Option<Advice> {
    let feature = |entry: &PackedEntry| {
        let rest = entry.path.strip_prefix("lib/python3")?.split_once('/')?.1;
        FEATURES.iter().find(|feature| {
            feature
                .paths
                .iter()
                .any(|path| rest.split('/').next() == Some(*path))
        })
    };
    let mut names: Vec<&str> = contents
        .entries()
        .filter(|(slot, entry)| slot.name == RUNTIME && entry.is_file())
        .filter_map(|(_, entry)| Some(feature(entry)?.name))
        .collect();
    names.sort_unstable();
    names.dedup();
    let remedy = format!(
        "remove {} from `include` under [tool.flavor.python]",
        names.join(", ")
    );
    let is_affected =
        |slot: &SlotContents, entry: &PackedEntry| slot.name == RUNTIME && feature(entry).is_some();
    about(
        "FLA040",
        "parts of the standard library that few programs need",
        contents,
        is_affected,
        |entry| entry.stored,
        remedy,
    )
}

/// Sums up the files of a rule.
fn about(
    code: &'static str,
    title: &str,
    contents: &Contents,
    is_affected: impl Fn(&SlotContents, &PackedEntry) -> bool,
    saving: impl Fn(&PackedEntry) -> u64,
    remedy: String,
) -> Option<Advice> {
    let mut files: Vec<_> = contents
        .files()
        .filter(|(slot, entry)| is_affected(slot, entry))
        .collect();
    if files.is_empty() {
        return None;
    }
    files.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.stored));
    Some(Advice {
        code,
        title: title.into(),
        saving: files.iter().map(|(_, entry)| saving(entry)).sum(),
        size: files.iter().map(|(_, entry)| entry.size).sum(),
        files: files.len() as u64,
        remedy,
        examples: files
            .iter()
            .take(EXAMPLES)
            .map(|(slot, entry)| format!("{}/{}", slot.name, entry.path))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{NativeFile, PackedDistribution};
    use super::*;
    use crate::format::Blake3;
    use crate::slot::EntryKind;

    fn file(path: &str, stored: u64) -> PackedEntry {
        PackedEntry {
            path: path.into(),
            kind: EntryKind::File,
            mode: 0o644,
            size: 10 * stored,
            stored,
            blake3: Some(Blake3::of(path.as_bytes())),
            link: None,
            distribution: None,
            module: None,
            native: None,
        }
    }

    fn slot(name: &str, entries: Vec<PackedEntry>) -> SlotContents {
        let stored = entries.iter().map(|entry| entry.stored).sum();
        SlotContents {
            name: name.into(),
            stored,
            alone: stored,
            codec: Some(Codec::Zstd),
            tar: true,
            entries: Some(entries),
            ..SlotContents::default()
        }
    }

    fn contents(slots: Vec<SlotContents>) -> Contents {
        Contents {
            slots,
            ..Contents::default()
        }
    }

    /// The codes and savings of all advice.
    fn savings(contents: &Contents) -> Vec<(&'static str, u64)> {
        advise(contents)
            .iter()
            .map(|advice| (advice.code, advice.saving))
            .collect()
    }

    #[test]
    fn every_kind_of_ballast_has_its_code() {
        let site = "lib/python3.13/site-packages/thing";
        for (name, code) in [
            ("core.pyi", "FLA010"),
            ("core.h", "FLA011"),
            ("tests/test_core.py", "FLA012"),
            ("docs/index.rst", "FLA013"),
            ("libthing.a", "FLA014"),
            ("locale/de/LC_MESSAGES/thing.mo", "FLA015"),
        ] {
            let entries = || {
                vec![
                    file(&format!("{site}/{name}"), 70),
                    file(&format!("{site}/core.py"), 30),
                ]
            };
            assert_eq!(
                savings(&contents(vec![slot("deps", entries())])),
                [(code, 70)],
                "{name}"
            );
            // The project's own files are up to the user.
            assert_eq!(
                savings(&contents(vec![slot("app", entries())])),
                [],
                "{name}"
            );
        }
    }

    #[test]
    fn symbols_are_worth_their_part_of_the_share() {
        let native = NativeFile {
            needed: Vec::new(),
            glibc_floor: None,
            soname: None,
            strippable: 500,
            strippable_share: 250,
        };
        let library = PackedEntry {
            native: Some(Box::new(native)),
            ..file("libthing.so", 1000)
        };
        assert_eq!(
            savings(&contents(vec![slot("data", vec![library])])),
            [("FLA020", 250)]
        );
    }

    #[test]
    fn an_installer_is_named_unless_a_dependency_requires_it() {
        let distribution = |name: &str, slot: &str, requires: &[&str]| PackedDistribution {
            name: name.into(),
            slot: slot.into(),
            requires: requires.iter().map(|name| (*name).to_owned()).collect(),
            ..PackedDistribution::default()
        };
        let pip = || PackedEntry {
            distribution: Some(0),
            ..file("lib/python3.13/site-packages/pip/main.py", 40)
        };
        let with = |other: PackedDistribution| Contents {
            distributions: vec![distribution("pip", "deps", &[]), other],
            ..contents(vec![slot("deps", vec![pip()])])
        };
        let advice = advise(&with(distribution("app", "app", &["pip"])));
        assert_eq!(
            advice
                .iter()
                .map(|advice| (advice.code, advice.saving))
                .collect::<Vec<_>>(),
            [("FLA021", 40)]
        );
        assert!(
            advice[0]
                .remedy
                .starts_with("remove pip from the dependencies"),
            "{}",
            advice[0].remedy
        );
        assert_eq!(
            savings(&with(distribution("pip-tools", "deps", &["pip"]))),
            []
        );
    }

    #[test]
    fn copies_and_raw_slots_and_what_was_included_are_told() {
        let twin = |name: &str, stored| PackedEntry {
            blake3: Some(Blake3::of(b"same")),
            ..file(name, stored)
        };
        let copies = vec![
            slot("one", vec![twin("a", 50)]),
            slot("two", vec![twin("b", 60)]),
        ];
        assert_eq!(savings(&contents(copies)), [("FLA030", 60)]);
        let raw = |alone| SlotContents {
            codec: Some(Codec::Raw),
            alone,
            ..slot("raw", vec![file("a", 1000)])
        };
        assert_eq!(savings(&contents(vec![raw(400)])), [("FLA031", 600)]);
        assert_eq!(savings(&contents(vec![raw(950)])), [], "not worth it");
        let test = file("lib/python3.13/idlelib/run.py", 20);
        let advice = advise(&contents(vec![slot(
            "runtime",
            vec![test, file("lib/python3.13/json/decoder.py", 9)],
        )]));
        assert_eq!(
            (advice[0].code, advice[0].saving, advice.len()),
            ("FLA040", 20, 1)
        );
        assert!(
            advice[0]
                .remedy
                .starts_with("remove idlelib from `include`"),
            "{}",
            advice[0].remedy
        );
    }
}
