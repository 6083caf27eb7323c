use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::format::{EnvReference, Metadata, RuntimeEnv, WORKENV};

/// The environment of the program.
///
/// The caller's environment, byte for byte, with the changes that the package asks for. Names and
/// values need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Starts with the caller's variables.
    pub fn new(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.collect())
    }

    /// Applies the package's changes: removals, then renames, then settings. All renames see the
    /// environment before the first of them, so their order does not matter.
    #[must_use]
    pub fn adjusted(mut self, wishes: &RuntimeEnv, workenv: &Path) -> Self {
        if !wishes.unset.is_empty() {
            let matches = |patterns: &[String], name: &OsStr| {
                patterns
                    .iter()
                    .any(|pattern| glob(pattern.as_bytes(), name.as_bytes()))
            };
            self.0
                .retain(|name, _| !matches(&wishes.unset, name) || matches(&wishes.pass, name));
        }
        let renamed: Vec<_> = wishes
            .map
            .iter()
            .filter_map(|(old, new)| {
                self.0
                    .remove(OsStr::new(old))
                    .map(|value| (OsString::from(new), value))
            })
            .collect();
        self.0.extend(renamed);
        self.extended(&wishes.set, workenv)
    }

    /// Sets variables to the package's values, after substituting [`WORKENV`] and references. All
    /// of them see the environment before the first.
    #[must_use]
    pub fn extended(self, values: &BTreeMap<String, String>, workenv: &Path) -> Self {
        let variables: Vec<_> = { values.iter() }
            .map(|(name, value)| {
                (
                    OsString::from(name),
                    expand_value(value, workenv, |name| self.get(name)),
                )
            })
            .collect();
        self.with_all(variables)
    }

    /// Adds the variables that tell a program about its package.
    #[must_use]
    pub fn with(mut self, name: &str, value: &OsStr) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Adds variables.
    #[must_use]
    pub(super) fn with_all(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        self.0.extend(variables);
        self
    }

    /// Removes a variable.
    pub(super) fn remove(&mut self, name: &str) -> Option<OsString> {
        self.0.remove(OsStr::new(name))
    }

    /// All changes that a package asks for, and the paths of its environment and of the package
    /// itself.
    #[must_use]
    pub fn of_package(self, metadata: &Metadata, workenv: &Path, package: &Path) -> Self {
        self.adjusted(&metadata.runtime.env, workenv)
            .extended(&metadata.execution.env, workenv)
            .with("FLAVOR_WORKENV", workenv.as_os_str())
            .with("FLAVOR_PACKAGE_PATH", package.as_os_str())
    }

    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

/// Replaces [`WORKENV`] by the path of the environment, which need not be UTF-8.
pub(super) fn expand(text: &str, workenv: &Path) -> OsString {
    let parts: Vec<&[u8]> = text.split(WORKENV).map(str::as_bytes).collect();
    OsString::from_vec(parts.join(workenv.as_os_str().as_bytes()))
}

/// Replaces [`WORKENV`], `{env:NAME}` and `{env:NAME:-DEFAULT}` in the value of a variable.
///
/// A variable that is not set is replaced by nothing, and an adjacent colon is removed: an empty
/// element of `PATH` means the working directory.
fn expand_value<'a>(
    text: &str,
    workenv: &Path,
    get: impl Fn(&str) -> Option<&'a OsStr>,
) -> OsString {
    let mut expanded: Vec<u8> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, braced) = rest.split_at(at);
        expanded.extend(before.as_bytes());
        if let Some(after) = braced.strip_prefix(WORKENV) {
            expanded.extend(workenv.as_os_str().as_bytes());
            rest = after;
        } else if let Some((reference, after)) = EnvReference::at_start_of(braced) {
            rest = after;
            match get(reference.name).filter(|value| !value.is_empty()) {
                Some(value) => expanded.extend(value.as_bytes()),
                None if !reference.default.is_empty() => {
                    expanded.extend(reference.default.as_bytes());
                }
                None if expanded.last() == Some(&b':') => drop(expanded.pop()),
                None => rest = rest.strip_prefix(':').unwrap_or(rest),
            }
        } else {
            expanded.push(b'{');
            rest = braced.get(1..).unwrap_or_default();
        }
    }
    expanded.extend(rest.as_bytes());
    OsString::from_vec(expanded)
}

