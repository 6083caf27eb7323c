use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::budget::{Budget, Limits};
use super::layout::{Layout, block_digest, check_range};
use super::{PackageError, foreign, strict};
use crate::format::{
    Facts, FormatError, Index, Metadata, Operations, SLOT_ENTRY_LEN, SlotEntry, SlotFacts,
    SlotRecord, TRAILER_LEN, limits, open_envelope, parse_trailer, seal_envelope,
};
use crate::fs::IoContext;
use crate::sign::PublicKey;
use crate::slot::{Declared, Signed, StoredSlot};

/// How much of a package the signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// Every byte: the package is one of ours.
    Complete,
    /// The metadata, and slots through the digests in it: the package was made by FlavorPack.
    Slots,
}

/// An opened package. The signature is verified and the descriptions agree with each other; slots
/// have not been read yet.
///
/// A start reads only this, so its cost must not grow with the size of the package.
#[derive(Debug)]
pub struct Reader {
    file: File,
    path: PathBuf,
    index: Index,
    metadata: Metadata,
    text: Vec<u8>,
    rows: Vec<SlotEntry>,
    signer: PublicKey,
    /// For our packages: the layout that the signed metadata implies.
    layout: Option<Layout>,
    budget: Budget,
}

/// One slot of an opened package.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Position in the package.
    pub index: usize,
    pub record: &'a SlotRecord,
    /// Present in our packages.
    pub facts: Option<&'a SlotFacts>,
    pub row: &'a SlotEntry,
    reader: &'a Reader,
}

impl Reader {
    /// Opens a package to start it, or a package of our own making.
    ///
    /// # Errors
    /// See [`PackageError`]. [`PackageError::is_integrity`] distinguishes damage from read errors.
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        Self::open_within(path, Limits::Format)
    }

    /// Opens a package with the given limits, whose time starts now.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(path: &Path, limits: Limits) -> Result<Self, PackageError> {
        // Without this, opening a pipe would block until it has a writer.
        if !std::fs::metadata(path).on("open", path)?.is_file() {
            return Err(PackageError::NotAFile { path: path.into() });
        }
        Self::of(File::open(path).on("open", path)?, path, limits)
    }

    /// Reads a package from an open file. `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_file(file: File, path: &Path) -> Result<Self, PackageError> {
        Self::of(file, path, Limits::Format)
    }

    fn of(file: File, path: &Path, limits: Limits) -> Result<Self, PackageError> {
        let file_len = file.metadata().on("examine", path)?.len();
        let minimum = TRAILER_LEN as u64;
        let trailer_offset = file_len
            .checked_sub(minimum)
            .ok_or(FormatError::TooShort { file_len, minimum })?;
        let mut trailer = [0; TRAILER_LEN];
        file.read_exact_at(&mut trailer, trailer_offset)
            .on("read", path)?;
        let index_bytes = parse_trailer(&trailer)?;
        let index = Index::decode(index_bytes)?;
        if index.package_size != file_len {
            return Err(FormatError::PackageSize {
                declared: index.package_size,
                file_len,
            }
            .into());
        }
        let (block, table) = read_metadata(&file, path, &index, trailer_offset)?;
        if block_digest(&block) != index.metadata_checksum {
            return Err(PackageError::MetadataDigest);
        }
        let text = open_envelope(&block)?;
        let signer = PublicKey::from_bytes(&index.public_key)?;
        signer.verify(&text, &index.signature)?;
        let metadata = Metadata::from_bytes(&text)?;
        let (rows_bytes, []) = table.as_chunks::<SLOT_ENTRY_LEN>() else {
            return Err(PackageError::Padding {
                what: "the slot table".into(),
            });
        };
        let rows: Vec<SlotEntry> = rows_bytes.iter().map(SlotEntry::decode).collect();
        if rows.len() != metadata.slots.len() {
            return Err(FormatError::SlotCount {
                rows: rows.len(),
                slots: metadata.slots.len(),
            }
            .into());
        }
        let budget = Budget::new(limits, file_len);
        let mut reader = Self {
            file,
            path: path.into(),
            index,
            metadata,
            text,
            rows,
            signer,
            layout: None,
            budget,
        };
        if let Some(facts) = &reader.metadata.flavor {
            strict::check(&reader.metadata, facts)?;
            let layout = reader.strict_layout(facts)?;
            reader.hold_to(&layout, index_bytes, &block, rows_bytes)?;
            reader.layout = Some(layout);
        } else {
            foreign::check(
                &reader.index,
                &reader.metadata,
                &reader.rows,
                trailer_offset,
            )?;
        }
        Ok(reader)
    }

    /// The layout that the signed metadata of one of our packages implies.
    fn strict_layout(&self, facts: &Facts) -> Result<Layout, PackageError> {
        debug_assert_eq!(
            facts.slots.len(),
            self.rows.len(),
            "checked when the metadata was read"
        );
        let sizes: Option<Vec<u64>> = self
            .metadata
            .slots
            .iter()
            .map(|record| u64::try_from(record.size).ok())
            .collect();
        let sizes =
            sizes.ok_or_else(|| FormatError::BadMetadata("a slot has a negative size".into()))?;
        self.budget.hold(facts, &sizes)?;
        Ok(Layout::compute(
            self.metadata.launcher.size,
            self.text.len(),
            &sizes,
        )?)
    }

    /// Compares index, table and metadata block with what the signed metadata implies, bit by bit.
    fn hold_to(
        &self,
        layout: &Layout,
        index_bytes: &[u8],
        block: &[u8],
        rows: &[[u8; SLOT_ENTRY_LEN]],
    ) -> Result<(), PackageError> {
        let implied = layout
            .index(
                &self.metadata,
                self.index.public_key,
                self.index.metadata_checksum,
                self.index.signature,
            )
            .encode();
        if let Some(at) = implied
            .iter()
            .zip(index_bytes)
            .position(|(implied, found)| implied != found)
        {
            return Err(PackageError::IndexDiffers { at });
        }
        if seal_envelope(&self.text) != block {
            return Err(PackageError::MetadataForm);
        }
        let implied = layout.rows(&self.metadata).ok_or_else(|| {
            FormatError::BadMetadata("a slot lacks a digest, operation or lifecycle".into())
        })?;
        for ((implied, found), record) in implied.iter().zip(rows).zip(&self.metadata.slots) {
            if implied.encode() != *found {
                return Err(PackageError::RowDiffers {
                    slot: record.id.clone(),
                });
            }
        }
        Ok(())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn index(&self) -> &Index {
        &self.index
    }

    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The signed JSON as it is in the file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The key that verifies the signature. It proves that the package was not changed since it was
    /// signed, not who made it.
    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    /// The facts that every package of ours has.
    pub fn facts(&self) -> Option<&Facts> {
        self.metadata.flavor.as_ref()
    }

    pub fn authenticity(&self) -> Authenticity {
        if self.layout.is_some() {
            Authenticity::Complete
        } else {
            Authenticity::Slots
        }
    }

    /// Present for our packages.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    pub fn slots(&self) -> impl ExactSizeIterator<Item = Slot<'_>> {
        // As many rows as records: checked when the package was opened.
        self.rows
            .iter()
            .zip(&self.metadata.slots)
            .enumerate()
            .map(|(index, (row, record))| Slot {
                index,
                record,
                facts: self.facts().and_then(|facts| facts.slots.get(index)),
                row,
                reader: self,
            })
    }

    /// Finds a slot by number or by name.
    ///
    /// # Errors
    /// [`PackageError::NoSlot`].
    pub fn slot(&self, wanted: &str) -> Result<Slot<'_>, PackageError> {
        let number = wanted.parse::<usize>().ok();
        let mut slots = self.slots();
        slots
            .find(|slot| Some(slot.index) == number || slot.record.id == wanted)
            .ok_or_else(|| PackageError::NoSlot {
                wanted: wanted.into(),
                names: self.slots().map(|slot| slot.name().into()).collect(),
            })
    }
}

