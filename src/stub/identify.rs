use crate::codec::Codec;
use crate::elf::{self, Kind};
use crate::target::Target;

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

    /// Whether its launchers decode slots of this codec.
    pub fn reads(self, codec: Codec) -> bool {
        match self {
            Self::Flavor => codec.is_written(),
            Self::FlavorPack => matches!(codec, Codec::Raw | Codec::Gzip),
        }
    }

    /// The codec of slots whose manifest names none.
    pub fn default_codec(self) -> Codec {
        match self {
            Self::Flavor => Codec::Zstd,
            Self::FlavorPack => Codec::Gzip,
        }
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

/// The target of an executable; `None` for any other file.
pub(super) fn target_of(bytes: &[u8]) -> Option<Target> {
    let facts = elf::inspect(bytes).ok()??;
    matches!(facts.kind, Kind::Executable | Kind::SharedObject)
        .then(|| Target::of_program(bytes))
        .flatten()
}
