//! A second opinion on JSON texts.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Whether some object of a valid text has a key twice; `None` for a text that is not valid.
pub(crate) fn has_key_twice(text: &[u8]) -> Option<bool> {
    serde_json::from_slice::<Keys>(text).ok().map(|keys| keys.is_twice)
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
        // Capitals among the digits of a digest.
        (Value::String(text), Value::String(read)) if is_hex(read) => {
            assert!(text.eq_ignore_ascii_case(read), "`{place}` was read as {read}");
        }
        // Fields in their order, without their names.
        (Value::Array(_), Value::Object(_)) => {}
        (text, read) => assert_eq!(text, read, "`{place}` was read as something else"),
    }
}

fn is_hex(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}
