use std::fmt::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::format::Blake3;

/// Named inputs of one step. Their digest is the cache key of its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pack) struct Inputs(Vec<Input>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pack) struct Input {
    pub(in crate::pack) name: String,
    /// One for a plain value, any number for a list.
    pub(in crate::pack) values: Vec<String>,
    /// Where a user would change it.
    #[serde(skip)]
    pub(in crate::pack) origin: Option<InputOrigin>,
    /// For a digest of many files: what has changed since the last pack.
    #[serde(skip)]
    pub(in crate::pack) changes: Vec<String>,
}

/// The origin of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pack) enum InputOrigin {
    /// A key of the manifest, such as `["project", "dependencies"]`.
    Key(&'static [&'static str]),
    /// A file or a directory.
    Path(PathBuf),
}

impl Inputs {
    /// Adds a plain value.
    pub(in crate::pack) fn add(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Input {
        self.push(name, vec![value.to_string()])
    }

    /// Adds a list of values, whose order is significant.
    pub(in crate::pack) fn add_list(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> &mut Input {
        self.push(name, values.into_iter().map(Into::into).collect())
    }

    fn push(&mut self, name: &str, values: Vec<String>) -> &mut Input {
        self.0.push(Input {
            name: name.into(),
            values,
            origin: None,
            changes: Vec::new(),
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// The cache key: 64 hexadecimal digits.
    pub(in crate::pack) fn key(&self) -> String {
        let mut text = String::new();
        for input in &self.0 {
            // Writing to a string cannot fail. Escaping keeps a value from forging a line.
            _ = writeln!(text, "{} {}", input.name, input.values.len());
            for value in &input.values {
                _ = writeln!(text, "  {}", value.escape_debug());
            }
        }
        Blake3::of(text.as_bytes()).hex()
    }

    /// Whether the inputs are equal except for those named in `except`.
    pub(in crate::pack) fn same_but(&self, other: &Self, except: &[&str]) -> bool {
        let rest = |inputs: &Self| -> Vec<(String, Vec<String>)> {
            let kept = inputs
                .0
                .iter()
                .filter(|input| !except.contains(&input.name.as_str()));
            kept.map(|input| (input.name.clone(), input.values.clone()))
                .collect()
        };
        rest(self) == rest(other)
    }

    pub(in crate::pack) fn iter(&self) -> impl Iterator<Item = &Input> {
        self.0.iter()
    }

    pub(in crate::pack) fn get_mut(&mut self, name: &str) -> Option<&mut Input> {
        self.0.iter_mut().find(|input| input.name == name)
    }

    pub(in crate::pack) fn get(&self, name: &str) -> Option<&Input> {
        self.0.iter().find(|input| input.name == name)
    }
}

impl Input {
    pub(in crate::pack) fn set_by(&mut self, key: &'static [&'static str]) -> &mut Self {
        self.origin = Some(InputOrigin::Key(key));
        self
    }

    pub(in crate::pack) fn found_at(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.origin = Some(InputOrigin::Path(path.into()));
        self
    }

    pub(in crate::pack) fn changed(&mut self, changes: &[String]) -> &mut Self {
        self.changes = changes.to_vec();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_inputs_never_share_a_key() {
        let with = |name: &str, values: &[&str]| {
            let mut inputs = Inputs::default();
            inputs.add_list(name, values.iter().copied());
            inputs
        };
        let all = [
            with("a", &[]),
            with("a", &[""]),
            with("a", &["b"]),
            with("a", &["b", "c"]),
            with("a", &["b\n  c"]),
            with("a", &["b\\n  c"]),
            with("a 1\n  b", &[]),
        ];
        let mut keys: Vec<String> = all.iter().map(Inputs::key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all.len());
    }
}
