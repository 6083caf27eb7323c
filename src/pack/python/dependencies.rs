//! The distributions that the project depends on.

use std::path::{Path, PathBuf};

use super::super::BuildError;
use super::super::cache::{BuildCache, CacheEntry, HashedTree, Inputs, Layer, hash_tree};
use super::bytecode::{Bytecode, compile};
use super::context::{Context, DEPS, common_inputs};
use crate::fs::Entry;
use crate::pack::context::Pack;
use crate::python::Interpreter;
use crate::python::bytecode::Positions;
use crate::python::install::Notice;
use crate::python::install::{
    Dependencies, Hidden, InstallRequest, NamedFile, Purpose, Resolution, install_dependencies,
    list_sources,
};
use crate::report::{Stopwatch, counted};

pub(super) struct Deps {
    pub(super) made: CacheEntry<Dependencies>,
    /// `None` if there are no dependencies.
    pub(super) bytecode: Option<CacheEntry<Bytecode>>,
    /// Warnings about them and their sources.
    pub(super) notices: Vec<Notice>,
}

pub(super) fn build(context: &Context) -> Result<Deps, BuildError> {
    let Context {
        pack:
            Pack {
                settings,
                cache,
                reporter,
                ..
            },
        interpreter,
        ..
    } = context;
    reporter.begin("resolve");
    let clock = Stopwatch::start();
    let request = InstallRequest {
        work: &cache.work().join("deps-scratch"),
        ..context.request.clone()
    };
    let (inputs, mut notices) = resolution_inputs(interpreter, &request, cache, false)?;
    let found = cache.find(DEPS, Layer::Deps, &inputs, |_: &Dependencies| Ok(()))?;
    let known = if found.is_some() {
        "nothing to resolve: unchanged inputs"
    } else {
        "to be resolved"
    };
    reporter.phase("resolve", known, clock.took());
    let clock = Stopwatch::start();
    let made = if let Some(made) = found {
        made
    } else {
        reporter.begin(DEPS);
        let make = |tree: &Path| {
            install_dependencies(interpreter, &request, tree).map_err(BuildError::from)
        };
        cache.make_missing(DEPS, Layer::Deps, &inputs, |_| Ok(()), make)?
    };
    let by = if made.reused {
        ", reused".into()
    } else {
        made.facts
            .installer
            .as_deref()
            .map_or(String::new(), |installer| format!(" by {installer}"))
    };
    reporter.phase(
        DEPS,
        &format!(
            "{}{by}",
            counted(
                made.facts.distributions.len(),
                "distribution",
                "distributions"
            )
        ),
        clock.took(),
    );
    notices.extend(made.facts.notices.iter().cloned());
    if made.facts.distributions.is_empty() {
        return Ok(Deps {
            made,
            bytecode: None,
            notices,
        });
    }
    // In the project's own code tracebacks underline the expression; in dependencies the line has
    // to suffice.
    let bytecode = compile(
        context,
        DEPS,
        &made.hashed,
        &made.tree,
        Positions::Lines,
        *settings.jobs,
    )?;
    Ok(Deps {
        made,
        bytecode: Some(bytecode),
        notices,
    })
}

/// The inputs of an installation, and warnings about them. For a build environment the requirements
/// are the build system's.
pub(super) fn resolution_inputs(
    interpreter: &Interpreter,
    request: &InstallRequest,
    cache: &BuildCache,
    of_build_system: bool,
) -> Result<(Inputs, Vec<Notice>), BuildError> {
    let resolution = Resolution::of(interpreter, request)?;
    let mut inputs = common_inputs(interpreter);
    inputs.add("installer", &resolution.installer);
    if let Some(uv) = resolution.uv.filter(|path| path.is_file()) {
        let name = "uv".to_owned();
        let hashed = hash_files(
            &[NamedFile { path: uv, name }],
            cache,
            "uv",
            of_build_system,
        )?;
        inputs
            .add("executable of uv", hashed.digest.hex())
            .changed(&hashed.changes);
    }
    let requirements = inputs.add_list("requirements", resolution.requirements);
    requirements.set_by(if of_build_system {
        &["build-system", "requires"]
    } else {
        &["project", "dependencies"]
    });
    if request.purpose == Purpose::Subject {
        inputs.add("subject", "the first requirement");
    }
    if !resolution.sources.is_empty() {
        inputs.add_list("sources of distributions", resolution.sources);
    }
    inputs.add_list("extras and groups", resolution.selection);
    inputs.add_list("index", resolution.index);
    inputs.add_list("variables", resolution.variables);
    for (name, files) in [
        ("locks and settings", resolution.files),
        ("find-links", resolution.archives),
    ] {
        if !files.is_empty() {
            let hashed = hash_files(&files, cache, name, of_build_system)?;
            inputs
                .add(name, hashed.digest.hex())
                .changed(&hashed.changes);
        }
    }
    for local in resolution.local {
        let NamedFile { path, name } = &local;
        let files: Vec<NamedFile> = if path.is_dir() {
            let file = |file: &PathBuf| NamedFile {
                path: path.join(file),
                name: file.display().to_string(),
            };
            list_sources(path, Hidden::Taken)?.all().map(file).collect()
        } else {
            vec![local.clone()]
        };
        let hashed = hash_files(&files, cache, &path.display().to_string(), of_build_system)?;
        inputs
            .add(&format!("local {name}"), hashed.digest.hex())
            .found_at(path)
            .changed(&hashed.changes);
    }
    Ok((inputs, resolution.notices))
}

/// Hashes a list of files in any directory; the digest has their names instead of their paths. The
/// dependencies and the build environment are resolved in parallel, so each has a stat cache of its
/// own.
fn hash_files(
    files: &[NamedFile],
    cache: &BuildCache,
    what: &str,
    of_build_system: bool,
) -> Result<HashedTree, BuildError> {
    let entries = files
        .iter()
        .map(|file| Entry::examine_target(file.path.clone(), file.path.clone()));
    let entries = entries.collect::<Result<_, _>>()?;
    let user = if of_build_system {
        "files of the build system"
    } else {
        "files"
    };
    let memory = cache.memory(Path::new(what), user);
    let names = files.iter().map(|file| file.name.clone().into());
    let mut hashed = hash_tree(entries, &memory)?.renamed(names);
    hashed.changes = cache.changes_in_this_pack(&memory, hashed.changes);
    Ok(hashed)
}
