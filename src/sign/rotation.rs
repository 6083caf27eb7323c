use super::PublicKey;
use crate::format::{RotationRecord, from_hex};

/// The prefix of the statement, for domain separation: no other message signed by these keys begins
/// with it.
const PURPOSE: &[u8] = b"flavor-key-rotation-v1\0";

/// The statement that one key replaces another, signed by the older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub old: PublicKey,
    pub new: PublicKey,
    /// By `old`.
    pub signature: [u8; 64],
}

impl Rotation {
    /// Makes a statement in which `old` names its successor.
    #[cfg(feature = "cli")]
    pub fn sign(old: &super::SecretKey, new: PublicKey) -> Self {
        let signature = old.sign(&message(&old.public(), &new));
        Self {
            old: old.public(),
            new,
            signature,
        }
    }

    /// Parses a statement; `None` if it is malformed. The signature is not verified here.
    pub fn read(record: &RotationRecord) -> Option<Self> {
        let key = |text: &str| PublicKey::from_bytes(&from_hex(text)?).ok();
        Some(Self {
            old: key(&record.old)?,
            new: key(&record.new)?,
            signature: from_hex(&record.signature)?,
        })
    }

    pub fn to_record(&self) -> RotationRecord {
        RotationRecord {
            old: hex::encode(self.old.to_bytes()),
            new: hex::encode(self.new.to_bytes()),
            signature: hex::encode(self.signature),
        }
    }

    /// Whether the signature is the older key's.
    pub fn is_signed(&self) -> bool {
        self.old
            .verify(&message(&self.old, &self.new), &self.signature)
            .is_ok()
    }
}

/// The first statement that does not lead to `signer`, directly or through the others.
#[cfg(feature = "cli")]
pub fn stray_rotation<'a>(rotations: &'a [Rotation], signer: &PublicKey) -> Option<&'a Rotation> {
    let mut succeeded = vec![*signer];
    loop {
        let leads = |rotation: &&Rotation| {
            succeeded.contains(&rotation.new) && !succeeded.contains(&rotation.old)
        };
        let Some(next) = rotations.iter().find(leads) else {
            break;
        };
        succeeded.push(next.old);
    }
    rotations
        .iter()
        .find(|rotation| !succeeded.contains(&rotation.new))
}

fn message(old: &PublicKey, new: &PublicKey) -> Vec<u8> {
    [PURPOSE, &old.to_bytes(), &new.to_bytes()].concat()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::super::SecretKey;
    use super::*;

    #[test]
    fn statements_lead_to_the_signer_in_any_order() {
        let key = |seed: &str| SecretKey::from_seed(seed);
        let from = |old: &str, new: &str| Rotation::sign(&key(old), key(new).public());
        let signer = key("c").public();
        let chain = [from("a", "b"), from("b", "c")];
        assert_eq!(stray_rotation(&chain, &signer), None);
        assert_eq!(
            stray_rotation(&[chain[1].clone(), chain[0].clone()], &signer),
            None
        );
        assert_eq!(
            stray_rotation(&[from("a", "b")], &signer),
            Some(&from("a", "b"))
        );
        assert_eq!(
            stray_rotation(&[from("c", "d")], &signer),
            Some(&from("c", "d"))
        );
        assert_eq!(stray_rotation(&[], &signer), None);
    }
}
