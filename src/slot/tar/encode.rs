//! From an entry to its header blocks.

use super::{BLOCK, EntryKind, TarEntry, padding};

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

/// Splits a name at a slash so that the tail fits 100 bytes and the head 155; `None` when no slash does.
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
    let mut block = [0; BLOCK];
    let mut put = |at: usize, value: &[u8]| block[at..at + value.len()].copy_from_slice(value);
    put(0, name);
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(
        136,
        format!("{:011o}\0", mtime.min(0o777_7777_7777)).as_bytes(),
    );
    put(148, b"        ");
    put(156, &[type_flag]);
    put(157, link);
    put(257, b"ustar\x0000");
    put(345, prefix);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
