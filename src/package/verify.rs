//! The proof of a whole package: what [`Reader::open`] leaves unread.

use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use sha2::Digest as _;

use super::{PackageError, Reader, Slot};
use crate::format::{Blake3, SLOT_ENTRY_LEN, Sha256};
use crate::fs::{IoContext, Window};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// What a complete check found to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Slots whose full digest is signed.
    pub slots: usize,
    /// Slots that nothing authenticates; FlavorPack's attestation slot is one.
    pub unauthenticated: Vec<String>,
    /// Whether the launcher's digest is signed and right.
    pub launcher: bool,
}

/// Reads the whole file and checks every byte that the signature reaches, in bounded memory.
///
/// # Errors
/// The first damage found, in the order of the file.
pub fn verify(reader: &Reader) -> Result<Verified, PackageError> {
    let launcher = check_launcher(reader)?;
    check_padding(reader)?;
    let mut verified = Verified { slots: 0, unauthenticated: Vec::new(), launcher };
    for slot in reader.slots() {
        if check_slot(reader, &slot)? {
            verified.slots = verified.slots.saturating_add(1);
        } else {
            verified.unauthenticated.push(slot.name().into());
        }
    }
    Ok(verified)
}

/// FlavorPack doubles the prefix of this one digest.
fn check_launcher(reader: &Reader) -> Result<bool, PackageError> {
    let record = &reader.metadata().launcher;
    let text = record.checksum.strip_prefix("sha256:sha256:").map(|rest| format!("sha256:{rest}"));
    let Some(signed) = Sha256::parse(text.as_deref().unwrap_or(&record.checksum)) else { return Ok(false) };
    let found = hash(reader, 0, reader.index().launcher_size)?.0;
    if found != signed {
        return Err(PackageError::LauncherDigest { found: found.to_string(), signed: signed.to_string() });
    }
    Ok(true)
}

fn check_padding(reader: &Reader) -> Result<(), PackageError> {
    let Some(layout) = reader.layout() else { return Ok(()) };
    let table = (layout.slots.len() as u64).saturating_mul(SLOT_ENTRY_LEN as u64);
    let mut end = layout.slot_table_offset.saturating_add(table);
    let metadata_end = layout.launcher_size.saturating_add(layout.metadata_size);
    let mut gaps = vec![(metadata_end, layout.slot_table_offset, "the slot table".into())];
    for (slot, (offset, len)) in reader.slots().zip(&layout.slots) {
        gaps.push((end, *offset, format!("slot `{}`", slot.name())));
        end = offset.saturating_add(*len);
    }
    for (from, to, what) in gaps {
        let mut padding = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
        reader.file().read_exact_at(&mut padding, from).on("read", reader.path())?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(PackageError::Padding { what });
        }
    }
    Ok(())
}

/// Checks one slot; `false` when no full digest of it is signed.
fn check_slot(reader: &Reader, slot: &Slot<'_>) -> Result<bool, PackageError> {
    let (sha256, blake3) = hash(reader, slot.row.offset, slot.row.stored_size)?;
    let differs = |found: String, signed: String| PackageError::SlotDigest { slot: slot.name().into(), found, signed };
    if let Some(facts) = slot.facts
        && facts.blake3 != blake3
    {
        return Err(differs(blake3.to_string(), facts.blake3.to_string()));
    }
    if slot.row.checksum != sha256.short() {
        return Err(differs(format!("{:016x}", sha256.short()), format!("{:016x} (slot table)", slot.row.checksum)));
    }
    match slot.record.sha256() {
        Some(signed) if signed == sha256 => Ok(true),
        Some(signed) => Err(differs(sha256.to_string(), signed.to_string())),
        None => Ok(false),
    }
}

fn hash(reader: &Reader, offset: u64, len: u64) -> Result<(Sha256, Blake3), PackageError> {
    let mut window = Window::new(reader.file(), offset, len);
    let mut buffer = vec![0; CHUNK];
    let (mut sha256, mut blake3) = (sha2::Sha256::new(), blake3::Hasher::new());
    loop {
        match window.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let chunk = buffer.get(..count).unwrap_or_default();
                sha256.update(chunk);
                blake3.update(chunk);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error).on("read", reader.path()).map_err(Into::into),
        }
    }
    Ok((Sha256(sha256.finalize().into()), Blake3(*blake3.finalize().as_bytes())))
}
