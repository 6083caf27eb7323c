//! The package file: left alone if it is unchanged, else written, verified and renamed into place.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::BuildError;
use super::cache::LastOutput;
use super::context::Pack;
use crate::format::END_MARK;
use crate::fs::{IoContext, Stamp, is_at, names_in, staging_name};
use crate::interrupt::Leftover;
use crate::package::{Reader, SignedPackage, verify};
use crate::report::{Bytes, Stopwatch};
use crate::slot::digest_range;

/// The temporary name of a package.
const UNFINISHED: &str = ".flavor-unfinished";

/// World-readable and executable.
const MODE: u32 = 0o755;

/// What to write, and where.
pub(super) struct Output<'a> {
    pub(super) path: &'a Path,
    pub(super) signed: &'a SignedPackage,
    pub(super) launcher: &'a [u8],
    pub(super) slots: &'a [&'a File],
}

/// Creates the output directory and checks that files can be created there.
pub(super) fn prepare_directory(output: &Path) -> Result<(), BuildError> {
    let directory = directory_of(output);
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    if output
        .symlink_metadata()
        .is_ok_and(|there| !is_replaceable(output, &there))
    {
        return Err(BuildError::OutputInTheWay {
            path: output.into(),
        });
    }
    tempfile::tempfile_in(&directory).on("write to directory", &directory)?;
    sweep(&directory);
    Ok(())
}

/// Whether a package may replace the existing file: a package, even a damaged one, or an empty
/// file. Devices, pipes, links and other files are kept.
fn is_replaceable(output: &Path, there: &Metadata) -> bool {
    let is_package = || {
        let mut end = [0; END_MARK.len()];
        let at = there.len().saturating_sub(END_MARK.len() as u64);
        File::open(output).is_ok_and(|file| file.read_exact_at(&mut end, at).is_ok())
            && end == END_MARK
    };
    there.is_file() && (there.len() == 0 || is_package())
}

/// A temporary package file; removed on drop unless it was published.
struct Unfinished {
    path: PathBuf,
    file: File,
    _leftover: Leftover,
}

impl Unfinished {
    fn create_in(directory: &Path) -> io::Result<Self> {
        loop {
            let path = directory.join(staging_name(UNFINISHED));
            let create = || File::options().write(true).create_new(true).open(&path);
            let (leftover, file) = Leftover::make(&path, create)?;
            // While the lock is held, other packs do not remove the file as a leftover. Without
            // locks leftovers are never removed.
            drop(file.lock());
            // It may have been removed before it was locked.
            if is_at(&file, &path) {
                // Regardless of the umask.
                file.set_permissions(Permissions::from_mode(MODE))?;
                return Ok(Self {
                    path,
                    file,
                    _leftover: leftover,
                });
            }
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename the temporary name does not exist any more.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Removes leftovers of killed packs: unlocked files with a temporary name.
fn sweep(directory: &Path) {
    for name in names_in(directory).unwrap_or_default() {
        if !name.to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = directory.join(name);
        let is_file = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file());
        if is_file && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            tracing::debug!(path = %path.display(), "swept");
            drop(std::fs::remove_file(&path));
        }
    }
}

fn directory_of(output: &Path) -> PathBuf {
    match output.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

impl Output<'_> {
    /// Publishes the file. Returns what to record about it, and whether it existed already.
    pub(super) fn publish(&self, pack: Pack) -> Result<(LastOutput, bool), BuildError> {
        let Pack {
            settings, reporter, ..
        } = pack;
        let project = pack.cache.project();
        let clock = Stopwatch::start();
        let absolute = std::path::absolute(self.path).on("find the directory of", self.path)?;
        if let Some(last) = project
            .output(&absolute)
            .filter(|last| last.verified || !settings.verify)
            && let Some(last) = self.recognise(last, *settings.jobs)
        {
            reporter.phase(
                "write",
                "nothing to write: the file is unchanged",
                clock.took(),
            );
            return Ok((last, true));
        }
        self.write()?;
        reporter.phase("write", &self.path.display().to_string(), clock.took());
        if settings.verify {
            reporter.begin("verify");
            let clock = Stopwatch::start();
            self.check()
                .inspect_err(|_| drop(std::fs::remove_file(self.path)))?;
            reporter.phase(
                "verify",
                &format!("{}, every byte", Bytes(self.signed.size())),
                clock.took(),
            );
        }
        let looked_at = Stamp::now();
        let file = File::open(self.path).on("open", self.path)?;
        let metadata = file.metadata().on("examine", self.path)?;
        let last = LastOutput {
            path: absolute,
            identity: self.signed.identity(),
            digest: digest_range(&file, 0, metadata.len(), *settings.jobs).on("read", self.path)?,
            verified: settings.verify,
            mode: metadata.mode(),
            stamp: Stamp::of(&metadata),
            looked_at,
        };
        Ok((last, false))
    }

    /// The existing file, if it is identical to the new one. Decided by its stamp, or by its
    /// content if the stamp is not sufficient.
    fn recognise(&self, last: &LastOutput, jobs: usize) -> Option<LastOutput> {
        if last.identity != self.signed.identity() {
            return None;
        }
        let looked_at = Stamp::now();
        let metadata = self.path.symlink_metadata().ok()?;
        if !metadata.is_file() || metadata.mode() != last.mode {
            return None;
        }
        let stamp = Stamp::of(&metadata);
        if stamp == last.stamp && stamp.is_settled(last.looked_at) {
            return Some(last.clone());
        }
        let file = File::open(self.path).ok()?;
        let digest = digest_range(&file, 0, metadata.len(), jobs).ok()?;
        (digest == last.digest).then(|| LastOutput {
            stamp,
            looked_at,
            ..last.clone()
        })
    }

    /// Writes a temporary file beside the output and renames it: readers see the old file or the
    /// new one.
    fn write(&self) -> Result<(), BuildError> {
        let directory = directory_of(self.path);
        let mut unfinished =
            Unfinished::create_in(&directory).on("create a file in", &directory)?;
        self.signed
            .write(self.launcher, self.slots, &mut unfinished.file, self.path)?;
        std::fs::rename(&unfinished.path, self.path).on("write", self.path)?;
        Ok(())
    }

    fn check(&self) -> Result<(), BuildError> {
        let checked = Reader::open(self.path).and_then(|reader| verify(&reader));
        checked
            .map(drop)
            .map_err(|source| BuildError::SelfCheck { source })
    }
}
