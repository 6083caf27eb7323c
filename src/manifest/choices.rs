use std::collections::BTreeMap;

use super::error::Error;
use super::name::normalized;
use super::suggest::closest;

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

/// Names of one kind, and the known ones.
pub(super) struct Selection<'a> {
    pub(super) option: &'static str,
    pub(super) what: &'static str,
    pub(super) known: &'a BTreeMap<String, Vec<String>>,
    /// Whether only the build back end knows them.
    pub(super) computed: bool,
}

impl Selection<'_> {
    pub(super) fn add(&self, wanted: &[String], chosen: &mut Vec<String>) -> Result<(), Error> {
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
