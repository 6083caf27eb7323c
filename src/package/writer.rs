use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::PackageError;
use super::layout::{Layout, block_digest};
use crate::format::{Blake3, FormatError, Metadata, SlotEntry, seal_envelope, wrap_index};
use crate::fs::IoContext;
use crate::sign::SecretKey;

/// A signed package, complete but for copying launcher and slots to their places.
pub struct SignedPackage {
    layout: Layout,
    /// The metadata as stored in the file.
    block: Vec<u8>,
    rows: Vec<SlotEntry>,
    trailer: Vec<u8>,
}

impl SignedPackage {
    /// Signs `metadata`, which describes the slots and a launcher of `launcher_len` bytes.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] if the metadata is incomplete.
    pub fn new(
        metadata: &Metadata,
        launcher_len: u64,
        key: &SecretKey,
    ) -> Result<Self, PackageError> {
        let text = metadata.to_bytes()?;
        let sizes: Vec<u64> = metadata
            .slots
            .iter()
            .map(|record| u64::try_from(record.size).unwrap_or(0))
            .collect();
        let layout = Layout::compute(launcher_len, text.len(), &sizes)?;
        let rows = layout.rows(metadata).ok_or_else(|| {
            FormatError::BadMetadata("a slot lacks a digest, operation or lifecycle".into())
        })?;
        let block = seal_envelope(&text);
        let index = layout.index(
            metadata,
            key.public().to_bytes(),
            block_digest(&block),
            key.sign(&text),
        );
        let trailer = wrap_index(&index.encode());
        Ok(Self {
            layout,
            block,
            rows,
            trailer,
        })
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.layout.package_size
    }

    /// Identifies the file's content: metadata and trailer determine every byte of it, launcher and
    /// slots through their digests.
    pub fn identity(&self) -> Blake3 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.block).update(&self.trailer);
        Blake3(*hasher.finalize().as_bytes())
    }

    /// Writes the file to `out`, which must be at its start. `slots` are files with the stored
    /// bytes of each slot, in order.
    pub fn write(
        &self,
        launcher: &[u8],
        slots: &[&File],
        out: &mut File,
        path: &Path,
    ) -> Result<(), PackageError> {
        let mut out = Counted {
            inner: BufWriter::with_capacity(1 << 20, out),
            position: 0,
            path,
        };
        out.write(launcher)?;
        out.write(&self.block)?;
        out.pad_to(self.layout.slot_table_offset)?;
        for row in &self.rows {
            out.write(&row.encode())?;
        }
        for (slot, (offset, len)) in slots.iter().zip(&self.layout.slots) {
            out.pad_to(*offset)?;
            out.copy(slot, *len)?;
        }
        out.write(&self.trailer)?;
        out.inner.flush().on("write", path)?;
        debug_assert_eq!(
            out.position, self.layout.package_size,
            "the layout and the file agree"
        );
        Ok(())
    }
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
        from.seek(SeekFrom::Start(0))
            .on("rewind", "temporary slot file")?;
        let copied =
            io::copy(&mut io::Read::take(from, len), &mut self.inner).on("write", self.path)?;
        self.position += copied;
        if copied == len {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof))
                .on("write", self.path)
                .map_err(Into::into)
        }
    }
}
