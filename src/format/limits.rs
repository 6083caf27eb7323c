//! Every limit on what a package may claim, in one place.

/// Bytes of the metadata block as stored.
pub const METADATA_STORED: u64 = 1 << 20;
/// Bytes of the metadata after unpacking. FlavorPack's Rust launcher cuts it at 1 MiB, so ours never exceed that.
pub const METADATA_PLAIN: u64 = 16 << 20;
/// The same, for packages that we write.
pub const METADATA_WRITTEN: usize = (1 << 20) - 4096;
/// Slots in a package.
pub const SLOTS: u32 = 4096;
/// Entries in one archive.
pub const ARCHIVE_ENTRIES: u64 = 2_000_000;
/// Unpacked bytes of one slot.
pub const SLOT_PLAIN: u64 = 64 << 30;
/// Largest zstd window (log2 of bytes) that a reader grants: what `zstd` itself grants by default.
pub const ZSTD_WINDOW_LOG: u32 = 27;
/// Memory that an xz decoder may take: level 9 needs 65 MiB.
pub const XZ_MEMORY: u64 = 80 << 20;
