use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::distribution::{Archive, Distribution};
use super::error::{Error, Result};
use super::index::Index;
use super::named::IndexSource;
use super::notice::Notice;
use super::request::InstallRequest;
use super::tool::{Choice, Tool};
use super::{failure, lock, wheel};
use crate::fs::{IoContext as _, names_in};
use crate::python::command::{ask, command, on_path, run};
use crate::python::interpreter::Interpreter;

/// The result of fetching a single requirement.
pub(super) enum Fetched {
    /// A wheel, and whether it was built on this machine.
    Wheel { path: PathBuf, built: bool },
    /// It was installed into a prefix-shaped tree.
    Installed,
}

/// One run of the installer.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// A list of requirements; with pinned indexes, a manifest for uv.
    pub(super) path: PathBuf,
    /// Whether it is complete, so that nothing must be resolved.
    pub(super) complete: bool,
    /// The only index to use.
    pub(super) index: Option<IndexSource>,
    /// Constraints in addition to the list.
    pub(super) constraints: Option<PathBuf>,
}

/// The installer in use. Displayed as `uv 0.9.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installer {
    tool: Tool,
    /// uv itself, or the interpreter with pip.
    program: PathBuf,
    version: String,
}

impl fmt::Display for Installer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.tool.name(), self.version)
    }
}

impl Installer {
    /// `$UV` or the `uv` on PATH, else the interpreter's own pip.
    pub fn choose(
        choice: Choice,
        interpreter: &Interpreter,
        notices: &mut Vec<Notice>,
    ) -> Result<Self> {
        let none = || Error::NoInstaller {
            interpreter: interpreter.executable.clone(),
            asked: choice,
        };
        if let Some(program) = Self::likely_uv(choice) {
            if let Some(uv) = Self::ask(Tool::Uv, &program) {
                return Ok(uv);
            }
            notices.push(Notice::UvDoesNotRun { path: program });
        }
        if choice != Choice::Uv
            && let Some(pip) = Self::ask(Tool::Pip, &interpreter.executable)
        {
            return Ok(pip);
        }
        Err(none())
    }

    /// The uv that [`Self::choose`] will choose, as far as that is known without running it;
    /// `None` if that is the interpreter's pip.
    pub(super) fn likely_uv(choice: Choice) -> Option<PathBuf> {
        match choice {
            Choice::Auto | Choice::Uv => uv(),
            Choice::Pip => None,
        }
    }

    fn ask(tool: Tool, program: &Path) -> Option<Self> {
        let mut command = command(program);
        let output = match tool {
            Tool::Uv => run(command.arg("--version")),
            // `pip --version` would import all of pip.
            Tool::Pip => {
                run(command.args(["-I", "-c", "import pip; print('pip', pip.__version__)"]))
            }
        };
        let output = output.ok().filter(|output| output.status.success())?;
        let version = String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .nth(1)?
            .to_owned();
        Some(Self {
            tool,
            program: program.to_path_buf(),
            version,
        })
    }

    pub(super) fn tool(&self) -> Tool {
        self.tool
    }

    /// A command of the installer, in the project's directory, so that its settings there apply.
    pub(super) fn command(&self, request: &InstallRequest) -> Command {
        let mut command = command(&self.program);
        if self.tool == Tool::Pip {
            // `-I` excludes the current directory and the user's site directory, not the user's pip
            // settings.
            command.args(["-I", "-m", "pip"]);
        }
        command.current_dir(request.project.unwrap_or(request.work));
        command.env("NO_COLOR", "1");
        if request.work.is_dir() {
            // What it leaves when it is interrupted is removed with the rest.
            command.env("TMPDIR", request.work);
        }
        command
    }

