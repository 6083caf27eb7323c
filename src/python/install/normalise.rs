use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::distribution::{dist_infos, entry_points, odd_entry_points};
use super::error::{Error, Result};
use super::neutral::{Neutral, neutral};
use super::notice::Notice;
use super::record::{Line, Record};
use super::script::{relocated, script};
use crate::fs::IoContext as _;
use crate::python::interpreter::Interpreter;

/// The `INSTALLER` of the trees.
const INSTALLER: &str = "flavor\n";

/// Files of a `.dist-info` that depend on the machine or the installing command.
const TELLTALE: &[&str] = &[
    "REQUESTED",
    "direct_url.json",
    "uv_cache.json",
    "uv_build.json",
    "RECORD.jws",
    "RECORD.p7s",
];

/// Normalises an installed tree, so that it depends only on the wheels and not on the installer.
///
/// Commands become relocatable, machine-specific files are removed, modes are 0644 or 0755, RECORD
/// is sorted and correct.
///
/// Returns warnings about it.
pub(super) fn normalise(interpreter: &Interpreter, dest: &Path) -> Result<Vec<Notice>> {
    join_lib64(dest)?;
    let tree = Tree {
        dest,
        site_packages: interpreter.site_packages(),
    };
    let site_packages = dest.join(&tree.site_packages);
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    let mut records: Vec<(PathBuf, BTreeSet<String>)> = Vec::new();
    let mut notices: Vec<Notice> = Vec::new();
    let mut shared: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut secrets = BTreeSet::new();
    no_links(&site_packages)?;
    for dist_info in dist_infos(&site_packages)? {
        let directory = site_packages.join(&dist_info);
        let paths = tidy(&tree, &dist_info, &directory)?;
        secrets.extend(neutralise(&directory.join("METADATA"))?);
        notices.extend(odd_entry_points(&directory)?);
        for path in &paths {
            if let Some(other) = owners.insert(path.clone(), dist_info.clone()) {
                shared
                    .entry((other, dist_info.clone()))
                    .or_insert_with(|| path.clone());
            }
        }
        records.push((directory, paths));
    }
    let of = |dist_info: String| dist_info.trim_end_matches(".dist-info").to_owned();
    notices.extend(
        shared
            .into_iter()
            .map(|((one, other), path)| Notice::SameFile {
                path,
                one: of(one),
                other: of(other),
            }),
    );
    if !secrets.is_empty() {
        notices.push(Notice::Credentials {
            names: secrets.into_iter().collect(),
        });
    }
    records
        .into_par_iter()
        .try_for_each(|(directory, paths)| -> Result<()> {
            let own = format!(
                "{}/RECORD",
                directory.file_name().unwrap_or_default().to_string_lossy()
            );
            let mut lines = Vec::new();
            for path in paths {
                if path == own {
                    lines.push(Line::bare(path));
                    continue;
                }
                let Some(file) = tree.locate(&path) else {
                    continue;
                };
                let Ok(metadata) = file.symlink_metadata() else {
                    continue;
                };
                let mode = if metadata.permissions().mode() & 0o111 == 0 {
                    0o644
                } else {
                    0o755
                };
                fs::set_permissions(&file, Permissions::from_mode(mode))
                    .on("set permissions of", &file)?;
                let (hash, size) = digest(&file)?;
                lines.push(Line {
                    path,
                    hash: Some(hash),
                    size: Some(size),
                });
            }
            Ok(Record { lines }.write(&directory)?)
        })?;
    Ok(notices)
}

/// Neutralises a `METADATA`; returns the requirements whose URLs had credentials.
fn neutralise(path: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(path).on("read", path)?;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Ok(Vec::new());
    };
    let Neutral { text: new, secrets } = neutral(text);
    if new != text {
        // A new file: the old one may be a hard link into an installer's cache.
        fs::remove_file(path).on("replace", path)?;
        fs::write(path, new).on("write", path)?;
    }
    Ok(secrets)
}

/// Rejects an editable installation: links to local sources.
fn no_links(site_packages: &Path) -> Result<()> {
    let mut names: Vec<PathBuf> = fs::read_dir(site_packages)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    names.sort();
    for path in names {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ends = |ending: &str| {
            Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == ending)
        };
        let finder = name.starts_with("__editable__") || ends("egg-link");
        let link = || -> Option<String> {
            let text = fs::read_to_string(&path).ok()?;
            text.lines()
                .map(str::trim)
                .find(|line| line.starts_with('/'))
                .map(ToOwned::to_owned)
        };
        if let Some(target) = if finder {
            Some(String::new())
        } else {
            link().filter(|_| ends("pth"))
        } {
            return Err(Error::LinkedSources {
                file: name.into(),
                target: target.into(),
            });
        }
    }
    Ok(())
}

