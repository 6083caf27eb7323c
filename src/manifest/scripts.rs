//! `[tool.flavor.scripts]`: programs of the package in addition to those of the project.

use super::entry_point::EntryPoint;
use super::error::Error;
use super::name;
use super::table::Item;

/// A program that the manifest adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedScript {
    /// Its name in the package.
    pub name: String,
    pub target: ScriptTarget,
}

/// What such a program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptTarget {
    /// A function in the package.
    Function(EntryPoint),
    /// A script of a distribution in the package; or a distribution, whose script has the program's
    /// name.
    Script(String),
}

/// An array of names, or a table of names and what they start.
pub(super) fn parse(item: &Item<'_>) -> Result<Vec<NamedScript>, Error> {
    if item.value.is_array() {
        let named = |item: &Item<'_>| {
            let name = name::checked(item, "script name")?;
            Ok(NamedScript {
                target: ScriptTarget::Script(name.clone()),
                name,
            })
        };
        return item.list("an array of names")?.iter().map(named).collect();
    }
    let entries = item.table()?.entries();
    let script = |(name, item): &(&str, Item<'_>)| {
        if !name::is_name(name) {
            return Err(Error::BadName {
                at: item.at(),
                what: "script name",
                name: (*name).to_string(),
            });
        }
        let text = item.text()?.trim();
        let target = match EntryPoint::function(text) {
            Some(function) => ScriptTarget::Function(function),
            None if name::is_name(text) => ScriptTarget::Script(text.to_string()),
            None => {
                return Err(item.bad(
                    "`module:function`, or the name of a script in the package",
                    text,
                ));
            }
        };
        Ok(NamedScript {
            name: (*name).to_string(),
            target,
        })
    };
    entries.iter().map(script).collect()
}
