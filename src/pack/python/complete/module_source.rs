//! What the source of one module says about imports.

use super::modules::{Node, Owner};
use crate::python::source::{Source, When};

/// What an import statement refers to.
pub(super) struct Wish {
    pub(super) line: usize,
    pub(super) when: When,
    /// The absolute name of the module.
    pub(super) module: String,
    /// The names imported from it, which may be submodules.
    pub(super) names: Vec<String>,
}

/// What was read of a module.
pub(super) struct ModuleSource {
    pub(super) wishes: Vec<Wish>,
    /// Whether it changes `sys.path` or the like.
    pub(super) alters_path: bool,
    /// The source, if it creates modules dynamically.
    pub(super) conjures: Option<String>,
}

/// Substrings of modules that change where modules are found.
const ALTERS_PATH: &[&str] = &["sys.path", "addsitedir", "addpackage"];
/// Substrings of modules that create modules without files.
const CONJURES: &[&str] = &["modules[", "modules.setdefault", "meta_path", "path_hooks"];

impl ModuleSource {
    pub(super) fn read(node: &Node<'_>, text: &str) -> Self {
        let source = Source::read(text);
        let wish = |import: crate::python::source::Import<'_>| {
            let module = match import.level {
                0 => import.module,
                level => {
                    let package = node.package(level)?;
                    if import.module.is_empty() {
                        package
                    } else {
                        format!("{package}.{}", import.module)
                    }
                }
            };
            let names = import.names.into_iter().map(ToOwned::to_owned).collect();
            Some(Wish {
                line: import.line,
                when: import.when,
                module,
                names,
            })
        };
        Self {
            wishes: source.imports.into_iter().filter_map(wish).collect(),
            alters_path: node.owner != Owner::Library && has_one_of(text, ALTERS_PATH),
            conjures: (node.owner != Owner::Library && has_one_of(text, CONJURES))
                .then(|| text.to_owned()),
        }
    }
}

/// Whether a text has one of the substrings.
pub(super) fn has_one_of(text: &str, marks: &[&str]) -> bool {
    marks.iter().any(|mark| text.contains(mark))
}

/// Whether a text has a name as a whole word.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|one| one == word)
}

/// Whether a module provides another one dynamically: `sys.modules["six.moves"] = …`, or by an
/// importer of its own.
pub(super) fn conjures(text: &str, module: &str) -> bool {
    let is_importer = text.contains("meta_path") || text.contains("path_hooks");
    ['"', '\'']
        .iter()
        .map(|quote| format!("{quote}{module}{quote}"))
        .any(|name| {
            text.contains(&format!("modules[{name}]"))
                || text.contains(&format!("modules.setdefault({name}"))
                || (is_importer && text.contains(&name))
        })
}
