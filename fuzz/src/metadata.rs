//! The metadata block: the envelope, and the JSON in it as a reader takes it, signature included.

use std::ffi::OsString;
use std::path::Path;

use flavor::format::{FormatError, Metadata, limits, open_envelope, seal_envelope, sealed_len};
use flavor::launcher::Environment;
use flavor::package::{Authenticity, PackageError, Reader};
use flavor::trust::{OperatorPolicy, Source, objections, rollback, rotations};
use flavor::workenv::{EnvId, SlotKey};
use serde_json::Value;

use crate::encode::package::{Package, Slot, sha256};
use crate::encode::{digest, member};
use crate::json::{agree, has_key_twice};
use crate::scratch;

/// Content that a text may describe and that is made for it.
const SMALL: u64 = 4096;

/// Target `metadata`. The first byte says what the others are.
pub fn metadata(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 4 {
        0 => envelope(data),
        1 => text(data),
        // In the form that a text must have, which the fuzzer would seldom find.
        _ => match serde_json::from_slice::<Metadata>(data)
            .and_then(|metadata| serde_json::to_vec(&metadata))
        {
            Ok(formed) => text(&formed),
            Err(_) => text(data),
        },
    }
}

fn envelope(block: &[u8]) {
    let sealed = seal_envelope(block);
    assert_eq!(
        sealed,
        member(block, 0xffff, 0, (0, 0)),
        "a text is packed in one way"
    );
    assert_eq!(sealed.len(), sealed_len(block.len()));
    assert_eq!(open_envelope(&sealed).as_deref(), Ok(block));
    if let Ok(text) = open_envelope(block) {
        assert!(text.len() as u64 <= limits::METADATA_PLAIN);
        let crc = crate::checksum::crc32(&text).to_le_bytes();
        assert!(
            block.len() >= 18 && block[block.len() - 8..][..4] == crc,
            "the checksum of the text stands at the end"
        );
    }
}

fn text(text: &[u8]) {
    let read = Metadata::from_bytes(text);
    let value = serde_json::from_slice::<Value>(text);
    if let Ok(metadata) = &read {
        assert_eq!(
            has_key_twice(text),
            Some(false),
            "two readers take different values"
        );
        let value = value.as_ref().expect("it was read");
        let written = serde_json::to_value(metadata).expect("it can be written");
        for unread in agree(value, &written) {
            let is_ours = unread.starts_with(".flavor.") || unread.starts_with(".policy.");
            assert!(
                !is_ours || is_default(value, &unread),
                "`{unread}` has no effect"
            );
        }
        let bytes = metadata.to_bytes().expect("it can be written");
        if metadata.flavor.is_some() {
            assert_eq!(bytes, text, "a text has one form");
        }
        let again = Metadata::from_bytes(&bytes).expect("what is written is read");
        // Numbers with a point come back with another last digit.
        if !has_point(value) {
            assert_eq!(&again, metadata, "what is written reads the same");
        }
    }
    let Some(package) = value.ok().and_then(|value| package(text, &value)) else {
        return;
    };
    let file = scratch::file(&package.write().bytes);
    let opened = Reader::from_file(file, Path::new("app.psp"));
    match (opened, read) {
        (Ok(reader), Ok(metadata)) => check(&reader, &metadata, text),
        (Ok(_), Err(error)) => panic!("opened in spite of {error}"),
        (Err(PackageError::Format(error)), Err(other)) => assert_eq!(error, other),
        // What the text says may be more than is allowed, or not enough.
        // The rows of foreign packages are made as ours are.
        (Err(PackageError::RowDiffers { .. }), Ok(metadata)) => assert!(metadata.flavor.is_none()),
        (
            Err(PackageError::Format(FormatError::OverLimit { .. } | FormatError::BadMetadata(_))),
            Ok(_),
        ) => {}
        (Err(error), _) => panic!("the file is as the text implies: {error}"),
    }
}

fn check(reader: &Reader, metadata: &Metadata, text: &[u8]) {
    assert_eq!((reader.metadata(), reader.text()), (metadata, text));
    assert_eq!(
        reader.authenticity() == Authenticity::Complete,
        metadata.flavor.is_some()
    );
    assert_eq!(reader.slots().len(), metadata.slots.len());
    for slot in reader.slots() {
        assert!(
            reader
                .slot(&slot.index.to_string())
                .is_ok_and(|found| found.index == slot.index)
        );
        let Some(facts) = slot.facts else { continue };
        let operations = slot.operations().expect("checked when it was opened");
        assert_eq!(Some(operations), slot.record.chain());
        let key = SlotKey::of(&slot, facts, operations);
        assert_eq!(SlotKey::parse(key.as_str()), Some(key), "a key is a name");
    }
    let id = EnvId::of(reader);
    assert_eq!(
        EnvId::parse(id.as_str()),
        Some(id),
        "an environment's name is a name, never a path"
    );
    for rotation in rotations(reader) {
        assert_eq!(
            flavor::sign::Rotation::read(&rotation.to_record()),
            Some(rotation.clone())
        );
        let _ = rotation.is_signed();
    }
    judge(reader, metadata);
    environment(metadata);
}

