//! Encodes the header blocks of an entry.

use super::{BLOCK, EntryKind, TarEntry, padding};

/// The latest time that eleven octal digits hold.
const LATEST: u64 = 0o777_7777_7777;

impl TarEntry {
    /// The header blocks. `mtime` in seconds since 1970.
    pub(in crate::slot) fn encode(&self, mtime: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(BLOCK);
        let mut records = Vec::new();
        let (prefix, name) = split_name(&self.name).unwrap_or_else(|| {
            records.extend(pax_record("path", &self.name));
            (&[], &self.name[..100])
        });
        let link = if self.link.len() > 100 {
            records.extend(pax_record("linkpath", &self.link));
            &self.link[..100]
        } else {
            &self.link[..]
        };
        // Eleven octal digits end at 8 GiB.
        let size = if self.size >> 33 == 0 {
            self.size
        } else {
            records.extend(pax_record("size", self.size.to_string().as_bytes()));
            0
        };
        if !records.is_empty() {
            out.extend(header(
                &[],
                b"pax",
                b'x',
                0o644,
                records.len() as u64,
                mtime,
                &[],
            ));
            out.extend_from_slice(&records);
            out.resize(out.len() + padding(records.len() as u64), 0);
        }
        let type_flag = match self.kind {
            EntryKind::File => b'0',
            EntryKind::HardLink => b'1',
            EntryKind::Symlink => b'2',
            EntryKind::Directory => b'5',
        };
        out.extend(header(
            prefix, name, type_flag, self.mode, size, mtime, link,
        ));
        out
    }
}

/// Splits a name at a slash so that the tail fits into 100 bytes and the head into 155; `None` if
/// no slash allows it.
fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((&[], name));
    }
    let first = name.len().checked_sub(101)?;
    let at = (first..name.len().min(156)).find(|at| name[*at] == b'/' && *at > 0)?;
    Some((&name[..at], &name[at + 1..]))
}

fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    // The length counts its own digits.
    let body = 1 + key.len() + 1 + value.len() + 1;
    let mut len = body + 1;
    while len != body + len.to_string().len() {
        len = body + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

pub(super) fn header(
    prefix: &[u8],
    name: &[u8],
    type_flag: u8,
    mode: u16,
    size: u64,
    mtime: u64,
    link: &[u8],
) -> [u8; BLOCK] {
    let mut header = tar::Header::new_ustar();
    header.set_mode(mode.into());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime.min(LATEST));
    header.set_entry_type(tar::EntryType::new(type_flag));
    // As bytes: paths are validated before, and need not be UTF-8.
    if let Some(fields) = header.as_ustar_mut() {
        fields.name[..name.len()].copy_from_slice(name);
        fields.linkname[..link.len()].copy_from_slice(link);
        fields.prefix[..prefix.len()].copy_from_slice(prefix);
    }
    header.set_cksum();
    let mut block = *header.as_bytes();
    // POSIX tar, GNU tar and Python write six digits, a NUL and a blank; the crate writes seven and
    // a NUL.
    block.copy_within(149..155, 148);
    block[154..156].copy_from_slice(b"\0 ");
    block
}
