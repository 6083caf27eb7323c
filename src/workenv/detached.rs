//! Work to be done after the launcher has exec'ed the program: a detached process does it.

use std::path::Path;
use std::process::{Command, Stdio};

use super::cache::Kind;
use super::{Cache, WorkenvError};
use crate::fs::{Lock, LockKind, remove_tree};

impl Cache {
    /// Arranges for `root` to be removed once `lock` is released: a temporary cache, or a run
    /// directory.
    ///
    /// The launcher cannot do this itself, because it becomes the program, and staying as the
    /// parent would put a second process between program and caller. The detached process is
    /// started from `package`, which begins with our launcher.
    pub(super) fn arrange_removal(&self, lock: &Path, root: &Path, package: &Path) {
        if self.kind != Kind::Temporary && root == self.root {
            return;
        }
        // A temporary cache is removed as a whole.
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
                .is_some_and(|parent| parent.ends_with("v2/runs"));
        if !is_temporary && !is_run {
            return Err(WorkenvError::BadName(root.display().to_string()));
        }
        // Another process has removed it.
        if root.is_dir() && Lock::acquire(lock, LockKind::Exclusive)?.is_held() {
            remove_tree(root)?;
        }
        Ok(())
    }
}

/// Starts the launcher of `package` with an internal command, in a session of its own and not as a
/// child of the program: a program that waits for all its children would wait for this one.
pub fn detach(package: &Path, words: &[&std::ffi::OsStr]) {
    let started = silent(package)
        .arg("detach")
        .args(words)
        .spawn()
        .and_then(|mut child| child.wait());
    if let Err(error) = started {
        tracing::warn!("cannot start the clean-up process: {error}");
    }
}

/// The intermediate command: it starts the worker and exits.
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
