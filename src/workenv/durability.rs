//! Whether what was written is known to have reached the disk.
//!
//! A write that the machine has lost shows as a file of length zero after a power failure. As long as the machine has not
//! started anew, nothing can be lost: what is not on the disk is in memory. `docs/adr/0022-power-loss.md`.

use std::fmt;
use std::path::Path;

use crate::fs::{IoContext, Result};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const SETTLED: &str = "settled";

/// Since when something is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It has been seen after a later start of the machine, or was synchronised.
    Settled,
    /// It was written in the boot with this number.
    During(String),
}

impl Written {
    /// For what is being written now in `directory`. Where the boot cannot be told, everything is synchronised instead.
    pub(super) fn now(directory: &Path) -> Result<Self> {
        match boot_id() {
            Some(id) => Ok(Self::During(id)),
            None => Self::synchronised(directory),
        }
    }

    /// Sends everything that was written to the file system of `directory` to the disk.
    pub(super) fn synchronised(directory: &Path) -> Result<Self> {
        let file = std::fs::File::open(directory).on("open directory", directory)?;
        rustix::fs::syncfs(&file).on("synchronise", directory)?;
        Ok(Self::Settled)
    }

    /// Whether it is there as it was written, whatever happened to the machine.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Settled => true,
            Self::During(boot) => boot_id().is_some_and(|now| now == *boot),
        }
    }

    /// Reads what [`ToString::to_string`] gives.
    pub(super) fn parse(word: &str) -> Self {
        if word == SETTLED {
            Self::Settled
        } else {
            Self::During(word.into())
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled => f.write_str(SETTLED),
            Self::During(boot) => f.write_str(boot),
        }
    }
}

/// The number of this boot, which the kernel draws at random.
fn boot_id() -> Option<String> {
    let mut bytes = [0; 64];
    let file = std::fs::File::open(BOOT_ID).ok()?;
    let count = std::io::Read::read(&mut &file, &mut bytes).ok()?;
    let text = str::from_utf8(bytes.get(..count)?).ok()?.trim();
    (!text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    .then(|| text.into())
}