fn judge(reader: &Reader, metadata: &Metadata) {
    let mut policy = OperatorPolicy::default();
    policy.execution.max_age_days = Some(30);
    policy.execution.allow_platforms = vec!["plan9_mips".into()];
    policy.attestation.require_sbom = true;
    policy.trust.refuse_rollback = true;
    let sources = [Source {
        path: "policy.json".into(),
        policy,
    }];
    let found = objections(reader, &sources);
    assert!(
        found
            .iter()
            .all(|one| !one.violation.to_string().is_empty())
    );
    let operators = found.iter().filter(|one| one.policy.is_some()).count();
    assert!(
        operators >= 1,
        "a platform that is not allowed is objected to"
    );
    let own = objections(reader, &[]);
    assert_eq!(own.len(), found.len() - operators);
    if metadata.policy.is_none() {
        assert!(own.is_empty());
    }
    if let Some(policy) = &metadata.policy {
        let missing = policy
            .require_env
            .iter()
            .filter(|name| std::env::var_os(name).is_none())
            .count();
        assert!(
            own.len() >= missing,
            "a variable that is not set is objected to"
        );
    }
    assert_eq!(rollback(reader, "2", &sources).len(), 1);
}

fn environment(metadata: &Metadata) {
    let caller = || {
        let pairs = [("HOME", "/home/me"), ("LC_ALL", "C"), ("EMPTY", "")];
        Environment::new(
            pairs
                .into_iter()
                .map(|(name, value)| (OsString::from(name), OsString::from(value))),
        )
    };
    let (workenv, package) = (Path::new("/cache/workenv"), Path::new("/app.psp"));
    let made = caller().of_package(metadata, workenv, package);
    assert_eq!(made, caller().of_package(metadata, workenv, package));
    assert_eq!(made.get("FLAVOR_WORKENV"), Some(workenv.as_os_str()));
    for (name, value) in &metadata.execution.env {
        let is_own = name.starts_with("FLAVOR_");
        assert!(
            is_own
                || made
                    .get(name)
                    .is_some_and(|found| value.contains("{workenv}") || found == value.as_str())
        );
    }
}

/// The file that a text describes, unless it describes none or a large one.
fn package(text: &[u8], value: &Value) -> Option<Package> {
    let number = |value: &Value, default: u64| {
        if value.is_null() {
            Some(default)
        } else {
            value.as_u64()
        }
    };
    let launcher = number(&value["launcher"]["size"], 0).filter(|size| *size <= SMALL)?;
    let none = Vec::new();
    let records = if value["slots"].is_null() {
        &none
    } else {
        value["slots"].as_array()?
    };
    let facts = &value["flavor"];
    let mut slots = Vec::new();
    let mut attestation = None;
    for (at, record) in records.iter().take(20).enumerate() {
        let word = |key: &str| {
            if record[key].is_null() {
                Some("")
            } else {
                record[key].as_str()
            }
        };
        let size = number(&record["size"], 0).filter(|size| *size <= SMALL)?;
        let sha256 = word("checksum")?
            .strip_prefix("sha256:")
            .and_then(|digits| digest(digits.as_bytes()));
        if word("lifecycle")? == "attestation" && attestation.is_none() && facts.is_object() {
            attestation = Some(sha256?);
        }
        slots.push(Slot {
            bytes: vec![0; usize::try_from(size).ok()?],
            name: word("id")?.into(),
            plain_size: number(&facts["slots"][at]["plain_size"], 0)?,
            operations: operations(word("operations")?),
            sha256: sha256.unwrap_or_default(),
            purpose: ["code", "config", "media"]
                .iter()
                .position(|purpose| word("purpose") == Some(purpose))
                .map_or(0, |at| [1, 2, 3][at]),
            lifecycle: lifecycle(word("lifecycle")?),
            permissions: u16::from_str_radix(word("permissions")?, 8).unwrap_or(0),
        });
    }
    let policy = value
        .get("policy")
        .filter(|policy| !policy.is_null())
        .map(policy_digest);
    Some(Package {
        launcher: vec![0; usize::try_from(launcher).ok()?],
        text: text.into(),
        slots,
        build_timestamp: number(&facts["build_timestamp"], 0)?,
        attestation,
        policy: if facts.is_object() { policy } else { None },
    })
}

fn operations(words: &str) -> u64 {
    match words {
        "tar" => 0x01,
        "gzip" => 0x10,
        "xz" => 0x16,
        "zstd" => 0x1b,
        "tar.gz" => 0x1001,
        "tar.xz" => 0x1601,
        "tar.zst" => 0x1b01,
        _ => 0,
    }
}

fn lifecycle(word: &str) -> u8 {
    match word {
        "temporary" => 5,
        "lazy" => 6,
        "eager" => 7,
        "attestation" => 11,
        _ => 0,
    }
}

/// SHA-256 of the policy with everything that is always there, keys in order.
fn policy_digest(policy: &Value) -> [u8; 32] {
    let list = |key: &str| {
        if policy[key].is_null() {
            "[]".into()
        } else {
            policy[key].to_string()
        }
    };
    let age = if policy["max_age_days"].is_null() {
        String::new()
    } else {
        format!("\"max_age_days\":{},", policy["max_age_days"])
    };
    let root = policy["refuse_root"].as_bool().unwrap_or(false);
    let (platforms, variables) = (list("platforms"), list("require_env"));
    sha256(
        format!(
            "{{{age}\"platforms\":{platforms},\"refuse_root\":{root},\"require_env\":{variables}}}"
        )
        .as_bytes(),
    )
}

/// Whether a dotted key has null, which is as if it were not there, or an empty list or object.
fn is_default(value: &Value, place: &str) -> bool {
    let mut at = value;
    for part in place.trim_start_matches('.').split(['.', '[']) {
        at = match part.strip_suffix(']') {
            Some(number) => &at[number.parse::<usize>().unwrap_or(0)],
            None => &at[part],
        };
    }
    at.is_null()
        || at.as_array().is_some_and(Vec::is_empty)
        || at.as_object().is_some_and(serde_json::Map::is_empty)
}

fn has_point(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_point),
        Value::Object(entries) => entries.values().any(has_point),
        _ => false,
    }
}
