use std::path::{Component, Path, PathBuf};

use super::super::application::Environment;
use super::super::slots::SlotPlan;
use super::super::warning::Finding;
use crate::format::WORKENV;
use crate::manifest::suggest::closest;

/// The files in the environment.
pub(super) struct Paths<'a> {
    plans: &'a [SlotPlan],
    /// Files that are created in addition to the slots.
    made: &'a [String],
}

impl<'a> Paths<'a> {
    pub(super) fn new(environment: &'a Environment, plans: &'a [SlotPlan]) -> Self {
        Self {
            plans,
            made: &environment.made,
        }
    }

    /// A program that does not exist, if the word is only its path.
    pub(super) fn no_program(&self, word: &str) -> Option<Finding> {
        let path = plain(word.strip_prefix(WORKENV)?.strip_prefix('/')?)?;
        (!self.is_there(&path)).then(|| self.missing("the command", &path))
    }

    /// The first path in a text that does not exist, with any interpretation of where it ends;
    /// `what` describes the text.
    pub(super) fn nowhere(&self, what: &str, text: &str) -> Option<Finding> {
        let all = named(text);
        let path = all
            .iter()
            .find(|readings| !readings.iter().any(|path| self.is_there(path)))?
            .first()?;
        Some(self.missing(what, path))
    }

    fn missing(&self, what: &str, path: &Path) -> Finding {
        let parent = path.parent().unwrap_or(Path::new(""));
        let near: Vec<PathBuf> = self
            .plans
            .iter()
            .flat_map(|plan| plan.places_in(parent))
            .collect();
        let near: Vec<&str> = near
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .collect();
        let suggestion = path
            .file_name()
            .and_then(|name| closest(name.to_str()?, near));
        Finding::NothingThere {
            what: what.into(),
            path: format!("{WORKENV}/{}", path.display()),
            suggestion: suggestion.map(|name| format!("{WORKENV}/{}", parent.join(name).display())),
        }
    }

    fn is_there(&self, path: &Path) -> bool {
        self.made.iter().any(|made| Path::new(made) == path)
            || self.plans.iter().any(|plan| plan.may_hold(path))
    }
}

/// The paths below the environment that a text names, each with all possible ends, shortest first,
/// because the following characters may belong to it. Patterns, and paths with variables, are
/// skipped.
fn named(text: &str) -> Vec<Vec<PathBuf>> {
    let rests = text
        .match_indices(WORKENV)
        .filter_map(|(at, mark)| text.get(at + mark.len()..)?.strip_prefix('/'));
    let readings = rests.filter_map(|rest| {
        let ends = rest
            .match_indices(|c: char| !c.is_alphanumeric() && !"/._-+".contains(c))
            .map(|(end, _)| end);
        let ends: Vec<usize> = ends.chain([rest.len()]).collect();
        let (first, after) = rest.split_at(*ends.first()?);
        let is_known = !first.is_empty() && !after.starts_with(['{', '*', '?', '[', '$', '`']);
        let readings: Vec<PathBuf> = ends
            .iter()
            .filter_map(|end| plain(rest.get(..*end)?))
            .collect();
        (is_known && plain(first).is_some()).then_some(readings)
    });
    readings.collect()
}

/// A path without `..`.
fn plain(text: &str) -> Option<PathBuf> {
    let path: PathBuf = Path::new(text).components().collect();
    let is_plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (is_plain && !text.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_whatever_surrounds_them() {
        let found = |text| {
            let shown = |readings: &Vec<PathBuf>| {
                readings
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect()
            };
            named(text).iter().map(shown).collect::<Vec<Vec<String>>>()
        };
        assert_eq!(found("{workenv}/bin/a"), [["bin/a"]]);
        assert_eq!(found("--in={workenv}/b/c/"), [["b/c"]]);
        assert_eq!(
            found("{workenv}/run me, now"),
            [["run", "run me", "run me,", "run me, now"]].map(Vec::from)
        );
        assert_eq!(
            found("{workenv}/a:{workenv}/b").last().map(Vec::len),
            Some(1)
        );
        for unknown in [
            "{workenv}",
            "{workenv}/",
            "{workenv}/../x",
            "{workenv}/*.so",
            "{workenv}/$X",
            "${workenv}x",
            "a",
        ] {
            assert!(found(unknown).is_empty(), "{unknown}");
        }
    }
}
