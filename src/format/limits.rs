//! All limits on what a package may claim and on what reading it may cost, except for the memory of
//! decoders, which is in the files of the codecs.

use std::time::Duration;

/// Bytes of the metadata block as stored.
pub const METADATA_STORED: u64 = 1 << 20;
/// Bytes of the uncompressed metadata; FlavorPack's Rust launcher truncates there. A JSON value
/// takes sixteen times its text in memory.
pub const METADATA_PLAIN: u64 = 1 << 20;
/// The same limit for packages that we write.
pub const METADATA_WRITTEN: usize = (1 << 20) - 4096;
/// Bytes of the frame table at the end of a slot.
pub const FRAME_TABLE: u64 = 4 << 20;
/// Bytes of the attestation slot.
pub const ATTESTATION: u64 = 4 << 20;
/// Slots in a package.
pub const SLOTS: u32 = 4096;
/// Entries in one archive: ten times as many as the largest applications have.
pub const ARCHIVE_ENTRIES: u64 = 500_000;
/// Bytes of the names and link targets of one archive, in addition to [`NAMES_EACH`] for each
/// entry.
const NAMES: u64 = 8 << 20;
const NAMES_EACH: u64 = 96;
/// Uncompressed bytes of one slot.
pub const SLOT_PLAIN: u64 = 64 << 30;
/// Uncompressed bytes that a slot may always have, however few are stored.
const SLOT_PLAIN_FREE: u64 = 256 << 20;
/// Uncompressed bytes per stored byte beyond that. Real trees of that size reach a tenth of it.
const RATIO: u64 = 250;
/// Entries in all archives of a package.
pub const PACKAGE_ENTRIES: u64 = 2_000_000;
/// Uncompressed bytes that all slots of a package together may always have, however few are stored.
const PACKAGE_PLAIN_FREE: u64 = 1 << 30;
/// Uncompressed bytes of all slots of a package.
const PACKAGE_PLAIN: u64 = 256 << 30;
/// The same limit for a slot whose uncompressed size is not signed, as in FlavorPack's packages.
const UNDECLARED_RATIO: u64 = 100;
/// Seconds that a command spends on inspecting any package, however short.
const SECONDS: u64 = 30;
/// Stored bytes per second beyond that. Real packages take a tenth of the time on a slow machine.
const STORED_A_SECOND: u64 = 1 << 20;

/// The maximum length of all names in an archive with this many entries.
pub const fn names(entries: u64) -> u64 {
    entries.saturating_mul(NAMES_EACH).saturating_add(NAMES)
}

/// The maximum uncompressed size of a slot with this many stored bytes.
pub const fn slot_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, SLOT_PLAIN_FREE, SLOT_PLAIN)
}

/// The largest slot that a writer makes without storing more bytes. With it, up to 32 slots never
/// exceed [`PACKAGE_PLAIN_FREE`] together.
#[cfg(feature = "cli")]
const SLOT_PLAIN_WRITTEN: u64 = PACKAGE_PLAIN_FREE / 32;
/// The maximum uncompressed size of a slot that a writer makes, for this many stored bytes.
#[cfg(feature = "cli")]
pub const fn written_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, SLOT_PLAIN_WRITTEN, SLOT_PLAIN)
}

/// The maximum uncompressed size of all slots of a package, for this many stored bytes.
pub const fn package_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, PACKAGE_PLAIN_FREE, PACKAGE_PLAIN)
}

/// The maximum uncompressed size of one of this many slots if the size is not signed: all slots
/// together get no more than a single one would.
pub fn undeclared_plain(stored_size: u64, slots: usize) -> u64 {
    let free = SLOT_PLAIN_FREE
        .checked_div(slots as u64)
        .unwrap_or(SLOT_PLAIN_FREE);
    plain(stored_size, UNDECLARED_RATIO, free, SLOT_PLAIN)
}

/// The maximum number of entries in the archive of one of this many slots if the number is not
/// signed.
pub fn undeclared_entries(slots: usize) -> u64 {
    PACKAGE_ENTRIES
        .checked_div(slots as u64)
        .unwrap_or(ARCHIVE_ENTRIES)
        .min(ARCHIVE_ENTRIES)
}

/// The time that a command may spend on inspecting a package of this many bytes.
pub const fn time(package_size: u64) -> Duration {
    Duration::from_secs(SECONDS.saturating_add(package_size / STORED_A_SECOND))
}

const fn plain(stored_size: u64, ratio: u64, free: u64, limit: u64) -> u64 {
    let most = stored_size.saturating_mul(ratio).saturating_add(free);
    if most < limit { most } else { limit }
}