/// Matches `*` and `?`, as in FlavorPack's `unset` and `pass`. Backtracks only to the last `*`:
/// whatever an earlier one could match instead, the last one can match as well. This keeps the time
/// quadratic for patterns with many `*`.
fn glob(mut pattern: &[u8], mut name: &[u8]) -> bool {
    // The pattern after the last `*`, and the position in the name from which it was tried.
    let mut again: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => return true,
            (Some((b'*', rest)), _) => {
                again = Some((rest, name));
                pattern = rest;
            }
            (Some((wanted, rest)), Some((byte, left))) if *wanted == b'?' || wanted == byte => {
                (pattern, name) = (rest, left);
            }
            _ => {
                let Some((rest, [_, left @ ..])) = again else {
                    return false;
                };
                again = Some((rest, left));
                (pattern, name) = (rest, left);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::new(
            pairs
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    fn wishes(text: &str) -> RuntimeEnv {
        serde_json::from_str(text).expect("valid wishes")
    }

    #[test]
    fn without_wishes_nothing_changes() {
        let caller = environment(&[("A", "1"), ("LD_LIBRARY_PATH", "/x")]);
        assert_eq!(
            caller
                .clone()
                .adjusted(&RuntimeEnv::default(), Path::new("/w")),
            caller
        );
    }

    #[test]
    fn unset_map_and_set_apply_in_this_order() {
        let wishes = wishes(
            r#"{"unset":["*"],"pass":["HOME","LC_*"],"map":{"HOME":"OLD"},"set":{"DATA":"{workenv}/data","HOME":"/h"}}"#,
        );
        let adjusted = environment(&[("HOME", "/me"), ("LC_ALL", "C"), ("X", "1")])
            .adjusted(&wishes, Path::new("/w"));
        assert_eq!(
            adjusted,
            environment(&[
                ("DATA", "/w/data"),
                ("HOME", "/h"),
                ("LC_ALL", "C"),
                ("OLD", "/me")
            ])
        );
    }

    #[test]
    fn values_name_other_variables() {
        let caller = environment(&[("PATH", "/bin"), ("EMPTY", ""), ("A", "a")]);
        let value = |text: &str| {
            let set = BTreeMap::from([("PATH".to_owned(), text.to_owned())]);
            let extended = caller.clone().extended(&set, Path::new("/w"));
            extended
                .get("PATH")
                .and_then(OsStr::to_str)
                .expect("UTF-8")
                .to_owned()
        };
        for (text, expected) in [
            ("{workenv}/bin:{env:PATH}", "/w/bin:/bin"),
            ("{env:PATH}:{workenv}/bin", "/bin:/w/bin"),
            ("{workenv}/bin:{env:NONE}", "/w/bin"),
            ("{env:NONE}:{workenv}/bin", "/w/bin"),
            ("/x:{env:EMPTY}:/y", "/x:/y"),
            ("{env:NONE}", ""),
            ("{env:NONE:-/a:/b}:{env:EMPTY:-c}", "/a:/b:c"),
            ("{env:A:-b}{env:A}", "aa"),
            (
                "{env:} {env:A-B} {env:1} {A} {env:A",
                "{env:} {env:A-B} {env:1} {A} {env:A",
            ),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn values_look_at_what_was_there_before() {
        let set = [("A", "{env:B}"), ("B", "{env:A}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let extended = environment(&[("A", "1"), ("B", "2")]).extended(&set.into(), Path::new("/"));
        assert_eq!(extended, environment(&[("A", "2"), ("B", "1")]));
    }

    #[test]
    fn renames_do_not_chain() {
        let adjusted = environment(&[("A", "1"), ("B", "2")])
            .adjusted(&wishes(r#"{"map":{"A":"B","B":"C"}}"#), Path::new("/"));
        assert_eq!(adjusted, environment(&[("B", "1"), ("C", "2")]));
    }
}
