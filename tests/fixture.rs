//! What is expensive to make, made once in a test run and only read afterwards: the packed examples.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::flavorpack;
use crate::interpreter::{self, Interpreter};
use crate::scene::{Run, Test};

/// A packed example.
pub(crate) struct Package {
    pub(crate) path: PathBuf,
    /// What `flavor pack` said.
    pub(crate) run: Run,
}

pub(crate) fn hello() -> &'static Package {
    hello_by(Interpreter::Pyenv(13))
}

/// hello, packed with an interpreter.
pub(crate) fn hello_by(interpreter: Interpreter) -> &'static Package {
    static PACKED: [OnceLock<Package>; Interpreter::ALL.len()] =
        [const { OnceLock::new() }; Interpreter::ALL.len()];
    let at = Interpreter::ALL
        .iter()
        .position(|one| *one == interpreter)
        .expect("one of all");
    PACKED[at].get_or_init(|| {
        let mut test = scene(&format!("hello-{at}"));
        let version = match interpreter {
            Interpreter::Managed => {
                test.set("UV_PYTHON_INSTALL_DIR", interpreter::managed_root());
                // An installation of uv's has no pip.
                test.prepend_path(&flavorpack::uv_directory());
                ">=3.13".into()
            }
            other => other.executable(),
        };
        pack(&test, "hello", &["--python".as_ref(), version.as_ref()])
    })
}

pub(crate) fn httpie() -> &'static Package {
    static PACKED: OnceLock<Package> = OnceLock::new();
    PACKED.get_or_init(|| pack(&scene("httpie"), "httpie", &[]))
}

pub(crate) fn report() -> &'static Package {
    static PACKED: OnceLock<Package> = OnceLock::new();
    PACKED.get_or_init(|| pack(&scene("report"), "report", &[]))
}

pub(crate) fn service() -> &'static Package {
    static PACKED: OnceLock<Package> = OnceLock::new();
    PACKED.get_or_init(|| pack(&scene("service"), "service", &[]))
}

pub(crate) fn tool() -> &'static Package {
    static PACKED: OnceLock<Package> = OnceLock::new();
    PACKED.get_or_init(|| pack(&scene("tool"), "tool", &[]))
}

/// A program that runs the code in its first argument, packed with an interpreter and with all parts of the standard library
/// that the interpreter has, or with none of those that are left out.
pub(crate) fn probe(interpreter: Interpreter, is_full: bool) -> &'static Path {
    type Packed = [[OnceLock<PathBuf>; 2]; Interpreter::ALL.len()];
    static PACKED: Packed = [const { [const { OnceLock::new() }; 2] }; Interpreter::ALL.len()];
    let at = Interpreter::ALL
        .iter()
        .position(|one| *one == interpreter)
        .expect("one of all");
    PACKED[at][usize::from(is_full)].get_or_init(|| {
        let test = scene(&format!("probe-{at}-{is_full}"));
        let tcl = if interpreter.has("_tkinter") {
            ", \"tkinter\", \"turtle\""
        } else {
            ""
        };
        let include = if is_full {
            format!("\"ensurepip\", \"tzdata\"{tcl}")
        } else {
            String::new()
        };
        let block =
            format!("# /// script\n# [tool.flavor.python]\n# include = [{include}]\n# ///\n");
        test.file(
            "probe.py",
            block + "import sys\nexec(sys.argv.pop(1), {\"__name__\": \"__main__\"})\n",
        );
        test.pack_with(&[
            "--python".as_ref(),
            interpreter.executable().as_os_str(),
            "probe.py".as_ref(),
        ])
    })
}

/// Copies an example into the test's directory, as a checkout would have it, and returns its directory.
pub(crate) fn example(test: &Test, name: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    let to = test.path(name);
    test.call("cp", ["-r".as_ref(), from.as_os_str(), to.as_os_str()])
        .success();
    for left in ["dist", "build", "bin"] {
        drop(std::fs::remove_dir_all(to.join(left)));
    }
    if name == "tool" {
        test.call(to.join("build.sh"), [""; 0]).success();
    }
    to
}

fn pack(test: &Test, name: &str, options: &[&std::ffi::OsStr]) -> Package {
    let project = example(test, name);
    let mut command = test.command(crate::scene::FLAVOR);
    command
        .args(["pack".as_ref(), "--manifest".as_ref(), project.as_os_str()])
        .args(options);
    let run = test.run(&mut command).success();
    Package {
        path: run.line().into(),
        run,
    }
}

/// Scenery that all fixtures of a run share: one signing key, one build cache.
fn scene(name: &str) -> Test {
    let mut test = Test::at(&directory().join(name));
    test.set("HOME", directory().join("home"));
    test.set("FLAVOR_CACHE_DIR", directory().join("cache"));
    test
}

/// The directory of this run. It outlives the run, so the next one sweeps it.
pub(crate) fn directory() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid = name
                .strip_prefix("run-")
                .and_then(|pid| pid.parse::<u32>().ok());
            if pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
                // What was extracted is read-only, which `rm` does not mind for the superuser.
                drop(
                    Command::new("chmod")
                        .arg("-R")
                        .arg("u+w")
                        .arg(entry.path())
                        .status(),
                );
                drop(std::fs::remove_dir_all(entry.path()));
            }
        }
        let made = parent.join(format!("run-{}", std::process::id()));
        std::fs::create_dir_all(&made).expect("a directory for fixtures");
        made
    })
}

/// What installers have fetched, kept between runs.
pub(crate) fn download_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("downloads")
}
