use std::path::{Component, Path, PathBuf};

use super::super::application::Application;
use super::super::finding::Finding;
use super::super::slots::SlotPlan;
use crate::format::WORKENV;
use crate::manifest::suggest::closest;

/// What lies where in the environment.
pub(super) struct Paths<'a> {
    plans: &'a [SlotPlan],
    /// What is made beside the slots.
    made: Vec<String>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(application: Option<&Application>, plans: &'a [SlotPlan]) -> Self {
        let version = application.map(|application| application.python.version.as_str());
        let minor = version.and_then(|version| version.split('.').nth(1));
        let made = minor.map(|minor| {
            let interpreter = format!("bin/python3.{minor}");
            vec!["bin/python".into(), "bin/python3".into(), interpreter, "pyvenv.cfg".into()]
        });
        Self { plans, made: made.unwrap_or_default() }
    }

    /// The first path in a text that nothing makes; `what` is what the text is for.
    pub(super) fn missing(&self, what: &str, text: &str) -> Option<Finding> {
        let path = named(text).into_iter().find(|path| !self.is_there(path))?;
        let parent = path.parent().unwrap_or(Path::new(""));
        let near: Vec<PathBuf> = self.plans.iter().flat_map(|plan| plan.places_in(parent)).collect();
        let near: Vec<&str> = near.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        let suggestion = path.file_name().and_then(|name| closest(name.to_str()?, near));
        Some(Finding::NothingThere {
            what: what.into(),
            path: format!("{WORKENV}/{}", path.display()),
            suggestion: suggestion.map(|name| format!("{WORKENV}/{}", parent.join(name).display())),
        })
    }

    fn is_there(&self, path: &Path) -> bool {
        self.made.iter().any(|made| Path::new(made) == path) || self.plans.iter().any(|plan| plan.may_hold(path))
    }
}

/// The paths below the environment that a text names. Of a pattern, or of what has a variable in it, nothing is known.
fn named(text: &str) -> Vec<PathBuf> {
    let rests = text.match_indices(WORKENV).filter_map(|(at, mark)| text.get(at + mark.len()..)?.strip_prefix('/'));
    let paths = rests.filter_map(|rest| {
        let end = rest.find(|c: char| c.is_whitespace() || ":;,'\"&|()<>`{}*?[$".contains(c)).unwrap_or(rest.len());
        let (path, after) = rest.split_at(end);
        let parts: PathBuf = Path::new(path).components().collect();
        let is_plain = parts.components().all(|part| matches!(part, Component::Normal(_)));
        (is_plain && !path.is_empty() && !after.starts_with(['{', '*', '?', '[', '$', '`'])).then_some(parts)
    });
    paths.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_whatever_surrounds_them() {
        let found = |text| named(text).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(found("{workenv}/bin/a"), ["bin/a"]);
        assert_eq!(found("exec {workenv}/bin/a --in={workenv}/b/c/ 'x'"), ["bin/a", "b/c"]);
        assert_eq!(found("{workenv}/lib:{workenv}/lib64:/usr/lib"), ["lib", "lib64"]);
        for unknown in
            ["{workenv}", "{workenv}/", "{workenv}/../x", "{workenv}/*.so", "{workenv}/$X", "${workenv}x", "a"]
        {
            assert!(found(unknown).is_empty(), "{unknown}");
        }
    }
}
