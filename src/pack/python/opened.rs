//! Libraries that Python code opens by name at run time. They appear in no header, but possibly in
//! the source.

use std::path::Path;

use rayon::prelude::*;

use crate::fs::{Entry, EntryKind, IoContext};
use crate::pack::BuildError;
use crate::pack::native::Opened;

/// Modules that load a library on import, and that library.
const KNOWN: &[(&str, &str)] = &[
    ("cairocffi/__init__.py", "libcairo.so.2"),
    ("enchant/_enchant.py", "libenchant-2.so.2"),
    ("magic/loader.py", "libmagic.so.1"),
    ("pylibdmtx/dmtx_library.py", "libdmtx.so.0"),
    ("pyzbar/zbar_library.py", "libzbar.so.0"),
    ("sounddevice.py", "libportaudio.so.2"),
    ("soundfile.py", "libsndfile.so.1"),
    ("usb/backend/libusb1.py", "libusb-1.0.so.0"),
    ("vlc.py", "libvlc.so.5"),
    ("weasyprint/text/ffi.py", "libpango-1.0.so.0"),
];

/// Longer strings are data.
const LONGEST: u64 = 1 << 20;

/// Scans the Python sources among the entries.
pub(super) fn find(entries: &[Entry]) -> Result<Vec<Opened>, BuildError> {
    let each: Result<Vec<Vec<Opened>>, BuildError> = entries
        .par_iter()
        .map(|entry| {
            let is_source = entry
                .relative
                .extension()
                .is_some_and(|ending| ending == "py");
            let EntryKind::File { len: 1..=LONGEST } = entry.kind else {
                return Ok(Vec::new());
            };
            if !is_source || is_test(&entry.relative) {
                return Ok(Vec::new());
            }
            let text = std::fs::read(&entry.path).on("read", &entry.path)?;
            Ok(of_text(&text, &entry.relative))
        })
        .collect();
    Ok(each?.into_iter().flatten().collect())
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        ["test", "tests"]
            .iter()
            .any(|name| part.as_os_str() == *name)
    })
}

fn of_text(text: &[u8], path: &Path) -> Vec<Opened> {
    let opens = [&b"ctypes"[..], b"dlopen"]
        .iter()
        .any(|word| contains(text, word));
    if !opens {
        return Vec::new();
    }
    let Ok(text) = std::str::from_utf8(text) else {
        return Vec::new();
    };
    let file = path.display().to_string();
    let known = KNOWN.iter().filter(|(module, _)| path.ends_with(module));
    let mut found: Vec<Opened> = known
        .map(|(_, library)| Opened {
            library: (*library).into(),
            file: file.clone(),
            is_certain: true,
        })
        .collect();
    let is_known = |library: &String| {
        let stem = library.split(".so").next().unwrap_or_default();
        KNOWN.iter().any(|(module, known)| {
            path.ends_with(module) && known.starts_with(&format!("{stem}.so"))
        })
    };
    let named = literals(text)
        .filter(|literal| is_library(literal))
        .map(str::to_owned);
    let sought = text.split("find_library(").skip(1).filter_map(|rest| {
        let rest = rest.trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|first| ['"', '\''].contains(first))?;
        let name = rest.get(1..)?.split(quote).next()?;
        is_plain(name).then(|| format!("lib{name}.so"))
    });
    let uncertain = named
        .chain(sought)
        .filter(|library| !is_known(library))
        .map(|library| Opened {
            library,
            file: file.clone(),
            is_certain: false,
        });
    found.extend(uncertain);
    found.sort();
    found.dedup_by(|one, other| one.library == other.library);
    found
}

/// The short string literals of a source, including those in comments and in longer strings.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split(['"', '\'']).skip(1).step_by(2))
}

/// `libfoo.so.1`, not `lib%s.so`.
fn is_library(text: &str) -> bool {
    let Some((stem, version)) = text
        .strip_prefix("lib")
        .and_then(|rest| rest.split_once(".so"))
    else {
        return false;
    };
    let is_version = version.is_empty()
        || version.strip_prefix('.').is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|one| one.is_ascii_digit() || one == '.')
        });
    is_plain(stem) && is_version
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || "_+-.".contains(one))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else {
        return true;
    };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(word) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        of_text(text.as_bytes(), Path::new("lib/pkg/x.py"))
            .into_iter()
            .map(|one| one.library)
            .collect()
    }

    #[test]
    fn names_that_are_written_down_are_found() {
        let text = "import ctypes, ctypes.util\nctypes.CDLL('libfoo.so.1')\nctypes.util.find_library(\"bar\")\n\
            x = f'lib{name}.so'\nctypes.CDLL('lib%s.so' % name)\nfind_library(name)\n";
        assert_eq!(named(text), ["libbar.so", "libfoo.so.1"]);
        assert_eq!(
            named("ffi.dlopen(('libcairo.so.2', 'libcairo.2.dylib', 'cairo.dll'))"),
            ["libcairo.so.2"]
        );
        assert!(named("NAME = 'libfoo.so.1'").is_empty(), "nothing opens it");
    }

    #[test]
    fn what_is_known_needs_no_reading() {
        let found = of_text(
            b"from ctypes.util import find_library",
            Path::new("lib/site-packages/magic/loader.py"),
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].is_certain && found[0].library == "libmagic.so.1");
    }
}
