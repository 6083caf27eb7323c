//! Installs a project and its dependencies into prefix-shaped trees: `lib/python3.X/site-packages`,
//! `bin`, `share`.
//!
//! uv installs if it is available; otherwise the interpreter's own pip collects wheels and flavor
//! unpacks them. Either way the tree is then normalised (`record.rs`), so that its content depends
//! only on the wheels.

mod archive;
mod backend;
mod commands;
mod distribution;
mod failure;
mod index;
mod inputs;
mod installer;
mod lock;
mod metadata;
mod named;
mod neutral;
mod notice;
mod plan;
mod prepare;
mod record;
mod script;
mod source;
mod subject;
mod wheel;
mod wheel_facts;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use archive::Archive;
pub use backend::{
    BuildSystem, Built, Environment, WheelBuild, build_wheel, make_build_environment,
};
pub use commands::Command;
pub use distribution::{BundledComponent, Distribution, distributions, entry_points};
pub use index::installer_variables;
pub use inputs::{NamedFile, Resolution, build_variables};
pub use installer::{Choice, Installer};
pub use lock::Lock;
pub use metadata::ProjectMetadata;
pub use named::NamedSources;
pub use notice::Notice;
pub use record::recorded_paths;
pub use script::{EntryPoint, file as file_script, function_in, module as module_script, script};
pub use source::{
    Hidden, Snapshot, SourceError, Sources, View, copy as copy_sources, list as list_sources,
    list_with as list_sources_with,
};
pub use subject::{Subject, file_address};
pub use wheel_facts::{WheelFacts, fits};

use super::error::{Error, Result};
use super::interpreter::Interpreter;
use crate::fs::IoContext as _;
use index::Index;
use serde::{Deserialize, Serialize};

/// The purpose of an installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The dependencies of an input.
    #[default]
    Dependencies,
    /// The first requirement is the one to be packed, the rest its dependencies.
    Subject,
    /// A build back end.
    BackEnd,
}

/// What to install and from where.
///
/// The `PIP_` and `UV_` variables for indexes and find-links apply too, whichever installer runs.
#[derive(Clone)]
pub struct InstallRequest<'a> {
    /// The directory of the project, where installers run; otherwise they run in `work`.
    pub project: Option<&'a Path>,
    /// PEP 508: `[project.dependencies]` and those of the selected extras and groups.
    pub requirements: Vec<String>,
    pub purpose: Purpose,
    /// The package's requirements in addition to the project's, which are not in a lock.
    pub additional: Vec<String>,
    /// Names of the selected extras, for lock files.
    pub extras: Vec<String>,
    /// Names of the selected dependency groups (PEP 735), for lock files.
    pub groups: Vec<String>,
    /// Directories or URLs; relative ones are relative to the caller's current directory.
    pub find_links: Vec<String>,
    pub index_url: Option<String>,
    pub extra_index_urls: Vec<String>,
    /// No network: only find-links and the installer's own cache.
    pub offline: bool,
    /// The lock file that determines the versions.
    pub lock: Option<Lock>,
    /// The project's own sources of distributions.
    pub named: NamedSources,
    /// Whether an outdated lock is ignored.
    pub refresh: bool,
    /// Directories whose wheels are being built, for which this is installed.
    pub building: Vec<PathBuf>,
    /// A directory for temporary files, which the caller removes.
    pub work: &'a Path,
    pub installer: Choice,
}

impl<'a> InstallRequest<'a> {
    /// Nothing to install, defaults from the environment.
    pub fn new(work: &'a Path) -> Self {
        Self {
            project: None,
            requirements: Vec::new(),
            purpose: Purpose::default(),
            additional: Vec::new(),
            extras: Vec::new(),
            groups: Vec::new(),
            find_links: Vec::new(),
            index_url: None,
            extra_index_urls: Vec::new(),
            offline: false,
            lock: None,
            named: NamedSources::default(),
            refresh: false,
            building: Vec::new(),
            work,
            installer: Choice::default(),
        }
    }
}

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

/// The installed project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInstall {
    /// File name of the built wheel.
    pub wheel: String,
    pub distribution: Distribution,
    /// Its commands.
    pub entry_points: Vec<EntryPoint>,
    pub metadata: ProjectMetadata,
    /// All its files in `bin`, including these commands; sorted by name.
    pub commands: Vec<Command>,
    /// Warnings about it.
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
        Some(subject::make_precise(
            &installer,
            interpreter,
            &mut request,
            &index,
        )?)
    } else {
        None
    };
    let request = &request;
    let plan = plan::Plan::of(interpreter, request)?;
    if !plan.complete && installer.tool() == installer::Tool::Pip {
        plan::Plan::check_for_pip(request, &index)?;
    }
    let batches = prepare::prepare(plan, &installer, interpreter, request, &index)?;
    let mut wheels = installer.install(interpreter, request, &index, &batches, dest)?;
    notices.extend(record::normalise(interpreter, dest)?);
    let site_packages = dest.join(interpreter.site_packages());
    let mut distributions = distributions(&site_packages)?;
    wheels.extend(inputs::find_links_archives(&index));
    let published = installer.published(interpreter, request, &index, &distributions);
    archive::identify(&mut distributions, &site_packages, &wheels, &published)?;
    let commands = commands::commands_in(dest, &interpreter.site_packages(), &distributions)?;
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

/// Installs the project's wheel into `dest`, which must be empty or missing.
pub fn install_project(
    interpreter: &Interpreter,
    wheel: &Path,
    dest: &Path,
) -> Result<ProjectInstall> {
    fs::create_dir_all(dest).on("create directory", dest)?;
    wheel::unpack(&[wheel.to_path_buf()], interpreter, dest)?;
    let notices = record::normalise(interpreter, dest)?;
    let site_packages = dest.join(interpreter.site_packages());
    let distribution = distributions(&site_packages)?.into_iter().next();
    let distribution = distribution.ok_or_else(|| Error::BadWheel {
        wheel: wheel.to_path_buf(),
        reason: "it has no `.dist-info` directory".to_owned(),
    })?;
    let entry_points = entry_points(&site_packages.join(&distribution.dist_info))?;
    let metadata = ProjectMetadata::read(
        &site_packages.join(&distribution.dist_info),
        &dest.join("bin"),
    )?;
    let wheel = wheel
        .file_name()
        .map(PathBuf::from)
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let commands = commands::commands_in(
        dest,
        &interpreter.site_packages(),
        std::slice::from_ref(&distribution),
    )?;
    Ok(ProjectInstall {
        wheel,
        distribution,
        entry_points,
        metadata,
        commands,
        notices,
    })
}
