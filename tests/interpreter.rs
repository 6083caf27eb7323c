//! The interpreters that packages are made from.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{fixture, machine};

/// An installation of CPython and how it came to be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interpreter {
    /// Built from source into a prefix of its own, with a shared library and an absolute RUNPATH.
    Pyenv(u8),
    /// The operating system's, spread over `/usr`.
    System,
    /// Where and as uv keeps the ones that it manages.
    Managed,
}

impl Interpreter {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pyenv(11),
        Self::Pyenv(12),
        Self::Pyenv(13),
        Self::System,
        Self::Managed,
    ];

    /// The executable, for `--python`.
    pub(crate) fn executable(self) -> PathBuf {
        match self {
            Self::Pyenv(minor) => pyenv(minor).join(format!("bin/python3.{minor}")),
            Self::System => {
                let path = PathBuf::from("/usr/bin/python3");
                assert!(
                    path.exists(),
                    "there is no /usr/bin/python3; tests/setup/run installs it"
                );
                path
            }
            Self::Managed => managed().join("bin/python3.13"),
        }
    }

    /// Whether it has a module, which depends on what was there when it was built.
    pub(crate) fn has(self, module: &str) -> bool {
        let code = format!("import {module}");
        Command::new(self.executable())
            .args(["-I", "-c", &code])
            .output()
            .expect("it starts")
            .status
            .success()
    }

    /// `3.13.0`, as the interpreter itself says.
    pub(crate) fn version(self) -> String {
        let code = "import platform; print(platform.python_version())";
        let output = Command::new(self.executable())
            .args(["-I", "-c", code])
            .output()
            .expect("the interpreter starts");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// Where pyenv keeps its installations, below `versions`.
pub(crate) fn pyenv_root() -> PathBuf {
    machine::prepare();
    machine::directory()
        .join("pyenv")
        .read_link()
        .expect("a link to pyenv's directory, which tests/setup/run makes")
}

/// The newest installed patch release of a minor version: pyenv's, or uv's where the set-up could get no other.
fn pyenv(minor: u8) -> PathBuf {
    let newest = |directory: PathBuf, prefix: &str| {
        let patch = |path: &Path| {
            let rest = path.file_name()?.to_str()?.strip_prefix(prefix)?;
            rest.split('-').next()?.parse::<u32>().ok()
        };
        let found = std::fs::read_dir(directory)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        found
            .filter(|path| path.join("bin").is_dir())
            .filter_map(|path| Some((patch(&path)?, path)))
            .max()
    };
    newest(pyenv_root().join("versions"), &format!("3.{minor}."))
        .or_else(|| {
            newest(
                machine::directory().join("python"),
                &format!("cpython-3.{minor}."),
            )
        })
        .unwrap_or_else(|| panic!("there is no CPython 3.{minor}; tests/setup/run installs it"))
        .1
}

/// The value of `UV_PYTHON_INSTALL_DIR` under which [`Interpreter::Managed`] is found.
pub(crate) fn managed_root() -> PathBuf {
    managed().parent().expect("a parent").into()
}

/// A prefix like uv's: the whole installation can be moved, and is where uv would have put it.
fn managed() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let from = pyenv(13);
        let name = from
            .file_name()
            .expect("a version")
            .to_string_lossy()
            .into_owned();
        let version = name
            .split('-')
            .find(|part| part.starts_with('3'))
            .expect("a version");
        let to = fixture::directory().join(format!("uv/python/cpython-{version}-linux-x86_64-gnu"));
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("directories");
        let status = Command::new("cp")
            .arg("-a")
            .args([&from, &to])
            .status()
            .expect("cp starts");
        assert!(status.success(), "copying the installation");
        for packages in [
            "lib/python3.13/site-packages",
            "lib/python3.13/test",
            "share",
        ] {
            drop(std::fs::remove_dir_all(to.join(packages)));
        }
        std::fs::create_dir(to.join("lib/python3.13/site-packages"))
            .expect("an empty site-packages");
        if from.starts_with(pyenv_root()) {
            let old = from.join("lib").into_os_string().into_encoded_bytes();
            replace(&to.join("bin/python3.13"), &old, b"$ORIGIN/../lib");
        }
        to
    })
}

/// Replaces a NUL-terminated text in a file by one that is no longer.
fn replace(path: &Path, old: &[u8], new: &[u8]) {
    let mut bytes = std::fs::read(path).expect("the executable");
    let terminated = [old, b"\0"].concat();
    let at = bytes
        .windows(terminated.len())
        .position(|window| window == terminated);
    let at = at.unwrap_or_else(|| {
        panic!(
            "{} has no RUNPATH {}",
            path.display(),
            String::from_utf8_lossy(old)
        )
    });
    bytes[at..at + old.len()].fill(0);
    bytes[at..at + new.len()].copy_from_slice(new);
    std::fs::write(path, bytes).expect("the executable");
}
