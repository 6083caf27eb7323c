use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::PackageError;
use super::layout::{Layout, block_digest};
use crate::format::{FormatError, Metadata, seal_envelope, wrap_index};
use crate::fs::IoContext;
use crate::sign::SecretKey;

/// Everything that goes into a package. `metadata` describes `launcher` and `slots` already.
pub struct Contents<'a> {
    pub launcher: &'a [u8],
    pub metadata: &'a Metadata,
    /// Files with the stored bytes of each slot, in order, each of the size that the metadata says.
    pub slots: Vec<&'a File>,
    pub key: &'a SecretKey,
}

/// Writes a package to `out`, which is at its start. Returns its size in bytes.
///
/// # Errors
/// [`FormatError::BadMetadata`] when the metadata is not complete; then nothing has been written.
pub fn write(contents: &Contents<'_>, out: &mut File, path: &Path) -> Result<u64, PackageError> {
    let metadata = contents.metadata;
    let text = metadata.to_bytes()?;
    let sizes: Vec<u64> = metadata.slots.iter().map(|record| u64::try_from(record.size).unwrap_or(0)).collect();
    let layout = Layout::compute(contents.launcher.len() as u64, text.len(), &sizes)?;
    let rows = layout
        .rows(metadata)
        .ok_or_else(|| FormatError::BadMetadata("a slot lacks a digest, operation or lifecycle".into()))?;
    let block = seal_envelope(&text);
    let index =
        layout.index(metadata, contents.key.public().to_bytes(), block_digest(&block), contents.key.sign(&text));
    let mut out = Counted { inner: BufWriter::with_capacity(1 << 20, out), position: 0, path };
    out.write(contents.launcher)?;
    out.write(&block)?;
    out.pad_to(layout.slot_table_offset)?;
    for row in rows {
        out.write(&row.encode())?;
    }
    for (slot, (offset, len)) in contents.slots.iter().zip(&layout.slots) {
        out.pad_to(*offset)?;
        out.copy(slot, *len)?;
    }
    out.write(&wrap_index(&index.encode()))?;
    out.inner.flush().on("write", path)?;
    debug_assert_eq!(out.position, layout.package_size, "the layout and the file agree");
    Ok(layout.package_size)
}

struct Counted<'a, W> {
    inner: W,
    position: u64,
    path: &'a Path,
}

impl<W: Write> Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PackageError> {
        self.inner.write_all(bytes).on("write", self.path)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn pad_to(&mut self, offset: u64) -> Result<(), PackageError> {
        let zeros = offset.saturating_sub(self.position);
        self.write(&vec![0; usize::try_from(zeros).unwrap_or(0)])
    }

    fn copy(&mut self, mut from: &File, len: u64) -> Result<(), PackageError> {
        from.seek(SeekFrom::Start(0)).on("rewind", "temporary slot file")?;
        let copied = io::copy(&mut io::Read::take(from, len), &mut self.inner).on("write", self.path)?;
        self.position += copied;
        if copied == len {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof)).on("write", self.path).map_err(Into::into)
        }
    }
}
