//! Work that remains when the launcher has become the program: a process of its own does it.

use std::path::Path;
use std::process::{Command, Stdio};

use super::cache::Kind;
use super::{Cache, WorkenvError};
use crate::fs::{Lock, LockKind, remove_tree};

impl Cache {
    /// Has `root` removed when nobody holds `lock` any more: a temporary cache, or what belongs to one run.
    ///
    /// The program that is about to be exec'ed cannot do it, and a parent that stays would be a second process in its way.
    /// `package` is what the detached process is started from: our launcher is at its front.
    pub(super) fn arrange_removal(&self, lock: &Path, root: &Path, package: &Path) {
        if self.kind != Kind::Temporary && root == self.root {
            return;
        }
        // The whole of a temporary cache goes at once.
        if self.kind == Kind::Temporary && root != self.root {
            return;
        }
        detach(
            package,
            &["reap".as_ref(), lock.as_os_str(), root.as_os_str()],
        );
    }

    /// The work of `arrange_removal`.
    pub fn reap(lock: &Path, root: &Path) -> Result<(), WorkenvError> {
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let is_temporary = name.starts_with("flavor-") && lock.starts_with(root);
        let is_run = lock == root
            && root
                .parent()
                .is_some_and(|parent| parent.ends_with("v1/runs"));
        if !is_temporary && !is_run {
            return Err(WorkenvError::BadName(root.display().to_string()));
        }
        // Gone already: somebody has swept it.
        if root.is_dir() && Lock::acquire(lock, LockKind::Exclusive)?.is_held() {
            remove_tree(root)?;
        }
        Ok(())
    }
}

/// Starts the launcher at the front of `package` with a command of its own, in a session of its own and not as a child of
/// the program to come: a program that waits for its children would wait for this one.
pub fn detach(package: &Path, words: &[&std::ffi::OsStr]) {
    let started = silent(package)
        .arg("detach")
        .args(words)
        .spawn()
        .and_then(|mut child| child.wait());
    if let Err(error) = started {
        tracing::warn!("cannot start what would clean up afterwards: {error}");
    }
}

/// The command in between: it starts the work and ends.
pub fn start_detached(package: &Path, words: &[&std::ffi::OsStr]) -> std::io::Result<()> {
    // Fails only for the leader of a process group, which a fresh child is not.
    _ = rustix::process::setsid();
    silent(package).args(words).spawn().map(drop)
}

/// Pipes whose other ends are closed at once: a bare root file system has no /dev/null.
fn silent(package: &Path) -> Command {
    let mut command = Command::new(package);
    command
        .env("FLAVOR_LAUNCHER_CLI", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir("/");
    command
}
