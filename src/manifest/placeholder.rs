use super::error::Warning;
use super::suggest::closest;
use super::table::Item;

/// What a brace may begin in a command or a variable.
const WORKENV: &str = "workenv";

/// Warns about what is almost the placeholder. All other braces mean themselves.
pub(super) fn check(item: &Item<'_>, text: &str) {
    for inside in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside) {
        if inside != WORKENV && closest(inside.trim(), [WORKENV]).is_some() {
            item.source.warn(Warning::UnknownPlaceholder { at: item.at(), placeholder: format!("{{{inside}}}") });
        }
    }
}
