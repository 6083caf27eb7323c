/// References to other variables in the value of a variable: `{env:NAME}` or `{env:NAME:-DEFAULT}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvReference<'a> {
    pub name: &'a str,
    /// Used if the variable is not set, or empty.
    pub default: &'a str,
}

impl<'a> EnvReference<'a> {
    /// Parses the reference at the beginning of a text, and returns the rest.
    pub fn at_start_of(text: &'a str) -> Option<(Self, &'a str)> {
        let (inside, rest) = text.strip_prefix("{env:")?.split_once('}')?;
        let (name, default) = inside.split_once(":-").unwrap_or((inside, ""));
        let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_')
            && name
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '_');
        (is_name && !default.contains('{')).then_some((Self { name, default }, rest))
    }

    /// The references in a text.
    pub fn all_in(text: &'a str) -> impl Iterator<Item = Self> {
        text.match_indices('{')
            .filter_map(|(at, _)| Some(Self::at_start_of(text.get(at..)?)?.0))
    }
}
