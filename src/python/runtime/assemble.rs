//! Writes a planned tree: copies, strips, and sets the library search paths of ELF files.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::item::Item;
use super::plan::Plan;
use super::{Error, Runtime, amend};
use crate::elf::{self, GlibcVersion, SearchPathTag};
use crate::fs::IoContext;

/// The directory of libraries, relative to the tree.
const LIBRARIES: &str = "lib";

/// The result for one file.
struct WrittenFile {
    bytes: u64,
    glibc_floor: Option<GlibcVersion>,
}

pub(super) fn assemble(plan: &Plan, prefix: &Path, dest: &Path) -> Result<Runtime, Error> {
    let items: Vec<&Item> = plan.files.iter().chain(&plan.libraries).collect();
    let mut directories: BTreeSet<PathBuf> = items
        .iter()
        .filter_map(|item| item.to.parent())
        .map(PathBuf::from)
        .collect();
    directories.extend([
        plan.dynload.clone(),
        PathBuf::from("bin"),
        PathBuf::from(LIBRARIES),
    ]);
    for directory in &directories {
        let directory = dest.join(directory);
        fs::create_dir_all(&directory).on("create directory", &directory)?;
    }

    let mut written: Vec<WrittenFile> = items
        .into_par_iter()
        .map(|item| write(plan, item, dest, prefix, false))
        .collect::<Result<_, Error>>()?;
    written.push(write(
        plan,
        &plan.executable,
        dest,
        prefix,
        !plan.libraries.is_empty(),
    )?);
    for (to, text) in &plan.generated {
        let to = dest.join(to);
        fs::write(&to, text).on("write", &to)?;
        written.push(WrittenFile {
            bytes: text.len() as u64,
            glibc_floor: None,
        });
    }
    let executable = dest.join(&plan.executable.to);
    fs::set_permissions(&executable, Permissions::from_mode(0o755))
        .on("change mode of", &executable)?;
    if let Some(target) = executable.file_name() {
        for link in ["python3", "python"] {
            let link = executable.with_file_name(link);
            symlink(target, &link).on("create link", &link)?;
        }
    }

    let base_name = |item: &Item| Some(item.to.file_name()?.to_string_lossy().into_owned());
    Ok(Runtime {
        executable: plan.executable.to.to_string_lossy().into_owned(),
        stdlib: plan.stdlib.to_string_lossy().into_owned(),
        files: written.len() as u64,
        bytes: written.iter().map(|written| written.bytes).sum(),
        glibc_floor: written
            .iter()
            .filter_map(|written| written.glibc_floor)
            .max(),
        bundled: plan.libraries.iter().filter_map(base_name).collect(),
        libraries: plan
            .libraries
            .iter()
            .map(|item| item.from.clone())
            .collect(),
        left_out: plan.left_out.clone(),
    })
}

/// The build-time variables of `sysconfig`, which contain the prefix many times.
fn is_sysconfig_data(to: &Path) -> bool {
    to.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("_sysconfigdata_"))
}

/// The content that a file gets in a tree, if it is one that names the prefix.
pub fn prefix_hidden(path: &Path, prefix: &Path) -> Option<Vec<u8>> {
    let mut bytes = is_sysconfig_data(path).then(|| std::fs::read(path).ok())??;
    hide_prefix(&mut bytes, prefix);
    Some(bytes)
}

/// Replaces the prefix by the one in uv's interpreters. `sysconfig` substitutes the actual prefix
/// in the variables that matter at run time; the others only reveal paths of the host.
fn hide_prefix(bytes: &mut Vec<u8>, prefix: &Path) {
    if prefix == Path::new("/") || prefix == Path::new("/usr") {
        return;
    }
    if let (Ok(text), Some(prefix)) = (std::str::from_utf8(bytes), prefix.to_str()) {
        *bytes = text.replace(prefix, "/install").into_bytes();
    }
}

/// Copies one file. With `must_find`, even a file without a search path gets one.
fn write(
    plan: &Plan,
    item: &Item,
    dest: &Path,
    prefix: &Path,
    must_find: bool,
) -> Result<WrittenFile, Error> {
    let mut bytes = fs::read(&item.from).on("read", &item.from)?;
    let glibc_floor = if elf::is_elf(&bytes) {
        relocate(&mut bytes, &item.to, must_find).map_err(|source| Error::Elf {
            path: item.from.clone(),
            source,
        })?
    } else {
        if is_sysconfig_data(&item.to) {
            hide_prefix(&mut bytes, prefix);
        }
        if let Some(text) = item
            .to
            .strip_prefix(&plan.stdlib)
            .ok()
            .and_then(amend::addition)
        {
            bytes.extend(text.as_bytes());
        }
        None
    };
    let to = dest.join(&item.to);
    fs::write(&to, &bytes).on("write", &to)?;
    Ok(WrittenFile {
        bytes: bytes.len() as u64,
        glibc_floor,
    })
}

/// Strips an ELF file that will be at `to` in the tree and sets its search path to the tree's
/// libraries.
///
/// Always as `DT_RPATH`: a caller's `LD_LIBRARY_PATH` must not replace a library of the tree, and
/// the interpreter's own path applies to everything that it loads later.
fn relocate(bytes: &mut Vec<u8>, to: &Path, must_find: bool) -> elf::Result<Option<GlibcVersion>> {
    let Some(facts) = elf::inspect(bytes)? else {
        return Ok(None);
    };
    let outcome = elf::strip(bytes);
    let has_path = facts.rpath.is_some() || facts.runpath.is_some();
    if facts.is_dynamic && (has_path || must_find) {
        let change = elf::set_search_path(bytes, &path_to_libraries(to), SearchPathTag::Rpath)?;
        tracing::trace!(file = %to.display(), ?outcome, ?change, "relocated");
    }
    Ok(facts.glibc_floor)
}

/// The search path that leads from the directory of `file` to the libraries: `$ORIGIN/../..` from
/// `lib/a/b/x.so`.
fn path_to_libraries(file: &Path) -> String {
    let directory = file.parent().unwrap_or(Path::new(""));
    let (up, down) = match directory.strip_prefix(LIBRARIES) {
        Ok(below) => (below.components().count(), ""),
        Err(_) => (directory.components().count(), "/lib"),
    };
    format!("$ORIGIN{}{down}", "/..".repeat(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_the_tree_leads_to_its_libraries() {
        let path = |file: &str| path_to_libraries(Path::new(file));
        assert_eq!(path("bin/python3.13"), "$ORIGIN/../lib");
        assert_eq!(path("lib/libz.so.1"), "$ORIGIN");
        assert_eq!(path("lib/python3.13/lib-dynload/_ssl.so"), "$ORIGIN/../..");
        assert_eq!(
            path("lib64/python3.13/lib-dynload/_ssl.so"),
            "$ORIGIN/../../../lib"
        );
    }
}
