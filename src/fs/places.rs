//! Directories of a user: cache, settings, temporary files.

use std::env;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[cfg(feature = "cli")]
use super::IoContext;

/// A candidate directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub path: PathBuf,
    /// What named it, for messages.
    pub origin: &'static str,
    /// Whether the next candidate may be tried if this one cannot be used. A directory that the
    /// user named is never skipped.
    pub optional: bool,
}

/// The [`Candidate::origin`] of a directory that no variable names.
pub const PASSWORD_FILE: &str = "the password file";

/// Candidates for the cache from the environment, best first: `FLAVOR_CACHE_DIR`, `CACHE_DIRECTORY`
/// (systemd.exec(5)), `XDG_CACHE_HOME`, `HOME`; without a home, the one in the password file.
///
/// `FLAVOR_CACHE_DIR` may be relative to the working directory, like any path that a user types.
/// Relative paths in the others are ignored, as the XDG specification requires.
pub fn cache_candidates() -> Vec<Candidate> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let absolute = |name| set(name).filter(|path| path.is_absolute());
    if let Some(path) = set("FLAVOR_CACHE_DIR") {
        return vec![Candidate {
            path: from_here(&path),
            origin: "FLAVOR_CACHE_DIR",
            optional: false,
        }];
    }
    let mut candidates = Vec::new();
    // systemd may give a service several directories.
    let service = set("CACHE_DIRECTORY")
        .and_then(|list| env::split_paths(&list).find(|path| path.is_absolute()));
    if let Some(base) = service {
        candidates.push(Candidate {
            path: base.join("flavor"),
            origin: "CACHE_DIRECTORY",
            optional: true,
        });
    }
    if let Some(base) = absolute("XDG_CACHE_HOME") {
        candidates.push(Candidate {
            path: base.join("flavor"),
            origin: "XDG_CACHE_HOME",
            optional: true,
        });
    }
    match absolute("HOME") {
        Some(home) => candidates.push(Candidate {
            path: home.join(".cache/flavor"),
            origin: "HOME",
            optional: true,
        }),
        None => candidates.extend(last_candidate()),
    }
    candidates
}

/// The directory that holds flavor's caches, and what is where in it.
pub struct CacheRoot;

impl CacheRoot {
    /// All candidates, best first. The password file is read only if no other one is used, and not
    /// at all if the user named one.
    pub fn candidates() -> impl Iterator<Item = Candidate> {
        let candidates = cache_candidates();
        let is_named = candidates.iter().any(|candidate| !candidate.optional);
        let last = std::iter::once_with(move || last_candidate().filter(|_| !is_named)).flatten();
        candidates.into_iter().chain(last)
    }

    /// The work environments. An incompatible change of their layout gets a new name and leaves the
    /// old directory alone.
    pub fn environments(root: &Path) -> PathBuf {
        root.join("v2")
    }

    /// The build cache.
    #[cfg(feature = "cli")]
    pub fn build(root: &Path) -> PathBuf {
        root.join("build")
    }
}

/// The file that marks a directory as a cache, for backup programs and for tools that list a
/// project (<https://bford.info/cachedir/>).
pub const CACHE_TAG: &str = "CACHEDIR.TAG";
/// The signature at its start.
const SIGNATURE: &str = "Signature: 8a477f597d28d172789f06886806bc55";

/// The content of our [`CACHE_TAG`].
pub fn cache_tag() -> String {
    format!("{SIGNATURE}\n# This directory holds files that flavor can make again.\n")
}

/// Whether a directory is marked as a cache, by any program.
#[cfg(feature = "cli")]
pub fn is_cache(directory: &Path) -> bool {
    std::fs::read(directory.join(CACHE_TAG)).is_ok_and(|tag| tag.starts_with(SIGNATURE.as_bytes()))
}

/// An absolute path. If the working directory is unknown it stays relative, and using it reports
/// the error.
pub fn from_here(path: &Path) -> PathBuf {
    if path.is_absolute() {
        return path.into();
    }
    env::current_dir().map_or_else(|_| path.into(), |here| here.join(path))
}

/// The fallback if the home in the environment cannot be used: the home in the password file. A
/// separate function, because most starts need not read that file.
fn last_candidate() -> Option<Candidate> {
    let path = passwd_home()?.join(".cache/flavor");
    Some(Candidate {
        path,
        origin: PASSWORD_FILE,
        optional: true,
    })
}

