//! The dynamic loader's index of libraries, `/etc/ld.so.cache` (glibc's `dl-cache.h`).

use std::collections::HashMap;
use std::path::PathBuf;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0\0";
const NEW_MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// `struct cache_file` up to its entries, and one entry, of the format before glibc 2.32.
const OLD_HEADER_LEN: usize = 16;
const OLD_ENTRY_LEN: usize = 12;
/// `struct cache_file_new` up to its entries, and one entry.
const NEW_HEADER_LEN: usize = 48;
const NEW_ENTRY_LEN: usize = 24;

/// Paths by library name, in the order in which the loader would try them.
pub(super) type LoaderCache = HashMap<String, Vec<PathBuf>>;

/// Parses the cache. An unknown format is treated as empty, because the standard directories are
/// searched afterwards.
pub(super) fn parse(bytes: &[u8]) -> LoaderCache {
    entries(bytes).unwrap_or_default()
}

fn entries(bytes: &[u8]) -> Option<LoaderCache> {
    // The new format may follow the old one, aligned for its widest field.
    let start = if bytes.starts_with(OLD_MAGIC) {
        OLD_HEADER_LEN
            .checked_add(number(bytes, 12)?.checked_mul(OLD_ENTRY_LEN)?)?
            .checked_next_multiple_of(8)?
    } else {
        0
    };
    let cache = bytes.get(start..)?;
    if !cache.starts_with(NEW_MAGIC) {
        return None;
    }
    let mut entries = LoaderCache::new();
    for index in 0..number(cache, NEW_MAGIC.len())? {
        let at = NEW_HEADER_LEN.checked_add(index.checked_mul(NEW_ENTRY_LEN)?)?;
        // Builds for particular processors (hwcaps), which other machines may not support.
        if number(cache, at + 16)? != 0 || number(cache, at + 20)? != 0 {
            continue;
        }
        let (name, path) = (
            text(cache, number(cache, at + 4)?)?,
            text(cache, number(cache, at + 8)?)?,
        );
        entries.entry(name).or_default().push(PathBuf::from(path));
    }
    Some(entries)
}

/// A `uint32_t` in the byte order of this machine, which wrote the file.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    let number = if cfg!(target_endian = "little") {
        u32::from_le_bytes(field)
    } else {
        return None;
    };
    usize::try_from(number).ok()
}

fn text(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_of(name: &str, path: &str, processor: u8) -> Vec<u8> {
        let strings = NEW_HEADER_LEN + NEW_ENTRY_LEN;
        let mut bytes = NEW_MAGIC.to_vec();
        bytes.extend(1_u32.to_le_bytes());
        bytes.resize(NEW_HEADER_LEN, 0);
        for field in [3, strings, strings + name.len() + 1] {
            bytes.extend(u32::try_from(field).unwrap().to_le_bytes());
        }
        bytes.resize(strings, processor);
        bytes.extend(format!("{name}\0{path}\0").bytes());
        bytes
    }

    #[test]
    fn both_formats_lead_to_the_same_entries() {
        let new = cache_of("libz.so.1", "/lib/libz.so.1", 0);
        let mut both = OLD_MAGIC.to_vec();
        both.extend(1_u32.to_le_bytes());
        both.resize((OLD_HEADER_LEN + OLD_ENTRY_LEN).next_multiple_of(8), 0);
        both.extend(&new);
        let expected = LoaderCache::from([(
            "libz.so.1".to_owned(),
            vec![PathBuf::from("/lib/libz.so.1")],
        )]);
        assert_eq!(parse(&new), expected);
        assert_eq!(parse(&both), expected);
    }

    #[test]
    fn a_cut_cache_reads_as_empty() {
        let whole = cache_of("libz.so.1", "/lib/libz.so.1", 0);
        for len in 0..whole.len() {
            assert!(parse(&whole[..len]).is_empty(), "{len}");
        }
    }

    #[test]
    fn a_library_for_one_processor_is_not_taken() {
        assert!(
            parse(&cache_of(
                "libz.so.1",
                "/lib/glibc-hwcaps/x86-64-v3/libz.so.1",
                1
            ))
            .is_empty()
        );
    }

    #[test]
    fn the_cache_of_this_machine_leads_to_files() {
        let Ok(bytes) = std::fs::read("/etc/ld.so.cache") else {
            return;
        };
        let cache = parse(&bytes);
        let existing = cache
            .values()
            .flatten()
            .filter(|path| path.exists())
            .count();
        assert!(
            cache.is_empty() || existing > 0,
            "{} names, no file",
            cache.len()
        );
    }
}
