//! Selects the parts of a standard library for a runtime.

use std::path::Path;

use super::Error;

/// A part of the standard library that slim omits.
#[derive(Debug, PartialEq, Eq)]
pub struct Feature {
    /// The name for including it.
    pub name: &'static str,
    /// Paths relative to the standard library, with `*` as a wildcard inside one component. A path
    /// listed by several features is included with each of them, so that a feature is
    /// self-contained.
    pub paths: &'static [&'static str],
}

const TKINTER: &str = "tkinter";
const TKINTER_MODULE: &str = "lib-dynload/_tkinter.*";

/// What slim omits, by name.
pub const FEATURES: &[Feature] = &[
    Feature {
        name: "test",
        paths: &[
            "test",
            "*/test",
            "*/tests",
            "idlelib/idle_test",
            "lib-dynload/_test*",
            "lib-dynload/_ctypes_test*",
            "lib-dynload/_xxtestfuzz.*",
            "lib-dynload/xxlimited*",
            "lib-dynload/xxsubtype.*",
        ],
    },
    Feature {
        name: "tkinter",
        paths: &[TKINTER, TKINTER_MODULE],
    },
    Feature {
        name: "turtle",
        paths: &["turtle.py", TKINTER, TKINTER_MODULE],
    },
    Feature {
        name: "turtledemo",
        paths: &["turtledemo", "turtle.py", TKINTER, TKINTER_MODULE],
    },
    Feature {
        name: "idlelib",
        paths: &["idlelib", TKINTER, TKINTER_MODULE],
    },
    Feature {
        name: "ensurepip",
        paths: &["ensurepip"],
    },
    Feature {
        name: "lib2to3",
        paths: &["lib2to3"],
    },
    Feature {
        name: "pydoc_data",
        paths: &["pydoc_data"],
    },
    // The static libpython and the files for embedding.
    Feature {
        name: "config",
        paths: &["config-*", "config"],
    },
    // C headers are outside the standard library.
    Feature {
        name: "headers",
        paths: &[],
    },
    // So are time zones, on the host.
    Feature {
        name: "tzdata",
        paths: &[],
    },
    // Sun's Yellow Pages: removed in 3.13, and the only module that depends on Kerberos.
    Feature {
        name: "nis",
        paths: &["lib-dynload/nis.*"],
    },
    Feature {
        name: "windows",
        paths: &["venv/scripts/nt", "distutils/command/*.exe", "msilib"],
    },
];

/// What belongs to the machine or its package manager rather than to the interpreter.
const NEVER: &[&str] = &[
    "site-packages",
    "dist-packages",
    "__pycache__",
    "sitecustomize.py",
    "usercustomize.py",
    "EXTERNALLY-MANAGED",
    "*.a",
    "*.o",
];

/// The decision for one path of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    /// An omitted package of which one module is included: only that and the `__init__.py` above
    /// it.
    KeepPart,
    /// Not part of any runtime.
    Drop,
    LeaveOut {
        feature: &'static str,
    },
}

/// The name that includes a module of the standard library; `None` if slim does not omit the
/// module.
pub fn include_for(module: &str) -> Option<String> {
    let path = module.replace('.', "/");
    let above = path
        .match_indices('/')
        .filter_map(|(at, _)| path.get(..at))
        .chain([path.as_str()]);
    let places = above.flat_map(|path| {
        [
            path.to_owned(),
            format!("{path}.py"),
            format!("lib-dynload/{path}.so"),
        ]
    });
    let mut features = places.filter_map(|place| match Contents::new(&[]).judge(&place, false) {
        Verdict::LeaveOut { feature } => Some(feature),
        _ => None,
    });
    match features.next()? {
        // The test suites are large, so only the module is included.
        "test" => Some(module.to_owned()),
        feature => Some(feature.to_owned()),
    }
}

/// A user's checked selection.
pub(super) struct Contents {
    features: Vec<&'static str>,
    /// Path patterns, and whether any path matched.
    modules: Vec<(String, bool)>,
    /// Sonames.
    pub(super) libraries: Vec<String>,
}

impl Contents {
    pub(super) fn new(include: &[String]) -> Self {
        let mut contents = Self {
            features: Vec::new(),
            modules: Vec::new(),
            libraries: Vec::new(),
        };
        for name in include {
            if let Some(feature) = FEATURES.iter().find(|feature| feature.name == name) {
                contents.features.push(feature.name);
            } else if name.starts_with("lib") && name.contains(".so") {
                contents.libraries.push(name.clone());
            } else {
                contents
                    .modules
                    .push((name.trim_end_matches(".py").replace('.', "/"), false));
            }
        }
        contents
    }

    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.contains(&feature)
    }

    /// Decides on `path`, relative to the standard library; `is_part` means that its directory is
    /// only partly kept.
    pub(super) fn judge(&mut self, path: &str, is_part: bool) -> Verdict {
        let name = Path::new(path)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if NEVER.iter().any(|pattern| matches_component(pattern, name)) {
            return Verdict::Drop;
        }
        let mut is_above = false;
        for (pattern, matched) in &mut self.modules {
            if matches_module(pattern, path) {
                *matched = true;
                return Verdict::Keep;
            }
            is_above |= pattern
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'));
        }
        if is_part {
            return match (name, is_above) {
                ("__init__.py", _) => Verdict::Keep,
                (_, true) => Verdict::KeepPart,
                (_, false) => Verdict::Drop,
            };
        }
        let mut naming = FEATURES.iter().filter(|feature| {
            feature
                .paths
                .iter()
                .any(|pattern| matches_path(pattern, path))
        });
        let Some(first) = naming.next() else {
            return Verdict::Keep;
        };
        if self.has(first.name) || naming.any(|feature| self.features.contains(&feature.name)) {
            Verdict::Keep
        } else if is_above {
            Verdict::KeepPart
        } else {
            Verdict::LeaveOut {
                feature: first.name,
            }
        }
    }

    /// Rejects names that matched nothing in the standard library.
    pub(super) fn check_used(&self) -> Result<(), Error> {
        match self.modules.iter().find(|(_, matched)| !matched) {
            Some((pattern, _)) => Err(Error::UnknownInclude {
                name: pattern.replace('/', "."),
            }),
            None => Ok(()),
        }
    }
}

