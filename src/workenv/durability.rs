//! Whether written files are known to have reached the disk.
//!
//! After a power failure, data that was not written back shows as files of length zero. Until the
//! machine reboots nothing can be lost, because what is not on the disk is in memory. See
//! `docs/adr/0022-power-loss.md`.

use std::path::Path;

use crate::fs::{IoContext, Result};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const SETTLED: &str = "settled";

/// Since when something is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// It was seen after a later boot, or was synchronised.
    Settled,
    /// It was written during the boot with this id.
    During(String),
}

impl Durability {
    /// For what is being written to `directory` now. If the boot id is unknown, everything is
    /// synchronised instead.
    pub(super) fn now(directory: &Path) -> Result<Self> {
        match boot_id() {
            Some(id) => Ok(Self::During(id)),
            None => Self::synchronised(directory),
        }
    }

    /// Writes everything on the file system of `directory` back to the disk.
    pub(super) fn synchronised(directory: &Path) -> Result<Self> {
        let file = std::fs::File::open(directory).on("open directory", directory)?;
        rustix::fs::syncfs(&file).on("synchronise", directory)?;
        Ok(Self::Settled)
    }

    /// Whether the files are certain to be as they were written, whatever happened to the machine.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Settled => true,
            Self::During(boot) => boot_id().is_some_and(|now| now == *boot),
        }
    }

    /// In one word.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Settled => SETTLED,
            Self::During(boot) => boot,
        }
    }

    /// Of a [`Self::word`].
    pub(super) fn parse(word: &str) -> Self {
        if word == SETTLED {
            Self::Settled
        } else {
            Self::During(word.into())
        }
    }
}

/// The random id of this boot.
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
