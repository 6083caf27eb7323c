/// The launcher that `build.rs` built for this program.
pub(super) const BYTES: &[u8] = include_bytes!(env!("FLAVOR_EMBEDDED_LAUNCHER"));
