use super::suggest::closest;
use super::table::Item;
use super::warning::Warning;
use crate::format::EnvReference;

/// The placeholders in a command or a variable.
const WORKENV: &str = "workenv";

/// Warns about likely misspellings of the placeholder. All other braces are literal.
pub(super) fn check(item: &Item<'_>, text: &str) {
    for inside in inside_braces(text) {
        let is_near = inside != WORKENV && closest(inside.trim(), [WORKENV]).is_some();
        if is_near || is_like_reference(inside) {
            warn(item, inside);
        }
    }
}

/// The same for the value of a variable, which may refer to other variables.
pub(super) fn check_value(item: &Item<'_>, text: &str) {
    for inside in inside_braces(text) {
        let is_near = inside != WORKENV && closest(inside.trim(), [WORKENV]).is_some();
        let is_reference = EnvReference::at_start_of(&format!("{{{inside}}}")).is_some();
        if is_near || (is_like_reference(inside) && !is_reference) {
            warn(item, inside);
        }
    }
}

fn inside_braces(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(inside, _)| inside)
}

/// Whether this was probably meant as a reference to a variable: `{env:HOME}`, `{env.HOME}`, `{ENV:
/// HOME}`.
fn is_like_reference(inside: &str) -> bool {
    let (word, rest) = inside.trim_start().split_at_checked(3).unwrap_or_default();
    word.eq_ignore_ascii_case("env") && rest.trim_start().starts_with([':', '.'])
}

fn warn(item: &Item<'_>, inside: &str) {
    item.source.warn(Warning::UnknownPlaceholder {
        at: item.at(),
        placeholder: format!("{{{inside}}}"),
    });
}
