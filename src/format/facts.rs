//! The part of the signed JSON that is ours alone: what PSPF has no word for.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Blake3;
use super::metadata::{RotationRecord, WORKENV, at_most_slots};

/// Revision of [`Facts`] that this program writes and reads.
pub const SCHEMA: u32 = 1;

/// What our packages say beyond PSPF.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// [`SCHEMA`].
    pub schema: u32,
    /// System and processor the package is for, as `linux-x86_64`.
    pub target: String,
    /// One for each slot, in order.
    #[serde(deserialize_with = "at_most_slots")]
    pub slots: Vec<SlotFacts>,
    /// What can be started; the first is started when the name of the package picks no other.
    pub programs: Vec<Program>,
    /// What else can be started: many that are called alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Commands>,
    /// Present when the package is a Python application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonFacts>,
    /// Commands that set the environment up when it is made, in order; words as in [`Program::argv`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_up: Vec<Vec<String>>,
    /// How this package's key came after others, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<RotationRecord>,
    /// Lowest glibc that every native file in the package works with, such as `2.34`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub glibc_floor: Option<String>,
    /// Shared libraries that the machine must have, beside those of glibc, such as `libGL.so.1`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub libraries: Vec<String>,
    /// Seconds since 1970 from `SOURCE_DATE_EPOCH`; 0 when it was not set.
    pub build_timestamp: u64,
    /// `[tool.flavor.metadata]`, for whoever publishes the package.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub metadata: serde_json::Map<String, Value>,
}

/// What PSPF's record of a slot lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotFacts {
    /// Of the stored bytes.
    pub blake3: Blake3,
    /// Bytes after undoing the codec: of the tar stream, or of the file.
    pub plain_size: u64,
    /// Regular files inside, those stored as hard links included.
    pub files: u64,
    /// Entries of the archive; 0 for a slot that is one file.
    pub entries: u64,
}

/// A command that a package can start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The name that a link to the package must have to start it.
    pub name: String,
    /// Program and leading arguments; [`WORKENV`] stands for the work environment.
    pub argv: Vec<String>,
}

/// Commands that differ in their names alone. A distribution may bring hundreds, and every start reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// What comes before the command's file, as in [`Program::argv`]: the interpreter and its options, or nothing.
    pub before: Vec<String>,
    /// What comes after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The names to be called by, which are those of files in the environment's `bin`, too.
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
    /// The names of all that can be started; the first is what is started when no name is asked for.
    pub fn program_names(&self) -> impl Iterator<Item = &str> {
        let own = self.programs.iter().map(|program| program.name.as_str());
        own.chain(
            self.commands
                .iter()
                .flat_map(|commands| commands.names.iter().map(String::as_str)),
        )
    }

    /// All that can be started, each by itself.
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

/// The interpreter of a Python application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonFacts {
    /// Name of the slot with the interpreter.
    pub slot: String,
    /// The interpreter inside that slot, such as `bin/python3.13`.
    pub executable: String,
    /// `cpython`.
    pub implementation: String,
    /// Such as `3.13.0`.
    pub version: String,
    /// Whether the work environment is a virtual environment around the interpreter. If not, everything is installed
    /// into the interpreter's own prefix, for launchers that only unpack.
    pub venv: bool,
    /// Directory with the module that gives [`WITHHELD`](super::WITHHELD) variables back, beginning with [`WORKENV`].
    /// Without one nothing is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
}
