//! The variables that tell an interpreter where modules come from, which a package decides by itself.

/// Variables that are kept from the interpreter of a package and given back to its program, which passes them on: each of
/// them changes what is imported, or which files an interpreter takes for its own.
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

/// Those that an interpreter reads although it is to ignore its environment (`-E`, `-I`).
pub const READ_REGARDLESS: [&str; 2] = ["PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"];

/// In front of the name that a variable has while it is withheld.
pub const WITHHELD_PREFIX: &str = "FLAVOR_WITHHELD_";
