use std::collections::BTreeMap;

use super::entry_point::EntryPoint;
use super::error::Error;
use super::name::normalized;
use super::suggest::closest;
use super::{Input, Manifest};

/// What the command line selects in addition to the input. Recorded in the package for
/// reproducibility.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// `--entry-point`; overrides the manifest.
    pub entry_point: Option<String>,
    /// `--script`; the name of a script in the package. Overrides the manifest.
    pub script: Option<String>,
    /// `--extra`, in addition to those of the manifest.
    pub extras: Vec<String>,
    /// `--group`, in addition to those of the manifest.
    pub groups: Vec<String>,
    /// The name of a package whose input has none, from that of the directory.
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
        // The extras of a requirement are a part of it.
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
            // An explicit entry point overrides the configured one.
            manifest.execution.command = None;
        }
        if self.script.is_some() {
            (manifest.entry_point, manifest.execution.command) = (None, None);
        }
        manifest.choices.clone_from(self);
        Ok(())
    }
}

/// Names of one kind, and the known ones.
struct Selection<'a> {
    option: &'static str,
    what: &'static str,
    known: &'a BTreeMap<String, Vec<String>>,
    /// Whether only the build back end knows them.
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
