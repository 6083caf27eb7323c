//! The exit codes that follow from the code of an error.

use super::Code;

impl Code {
    /// Of a command: 1 failure, 2 wrong usage, 3 not authentic.
    #[cfg(feature = "cli")]
    pub fn exit_code(self) -> u8 {
        // Settings are in a file, not on the command line.
        let is_setting = matches!(self, Self::BAD_SETTING | Self::BAD_SETTINGS_FILE);
        match self {
            Self(101..=199) if !is_setting => 2,
            Self::OTHER_SIGNER | Self::NOT_AUTHENTICATED | Self::BAD_PROVENANCE => 3,
            _ => 1,
        }
    }

    /// Of a package that does not start: in the band 101–119, so that it cannot be mistaken for
    /// the program's own. The meanings are FlavorPack's; `docs/format.md` § Exit codes.
    pub fn start_exit_code(self) -> u8 {
        match self {
            Self::NOT_A_PACKAGE | Self::UNKNOWN_FORMAT | Self::BAD_METADATA => 102,
            Self::LAUNCHER_USAGE | Self::NO_SLOT | Self::UNKNOWN_PROGRAM => 105,
            Self::NOT_A_FILE | Self::NO_CACHE_PLACE | Self::LOCKED_OUT | Self(901..) => 106,
            Self::NOT_COMPLETE | Self::CHANGED_SIGNER | Self(501..=699) => 107,
            Self::SET_USER_ID | Self(701..=799 | 821..=826) => 104,
            _ => 103,
        }
    }
}
