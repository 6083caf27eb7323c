use super::PublicKey;
use crate::format::{RotationRecord, from_hex};

/// What the statement begins with: no other thing that these keys sign does.
const PURPOSE: &[u8] = b"flavor-key-rotation-v1\0";

/// The statement that one key takes the place of another, signed by the older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub old: PublicKey,
    pub new: PublicKey,
    /// By `old`.
    pub signature: [u8; 64],
}

impl Rotation {
    /// Lets `old` name its successor.
    #[cfg(feature = "cli")]
    pub fn sign(old: &super::SecretKey, new: PublicKey) -> Self {
        let signature = old.sign(&message(&old.public(), &new));
        Self { old: old.public(), new, signature }
    }

    /// Reads a statement; `None` for what cannot be one. Whether it is signed is another question.
    pub fn read(record: &RotationRecord) -> Option<Self> {
        let key = |text: &str| PublicKey::from_bytes(&from_hex(text)?).ok();
        Some(Self { old: key(&record.old)?, new: key(&record.new)?, signature: from_hex(&record.signature)? })
    }

    pub fn to_record(&self) -> RotationRecord {
        RotationRecord {
            old: hex::encode(self.old.to_bytes()),
            new: hex::encode(self.new.to_bytes()),
            signature: hex::encode(self.signature),
        }
    }

    /// Whether the older key signed it.
    pub fn is_signed(&self) -> bool {
        self.old.verify(&message(&self.old, &self.new), &self.signature).is_ok()
    }
}

fn message(old: &PublicKey, new: &PublicKey) -> Vec<u8> {
    [PURPOSE, &old.to_bytes(), &new.to_bytes()].concat()
}