    /// Installs lists of requirements into a prefix-shaped tree, without normalising it. Returns
    /// the wheels that it downloaded, if it shows them; not those that it built itself.
    pub(super) fn install(
        &self,
        interpreter: &Interpreter,
        request: &InstallRequest,
        index: &Index,
        batches: &[Batch],
        dest: &Path,
    ) -> Result<Vec<PathBuf>> {
        let failed = |output: &Output| {
            // Not a network or index failure.
            let malformed = request
                .lock
                .as_ref()
                .and_then(|lock| lock.malformed(request.project.unwrap_or(request.work)));
            malformed.map_or_else(
                || failure::unresolved(self.tool, output, request, index),
                Error::from,
            )
        };
        match self.tool {
            Tool::Uv => {
                for batch in batches {
                    let mut command = self.command(request);
                    command.args([
                        "pip",
                        "install",
                        "--no-progress",
                        "--link-mode",
                        "copy",
                        "--python",
                    ]);
                    command
                        .arg(&interpreter.executable)
                        .arg("--prefix")
                        .arg(dest);
                    self.hand_over(&mut command, request, index, batch);
                    let output = run(&mut command)?;
                    if !output.status.success() {
                        return Err(failed(&output));
                    }
                }
                let lock = dest.join(".lock");
                if lock.exists() {
                    fs::remove_file(&lock).on("remove", &lock)?;
                }
                Ok(Vec::new())
            }
            Tool::Pip => {
                let wheels = request.work.join("wheels");
                // Everything in the directory will be installed.
                if wheels.exists() {
                    fs::remove_dir_all(&wheels).on("remove", &wheels)?;
                }
                fs::create_dir_all(&wheels).on("create directory", &wheels)?;
                let mut said = String::new();
                for batch in batches {
                    let output = self.gather(request, index, batch, &wheels)?;
                    if !output.status.success() {
                        return Err(failed(&output));
                    }
                    said.push_str(&String::from_utf8_lossy(&output.stdout));
                }
                let mut wheels = wheel::wheels_in(&wheels)?;
                wheel::unpack(&wheels, interpreter, dest)?;
                wheels.retain(|wheel| !is_built_here(&said, wheel, request.work));
                Ok(wheels)
            }
        }
    }

    /// Fetches one requirement without its dependencies, into `place`.
    pub(super) fn fetch(
        &self,
        interpreter: &Interpreter,
        request: &InstallRequest,
        index: &Index,
        place: &Path,
    ) -> Result<Fetched> {
        let list = request.work.join("subject.txt");
        fs::write(&list, request.requirements.join("\n")).on("write", &list)?;
        let mut command = match self.tool {
            Tool::Uv => {
                let mut command = self.command(request);
                command.args([
                    "pip",
                    "install",
                    "--no-progress",
                    "--link-mode",
                    "copy",
                    "--python",
                ]);
                command
                    .arg(&interpreter.executable)
                    .arg("--prefix")
                    .arg(place);
                command
            }
            Tool::Pip => self.pip_wheel(request, place),
        };
        command.arg("--no-deps").arg("-r").arg(&list);
        index.apply(self.tool, &mut command);
        let output = run(&mut command)?;
        if !output.status.success() {
            return Err(failure::unresolved(self.tool, &output, request, index));
        }
        if self.tool == Tool::Uv {
            return Ok(Fetched::Installed);
        }
        let path = wheel::wheels_in(place)?.pop();
        let path = path.ok_or_else(|| Error::NoWheel {
            project: place.to_path_buf(),
        })?;
        let built = is_built_here(
            &String::from_utf8_lossy(&output.stdout),
            &path,
            request.work,
        );
        Ok(Fetched::Wheel { path, built })
    }

    /// Lets pip collect the wheels of a list in a directory.
    pub(super) fn gather(
        &self,
        request: &InstallRequest,
        index: &Index,
        batch: &Batch,
        wheels: &Path,
    ) -> Result<Output> {
        let mut command = self.pip_wheel(request, wheels);
        if batch.constraints.is_some() {
            // Existing wheels need not be downloaded again.
            command.arg("--find-links").arg(wheels);
        }
        self.hand_over(&mut command, request, index, batch);
        Ok(run(&mut command)?)
    }

