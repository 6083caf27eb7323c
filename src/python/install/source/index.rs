//! git's index, as described in `gitformat-index`: versions 2 to 4.

use std::path::Path;

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::fs::Stamp;

/// A parsed index.
#[derive(Debug, Default)]
pub(super) struct Index {
    bytes: Vec<u8>,
    /// Sorted by path, with the stages of a conflict in sequence.
    pub(super) entries: Vec<Tracked>,
    /// The digest in the name of the shared index with the other entries.
    pub(super) shared: Option<String>,
    pub(super) is_sha256: bool,
}

/// A file that git tracks, or a submodule.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    /// Relative to the top of the work tree.
    pub(super) path: Vec<u8>,
    pub(super) mode: u32,
    /// Seconds and nanoseconds.
    pub(super) mtime: (u32, u32),
    pub(super) len: u32,
    /// Position of the entry's flags, after the digest of the content.
    pub(super) flags_at: usize,
}

/// The fixed part of an entry before the digest: ten numbers.
const FIXED: usize = 40;
const SUBMODULE: u32 = 0o160_000;
const KIND: u32 = 0o170_000;
/// The flag that tells git not to stat the file (assume-unchanged).
const ASSUME_VALID: u8 = 0x80;
/// In the first byte of the flags: extended flags follow.
const EXTENDED: u8 = 0x40;

impl Index {
    pub(super) fn parse(bytes: Vec<u8>, is_sha256: bool) -> Result<Self, String> {
        let (entries, shared) =
            entries(&bytes, is_sha256).ok_or("it is damaged, or not an index of git 2")?;
        Ok(Self {
            bytes,
            entries,
            shared,
            is_sha256,
        })
    }

    /// Digest of an entry's content; `None` for one from a shared index.
    pub(super) fn object(&self, entry: &Tracked) -> &[u8] {
        let start = entry.flags_at.saturating_sub(digest_len(self.is_sha256));
        self.bytes.get(start..entry.flags_at).unwrap_or_default()
    }

    /// The index with the entries named by `absent` marked so that git does not look for their
    /// files.
    pub(super) fn without(&mut self, absent: &dyn Fn(&Tracked) -> bool) -> Option<Vec<u8>> {
        let mut bytes = std::mem::take(&mut self.bytes);
        for entry in &self.entries {
            if absent(entry) {
                *bytes.get_mut(entry.flags_at)? |= ASSUME_VALID;
            }
        }
        let body = bytes.len().checked_sub(digest_len(self.is_sha256))?;
        let digest = if self.is_sha256 {
            Sha256::digest(&bytes[..body]).to_vec()
        } else {
            Sha1::digest(&bytes[..body]).to_vec()
        };
        bytes.truncate(body);
        bytes.extend(digest);
        Some(bytes)
    }
}

impl Tracked {
    pub(super) fn is_submodule(&self) -> bool {
        self.mode & KIND == SUBMODULE
    }

    pub(super) fn path(&self) -> &Path {
        use std::os::unix::ffi::OsStrExt;
        Path::new(std::ffi::OsStr::from_bytes(&self.path))
    }

    /// Whether a file with this stamp is unchanged since git recorded it.
    pub(super) fn is_unchanged(&self, stamp: Stamp) -> bool {
        let seen = i64::from(self.mtime.0) * 1_000_000_000 + i64::from(self.mtime.1);
        #[expect(clippy::cast_possible_truncation, reason = "git keeps as many bits")]
        let len = stamp.len as u32;
        len == self.len && stamp.mtime == seen
    }
}

fn digest_len(is_sha256: bool) -> usize {
    if is_sha256 { 32 } else { 20 }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    four.try_into().ok().map(u32::from_be_bytes)
}

type Parsed = (Vec<Tracked>, Option<String>);

fn entries(bytes: &[u8], is_sha256: bool) -> Option<Parsed> {
    let digest = digest_len(is_sha256);
    let body = bytes.get(..bytes.len().checked_sub(digest)?)?;
    let (version, count) = (number(body, 4)?, number(body, 8)?);
    if !body.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return None;
    }
    let mut at = 12;
    let mut found: Vec<Tracked> = Vec::with_capacity(body.len() / (FIXED + digest + 32));
    for _ in 0..count {
        let start = at;
        let flags_at = start + FIXED + digest;
        let flags = *body.get(flags_at)?;
        at = flags_at
            + if version >= 3 && flags & EXTENDED != 0 {
                4
            } else {
                2
            };
        let mut path = Vec::new();
        if version == 4 {
            let dropped = varint(body, &mut at)?;
            let last = found
                .last()
                .map(|entry| entry.path.as_slice())
                .unwrap_or_default();
            path.extend_from_slice(last.get(..last.len().checked_sub(dropped)?)?);
        }
        let rest = body.get(at..)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        path.extend_from_slice(&rest[..len]);
        at += len + 1;
        if version < 4 {
            // One to eight zeros, to a multiple of eight bytes.
            at = start + (at - 1 - start) / 8 * 8 + 8;
        }
        found.push(Tracked {
            path,
            mode: number(body, start + 24)?,
            mtime: (number(body, start + 8)?, number(body, start + 12)?),
            len: number(body, start + 36)?,
            flags_at,
        });
    }
    Some((found, shared(body, at, digest)))
}

/// git's variable-length number.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut byte = *bytes.get(*at)?;
    *at += 1;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        byte = *bytes.get(*at)?;
        *at += 1;
        value = value.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
    }
    Some(value)
}

/// The extension `link` of a split index.
fn shared(body: &[u8], mut at: usize, digest: usize) -> Option<String> {
    while let (Some(name), Some(len)) = (body.get(at..at + 4), number(body, at + 4)) {
        if name == b"link" {
            return body.get(at + 8..at + 8 + digest).map(hex::encode);
        }
        at += 8 + len as usize;
    }
    None
}
