use std::collections::HashMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Cursor};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use zip::ZipArchive;

use super::record::{Line, Record};
use super::wheel_error::{Result, WheelError, bad};
use crate::fs::IoContext as _;
use crate::python::interpreter::Interpreter;

/// The wheels in a directory, sorted by name.
pub(super) fn wheels_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut wheels = Vec::new();
    for entry in fs::read_dir(directory).on("read directory", directory)? {
        let path = entry.on("read directory", directory)?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            wheels.push(path);
        }
    }
    wheels.sort();
    Ok(wheels)
}

/// One file of a wheel and its destination.
struct Member {
    wheel: usize,
    /// Index in the archive.
    number: usize,
    /// Relative to the prefix.
    target: PathBuf,
    executable: bool,
}

type Archive = ZipArchive<Cursor<Arc<[u8]>>>;

/// Unpacks wheels into a prefix-shaped tree: PEP 427 without the scripts, which
/// [`super::normalise::normalise`] writes.
///
/// If two wheels have the same file, the last one in the given order wins.
pub(super) fn unpack(wheels: &[PathBuf], interpreter: &Interpreter, dest: &Path) -> Result<()> {
    let mut archives = Vec::new();
    let mut members: HashMap<PathBuf, Member> = HashMap::new();
    let mut records = Vec::new();
    for (number, wheel) in wheels.iter().enumerate() {
        let bytes: Arc<[u8]> = fs::read(wheel).on("read", wheel)?.into();
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| bad(wheel, &error))?;
        let (dist_info, paths) = plan(number, wheel, &archive, interpreter, &mut members)?;
        records.push((
            dest.join(interpreter.site_packages()).join(dist_info),
            paths,
        ));
        archives.push(archive);
    }
    let mut members: Vec<Member> = members.into_values().collect();
    members.sort_by_key(|member| (member.wheel, member.number));
    let mut directories: Vec<PathBuf> = members
        .iter()
        .filter_map(|member| member.target.parent())
        .map(|parent| dest.join(parent))
        .collect();
    directories.sort();
    directories.dedup();
    for directory in directories {
        fs::create_dir_all(&directory).on("create directory", &directory)?;
    }
    // Archives are cheap to clone: they share their bytes and their table.
    members
        .par_chunks(64)
        .try_for_each_init(HashMap::<usize, Archive>::new, |open, chunk| {
            chunk.iter().try_for_each(|member| {
                let archive = open
                    .entry(member.wheel)
                    .or_insert_with(|| archives[member.wheel].clone());
                write(archive, member, &wheels[member.wheel], dest)
            })
        })?;
    for (dist_info, mut paths) in records {
        paths.sort();
        Record {
            lines: paths.into_iter().map(Line::bare).collect(),
        }
        .write(&dist_info)?;
    }
    Ok(())
}

