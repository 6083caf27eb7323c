use std::fmt;

use crate::format::{Operations, SlotFacts};
use crate::package::{Reader, Slot};

/// Identifies an extracted slot: a digest over everything that determines the tree, so that equal
/// keys mean equal trees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotKey(String);

impl SlotKey {
    /// The key of a slot of one of our packages.
    pub fn of(slot: &Slot<'_>, facts: &SlotFacts, operations: Operations) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("flavor 2026 workenv slot v1");
        hasher.update(&facts.blake3.0);
        hasher.update(&facts.plain_size.to_le_bytes());
        hasher.update(&operations.pack().to_le_bytes());
        // Only a single-file slot takes its mode from the package; an archive has modes of its own.
        let mode = if operations.tar {
            0
        } else {
            slot.record.mode()
        };
        hasher.update(&mode.to_le_bytes());
        Self(hex::encode(&hasher.finalize().as_bytes()[..20]))
    }

    /// Parses a directory name; `None` if it is not a key.
    pub fn parse(name: &str) -> Option<Self> {
        let valid = name.len() == 40
            && name
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies an environment: `<name>-<version>-<digest>`. Only the digest is significant; the rest
/// is for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvId(String);

/// The maximum length of the parts of an identifier that come from the package's name and version.
const WORDS: usize = 80;

impl EnvId {
    /// The identifier of a package's environment. It is derived from the signed content and the
    /// signer, never from a file name.
    pub fn of(reader: &Reader) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("flavor 2026 workenv id v1");
        hasher.update(&reader.signer().to_bytes());
        hasher.update(reader.text());
        let package = &reader.metadata().package;
        let mut words: String = format!("{}-{}", package.name, package.version)
            .chars()
            .map(|one| {
                if one.is_ascii_alphanumeric() || "._+-".contains(one) {
                    one
                } else {
                    '_'
                }
            })
            .take(WORDS)
            .collect();
        if words.starts_with('.') {
            words.replace_range(..1, "_");
        }
        Self(format!(
            "{words}-{}",
            hex::encode(&hasher.finalize().as_bytes()[..10])
        ))
    }

    /// Parses a name from a user or a directory.
    ///
    /// A name is never a path: one component, no leading dot, only the characters that [`Self::of`]
    /// writes.
    pub fn parse(name: &str) -> Option<Self> {
        let valid = !name.is_empty()
            && name.len() <= 255
            && !name.starts_with('.')
            && name
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || "._+-".contains(one));
        valid.then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_paths() {
        for bad in [
            "", ".", "..", "../x", "/etc", "a/b", ".hidden", "a\0b", "a b",
        ] {
            assert!(EnvId::parse(bad).is_none(), "{bad:?}");
        }
        assert!(EnvId::parse("hello-1.0.0-0123456789abcdef0123").is_some());
    }
}