    fn hand_over(
        &self,
        command: &mut Command,
        request: &InstallRequest,
        index: &Index,
        batch: &Batch,
    ) {
        command.arg("-r").arg(&batch.path);
        if let Some(constraints) = &batch.constraints {
            command.arg("--constraint").arg(constraints);
        }
        if batch.complete {
            command.arg("--no-deps");
        }
        match &batch.index {
            Some(only) => {
                // In the project's directory its own indexes would be used, too.
                command.current_dir(request.work);
                index.only(only).apply(self.tool, command);
            }
            None => index.apply(self.tool, command),
        }
    }

    /// The published wheels of the installed distributions, with their digests. uv does not record
    /// what it installed from, but it caches the index's pages. Best effort: the package is
    /// complete without them.
    pub(super) fn published(
        &self,
        interpreter: &Interpreter,
        request: &InstallRequest,
        index: &Index,
        distributions: &[Distribution],
    ) -> Vec<Archive> {
        if self.tool != Tool::Uv || index.find_links_only {
            return Vec::new();
        }
        let asked = || {
            let path = request.work.join("pins.txt");
            let pin = |one: &Distribution| format!("{}=={}", one.name, one.version);
            let pins: Vec<String> = distributions.iter().map(pin).collect();
            fs::write(&path, pins.join("\n")).on("write", &path)?;
            let mut command = self.command(request);
            command.args([
                "pip",
                "compile",
                "--no-deps",
                "--no-header",
                "--no-progress",
                "--format",
                "pylock.toml",
            ]);
            command
                .arg("--python")
                .arg(&interpreter.executable)
                .arg(&path);
            index.apply(self.tool, &mut command);
            Ok::<_, Error>(ask(&mut command)?)
        };
        match asked() {
            Ok(output) if output.status.success() => {
                lock::wheels_of(&String::from_utf8_lossy(&output.stdout))
            }
            Ok(output) => {
                tracing::debug!(said = %failure::meaningful_of(&output).join("; "), "uv names no wheels");
                Vec::new()
            }
            Err(error) => {
                tracing::debug!(%error, "uv names no wheels");
                Vec::new()
            }
        }
    }

    fn pip_wheel(&self, request: &InstallRequest, wheels: &Path) -> Command {
        let mut command = self.command(request);
        command.args([
            "wheel",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--wheel-dir",
        ]);
        command.arg(wheels);
        command
    }
}

/// `$UV` or the `uv` on PATH.
fn uv() -> Option<PathBuf> {
    env::var_os("UV")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| on_path("uv"))
}

/// `pip 24.2`, as installed with an interpreter; without the version if it is not where
/// distributions of CPython put it. Runs nothing.
pub(super) fn pip_of(interpreter: &Interpreter) -> String {
    let base = &interpreter.base_prefix;
    let places = [
        base.join(interpreter.site_packages()),
        base.join("local/lib")
            .join(interpreter.directory_name())
            .join("dist-packages"),
        base.join("lib/python3/dist-packages"),
    ];
    let version = |name: OsString| {
        let name = name.into_string().ok()?;
        Some(
            name.strip_prefix("pip-")?
                .strip_suffix(".dist-info")?
                .to_owned(),
        )
    };
    places
        .iter()
        .find_map(|place| names_in(place).ok()?.into_iter().find_map(version))
        .map_or_else(|| "pip".to_owned(), |version| format!("pip {version}"))
}

/// Whether pip reports that it built a wheel itself, now or earlier: one of these lines names it.
///
/// ```text
///   Created wheel for x: filename=x-1-py3-none-any.whl size=…
/// Processing ./.cache/pip/wheels/ab/cd/…/x-1-py3-none-any.whl
/// ```
/// Wheels in `work` were built here as well.
fn is_built_here(said: &str, wheel: &Path, work: &Path) -> bool {
    let name = wheel.file_name().unwrap_or_default().to_string_lossy();
    let (created, kept) = (format!("filename={name} "), format!("/{name}"));
    said.lines().any(|line| {
        line.contains(&created)
            || (line.starts_with("Processing ")
                && line.contains(&kept)
                && (line.contains("/wheels/") || line.contains(&*work.to_string_lossy())))
    })
}