/// Decides where each file of a wheel goes; returns the `.dist-info` directory's name and the paths
/// for RECORD.
fn plan(
    number: usize,
    wheel: &Path,
    archive: &Archive,
    interpreter: &Interpreter,
    members: &mut HashMap<PathBuf, Member>,
) -> Result<(String, Vec<String>)> {
    let refuse = |reason: String| WheelError::Bad {
        wheel: wheel.to_path_buf(),
        reason,
    };
    let dist_info = archive
        .file_names()
        .flatten()
        .filter_map(|name| Some(name.strip_suffix("/METADATA")?.to_owned()))
        .find(|top| top.ends_with(".dist-info") && !top.contains('/'))
        .ok_or_else(|| refuse("it has no `.dist-info/METADATA`".to_owned()))?;
    let stem = dist_info.trim_end_matches(".dist-info");
    let data = format!("{stem}.data/");
    let site_packages = interpreter.site_packages();
    let up = "../".repeat(site_packages.components().count());
    let headers = format!(
        "include/site/{}/{}",
        interpreter.directory_name(),
        stem.rsplit_once('-').map_or(stem, |(name, _)| name)
    );
    let mut paths = vec![format!("{dist_info}/RECORD")];
    let mut archive = archive.clone();
    for at in 0..archive.len() {
        let entry = archive
            .by_index_raw(at)
            .map_err(|error| bad(wheel, &error))?;
        let name = entry
            .name()
            .map_err(|error| bad(wheel, &error))?
            .into_owned();
        if entry.is_dir() || name == format!("{dist_info}/RECORD") {
            continue;
        }
        let plain = Path::new(&name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !plain || name.contains(['\\', '\0']) {
            return Err(refuse(format!(
                "it has a file with the name `{}`",
                name.escape_default()
            )));
        }
        let mut executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let (target, path) = match name
            .strip_prefix(&data)
            .and_then(|rest| rest.split_once('/'))
        {
            None => (site_packages.join(&name), name),
            Some(("purelib" | "platlib", rest)) => (site_packages.join(rest), rest.to_owned()),
            Some((scheme, rest)) => {
                let place = match scheme {
                    "scripts" => format!("bin/{rest}"),
                    "data" => rest.to_owned(),
                    "headers" => format!("{headers}/{rest}"),
                    _ => return Err(refuse(format!("it has data of an unknown kind: `{name}`"))),
                };
                executable |= scheme == "scripts";
                // Each path below site-packages has only one spelling.
                let below = Path::new(&place)
                    .strip_prefix(&site_packages)
                    .ok()
                    .and_then(Path::to_str);
                let path = below.map_or_else(|| format!("{up}{place}"), ToOwned::to_owned);
                (PathBuf::from(place), path)
            }
        };
        paths.push(path);
        members.insert(
            target.clone(),
            Member {
                wheel: number,
                number: at,
                target,
                executable,
            },
        );
    }
    Ok((dist_info, paths))
}

fn write(archive: &mut Archive, member: &Member, wheel: &Path, dest: &Path) -> Result<()> {
    let mut entry = archive
        .by_index(member.number)
        .map_err(|error| bad(wheel, &error))?;
    let path = dest.join(&member.target);
    let mut file = File::create(&path).on("create", &path)?;
    match io::copy(&mut entry, &mut file) {
        // Errors of the system are about the disk, not about the wheel.
        Err(error) if error.raw_os_error().is_some() => {
            return Err(error).on("write", &path).map_err(Into::into);
        }
        Err(_) => {
            let reason = format!("`{}` does not match its checksum", member.target.display());
            return Err(WheelError::Bad {
                wheel: wheel.to_path_buf(),
                reason,
            });
        }
        Ok(_) => {}
    }
    let mode = if member.executable { 0o755 } else { 0o644 };
    Ok(file
        .set_permissions(Permissions::from_mode(mode))
        .on("set permissions of", &path)?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::python::install::normalise::normalise;
    use crate::python::install::{EntryPoint, distributions, entry_points};
    use crate::python::start::PREAMBLE;
    use crate::python::{Request, discover};

    /// Writes a wheel of one distribution, `tiny` 1.0, with these files in addition to its
    /// metadata.
    fn tiny(directory: &Path, files: &[(&str, &str)]) -> PathBuf {
        let path = directory.join("tiny-1.0-py3-none-any.whl");
        let mut writer = ZipWriter::new(File::create(&path).expect("scratch"));
        let own = [
            (
                "tiny-1.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Tiny\nVersion: 1.0\nLicense-Expression: MIT\n",
            ),
            (
                "tiny-1.0.dist-info/entry_points.txt",
                "[console_scripts]\ntiny = tiny:main\n[other]\nx = y\n",
            ),
            ("tiny-1.0.dist-info/RECORD", "stale,,\n"),
        ];
        for (name, text) in own.iter().chain(files) {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .expect("scratch");
            writer.write_all(text.as_bytes()).expect("scratch");
        }
        writer.finish().expect("scratch");
        path
    }

    #[test]
    fn a_wheel_is_spread_over_the_prefix_the_same_way_everywhere() {
        let interpreter = discover(&Request::default()).expect("the tests need some CPython");
        let scratch = tempfile::tempdir().expect("scratch");
        let wheel = tiny(
            scratch.path(),
            &[
                ("tiny/__init__.py", "def main(): pass\n"),
                ("tiny-1.0.data/scripts/old", "#!python\nprint(1)\n"),
                ("tiny-1.0.data/data/share/man/tiny.1", "man\n"),
                ("tiny-1.0.data/purelib/more.py", ""),
                ("tiny-1.0.data/headers/tiny.h", ""),
            ],
        );
        let mut records = Vec::new();
        for place in ["here", "another place"] {
            let dest = scratch.path().join(place);
            unpack(std::slice::from_ref(&wheel), &interpreter, &dest).expect("unpacked");
            normalise(&interpreter, &dest).expect("normalised");
            let site_packages = dest.join(interpreter.site_packages());
            let old = fs::read_to_string(dest.join("bin/old")).expect("there");
            assert!(
                old.starts_with(PREAMBLE) && old.ends_with("print(1)\n"),
                "{old}"
            );
            assert_eq!(
                dest.join("bin/tiny")
                    .metadata()
                    .expect("there")
                    .permissions()
                    .mode()
                    & 0o777,
                0o755
            );
            assert!(
                dest.join("share/man/tiny.1").is_file() && site_packages.join("more.py").is_file()
            );
            let found = distributions(&site_packages).expect("read");
            let [one] = found.as_slice() else {
                panic!("{found:?}")
            };
            assert_eq!((&*one.name, &*one.version, one.files), ("tiny", "1.0", 10));
            assert_eq!(one.license.as_deref(), Some("MIT"));
            let commands = entry_points(&site_packages.join(&one.dist_info)).expect("read");
            assert_eq!(
                commands,
                [EntryPoint {
                    name: "tiny".into(),
                    module: "tiny".into(),
                    attr: "main".into()
                }]
            );
            records.push(
                fs::read_to_string(site_packages.join("tiny-1.0.dist-info/RECORD")).expect("there"),
            );
        }
        assert_eq!(records[0], records[1]);
        assert!(
            records[0].lines().is_sorted() && records[0].contains("../../../bin/tiny,sha256="),
            "{}",
            records[0]
        );
    }

    #[test]
    fn names_that_lead_out_of_the_prefix_are_refused() {
        let interpreter = discover(&Request::default()).expect("the tests need some CPython");
        for name in ["../x", "/x", "a/../../x", "a\\b", "tiny-1.0.data/unknown/x"] {
            let scratch = tempfile::tempdir().expect("scratch");
            let wheel = tiny(scratch.path(), &[(name, "")]);
            let error =
                unpack(&[wheel], &interpreter, &scratch.path().join("dest")).expect_err(name);
            assert!(matches!(error, WheelError::Bad { .. }), "{name}: {error}");
            assert!(
                !scratch.path().join("dest").exists(),
                "{name}: something was written"
            );
        }
    }
}
