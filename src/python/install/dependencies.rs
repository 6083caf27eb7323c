use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::archive::identify;
use super::commands::{Command, commands_in};
use super::distribution::{Distribution, distributions};
use super::error::Result;
use super::index::Index;
use super::inputs::find_links_archives;
use super::installer::Installer;
use super::lock::Lock;
use super::normalise::normalise;
use super::notice::Notice;
use super::plan::Plan;
use super::prepare::prepare;
use super::request::{InstallRequest, Purpose};
use super::subject::{Subject, make_precise};
use super::tool::Tool;
use crate::fs::IoContext as _;
use crate::python::interpreter::Interpreter;

/// The installed dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependencies {
    /// Sorted by name.
    pub distributions: Vec<Distribution>,
    /// Sorted by name.
    pub commands: Vec<Command>,
    /// The distribution to be packed, if one was requested; `None` if its requirement selected
    /// nothing.
    pub subject: Option<Subject>,
    /// `uv 0.9.1` or `pip 24.2`; `None` if there was nothing to install.
    pub installer: Option<String>,
    /// Warnings about them.
    pub notices: Vec<Notice>,
}

fn absolute(path: &Path) -> Result<PathBuf> {
    Ok(std::path::absolute(path).on("find the directory of", path)?)
}

/// Installs the dependencies, without the project, into `dest`, which must be empty or missing.
pub fn install_dependencies(
    interpreter: &Interpreter,
    request: &InstallRequest,
    dest: &Path,
) -> Result<Dependencies> {
    let started = Instant::now();
    // Installers run in the project's directory, so the caller's relative paths are made absolute.
    let (project, work, dest) = (
        request.project.map(absolute).transpose()?,
        absolute(request.work)?,
        &*absolute(dest)?,
    );
    let lock = request.lock.as_ref().map(Lock::absolute).transpose()?;
    let request = &InstallRequest {
        project: project.as_deref(),
        work: &work,
        lock,
        ..request.clone()
    };
    fs::create_dir_all(dest).on("create directory", dest)?;
    if request.requirements.is_empty() && request.additional.is_empty() && request.lock.is_none() {
        let (distributions, commands) = (Vec::new(), Vec::new());
        return Ok(Dependencies {
            distributions,
            commands,
            subject: None,
            installer: None,
            notices: Vec::new(),
        });
    }
    fs::create_dir_all(request.work).on("create directory", request.work)?;
    let mut notices = Vec::new();
    let installer = Installer::choose(request.installer, interpreter, &mut notices)?;
    let index = Index::new(request);
    let mut request = request.clone();
    let precise = if request.purpose == Purpose::Subject {
        Some(make_precise(&installer, interpreter, &mut request, &index)?)
    } else {
        None
    };
    let request = &request;
    let plan = Plan::of(interpreter, request)?;
    if !plan.complete && installer.tool() == Tool::Pip {
        Plan::check_for_pip(request, &index)?;
    }
    let batches = prepare(
        plan,
        &installer,
        interpreter,
        request,
        &index,
        make_build_environment,
    )?;
    let mut wheels = installer.install(interpreter, request, &index, &batches, dest)?;
    notices.extend(normalise(interpreter, dest)?);
    let site_packages = dest.join(interpreter.site_packages());
    let mut distributions = distributions(&site_packages)?;
    wheels.extend(find_links_archives(&index));
    let published = installer.published(interpreter, request, &index, &distributions);
    identify(&mut distributions, &site_packages, &wheels, &published)?;
    let commands = commands_in(dest, &interpreter.site_packages(), &distributions)?;
    let subject = match precise {
        Some(precise) => precise.found(&site_packages, &mut distributions, &index)?,
        None => None,
    };
    tracing::info!(
        distributions = distributions.len(),
        installer = %installer,
        took = %format_args!("{}ms", started.elapsed().as_millis()),
        "installed dependencies"
    );
    Ok(Dependencies {
        distributions,
        commands,
        subject,
        installer: Some(installer.to_string()),
        notices,
    })
}

/// Makes a virtual environment with `request.requirements` in `dest`, which must be empty.
pub fn make_build_environment(
    interpreter: &Interpreter,
    request: &InstallRequest,
    dest: &Path,
) -> Result<()> {
    install_dependencies(interpreter, request, dest)?;
    let bin = dest.join("bin");
    fs::create_dir_all(&bin).on("create directory", &bin)?;
    for name in ["python", "python3"] {
        let link = bin.join(name);
        symlink(&interpreter.executable, &link).on("create link", &link)?;
    }
    let home = interpreter.executable.parent().unwrap_or(Path::new("/"));
    let settings = format!(
        "home = {}\ninclude-system-site-packages = false\nversion = {}\n",
        home.display(),
        interpreter.version_text
    );
    let path = dest.join("pyvenv.cfg");
    Ok(fs::write(&path, settings).on("write", &path)?)
}
