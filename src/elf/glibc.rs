use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A release of the GNU C library, such as `2.34`. As a floor: the oldest one on which a file
/// loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlibcVersion {
    pub major: u32,
    pub minor: u32,
}

/// The text is not `MAJOR.MINOR`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a glibc version such as `2.34`")]
pub struct GlibcVersionError {
    pub text: String,
}

impl GlibcVersion {
    /// The release that introduced a symbol version: `GLIBC_2.34`, `GLIBC_2.2.5`, or one of the
    /// markers by which newer linkers record that a feature of the loader is needed. `None` for
    /// `GLIBC_PRIVATE` and versions of other libraries.
    pub fn from_symbol_version(name: &str) -> Option<Self> {
        match name {
            "GLIBC_ABI_DT_RELR" => Some(Self {
                major: 2,
                minor: 36,
            }),
            "GLIBC_ABI_GNU2_TLS" | "GLIBC_ABI_GNU_TLS" | "GLIBC_ABI_DT_X86_64_PLT" => Some(Self {
                major: 2,
                minor: 42,
            }),
            _ => {
                let mut parts = name.strip_prefix("GLIBC_")?.split('.');
                let major = parts.next()?.parse().ok()?;
                let minor = parts.next()?.parse().ok()?;
                Some(Self { major, minor })
            }
        }
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for GlibcVersion {
    type Err = GlibcVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (major, minor) = text.split_once('.')?;
            Some(Self {
                major: major.parse().ok()?,
                minor: minor.parse().ok()?,
            })
        };
        parse().ok_or_else(|| GlibcVersionError {
            text: text.to_owned(),
        })
    }
}

impl Serialize for GlibcVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GlibcVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> GlibcVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_order_by_number_not_by_text() {
        assert!(version("2.4") < version("2.34"));
        assert!(version("2.34") < version("3.0"));
    }

    #[test]
    fn a_symbol_version_names_a_release() {
        assert_eq!(
            GlibcVersion::from_symbol_version("GLIBC_2.2.5"),
            Some(version("2.2"))
        );
        assert_eq!(
            GlibcVersion::from_symbol_version("GLIBC_ABI_DT_RELR"),
            Some(version("2.36"))
        );
        assert_eq!(GlibcVersion::from_symbol_version("GLIBC_PRIVATE"), None);
        assert_eq!(GlibcVersion::from_symbol_version("GLIBCXX_3.4.21"), None);
        assert_eq!(GlibcVersion::from_symbol_version("OPENSSL_3.0.0"), None);
    }

    #[test]
    fn json_spells_a_version_as_people_do() {
        let json = serde_json::to_string(&version("2.17")).unwrap();
        assert_eq!(json, "\"2.17\"");
        assert_eq!(
            serde_json::from_str::<GlibcVersion>(&json).unwrap(),
            version("2.17")
        );
        assert!(serde_json::from_str::<GlibcVersion>("\"2\"").is_err());
    }
}
