use crate::elf::{self, Kind};

/// The family of a launcher, which determines what it can decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Ours: every operation, links, virtual environments.
    Flavor,
    /// FlavorPack's: raw, gzip, tar and tar.gz, no links; everything is extracted into one
    /// directory.
    FlavorPack,
}

/// Strings by which each family is recognised: the first is printed by ours at its start, the
/// second is a variable that only FlavorPack's read.
const MARKS: [(&[u8], Family); 2] = [
    (crate::format::LAUNCHER_MARK.as_bytes(), Family::Flavor),
    (b"FLAVOR_WORKENV_CACHE", Family::FlavorPack),
];

impl Family {
    /// Recognises a launcher by the strings in it.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        MARKS
            .into_iter()
            .find(|(mark, _)| contains(bytes, mark))
            .map(|(_, family)| family)
    }

    /// The name used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flavor => "flavor",
            Self::FlavorPack => "FlavorPack",
        }
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    let Some(first) = mark.first() else {
        return true;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(mark) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Whether these bytes are an executable for this system and processor.
pub(super) fn runs_here(bytes: &[u8]) -> bool {
    /// `EM_X86_64` and `EM_AARCH64` of the ELF specification.
    const MACHINE: u16 = if cfg!(target_arch = "aarch64") {
        183
    } else {
        62
    };
    elf::inspect(bytes).ok().flatten().is_some_and(|facts| {
        facts.machine == MACHINE
            && facts.is_64
            && matches!(facts.kind, Kind::Executable | Kind::SharedObject)
    })
}