/// A prefix-shaped tree.
struct Tree<'a> {
    dest: &'a Path,
    /// Relative to `dest`.
    site_packages: PathBuf,
}

impl Tree<'_> {
    /// The location of a path in RECORD; `None` if it is outside the tree.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let mut inside = PathBuf::new();
        for component in self.site_packages.join(path).components() {
            match component {
                Component::Normal(name) => inside.push(name),
                Component::CurDir => {}
                Component::ParentDir if inside.pop() => {}
                _ => return None,
            }
        }
        Some(self.dest.join(inside))
    }

    /// The path of a command in RECORD.
    fn command(&self, name: &str) -> String {
        format!(
            "{}bin/{name}",
            "../".repeat(self.site_packages.components().count())
        )
    }
}

/// Normalises one distribution's own files; returns the paths of all its files, including RECORD.
fn tidy(tree: &Tree, dist_info: &str, directory: &Path) -> Result<BTreeSet<String>> {
    let mut paths: BTreeSet<String> = Record::read(directory)?
        .lines
        .into_iter()
        .map(|line| line.path)
        .collect();
    for name in TELLTALE {
        let path = directory.join(name);
        if path.exists() {
            fs::remove_file(&path).on("remove", &path)?;
        }
    }
    let installer = directory.join("INSTALLER");
    fs::write(&installer, INSTALLER).on("write", &installer)?;

    let commands = tree.command("");
    let entries = entry_points(directory)?;
    for path in &paths {
        let Some(file) = tree.locate(path).filter(|file| file.is_file()) else {
            continue;
        };
        let name = path.strip_prefix(&commands);
        // pip's versioned script names are generated by installers; bytecode is handled separately.
        if name.is_some_and(|name| name.starts_with("pip3.") || name.starts_with("easy_install-"))
            || is_bytecode(path)
        {
            fs::remove_file(&file).on("remove", &file)?;
        } else if name.is_some_and(|name| entries.iter().all(|entry| entry.name != name))
            && let Some(text) = relocated(&fs::read(&file).on("read", &file)?)
        {
            write_command(&file, &text)?;
        }
    }
    for entry in entries {
        let path = tree.command(&entry.name);
        write_command(
            &tree.dest.join("bin").join(&entry.name),
            script(&entry).as_bytes(),
        )?;
        paths.insert(path);
    }
    paths.extend([
        format!("{dist_info}/INSTALLER"),
        format!("{dist_info}/RECORD"),
    ]);
    paths.retain(|path| {
        path.ends_with(".dist-info/RECORD") || tree.locate(path).is_some_and(|file| file.is_file())
    });
    Ok(paths)
}

fn is_bytecode(path: &str) -> bool {
    path.contains("__pycache__/")
        && Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "pyc")
}

fn write_command(file: &Path, text: &[u8]) -> Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).on("create directory", directory)?;
    }
    // A new file: the old one may be a hard link into an installer's cache.
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).on("replace", file)?,
        _ => {}
    }
    fs::write(file, text).on("write", file)?;
    Ok(fs::set_permissions(file, Permissions::from_mode(0o755)).on("set permissions of", file)?)
}

/// The hash as written in RECORD, and the size.
fn digest(file: &Path) -> Result<(String, u64)> {
    let mut reader = fs::File::open(file).on("open", file)?;
    let mut buffer = vec![0; 1 << 16];
    let (mut hasher, mut size) = (Sha256::new(), 0);
    loop {
        let read = reader.read(&mut buffer).on("read", file)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
    Ok((format!("sha256={}", BASE64.encode(hasher.finalize())), size))
}

/// Some systems keep compiled modules under `lib64`; in our trees everything is under `lib`.
fn join_lib64(dest: &Path) -> Result<()> {
    let (from, to) = (dest.join("lib64"), dest.join("lib"));
    match from.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => Ok(fs::remove_file(&from).on("remove", &from)?),
        Ok(_) => merge(&from, &to),
        Err(_) => Ok(()),
    }
}

fn merge(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() || !to.exists() {
        return Ok(fs::rename(from, to).on("move", from)?);
    }
    for entry in fs::read_dir(from).on("read directory", from)? {
        let entry = entry.on("read directory", from)?;
        merge(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(fs::remove_dir(from).on("remove", from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_the_tree_are_not_located() {
        let tree = Tree {
            dest: Path::new("/d"),
            site_packages: PathBuf::from("lib/python3.13/site-packages"),
        };
        assert_eq!(
            tree.locate("../../../bin/x"),
            Some(PathBuf::from("/d/bin/x"))
        );
        assert_eq!(tree.locate("../../../../x"), None);
        assert_eq!(tree.locate("/etc/passwd"), None);
        assert_eq!(tree.command("x"), "../../../bin/x");
    }
}
