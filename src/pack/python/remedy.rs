use std::fmt;

use serde::{Deserialize, Serialize};

/// The remedy, by fault and input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Remedy {
    /// `list` is where requirements are declared, `again` the command that locks again; the
    /// manifest may allow unmet requirements.
    Require {
        requirement: String,
        name: String,
        list: String,
        again: Option<String>,
        may_allow: bool,
    },
    /// `by` is the importing distribution.
    Declare {
        list: String,
        chain: Vec<String>,
    },
    /// A module of that name is in the same package.
    Relative {
        package: String,
        module: String,
    },
    /// It is beside the script.
    PackDirectory {
        script: String,
    },
    /// It belongs to an extra of the project.
    Extra {
        extra: String,
    },
    /// It belongs to a dependency group of the project.
    Group {
        group: String,
        name: String,
    },
    /// The project's own module is not in its wheel.
    PackModule,
    Include {
        name: String,
        table: bool,
    },
    /// The interpreter does not have it.
    OtherPython {
        name: String,
    },
    /// A line of a back end's settings that packs the file.
    Setting(String),
    /// No setting of a back end covers it.
    MoveInside,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Require {
                requirement,
                name,
                list,
                again,
                may_allow,
            } => {
                write!(f, "add `{requirement}` to {list}")?;
                if let Some(again) = again {
                    write!(f, " and lock again with `{again}`")?;
                }
                if *may_allow {
                    write!(
                        f,
                        "; if the program runs without, add `unmet = [\"{name}\"]` to [tool.flavor.build]"
                    )?;
                }
                Ok(())
            }
            Self::Declare { list, chain } => {
                write!(f, "add the distribution that provides it to {list}")?;
                if !chain.is_empty() {
                    write!(f, "; the program imports it through {}", chain.join(" → "))?;
                }
                Ok(())
            }
            Self::Relative { package, module } => {
                write!(
                    f,
                    "`{module}` is in the same package: write `from {package} import {module}`"
                )
            }
            Self::PackDirectory { script } => {
                write!(
                    f,
                    "it is beside the script: pack the directory with `--entry-point {script}`"
                )
            }
            Self::Extra { extra } => write!(
                f,
                "the extra `{extra}` provides it: select it with `--extra {extra}`"
            ),
            Self::Group { group, name } => write!(
                f,
                "only the dependency group `{group}` provides it, which is not packed: add `{name}` to `dependencies` under [project]"
            ),
            Self::PackModule => {
                f.write_str("correct the name, or make sure that the build packs the module")
            }
            Self::Include { name, table: true } => {
                write!(
                    f,
                    "restore it with `include = [\"{name}\"]` under [tool.flavor.python]"
                )
            }
            Self::Include { name, table: false } => {
                write!(
                    f,
                    "pack it from a project, with `include = [\"{name}\"]` under [tool.flavor.python]"
                )
            }
            Self::OtherPython { name } => write!(
                f,
                "the interpreter does not have `{name}` either: install it for the interpreter, or choose another one with `--python`"
            ),
            Self::Setting(setting) => f.write_str(setting),
            Self::MoveInside => f.write_str("move it into the package that reads it"),
        }
    }
}
