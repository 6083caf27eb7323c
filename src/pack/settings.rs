use std::path::{Path, PathBuf};

use super::{CacheUse, Key, KeySource};
use crate::format::RotationRecord;
use crate::manifest::{Input, Manifest, Slim, made_of};
use crate::slot::Compression;
use crate::stub::{Stub, StubError};

/// The user's options in addition to the manifest, checked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// `None`: the default, see [`Self::output_path`].
    pub output: Option<PathBuf>,
    /// Other output files, which may be in the project and must not become sources of the next
    /// package.
    pub reports: Vec<PathBuf>,
    /// A launcher other than the embedded one.
    pub launcher_bin: Option<PathBuf>,
    /// Strip the launcher and every ELF file whose layout permits it.
    pub strip: bool,
    /// Kinds of files that are left out of the dependencies.
    pub slim: Vec<Slim>,
    /// 0–9.
    pub effort: u8,
    /// Threads and worker processes, at least one.
    pub jobs: usize,
    /// Memory limit of encoding, in bytes; it reduces the number of threads.
    pub memory_limit: Option<u64>,
    /// A path, a version or a specifier; overrides the manifest.
    pub python: Option<String>,
    pub key: Key,
    /// The rotations that led to the key, oldest first.
    pub rotations: Vec<RotationRecord>,
    pub find_links: Vec<String>,
    pub index_url: Option<String>,
    pub offline: bool,
    /// Whether to run the manifest's `pre_build` and `post_build`.
    pub hooks: bool,
    /// Read the finished package back and verify every byte.
    pub verify: bool,
    pub cache: CacheUse,
    /// The maximum size of the build cache, in bytes.
    pub cache_max_size: u64,
    /// The directory that the input was copied from, in which relative paths are still resolved.
    pub copied_from: Option<PathBuf>,
    /// Seconds since 1970 for all timestamps: `SOURCE_DATE_EPOCH`, else 0.
    pub epoch: u64,
}

impl Default for Settings {
    /// One thread, the default effort, the user's own key.
    fn default() -> Self {
        Self {
            output: None,
            reports: Vec::new(),
            launcher_bin: None,
            strip: false,
            slim: Vec::new(),
            effort: Compression::DEFAULT_EFFORT,
            jobs: 1,
            memory_limit: None,
            python: None,
            key: KeySource::Own.into(),
            rotations: Vec::new(),
            find_links: Vec::new(),
            index_url: None,
            offline: false,
            hooks: true,
            verify: true,
            cache: CacheUse::Full,
            cache_max_size: u64::MAX,
            copied_from: None,
            epoch: 0,
        }
    }
}

impl Settings {
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
