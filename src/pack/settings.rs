use std::path::{Path, PathBuf};

use super::{CacheUse, Key, KeySource, PRIVATE_KEY_VARIABLE};
use crate::config::{Config, ConfigError, Environment, Sourced, Sources};
use crate::format::RotationRecord;
use crate::manifest::{Input, Manifest, Slim, made_of};
use crate::slot::Compression;
use crate::stub::{Stub, StubError};

/// The user's options in addition to the manifest, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `None`: the default, see [`Self::output_path`].
    pub output: Option<PathBuf>,
    /// Other output files, which may be in the project and must not become sources of the next
    /// package.
    pub reports: Vec<PathBuf>,
    /// A launcher other than the embedded one.
    pub launcher_bin: Option<PathBuf>,
    /// Strip the launcher and every ELF file whose layout permits it.
    pub strip: Sourced<bool>,
    /// Kinds of files that are left out of the dependencies.
    pub slim: Sourced<Vec<Slim>>,
    /// 0–9.
    pub effort: Sourced<u8>,
    /// Threads and worker processes, at least one.
    pub jobs: Sourced<usize>,
    /// Memory limit of encoding, in bytes; it reduces the number of threads.
    pub memory_limit: Option<u64>,
    /// A path, a version or a specifier.
    pub python: Option<Sourced<String>>,
    pub key: Sourced<Key>,
    /// The rotations that led to the key, oldest first.
    pub rotations: Vec<RotationRecord>,
    pub find_links: Vec<String>,
    /// May contain a password: never printed.
    pub index_url: Option<Sourced<String>>,
    pub offline: Sourced<bool>,
    /// Whether to run the manifest's `pre_build` and `post_build`.
    pub hooks: bool,
    /// Read the finished package back and verify every byte.
    pub verify: bool,
    pub cache: CacheUse,
    /// The maximum size of the build cache, in bytes.
    pub cache_max_size: Sourced<u64>,
    /// The directory that the input was copied from, in which relative paths are still resolved.
    pub copied_from: Option<PathBuf>,
    /// Seconds since 1970 for all timestamps.
    pub epoch: Sourced<u64>,
}

impl Default for Settings {
    /// One thread, the default effort, the user's own key.
    fn default() -> Self {
        Self {
            output: None,
            reports: Vec::new(),
            launcher_bin: None,
            strip: false.into(),
            slim: Vec::new().into(),
            effort: Compression::DEFAULT_EFFORT.into(),
            jobs: 1.into(),
            memory_limit: None,
            python: None,
            key: Key::from(KeySource::Own).into(),
            rotations: Vec::new(),
            find_links: Vec::new(),
            index_url: None,
            offline: false.into(),
            hooks: true,
            verify: true,
            cache: CacheUse::Full,
            cache_max_size: u64::MAX.into(),
            copied_from: None,
            epoch: 0.into(),
        }
    }
}

/// What the command line says of settings that other sources may set too.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub jobs: Option<usize>,
    pub private_key: Option<PathBuf>,
    /// Checked against the private key.
    pub public_key: Option<PathBuf>,
    pub key_seed: Option<String>,
    pub strip: bool,
    pub slim: Option<Vec<Slim>>,
    /// 0–9.
    pub compress: Option<u8>,
    pub offline: bool,
    pub python: Option<String>,
    pub index_url: Option<String>,
}

/// A source sets something that is not a value of the setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{variable} is not {expected}: {value}")]
    BadVariable {
        variable: &'static str,
        expected: &'static str,
        value: String,
    },
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Sets the number of threads and processes.
const JOBS_VARIABLE: &str = "FLAVOR_JOBS";
/// Sets all timestamps; see <https://reproducible-builds.org/specs/source-date-epoch/>.
const EPOCH_VARIABLE: &str = "SOURCE_DATE_EPOCH";
/// More threads than this do not help on any machine, and each takes memory.
const MAX_JOBS: usize = 256;

