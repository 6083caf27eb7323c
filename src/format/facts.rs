//! The part of the signed JSON that is specific to flavor: everything PSPF has no key for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Blake3;
use super::json::at_most_slots;
use super::words::WORKENV;

/// The schema version of [`Facts`] that this program writes and reads.
pub const SCHEMA: u32 = 1;

/// What our packages record in addition to PSPF's metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The system and processor that the package is for, such as `linux-x86_64`.
    pub target: String,
    /// One for each slot, in order.
    #[serde(deserialize_with = "at_most_slots")]
    pub slots: Vec<SlotFacts>,
    /// The programs of the package. The first is the default.
    pub programs: Vec<Program>,
    /// More programs, which differ only in their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Commands>,
    /// Present when the package is a Python application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonFacts>,
    /// Set-up commands, in order. Words have the form of [`Program::argv`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_up: Vec<Vec<String>>,
    /// The rotations that led to this package's key, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<RotationRecord>,
    /// The oldest glibc that every native file in the package works with, such as `2.34`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glibc_floor: Option<String>,
    /// Shared libraries that the machine must provide in addition to glibc's, such as `libGL.so.1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
    /// Seconds since 1970 from `SOURCE_DATE_EPOCH`; 0 when it was not set.
    pub build_timestamp: u64,
    /// `[tool.flavor.metadata]`, free for the publisher's use.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, Value>,
}

/// What PSPF does not record about a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotFacts {
    /// Digest of the stored bytes.
    pub blake3: Blake3,
    /// Length after decompression: of the tar stream, or of the file.
    pub plain_size: u64,
    /// Number of regular files, including those stored as hard links.
    pub files: u64,
    /// Entries of the archive; 0 for a slot that is a single file.
    pub entries: u64,
}

/// A command that a package can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The name of a link to the package that starts this program.
    pub name: String,
    /// Program and leading arguments. [`WORKENV`] is replaced by the path of the work environment.
    pub argv: Vec<String>,
}

/// Commands that differ only in their names. A distribution may install hundreds, and every start
/// reads them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// The words before the command's file, as in [`Program::argv`]: the interpreter and its
    /// options, or nothing.
    pub before: Vec<String>,
    /// The words after the command's file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The names of the programs, which are also file names in the environment's `bin`.
    pub names: Vec<String>,
}

impl Commands {
    /// Program and leading arguments of one of the commands.
    pub fn argv(&self, name: &str) -> Vec<String> {
        let file = format!("{WORKENV}/bin/{name}");
        self.before
            .iter()
            .cloned()
            .chain([file])
            .chain(self.after.iter().cloned())
            .collect()
    }
}

impl Facts {
    /// The names of all programs. The first is the default.
    pub fn program_names(&self) -> impl Iterator<Item = &str> {
        let own = self.programs.iter().map(|program| program.name.as_str());
        own.chain(
            self.commands
                .iter()
                .flat_map(|commands| commands.names.iter().map(String::as_str)),
        )
    }

    /// All programs, with the shared ones expanded.
    pub fn all_programs(&self) -> Vec<Program> {
        let alike = self.commands.iter().flat_map(|commands| {
            commands.names.iter().map(|name| Program {
                name: name.clone(),
                argv: commands.argv(name),
            })
        });
        self.programs.iter().cloned().chain(alike).collect()
    }
}

/// The statement that one key replaces another, in hexadecimal digits. `signature` is the older
/// key's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationRecord {
    pub old: String,
    pub new: String,
    pub signature: String,
}

/// The interpreter of a Python application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonFacts {
    /// Name of the slot with the interpreter.
    pub slot: String,
    /// Path of the interpreter inside that slot, such as `bin/python3.13`.
    pub executable: String,
    /// `cpython`.
    pub implementation: String,
    /// Such as `3.13.0`.
    pub version: String,
    /// Whether the work environment is a virtual environment around the interpreter. If not,
    /// everything is installed into the interpreter's own prefix, for launchers that only extract.
    pub venv: bool,
    /// Directory of the module that restores [`WITHHELD`](super::WITHHELD) variables, beginning
    /// with [`WORKENV`]. Without one nothing is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
}
