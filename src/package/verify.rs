//! Verification of a whole package: everything that [`Reader::open`] does not read.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::Digest as _;

use super::{PackageError, Reader, Slot};
use crate::format::{Blake3, SLOT_ENTRY_LEN, Sha256};
use crate::fs::{IoContext, Window};
use crate::slot::{on_threads, processors};

/// Size of the read buffer.
const CHUNK: usize = 256 << 10;

/// The result of a successful verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Slots whose full digest is signed.
    pub slots: usize,
    /// Slots that are not authenticated; FlavorPack's attestation slot is one.
    pub unauthenticated: Vec<String>,
    /// Whether the launcher's digest is signed and matches.
    pub launcher: bool,
}

/// Reads the whole file and checks every byte that the signature covers: on all processors, with
/// memory that does not grow with the package.
///
/// # Errors
/// The first damage found, in file order.
pub fn verify(reader: &Reader) -> Result<Verified, PackageError> {
    let digests = Digests::of(reader);
    let launcher = check_launcher(reader, &digests)?;
    check_padding(reader)?;
    let mut verified = Verified {
        slots: 0,
        unauthenticated: Vec::new(),
        launcher,
    };
    for slot in reader.slots() {
        if check_slot(&slot, &digests)? {
            verified.slots = verified.slots.saturating_add(1);
        } else {
            verified.unauthenticated.push(slot.name().into());
        }
    }
    Ok(verified)
}

/// FlavorPack doubles the prefix of this digest.
fn check_launcher(reader: &Reader, digests: &Digests) -> Result<bool, PackageError> {
    let record = &reader.metadata().launcher;
    let text = record
        .checksum
        .strip_prefix("sha256:sha256:")
        .map(|rest| format!("sha256:{rest}"));
    let Some(signed) = Sha256::parse(text.as_deref().unwrap_or(&record.checksum)) else {
        return Ok(false);
    };
    let found = digests.sha256(HashedPart::Launcher)?;
    if found != signed {
        return Err(PackageError::LauncherDigest {
            found: found.to_string(),
            signed: signed.to_string(),
        });
    }
    Ok(true)
}

fn check_padding(reader: &Reader) -> Result<(), PackageError> {
    let Some(layout) = reader.layout() else {
        return Ok(());
    };
    let table = (layout.slots.len() as u64).saturating_mul(SLOT_ENTRY_LEN as u64);
    let mut end = layout.slot_table_offset.saturating_add(table);
    let metadata_end = layout.launcher_size.saturating_add(layout.metadata_size);
    let mut gaps = vec![(
        metadata_end,
        layout.slot_table_offset,
        "the slot table".into(),
    )];
    for (slot, (offset, len)) in reader.slots().zip(&layout.slots) {
        gaps.push((end, *offset, format!("slot `{}`", slot.name())));
        end = offset.saturating_add(*len);
    }
    for (from, to, what) in gaps {
        let mut padding = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
        reader
            .file()
            .read_exact_at(&mut padding, from)
            .on("read", reader.path())?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(PackageError::Padding { what });
        }
    }
    Ok(())
}

/// Checks one slot. Returns `false` if no full digest of it is signed.
fn check_slot(slot: &Slot<'_>, digests: &Digests) -> Result<bool, PackageError> {
    let part = HashedPart::Slot(slot.index);
    let differs = |found: String, signed: String| PackageError::SlotDigest {
        slot: slot.name().into(),
        found,
        signed,
    };
    if let Some(facts) = slot.facts {
        let blake3 = digests.blake3(part)?;
        if facts.blake3 != blake3 {
            return Err(differs(blake3.to_string(), facts.blake3.to_string()));
        }
    }
    let sha256 = digests.sha256(part)?;
    if slot.row.checksum != sha256.short() {
        return Err(differs(
            format!("{:016x}", sha256.short()),
            format!("{:016x} (slot table)", slot.row.checksum),
        ));
    }
    match slot.record.sha256() {
        Some(signed) if signed == sha256 => Ok(true),
        Some(signed) => Err(differs(sha256.to_string(), signed.to_string())),
        None => Ok(false),
    }
}

/// A part of the file with a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum HashedPart {
    Launcher,
    Slot(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Blake3,
}

type Results = BTreeMap<(HashedPart, Algorithm), io::Result<[u8; 32]>>;

/// The digests of all parts, by both algorithms where both are signed.
struct Digests {
    path: PathBuf,
    found: Mutex<Results>,
}

impl Digests {
    /// Computes them, the longest first, so that no processor starts a long one at the end.
    fn of(reader: &Reader) -> Self {
        let mut wanted = vec![(
            HashedPart::Launcher,
            Algorithm::Sha256,
            0,
            reader.index().launcher_size,
        )];
        for slot in reader.slots() {
            let (part, offset, len) = (
                HashedPart::Slot(slot.index),
                slot.row.offset,
                slot.row.stored_size,
            );
            wanted.push((part, Algorithm::Sha256, offset, len));
            if slot.facts.is_some() {
                wanted.push((part, Algorithm::Blake3, offset, len));
            }
        }
        wanted.sort_by_key(|(_, algorithm, _, len)| (Reverse(*len), *algorithm));
        let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let worker = || {
            while let Some((part, algorithm, offset, len)) =
                wanted.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let digest = digest(Window::new(reader.file(), *offset, *len), *algorithm);
                found
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert((*part, *algorithm), digest);
            }
        };
        on_threads(processors().min(wanted.len()), worker, || ());
        Self {
            path: reader.path().into(),
            found,
        }
    }

    fn sha256(&self, part: HashedPart) -> Result<Sha256, PackageError> {
        self.take(part, Algorithm::Sha256).map(Sha256)
    }

    fn blake3(&self, part: HashedPart) -> Result<Blake3, PackageError> {
        self.take(part, Algorithm::Blake3).map(Blake3)
    }

    fn take(&self, part: HashedPart, algorithm: Algorithm) -> Result<[u8; 32], PackageError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        // The thread panicked and left no result.
        let digest = found
            .remove(&(part, algorithm))
            .unwrap_or_else(|| Err(io::Error::other("nothing was computed")));
        Ok(digest.on("read", &self.path)?)
    }
}

fn digest(mut window: Window<'_>, algorithm: Algorithm) -> io::Result<[u8; 32]> {
    let mut buffer = vec![0; CHUNK];
    let (mut sha256, mut blake3) = (sha2::Sha256::new(), blake3::Hasher::new());
    loop {
        let count = match window.read(&mut buffer) {
            Ok(0) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let chunk = buffer.get(..count).unwrap_or_default();
        match algorithm {
            Algorithm::Sha256 => sha256.update(chunk),
            Algorithm::Blake3 => drop(blake3.update(chunk)),
        }
    }
    Ok(match algorithm {
        Algorithm::Sha256 => sha256.finalize().into(),
        Algorithm::Blake3 => *blake3.finalize().as_bytes(),
    })
}