impl Settings {
    /// Determines every setting that has more than one source; the others have their defaults.
    ///
    /// # Errors
    /// A source sets something that is not a value of the setting.
    pub fn resolve(
        arguments: Arguments,
        environment: Environment,
        manifest: Option<&Manifest>,
        config: &Config,
    ) -> Result<Self, SettingsError> {
        let path = manifest.map_or(Path::new(""), |manifest| &manifest.path);
        let build = manifest.map(|manifest| &manifest.build);
        let python = manifest.map(|manifest| &manifest.python);
        let switch = |option: bool| option.then_some(true);
        // An option also overrides a variable that is not valid.
        let jobs = match arguments.jobs {
            Some(_) => None,
            None => number(environment, JOBS_VARIABLE, "a positive number", |jobs| {
                *jobs > 0
            })?,
        };
        let epoch = number(environment, EPOCH_VARIABLE, "a number", |_| true)?;
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let Arguments {
            private_key,
            public_key,
            ..
        } = arguments;
        let file = private_key.map(|private| KeySource::File {
            private,
            public: public_key,
        });
        let seed = arguments.key_seed.map(|seed| KeySource::Seed(seed.into()));
        let key = Sources::default()
            .option("--private-key", file)
            .option("--key-seed", seed)
            .variable(
                PRIVATE_KEY_VARIABLE,
                environment(PRIVATE_KEY_VARIABLE).map(KeySource::of_variable),
            )
            .or(KeySource::Own);
        Ok(Self {
            strip: Sources::default()
                .option("--strip", switch(arguments.strip))
                .manifest(path, build.and_then(|build| build.strip))
                .or(false),
            slim: Sources::default()
                .option("--slim", arguments.slim)
                .manifest(
                    path,
                    build
                        .map(|build| build.slim.clone())
                        .filter(|slim| !slim.is_empty()),
                )
                .or(Vec::new()),
            effort: Sources::default()
                .option("--compress", arguments.compress)
                .manifest(path, build.and_then(|build| build.compress))
                .or(Compression::DEFAULT_EFFORT),
            jobs: Sources::default()
                .option("--jobs", arguments.jobs)
                .variable(
                    JOBS_VARIABLE,
                    jobs.and_then(|jobs| usize::try_from(jobs).ok()),
                )
                .or(processors)
                .map(|jobs| jobs.min(MAX_JOBS)),
            python: Sources::default()
                .option("--python", arguments.python)
                .manifest(
                    path,
                    python.and_then(|python| python.executable.clone().or(python.version.clone())),
                )
                .resolve(),
            index_url: Sources::default()
                .option("--index-url", arguments.index_url)
                .manifest(path, build.and_then(|build| build.index_url.clone()))
                .resolve(),
            offline: Sources::default()
                .option("--offline", switch(arguments.offline))
                .manifest(path, build.and_then(|build| build.offline))
                .or(false),
            epoch: Sources::default().variable(EPOCH_VARIABLE, epoch).or(0),
            cache_max_size: config
                .max_size(environment)?
                .map(|size| size.unwrap_or(u64::MAX)),
            key: key.map(Key::from),
            ..Self::default()
        })
    }

    /// The launcher of the package.
    pub(super) fn stub(&self) -> Result<Stub, StubError> {
        self.launcher_bin
            .as_ref()
            .map_or_else(|| Ok(Stub::embedded()), |path| Stub::read(path))
    }

    /// The output files of this pack, which must not become sources of the next package.
    pub(super) fn written(&self, manifest: &Manifest) -> OutputFiles {
        OutputFiles(
            self.reports
                .iter()
                .cloned()
                .chain([self.output_path(manifest)])
                .collect(),
        )
    }

    /// The output path: by default `dist/<name>.psp` beside the manifest; beside a wheel that is in
    /// such a `dist`.
    ///
    /// While only the build back end knows the name, that of the directory is used.
    pub fn output_path(&self, manifest: &Manifest) -> PathBuf {
        let usual = || {
            let Manifest {
                input,
                directory,
                package_name,
                ..
            } = manifest;
            let is_archive = matches!(input, Input::Wheel | Input::Requirement);
            let is_dist = is_archive && directory.ends_with("dist");
            let place = if is_dist {
                directory.clone()
            } else {
                directory.join("dist")
            };
            if package_name.is_empty() {
                let whole = directory
                    .canonicalize()
                    .unwrap_or_else(|_| directory.clone());
                let name = made_of(&whole.file_name().unwrap_or_default().to_string_lossy());
                return place.join(format!("{name}.psp"));
            }
            place.join(format!("{package_name}.psp"))
        };
        self.output.clone().unwrap_or_else(usual)
    }
}

/// A number from a variable, if it is set.
fn number(
    environment: Environment,
    variable: &'static str,
    expected: &'static str,
    is_valid: impl Fn(&u64) -> bool,
) -> Result<Option<u64>, SettingsError> {
    let Some(value) = environment(variable) else {
        return Ok(None);
    };
    let value = value.to_string_lossy().into_owned();
    match value.parse().ok().filter(is_valid) {
        Some(number) => Ok(Some(number)),
        None => Err(SettingsError::BadVariable {
            variable,
            expected,
            value,
        }),
    }
}

/// Output files of a pack.
pub(super) struct OutputFiles(Vec<PathBuf>);

impl OutputFiles {
    /// Compared by resolved path.
    pub(super) fn contains(&self, path: &Path) -> bool {
        let is_same = |one: &PathBuf| {
            one.file_name() == path.file_name()
                && one.canonicalize().ok() == path.canonicalize().ok()
        };
        self.0.iter().any(is_same)
    }
}
