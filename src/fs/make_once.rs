/// When [`make_once`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Before the lock is taken.
    Unlocked,
    /// While the lock is held.
    Locked,
}

/// The outcome of [`make_once`].
#[derive(Debug, PartialEq, Eq)]
pub enum Once<T, M = T> {
    /// It existed.
    Found(T),
    /// Another process made it while this one waited for the lock.
    Appeared(T),
    /// It was made now.
    Made(M),
}

impl<T> Once<T> {
    /// The value, regardless of which process made it.
    pub fn into_inner(self) -> T {
        let (Self::Found(value) | Self::Appeared(value) | Self::Made(value)) = self;
        value
    }
}

/// Finds a value, or makes it: if several processes need it at the same time, one of them makes it.
///
/// `look` runs first without the lock, so finding costs nothing else. Otherwise the lock is taken,
/// and `look` runs again, because another process may have made the value meanwhile. Then `make`
/// runs, with the lock.
///
/// The guarantee: `look` never sees an incomplete value, and each one is made once. It holds if
/// `make` works in a [`super::Staging`] directory and publishes by one rename, as its last step;
/// and if the kernel releases the lock of a process that dies ([`super::Lock`]), so that after a
/// killed maker the next process makes the value, and only the staging directory is left. On a file
/// system without locks several processes may make the value at once, so publishing must expect an
/// existing one.
///
/// # Errors
/// The first error of any of the three.
pub fn make_once<T, M, L, E>(
    mut look: impl FnMut(Look) -> Result<Option<T>, E>,
    lock: impl FnOnce() -> Result<L, E>,
    make: impl FnOnce(&L) -> Result<M, E>,
) -> Result<Once<T, M>, E> {
    if let Some(value) = look(Look::Unlocked)? {
        return Ok(Once::Found(value));
    }
    let lock = lock()?;
    if let Some(value) = look(Look::Locked)? {
        return Ok(Once::Appeared(value));
    }
    make(&lock).map(Once::Made)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{IoContext, Lock, LockKind, Marked, Result, Staging, names_in};
    use super::*;

    /// A directory `thing` with the file `complete`, or an error if it is incomplete.
    fn look(base: &Path) -> Result<Option<String>> {
        let thing = base.join("thing");
        if !thing.exists() {
            return Ok(None);
        }
        let path = thing.join("complete");
        std::fs::read_to_string(&path).on("read", &path).map(Some)
    }

    fn provide(base: &Path, makers: &AtomicUsize) -> Once<String> {
        let lock = base.join("lock");
        let outcome = make_once(
            |_| look(base),
            || Lock::acquire(&lock, LockKind::Exclusive),
            |_| {
                makers.fetch_add(1, Ordering::Relaxed);
                let staging = Staging::unlocked_in(&base.join("staging"), "test")?;
                let directory = staging.path().join("made");
                std::fs::create_dir(&directory).on("create directory", &directory)?;
                std::thread::sleep(std::time::Duration::from_millis(20));
                std::fs::write(directory.join("complete"), "whole").on("write", &directory)?;
                let place = base.join("thing");
                let mark = Path::new("complete");
                staging.publish(&directory, Marked { path: &place, mark })?;
                Ok("whole".to_owned())
            },
        );
        outcome.expect("never seen incomplete")
    }

    #[test]
    fn of_many_at_once_one_makes_it() {
        let base = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(base.path().join("staging")).expect("a directory");
        let makers = AtomicUsize::new(0);
        let provide = || provide(base.path(), &makers);
        let outcomes: Vec<Once<String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(provide)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        assert_eq!(makers.load(Ordering::Relaxed), 1);
        let is_made = |outcome: &&Once<String>| matches!(outcome, Once::Made(_));
        assert_eq!(outcomes.iter().filter(is_made).count(), 1);
        assert!(
            outcomes
                .into_iter()
                .all(|outcome| outcome.into_inner() == "whole")
        );
        assert_eq!(provide(), Once::Found("whole".to_owned()));
        assert_eq!(
            names_in(&base.path().join("staging")).expect("names").len(),
            0
        );
    }

    #[test]
    fn after_a_killed_maker_another_one_makes_it() {
        let base = tempfile::tempdir().expect("a directory");
        let staging = base.path().join("staging");
        std::fs::create_dir_all(staging.join("test-dead/made")).expect("directories");
        // A process that holds both locks and is killed before it publishes.
        let script = "exec 8>lock 9<staging/test-dead; flock -x 8; flock -s 9; echo; exec sleep 60";
        let mut maker = Command::new("sh")
            .args(["-c", script])
            .current_dir(base.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = [0];
        std::io::Read::read_exact(maker.stdout.as_mut().expect("a pipe"), &mut line)
            .expect("locked");
        Staging::sweep_unlocked(&staging, "");
        assert_eq!(names_in(&staging).expect("names"), ["test-dead"]);
        maker.kill().expect("killed");
        maker.wait().expect("waited for");
        let makers = AtomicUsize::new(0);
        assert_eq!(
            provide(base.path(), &makers),
            Once::Made("whole".to_owned())
        );
        Staging::sweep_unlocked(&staging, "");
        assert!(names_in(&staging).expect("names").is_empty());
    }
}
