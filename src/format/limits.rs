//! Every limit on what a package may claim, and on what reading it may cost, in one place.

use std::time::Duration;

/// Bytes of the metadata block as stored.
pub const METADATA_STORED: u64 = 1 << 20;
/// Bytes of the metadata after unpacking; FlavorPack's Rust launcher cuts there. A JSON value takes sixteen times its text in
/// memory.
pub const METADATA_PLAIN: u64 = 1 << 20;
/// The same, for packages that we write.
pub const METADATA_WRITTEN: usize = (1 << 20) - 4096;
/// Bytes of the table of frames at the end of a slot.
pub const FRAME_TABLE: u64 = 4 << 20;
/// Bytes of the attestation slot.
pub const ATTESTATION: u64 = 4 << 20;
/// Slots in a package.
pub const SLOTS: u32 = 4096;
/// Entries in one archive: ten times what the largest applications have.
pub const ARCHIVE_ENTRIES: u64 = 500_000;
/// Bytes of the names and link targets of one archive, beside [`NAMES_EACH`] for each of its entries.
const NAMES: u64 = 8 << 20;
const NAMES_EACH: u64 = 96;
/// Unpacked bytes of one slot.
pub const SLOT_PLAIN: u64 = 64 << 30;
/// Unpacked bytes that a slot may have however few are stored.
const SLOT_PLAIN_FREE: u64 = 256 << 20;
/// Unpacked bytes for each stored one beyond that: real trees of that size get to a tenth of it.
const RATIO: u64 = 250;
/// Entries in all archives of a package.
pub const PACKAGE_ENTRIES: u64 = 2_000_000;
/// Unpacked bytes that all slots of a package together may have however few are stored.
const PACKAGE_PLAIN_FREE: u64 = 1 << 30;
/// Unpacked bytes of all slots of a package.
const PACKAGE_PLAIN: u64 = 256 << 30;
/// The same for a slot of which nothing signed says how many bytes come out: FlavorPack's packages.
const UNDECLARED_RATIO: u64 = 100;
/// Largest zstd window (log2 of bytes) of our packages: no frame is longer, and a start stays below 64 MiB with it.
pub const ZSTD_WINDOW_LOG: u32 = 25;
/// The same for packages of others: what `zstd` itself grants by default.
pub const FOREIGN_ZSTD_WINDOW_LOG: u32 = 27;
/// Memory that an xz decoder may take for our packages, whose dictionaries have at most 32 MiB.
pub const XZ_MEMORY: u64 = 40 << 20;
/// The same for packages of others: level 9 of xz needs 65 MiB.
pub const FOREIGN_XZ_MEMORY: u64 = 80 << 20;
/// Seconds that a command gives for looking into a package, however short it is.
const SECONDS: u64 = 30;
/// Stored bytes for each second beyond that. Real packages take a tenth of the time on a slow machine.
const STORED_A_SECOND: u64 = 1 << 20;

/// Bytes of names that an archive with so many entries may have.
pub const fn names(entries: u64) -> u64 {
    entries.saturating_mul(NAMES_EACH).saturating_add(NAMES)
}

/// Unpacked bytes that a slot with so many stored bytes may have.
pub const fn slot_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, SLOT_PLAIN_FREE, SLOT_PLAIN)
}

/// The most that a writer makes of a slot without more stored bytes: so much that the slots of a package, up to 32 of them, are
/// never more than [`PACKAGE_PLAIN_FREE`] together.
#[cfg(feature = "cli")]
const SLOT_PLAIN_WRITTEN: u64 = PACKAGE_PLAIN_FREE / 32;
/// Unpacked bytes that a writer lets so many stored bytes become.
#[cfg(feature = "cli")]
pub const fn written_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, SLOT_PLAIN_WRITTEN, SLOT_PLAIN)
}

/// Unpacked bytes that all slots of a package may have, of which so many bytes are stored.
pub const fn package_plain(stored_size: u64) -> u64 {
    plain(stored_size, RATIO, PACKAGE_PLAIN_FREE, PACKAGE_PLAIN)
}

/// Unpacked bytes that one of so many slots may have of which nothing signed says how many they are: all slots together have
/// no more than one alone would have.
pub fn undeclared_plain(stored_size: u64, slots: usize) -> u64 {
    let free = SLOT_PLAIN_FREE
        .checked_div(slots as u64)
        .unwrap_or(SLOT_PLAIN_FREE);
    plain(stored_size, UNDECLARED_RATIO, free, SLOT_PLAIN)
}

/// Entries that the archive of one of so many slots may have of which nothing signed says how many there are.
pub fn undeclared_entries(slots: usize) -> u64 {
    PACKAGE_ENTRIES
        .checked_div(slots as u64)
        .unwrap_or(ARCHIVE_ENTRIES)
        .min(ARCHIVE_ENTRIES)
}

/// How long a command may look into a package of so many bytes.
pub const fn time(package_size: u64) -> Duration {
    Duration::from_secs(SECONDS.saturating_add(package_size / STORED_A_SECOND))
}

const fn plain(stored_size: u64, ratio: u64, free: u64, limit: u64) -> u64 {
    let most = stored_size.saturating_mul(ratio).saturating_add(free);
    if most < limit { most } else { limit }
}
