use crate::target::Target;

/// The launcher that `build.rs` built for this program.
pub(super) const BYTES: &[u8] = include_bytes!(env!("FLAVOR_EMBEDDED_LAUNCHER"));

/// The machine that it was built for.
pub(super) const TARGET: Target = match Target::of_program(BYTES) {
    Some(target) => target,
    None => panic!("the embedded launcher is not an executable for a known processor"),
};
