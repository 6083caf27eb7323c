//! What a distribution says of itself in its `METADATA` file (Core Metadata,
//! <https://packaging.python.org/specifications/core-metadata/>).

/// The fields that are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoreMetadata {
    /// Normalised.
    pub name: Option<String>,
    /// The name as written.
    pub written_name: Option<String>,
    pub summary: Option<String>,
    pub version: Option<String>,
    /// The SPDX expression, or else another description of the licence.
    pub license: Option<String>,
    /// Whether [`Self::license`] is an SPDX expression.
    pub spdx: bool,
    /// Normalised names of its requirements, regardless of versions, extras and markers.
    pub requires: Vec<String>,
    /// Its requirements as written: PEP 508.
    pub requires_dist: Vec<String>,
    pub requires_python: Option<String>,
    /// Its extras, as written.
    pub extras: Vec<String>,
}

impl CoreMetadata {
    /// Parses the headers; missing ones stay empty.
    pub fn parse(text: &str) -> Self {
        Self {
            name: header(text, "Name").map(normalised),
            written_name: header(text, "Name").map(ToOwned::to_owned),
            summary: header(text, "Summary").map(ToOwned::to_owned),
            version: header(text, "Version").map(ToOwned::to_owned),
            license: license(text),
            spdx: header(text, "License-Expression").is_some(),
            requires: requires(text),
            requires_dist: all(text, "Requires-Dist"),
            requires_python: header(text, "Requires-Python").map(ToOwned::to_owned),
            extras: all(text, "Provides-Extra"),
        }
    }
}

fn requires(metadata: &str) -> Vec<String> {
    let of_interest =
        headers(metadata).filter(|(key, _)| key.eq_ignore_ascii_case("Requires-Dist"));
    let end_of_name = |c: char| !c.is_alphanumeric() && !"-_.".contains(c);
    of_interest
        .filter_map(|(_, value)| value.trim().split(end_of_name).next())
        .map(normalised)
        .collect()
}

fn all(metadata: &str, name: &str) -> Vec<String> {
    let of_interest = headers(metadata).filter(|(key, _)| key.eq_ignore_ascii_case(name));
    of_interest
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// Normalises a distribution's name: PEP 503.
pub(super) fn normalised(name: &str) -> String {
    let parts: Vec<&str> = name
        .split(['-', '_', '.'])
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("-").to_ascii_lowercase()
}

fn headers(metadata: &str) -> impl Iterator<Item = (&str, &str)> {
    // The description follows an empty line and is free text.
    metadata
        .lines()
        .take_while(|line| !line.trim_end().is_empty())
        .filter_map(|line| line.split_once(':'))
}

fn header<'a>(metadata: &'a str, name: &str) -> Option<&'a str> {
    let value = headers(metadata)
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim());
    value.filter(|value| !value.is_empty() && *value != "UNKNOWN")
}

/// A `License` field longer than this, or of several lines, is the licence's text, not its name.
const LONGEST_LICENSE: usize = 80;

fn license(metadata: &str) -> Option<String> {
    let continued = |name: &str| {
        let mut lines = metadata.lines().skip_while(|line| !line.starts_with(name));
        lines
            .nth(1)
            .is_some_and(|next| next.starts_with([' ', '\t']))
    };
    let named = header(metadata, "License")
        .filter(|text| text.len() <= LONGEST_LICENSE && !continued("License:"));
    let classifier = || {
        headers(metadata)
            .filter(|(key, value)| {
                key.eq_ignore_ascii_case("Classifier") && value.trim().starts_with("License ::")
            })
            .filter_map(|(_, value)| value.rsplit("::").next())
            .map(str::trim)
            .find(|value| *value != "OSI Approved")
    };
    header(metadata, "License-Expression")
        .or(named)
        .or_else(classifier)
        .map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_a_name_not_a_text() {
        let expression = "Name: a\nLicense-Expression: MIT\nLicense: x\n\nLicense: y\n";
        assert_eq!(license(expression).as_deref(), Some("MIT"));
        let text = "Name: a\nLicense: Permission is\n  hereby granted\nClassifier: License :: OSI Approved :: BSD License\n";
        assert_eq!(license(text).as_deref(), Some("BSD License"));
        assert_eq!(
            license("Name: a\nLicense: UNKNOWN\n\nLicense: MIT").as_deref(),
            None
        );
    }

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalised("Zope.Interface__x"), "zope-interface-x");
    }
}
