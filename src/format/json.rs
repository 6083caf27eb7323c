//! Strict JSON: rejects texts that parsers interpret differently.
//!
//! Parsers disagree on duplicate keys: most take the last one, and FlavorPack's Go launcher treats
//! `Execution` and `execution` as the same key. A text in which that could matter is rejected.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;

use super::limits;

/// Parses a JSON text. Rejects duplicate keys in any object (in the outermost object, keys that
/// differ only in case too) and arrays in the place of objects, which serde would read by position.
///
/// # Errors
/// What `serde_json` reports, or the duplicate key.
pub fn from_json<T: DeserializeOwned + Serialize>(text: &[u8]) -> serde_json::Result<T> {
    check_json(text)?;
    let read = serde_json::from_slice(text)?;
    if !is_shaped_like(
        &serde_json::from_slice(text)?,
        &serde_json::to_value(&read)?,
    ) {
        return Err(serde_json::Error::custom(
            "expected an object, found an array",
        ));
    }
    Ok(read)
}

/// The checks of [`from_json`], in constant memory apart from keys. They also limit the number of
/// values: a text that consists of commas and brackets takes many times its length in memory once
/// parsed.
///
/// # Errors
/// As of [`from_json`].
pub(super) fn check_json(text: &[u8]) -> serde_json::Result<()> {
    let left = Cell::new(VALUES.saturating_add(text.len() / BYTES_A_VALUE));
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    Unambiguous {
        outermost: true,
        left: &left,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The minimum average length of a value's text, beyond the first values.
const BYTES_A_VALUE: usize = 8;
const VALUES: usize = 1000;

/// Whether arrays of the text are arrays in the parsed type.
fn is_shaped_like(text: &Value, read: &Value) -> bool {
    match (text, read) {
        (Value::Array(_), Value::Object(_)) => false,
        (Value::Array(text), Value::Array(read)) => text
            .iter()
            .zip(read)
            .all(|(text, read)| is_shaped_like(text, read)),
        (Value::Object(text), Value::Object(read)) => text
            .iter()
            .all(|(key, text)| read.get(key).is_none_or(|read| is_shaped_like(text, read))),
        _ => true,
    }
}

/// Visits a value and keeps only the keys of the objects that are open.
#[derive(Clone, Copy)]
struct Unambiguous<'a> {
    outermost: bool,
    /// How many more values are allowed.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Unambiguous<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom("too many values for its length"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = Self {
            outermost: false,
            ..self
        };
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = object.next_key_seed(Key)? {
            let key = if self.outermost {
                Cow::Owned(key.to_lowercase())
            } else {
                key
            };
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!(
                    "duplicate key `{}`",
                    key.escape_debug()
                )));
            }
            keys.insert(key);
            object.next_value_seed(Self {
                outermost: false,
                ..self
            })?;
        }
        Ok(())
    }
}

/// A key, borrowed from the text if it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.into()))
    }
}

/// Parses a list of at most [`limits::SLOTS`] elements, and stops there.
pub(super) fn at_most_slots<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct AtMostSlots<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for AtMostSlots<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {} slots", limits::SLOTS)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut slots = Vec::new();
            while let Some(slot) = items.next_element()? {
                if slots.len() >= limits::SLOTS as usize {
                    return Err(A::Error::invalid_length(slots.len(), &self));
                }
                slots.push(slot);
            }
            Ok(slots)
        }
    }

    deserializer.deserialize_seq(AtMostSlots(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[test]
    fn one_meaning_is_read() {
        let text = br#" {"a": [1, -2, 3.5, "x", null, true], "b": {"a": {}, "A": 1}} "#;
        let expected = json!({"a": [1, -2, 3.5, "x", null, true], "b": {"a": {}, "A": 1}});
        assert_eq!(from_json::<Value>(text).expect("read"), expected);
    }

    #[test]
    fn two_meanings_are_refused() {
        let doubtful = [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"A":1}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"{"b":[0,{"c":{"a":1,"\u0061":2}}]}"#,
            r#"{"a":1}{}"#,
            r#"{"a":1}]"#,
        ];
        for text in doubtful {
            assert!(from_json::<Value>(text.as_bytes()).is_err(), "{text}");
        }
        let error = from_json::<Value>(br#"{"x":{"\u001b":1,"\u001b":1}}"#)
            .expect_err("twice")
            .to_string();
        assert!(error.starts_with("duplicate key `\\u{1b}`"), "{error}");
    }

    #[test]
    fn positions_are_no_keys() {
        #[derive(Debug, Default, Serialize, Deserialize)]
        #[serde(default)]
        struct Inner {
            switch: bool,
        }
        #[derive(Debug, Serialize, Deserialize)]
        struct Outer {
            inner: Inner,
            list: Vec<Inner>,
        }
        assert!(from_json::<Outer>(br#"{"inner":{"switch":true},"list":[{}]}"#).is_ok());
        for text in [
            "[{},[]]",
            r#"{"inner":[true],"list":[]}"#,
            r#"{"inner":{},"list":[[true]]}"#,
        ] {
            assert!(from_json::<Outer>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_of_commas_is_refused() {
        let commas = format!("[{}0]", "0,".repeat(10_000));
        assert!(from_json::<Value>(commas.as_bytes()).is_err());
        let words = format!("[{}0]", "\"a longer word\",".repeat(10_000));
        assert!(from_json::<Value>(words.as_bytes()).is_ok());
    }

    #[test]
    fn depth_is_limited() {
        let deep = "[".repeat(100_000);
        assert!(from_json::<Value>(deep.as_bytes()).is_err());
    }
}
