//! Native files: what they need of the machine, and what symbols cost in them.

use serde::Serialize;

use crate::elf::{self, GlibcVersion, StripOutcome};
use crate::slot::weigh;

/// What a native file needs, and what stripping it would save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NativeFile {
    /// Libraries that it is linked against.
    pub needed: Vec<String>,
    /// The oldest glibc on which it loads.
    pub glibc_floor: Option<GlibcVersion>,
    pub soname: Option<String>,
    /// Bytes that `--strip` would take away.
    pub strippable: u64,
    /// The same of what it comes to when it is compressed by itself, in thousandths.
    #[serde(skip)]
    pub strippable_share: u64,
}

/// Looks into a file; `None` when it only begins like a native one.
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
