/// The oldest supported version.
pub(super) const OLDEST: (u8, u8) = (3, 8);