/// Whether the module pattern matches the file or directory at `path`, or a package above it.
fn matches_module(pattern: &str, path: &str) -> bool {
    let mut components = path.split('/');
    for wanted in pattern.split('/') {
        let Some(component) = components.next() else {
            return false;
        };
        let stem = component.split('.').next().unwrap_or(component);
        if !matches_component(wanted, component) && !matches_component(wanted, stem) {
            return false;
        }
    }
    true
}

fn matches_path(pattern: &str, path: &str) -> bool {
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(pattern, component)| matches_component(pattern, component))
}

/// Matches one component against a pattern in which `*` matches any run of characters.
fn matches_component(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.into_iter()
        .any(|at| matches_component(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(include: &[&str], path: &str) -> Verdict {
        let include: Vec<String> = include.iter().map(ToString::to_string).collect();
        Contents::new(&include).judge(path, false)
    }

    #[test]
    fn suites_go_and_their_packages_stay() {
        assert_eq!(
            judge(&[], "unittest/test"),
            Verdict::LeaveOut { feature: "test" }
        );
        assert_eq!(judge(&[], "unittest"), Verdict::Keep);
        assert_eq!(judge(&[], "unittest/main.py"), Verdict::Keep);
        assert_eq!(
            judge(&[], "lib-dynload/_testcapi.cpython-313-x86_64-linux-gnu.so").feature(),
            Some("test")
        );
        assert_eq!(judge(&["test"], "unittest/test"), Verdict::Keep);
    }

    #[test]
    fn a_feature_brings_what_it_needs() {
        assert_eq!(judge(&[], "tkinter").feature(), Some("tkinter"));
        assert_eq!(judge(&["idlelib"], "tkinter"), Verdict::Keep);
        assert_eq!(
            judge(
                &["idlelib"],
                "lib-dynload/_tkinter.cpython-313-x86_64-linux-gnu.so"
            ),
            Verdict::Keep
        );
        assert_eq!(
            judge(&["idlelib"], "turtledemo").feature(),
            Some("turtledemo")
        );
    }

    #[test]
    fn what_belongs_to_the_machine_never_goes_in() {
        for path in [
            "site-packages",
            "dist-packages",
            "json/__pycache__",
            "sitecustomize.py",
            "EXTERNALLY-MANAGED",
        ] {
            assert_eq!(judge(&["test"], path), Verdict::Drop, "{path}");
        }
    }

    #[test]
    fn a_module_of_a_left_out_package_comes_alone() {
        let mut contents = Contents::new(&["test.support".to_owned()]);
        assert_eq!(contents.judge("test", false), Verdict::KeepPart);
        assert_eq!(contents.judge("test/__init__.py", true), Verdict::Keep);
        assert_eq!(contents.judge("test/test_ast.py", true), Verdict::Drop);
        assert!(contents.check_used().is_err());
        assert_eq!(contents.judge("test/support", true), Verdict::Keep);
        assert_eq!(
            contents.judge("test/support/os_helper.py", false),
            Verdict::Keep
        );
        contents.check_used().unwrap();
    }

    #[test]
    fn a_wish_that_names_nothing_is_refused() {
        let error = Contents::new(&["tkniter".to_owned()])
            .check_used()
            .unwrap_err();
        assert!(
            error.to_string().starts_with("`tkniter` is neither"),
            "{error}"
        );
    }

    #[test]
    fn what_brings_a_module_back_is_known() {
        assert_eq!(include_for("tkinter.ttk").as_deref(), Some("tkinter"));
        assert_eq!(include_for("_tkinter").as_deref(), Some("tkinter"));
        assert_eq!(include_for("turtle").as_deref(), Some("turtle"));
        assert_eq!(include_for("test.support").as_deref(), Some("test.support"));
        assert_eq!(include_for("json"), None);
    }

    #[test]
    fn a_star_stays_inside_its_component() {
        assert!(matches_path("*/test", "ctypes/test"));
        assert!(!matches_path("*/test", "a/b/test"));
        assert!(matches_component(
            "config-*",
            "config-3.13-x86_64-linux-gnu"
        ));
        assert!(matches_component("*a*b", "xaybb"));
        assert!(!matches_component("*a*b", "xayc"));
    }

    impl Verdict {
        fn feature(self) -> Option<&'static str> {
            match self {
                Self::LeaveOut { feature } => Some(feature),
                _ => None,
            }
        }
    }
}