impl<'a> Slot<'a> {
    /// The slot's name.
    pub fn name(&self) -> &'a str {
        &self.record.id
    }

    /// The operations.
    ///
    /// # Errors
    /// [`FormatError::UnknownOperation`], possible only in foreign packages.
    pub fn operations(&self) -> Result<Operations, FormatError> {
        self.row
            .chain()
            .map_err(|code| FormatError::UnknownOperation {
                slot: self.record.id.clone(),
                code,
            })
    }

    /// The signed digest of the stored bytes, if there is one.
    fn signed(&self) -> Option<Signed> {
        match self.facts {
            Some(facts) => Some(Signed::Blake3(facts.blake3)),
            None => self.record.sha256().map(Signed::Sha256),
        }
    }

    /// The stored bytes with what is needed to check and decode them. There is no other access to
    /// the content of a slot.
    pub fn stored(&self) -> Result<StoredSlot<'a>, FormatError> {
        Ok(StoredSlot {
            file: &self.reader.file,
            offset: self.row.offset,
            stored_size: self.row.stored_size,
            signed: self.signed(),
            declared: self.facts.map(|facts| Declared {
                plain_size: facts.plain_size,
                files: facts.files,
                entries: facts.entries,
            }),
            grant: self.reader.budget.grant(
                self.facts.is_some(),
                self.row.stored_size,
                self.reader.rows.len(),
            ),
            operations: self.operations()?,
        })
    }
}

fn read_metadata(
    file: &File,
    path: &Path,
    index: &Index,
    end: u64,
) -> Result<(Vec<u8>, Vec<u8>), PackageError> {
    within(
        "bytes of metadata",
        index.metadata_size,
        limits::METADATA_STORED,
    )?;
    within("slots", index.slot_count.into(), limits::SLOTS.into())?;
    let table_size = u64::from(index.slot_count).saturating_mul(SLOT_ENTRY_LEN as u64);
    check_range(
        "the metadata",
        index.metadata_offset,
        index.metadata_size,
        end,
    )?;
    check_range("the slot table", index.slot_table_offset, table_size, end)?;
    let read = |offset, len: u64| {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_exact_at(&mut bytes, offset).on("read", path)?;
        Ok::<_, PackageError>(bytes)
    };
    Ok((
        read(index.metadata_offset, index.metadata_size)?,
        read(index.slot_table_offset, table_size)?,
    ))
}

fn within(what: &'static str, found: u64, limit: u64) -> Result<(), FormatError> {
    if found <= limit {
        Ok(())
    } else {
        Err(FormatError::OverLimit { what, found, limit })
    }
}
