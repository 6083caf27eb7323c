use std::collections::BTreeMap;

use super::entry_point::EntryPoint;
use super::error::Error;
use super::name::normalized;
use super::suggest::closest;
use super::{Input, Manifest};

/// What the command line chooses beside what the input says. Recorded in the package, so that it can be repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// `--entry-point`; goes before what the manifest says.
    pub entry_point: Option<String>,
    /// `--script`; one of those that are inside, likewise.
    pub script: Option<String>,
    /// `--extra`, in addition to those of the manifest.
    pub extras: Vec<String>,
    /// `--group`, in addition to those of the manifest.
    pub groups: Vec<String>,
    /// The name of a package that has no other than that of the directory it was made of.
    pub package_name: Option<String>,
}

impl Choices {
    pub(super) fn apply(&self, manifest: &mut Manifest) -> Result<(), Error> {
        let project = &manifest.project;
        let computed = project.awaits("optional-dependencies");
        let extras = Selection {
            option: "--extra",
            what: "extra",
            known: &project.optional_dependencies,
            computed,
        };
        // Those of a requirement are a part of it.
        if manifest.input != Input::Requirement {
            extras.add(&self.extras, &mut manifest.build.extras)?;
        }
        let known = &project.dependency_groups;
        let groups = Selection {
            option: "--group",
            what: "dependency group",
            known,
            computed: false,
        };
        groups.add(&self.groups, &mut manifest.build.groups)?;
        if let Some(text) = &self.entry_point {
            let found = EntryPoint::any(text);
            let fits = |entry: &EntryPoint| {
                manifest.input == Input::Directory || !matches!(entry, EntryPoint::File(_))
            };
            let refused = || Error::BadChoice {
                text: text.clone(),
                input: manifest.input,
            };
            manifest.entry_point = Some(found.filter(fits).ok_or_else(refused)?);
            // Who names what is to be started wants that started.
            manifest.execution.command = None;
        }
        if self.script.is_some() {
            (manifest.entry_point, manifest.execution.command) = (None, None);
        }
        manifest.choices.clone_from(self);
        Ok(())
    }
}

/// Names of one kind, and what there is to choose from.
struct Selection<'a> {
    option: &'static str,
    what: &'static str,
    known: &'a BTreeMap<String, Vec<String>>,
    /// Whether only the build back end knows what there is.
    computed: bool,
}

impl Selection<'_> {
    fn add(&self, wanted: &[String], chosen: &mut Vec<String>) -> Result<(), Error> {
        for word in wanted {
            let name = normalized(word);
            if !self.computed && !self.known.contains_key(&name) {
                let known: Vec<String> = self.known.keys().cloned().collect();
                return Err(Error::UnknownChoice {
                    option: self.option,
                    what: self.what,
                    word: word.clone(),
                    suggestion: closest(word, known.iter().map(String::as_str)).map(str::to_string),
                    known,
                });
            }
            if !chosen.contains(&name) {
                chosen.push(name);
            }
        }
        Ok(())
    }
}