/// Whether files can be created in a directory, or the directory itself can be created. Nothing is
/// created.
#[cfg(feature = "cli")]
pub fn takes_files(directory: &Path) -> super::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let there = there_of(directory);
    if !there.is_dir() {
        return Err(std::io::Error::from(rustix::io::Errno::NOTDIR))
            .on("make a directory in", there);
    }
    accessat(
        CWD,
        there,
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    )
    .on("write to directory", there)
}

/// Whether the existing part of a path belongs to a user other than this one and root. Files
/// created there might be inaccessible to its owner, like those that root creates in a user's home.
pub fn belongs_to_another(path: &Path) -> bool {
    let Some(metadata) = path
        .ancestors()
        .find_map(|ancestor| ancestor.metadata().ok())
    else {
        return false;
    };
    let (user, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
    owner != user && owner != 0 && !is_outside_namespace(owner)
}

/// Whether an owner is unmapped in this user namespace, such as the real root in `unshare -r`.
pub fn is_outside_namespace(owner: u32) -> bool {
    let text = |path| std::fs::read_to_string(path).unwrap_or_default();
    let is_overflow = text("/proc/sys/kernel/overflowuid").trim() == owner.to_string();
    let map = text("/proc/self/uid_map");
    is_overflow && !map.is_empty() && map.split_whitespace().ne(["0", "0", "4294967295"])
}

/// The existing part of a path.
#[cfg(feature = "cli")]
pub fn there_of(path: &Path) -> &Path {
    path.ancestors()
        .find(|ancestor| ancestor.symlink_metadata().is_ok())
        .unwrap_or(Path::new("/"))
}

/// The path that this program was started by; a link's, if it was started through one.
pub fn executed_path() -> PathBuf {
    OsStr::from_bytes(rustix::param::linux_execfn().to_bytes()).into()
}

/// Where the user's keys and settings are read: `FLAVOR_CONFIG_DIR`, `$XDG_CONFIG_HOME/flavor`,
/// `~/.config/flavor`.
pub fn config_dir() -> Option<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("FLAVOR_CONFIG_DIR")
        .or_else(|| {
            set("XDG_CONFIG_HOME")
                .filter(|path| path.is_absolute())
                .map(|base| base.join("flavor"))
        })
        .or_else(|| {
            set("HOME")
                .filter(|path| path.is_absolute())
                .map(|home| home.join(".config/flavor"))
        })
}

/// Where keys, settings and records are written: like [`config_dir`], but never in another user's
/// home (`sudo -E`). Then the home in the password file is used.
pub fn own_config_dir() -> Option<PathBuf> {
    config_dir()
        .filter(|path| !belongs_to_another(path))
        .or_else(|| home_config_dir().filter(|path| !belongs_to_another(path)))
}

/// Where state is kept that is worth keeping but is not a setting: `$XDG_STATE_HOME/flavor`,
/// `~/.local/state/flavor`.
#[cfg(feature = "cli")]
pub fn state_dir() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .map(|base| base.join("flavor"))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/flavor")))
        .filter(|path| !belongs_to_another(path))
}

/// The user's settings directory by the password file, regardless of the environment.
pub fn home_config_dir() -> Option<PathBuf> {
    passwd_home().map(|home| home.join(".config/flavor"))
}

/// Existing directories in which a private one may be created if there is no cache.
pub fn temporary_parents(package: &Path) -> Vec<PathBuf> {
    let named = ["XDG_RUNTIME_DIR", "TMPDIR"]
        .into_iter()
        .filter_map(|name| env::var_os(name).map(PathBuf::from));
    let usual = ["/tmp", "/var/tmp", "/dev/shm"]
        .into_iter()
        .map(PathBuf::from);
    // As a last resort beside the package: there may be no other writable directory.
    let beside = package.parent().map(Path::to_path_buf);
    named
        .chain(usual)
        .chain(beside)
        .filter(|path| path.is_absolute() && path.is_dir())
        .collect()
}

/// The home directory of this user in the password file. Parsed here, because a static program
/// cannot load the NSS modules of the C library.
fn passwd_home() -> Option<PathBuf> {
    // Read once: a start asks for it for policies and for known signers.
    static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();
    HOME.get_or_init(read_passwd_home).clone()
}

fn read_passwd_home() -> Option<PathBuf> {
    let user = rustix::process::geteuid().as_raw().to_string();
    let text = std::fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let (id, home) = (fields.next()?, fields.nth(2)?);
        (id == user && home.starts_with('/') && home != "/nonexistent").then(|| home.into())
    })
}
