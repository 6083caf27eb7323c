//! Native files: their requirements, and the size of their symbols.

use serde::Serialize;

use crate::elf::{self, GlibcVersion, StripOutcome};
use crate::slot::weigh;

/// The requirements of a native file, and what stripping it would save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NativeFile {
    /// Libraries that it is linked against.
    pub needed: Vec<String>,
    /// The oldest glibc on which it loads.
    pub glibc_floor: Option<GlibcVersion>,
    pub soname: Option<String>,
    /// Bytes that `--strip` would remove.
    pub strippable: u64,
    /// The same as a share of its compressed size, in thousandths.
    #[serde(skip)]
    pub strippable_share: u64,
}

/// Analyses a file; `None` if it only begins like a native one.
pub(super) fn examine(content: &[u8]) -> Option<NativeFile> {
    let facts = elf::inspect(content).ok()??;
    let mut stripped = content.to_vec();
    let (mut strippable, mut strippable_share) = (0, 0);
    if let StripOutcome::Stripped { before, after } = elf::strip(&mut stripped) {
        strippable = before.saturating_sub(after) as u64;
        let (all, rest) = (weigh(content), weigh(&stripped));
        strippable_share = (all.saturating_sub(rest) * 1000)
            .checked_div(all)
            .unwrap_or(0);
    }
    Some(NativeFile {
        needed: facts.needed,
        glibc_floor: facts.glibc_floor,
        soname: facts.soname,
        strippable,
        strippable_share,
    })
}
