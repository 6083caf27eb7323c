//! The launcher at the start of a package: the embedded one, or one given by the user.

mod embedded;
mod identify;

use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::elf;
use crate::format::Sha256;
use crate::fs::{self, IoContext};
use crate::target::{Host, Target};

pub use identify::Family;

/// A launcher, ready to be placed at the start of a package.
#[derive(Clone, Debug)]
pub struct Stub {
    pub bytes: Vec<u8>,
    pub family: Family,
    /// The machine that it runs on, and with it its packages.
    pub target: Target,
    /// Its origin, for messages and for the metadata.
    pub origin: LauncherOrigin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LauncherOrigin {
    Embedded,
    File(PathBuf),
}

/// Why a file cannot serve as a launcher.
#[derive(Debug, thiserror::Error)]
pub enum StubError {
    #[error("`{}` is not an executable file for Linux on this processor", path.display())]
    NotExecutable { path: PathBuf },
    #[error("`{}` is an executable, but not a launcher", path.display())]
    NotALauncher { path: PathBuf },
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl Diagnostic for StubError {
    fn diagnosis(&self) -> Diagnosis {
        let code = match self {
            Self::NotExecutable { .. } => Code::NOT_EXECUTABLE,
            Self::NotALauncher { .. } => Code::NOT_A_LAUNCHER,
            Self::Io(error) => return error.code().into(),
        };
        code.with_hint("omit --launcher-bin to use the embedded launcher")
    }
}

impl Stub {
    /// The embedded launcher.
    pub fn embedded() -> Self {
        Self {
            bytes: embedded::BYTES.to_vec(),
            family: Family::Flavor,
            target: embedded::TARGET,
            origin: LauncherOrigin::Embedded,
        }
    }

    /// A launcher from a file.
    ///
    /// # Errors
    /// [`StubError::NotExecutable`] and [`StubError::NotALauncher`], so that no package is made
    /// that cannot start.
    pub fn read(path: &Path) -> Result<Self, StubError> {
        let bytes = std::fs::read(path).on("read launcher", path)?;
        // The libraries and the interpreter that are packed are the host's.
        let target = identify::target_of(&bytes)
            .filter(|target| *target == Host::TARGET)
            .ok_or_else(|| StubError::NotExecutable { path: path.into() })?;
        let family =
            Family::of(&bytes).ok_or_else(|| StubError::NotALauncher { path: path.into() })?;
        Ok(Self {
            bytes,
            family,
            target,
            origin: LauncherOrigin::File(path.into()),
        })
    }

    /// The version of the tool that built it; for other tools' launchers, what the file name says.
    pub fn version(&self) -> Option<String> {
        match (self.family, &self.origin) {
            (Family::Flavor, _) => Some(env!("CARGO_PKG_VERSION").into()),
            (_, LauncherOrigin::Embedded) => None,
            (_, LauncherOrigin::File(path)) => {
                let name = path.file_name()?.to_string_lossy().into_owned();
                let is_version = |part: &&str| {
                    part.contains('.') && part.starts_with(|c: char| c.is_ascii_digit())
                };
                name.split('-').find(is_version).map(Into::into)
            }
        }
    }

    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.bytes)
    }

    /// Removes symbols, if the layout of the file permits it.
    pub fn strip(&mut self) -> elf::StripOutcome {
        elf::strip(&mut self.bytes)
    }
}
