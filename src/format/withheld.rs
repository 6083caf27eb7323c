//! Variables that tell an interpreter where to find modules. A package decides that by itself.

/// Variables that are withheld from the interpreter of a package and restored for its program,
/// which passes them on to its children. Each of them changes what is imported, or which files an
/// interpreter uses as its own.
pub const WITHHELD: [&str; 11] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONPLATLIBDIR",
    "PYTHONEXECUTABLE",
    "__PYVENV_LAUNCHER__",
    "PYTHONUSERBASE",
    "PYTHONSAFEPATH",
    "PYTHONCASEOK",
    "PYTHONPYCACHEPREFIX",
    "PYTHON_FROZEN_MODULES",
    "PYTHON_PRESITE",
];

/// Those that an interpreter reads even if it ignores its environment (`-E`, `-I`).
pub const READ_REGARDLESS: [&str; 2] = ["PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"];

/// Prefix of a variable's name while it is withheld.
pub const WITHHELD_PREFIX: &str = "FLAVOR_WITHHELD_";
