//! A second opinion on JSON texts, and their one form.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Whether some object of a valid text has a key twice; `None` for a text that is not valid.
pub(crate) fn has_key_twice(text: &[u8]) -> Option<bool> {
    serde_json::from_slice::<Keys>(text)
        .ok()
        .map(|keys| keys.is_twice)
}

struct Keys {
    is_twice: bool,
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let (mut seen, mut is_twice) = (BTreeSet::new(), false);
        while let Some((key, value)) = map.next_entry::<String, Keys>()? {
            is_twice |= value.is_twice | !seen.insert(key);
        }
        Ok(Keys { is_twice })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Keys, A::Error> {
        let mut is_twice = false;
        while let Some(item) = list.next_element::<Keys>()? {
            is_twice |= item.is_twice;
        }
        Ok(Keys { is_twice })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }

    fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }

    fn visit_f64<E>(self, _: f64) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }

    fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(Keys { is_twice: false })
    }
}

/// The order in which the signed text has its keys (`docs/format.md` § Signed text); one list does for all its objects.
const KEYS: [&str; 56] = [
    "format",
    "format_version",
    "package",
    "schema",
    "slot",
    "id",
    "source",
    "target",
    "slots",
    "execution",
    "verification",
    "build",
    "launcher",
    "compatibility",
    "runtime",
    "policy",
    "setup_commands",
    "flavor",
    "programs",
    "name",
    "argv",
    "executable",
    "implementation",
    "version",
    "description",
    "venv",
    "tool",
    "tool_version",
    "size",
    "checksum",
    "capabilities",
    "operations",
    "purpose",
    "lifecycle",
    "permissions",
    "command",
    "env",
    "integrity_seal",
    "required",
    "algorithm",
    "signed",
    "require_verification",
    "timestamp",
    "deterministic",
    "platform",
    "min_format_version",
    "features",
    "blake3",
    "plain_size",
    "files",
    "entries",
    "python",
    "set_up",
    "rotations",
    "glibc_floor",
    "build_timestamp",
];

/// Writes a value without blanks and with its keys in the order of the signed text.
pub(crate) fn in_order(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort_by_key(|key| KEYS.iter().position(|known| known == key));
            let entries: Vec<String> = keys
                .into_iter()
                .map(|key| format!("{}:{}", Value::from(key.as_str()), in_order(&entries[key])))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(in_order).collect::<Vec<_>>().join(",")
        ),
        other => other.to_string(),
    }
}

/// Holds what was read against the text it was read from: what both have is the same. Keys that only the text has are
/// returned, dotted.
///
/// # Panics
/// When the two differ.
pub(crate) fn agree(text: &Value, read: &Value) -> Vec<String> {
    let mut unread = Vec::new();
    walk(text, read, "", &mut unread);
    unread
}

fn walk(text: &Value, read: &Value, place: &str, unread: &mut Vec<String>) {
    match (text, read) {
        (Value::Object(text), Value::Object(read)) => {
            for (key, value) in text {
                let place = format!("{place}.{key}");
                match read.get(key) {
                    Some(read) => walk(value, read, &place, unread),
                    None => unread.push(place),
                }
            }
        }
        (Value::Array(text), Value::Array(read)) if text.len() == read.len() => {
            for (at, (text, read)) in text.iter().zip(read).enumerate() {
                walk(text, read, &format!("{place}[{at}]"), unread);
            }
        }
        (text, read) => assert_eq!(text, read, "`{place}` was read as something else"),
    }
}
