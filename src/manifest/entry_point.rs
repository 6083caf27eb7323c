use std::fmt;
use std::path::{Component, Path, PathBuf};

/// What starts the program. Displayed as the user would write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryPoint {
    /// A function, called without arguments: `module:function`.
    Function {
        /// Dotted module path.
        module: String,
        /// Dotted path to a callable in the module.
        attr: String,
    },
    /// A module that is run like `python -m`.
    Module(String),
    /// A file, relative to [`super::Manifest::directory`], that is run like `python FILE`.
    File(PathBuf),
}

impl EntryPoint {
    /// Parses `module:function`. An extra in brackets at the end (obsolete syntax) is dropped.
    pub fn function(text: &str) -> Option<Self> {
        let text = text.split_once('[').map_or(text, |(before, _)| before);
        let (module, attr) = text.split_once(':')?;
        let (module, attr) = (module.trim(), attr.trim());
        (is_dotted(module) && is_dotted(attr)).then(|| Self::Function {
            module: module.into(),
            attr: attr.into(),
        })
    }

    /// Parses `module:function`, `module`, or the path of a file inside the directory.
    pub(super) fn any(text: &str) -> Option<Self> {
        let text = text.trim();
        let path = Path::new(text);
        if text.contains('/') || path.extension().is_some_and(|ending| ending == "py") {
            let parts: PathBuf = path
                .components()
                .filter(|part| *part != Component::CurDir)
                .collect();
            let is_inside = parts
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            return (is_inside && parts.file_name().is_some()).then_some(Self::File(parts));
        }
        Self::function(text).or_else(|| is_dotted(text).then(|| Self::Module(text.into())))
    }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { module, attr } => write!(f, "{module}:{attr}"),
            Self::Module(module) => f.write_str(module),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

fn is_dotted(path: &str) -> bool {
    path.split('.').all(|part| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_modules_and_files_are_told_apart() {
        let kind = |text: &str| match EntryPoint::any(text) {
            Some(EntryPoint::Function { .. }) => "function",
            Some(EntryPoint::Module(_)) => "module",
            Some(EntryPoint::File(_)) => "file",
            None => "nothing",
        };
        for (text, expected) in [
            ("pkg.cli:main", "function"),
            ("pkg.cli:App.run", "function"),
            ("pkg.cli", "module"),
            ("run.py", "file"),
            ("./tools/run", "file"),
            ("../run.py", "nothing"),
            ("/run.py", "nothing"),
            ("pkg.cli:main()", "nothing"),
            ("./", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert_eq!(
            EntryPoint::any("./tools//run.py")
                .expect("a file")
                .to_string(),
            "tools/run.py"
        );
    }
}
