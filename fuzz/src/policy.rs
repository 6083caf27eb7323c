//! What the owner of a machine writes: policies, trusted keys, settings; and the notes of signers beside them.

use std::fs;
use std::path::Path;

use flavor::config::Config;
use flavor::sign::{PublicKey, SecretKey};
use flavor::trust::{
    Acquaintance, Known, Notes, OperatorPolicy, Presented, Refusal, TrustStore, read_policy,
};
use serde_json::Value;

use crate::json::{agree, has_key_twice};
use crate::scratch;

/// Target `policy`. The first byte says what the others are.
pub fn policy(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 5 {
        0 => operator_policy(data),
        1 => note(data),
        2 => versions(data),
        3 => key(data),
        _ => settings(data),
    }
}

fn operator_policy(text: &[u8]) {
    let scratch = scratch::directory();
    let path = scratch.path().join("policy.json");
    fs::write(&path, text).expect("written");
    let policy = match read_policy(&path) {
        Ok(policy) => policy.expect("the file is there"),
        Err(error) => {
            assert!(matches!(error, Refusal::BadPolicy { .. }), "{error}");
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(
        policy.version == 1 && !policy.trust.use_os_keychain,
        "what cannot be held is not accepted"
    );
    assert_eq!(
        has_key_twice(text),
        Some(false),
        "two readers take different values"
    );
    let value: Value = serde_json::from_slice(text).expect("it was read");
    let written = serde_json::to_value(&policy).expect("it can be written");
    // A consequence that is null is as one that is missing.
    for unread in agree(&value, &written) {
        assert!(
            unread.starts_with(".enforcement."),
            "`{unread}` has no effect"
        );
    }
    fs::write(
        &path,
        serde_json::to_vec(&policy).expect("it can be written"),
    )
    .expect("written");
    let again: Option<OperatorPolicy> = read_policy(&path).expect("read again");
    assert_eq!(again, Some(policy), "what is written reads the same");
}

fn note(data: &[u8]) {
    let (name, text) = data.split_at(
        data.iter()
            .position(|byte| *byte == 0)
            .unwrap_or(data.len()),
    );
    let name = String::from_utf8_lossy(name).into_owned();
    let text = text.get(1..).unwrap_or_default();
    let scratch = scratch::directory();
    let notes = Notes::at(scratch.path().join("flavor"));
    let signer = SecretKey::from_seed("signer").public();
    let package = Presented {
        name: &name,
        version: "1",
        signer: &signer,
        rotations: Vec::new(),
        places: Vec::new(),
    };
    assert_eq!(
        notes.compare(&package).expect("no notes yet"),
        Acquaintance::New
    );
    assert_eq!(
        notes.meet(&package).expect("new"),
        (Acquaintance::New, None),
        "a note of any name can be made"
    );
    assert_eq!(
        notes.compare(&package).expect("read"),
        Acquaintance::Same,
        "a note reads as it was written"
    );
    let fingerprint = signer.fingerprint().as_str().to_owned();
    assert_eq!(
        notes.all(),
        [Known {
            name: name.clone(),
            fingerprint,
            version: "1".into()
        }]
    );
    let directory = scratch.path().join("flavor/known");
    let files: Vec<_> = fs::read_dir(&directory)
        .expect("notes")
        .map(|entry| entry.expect("a note").path())
        .collect();
    assert!(
        files.len() == 1 && scratch.path().read_dir().expect("a directory").count() == 1,
        "one note, one file"
    );
    fs::write(&files[0], text).expect("written");
    match notes.compare(&package) {
        Ok(Acquaintance::New) => panic!("a note is passed over"),
        Err(Refusal::BadNote { .. }) => {}
        Ok(_) | Err(Refusal::ChangedSigner { .. } | Refusal::LooksAlike { .. }) => {
            assert_eq!(
                has_key_twice(text),
                Some(false),
                "two readers take different values"
            );
            let value: Value = serde_json::from_slice(text).expect("it was read");
            let all = notes.all();
            assert_eq!(all.len(), 1, "what is compared is shown");
            agree(
                &value,
                &serde_json::to_value(&all[0]).expect("it can be written"),
            );
        }
        Err(error) => panic!("{error}"),
    }
}

/// The order of versions, as the notes apply it.
fn versions(data: &[u8]) {
    let mut words = data.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let [one, two, three] = [(); 3].map(|()| words.next().unwrap_or_default());
    let scratch = scratch::directory();
    let order = |known: &str, found: &str| order(scratch.path(), known, found);
    for version in [&one, &two, &three] {
        assert_eq!(order(version, version), 0, "{version:?} is itself");
    }
    for (a, b) in [(&one, &two), (&two, &three), (&one, &three)] {
        assert_eq!(order(a, b), -order(b, a), "{a:?} and {b:?}");
    }
    let (first, second, both) = (order(&one, &two), order(&two, &three), order(&one, &three));
    if first * second >= 0 {
        assert_eq!(
            both,
            (first + second).signum(),
            "{one:?}, {two:?}, {three:?}"
        );
    }
}

/// 1 when `found` is newer than `known`, -1 when it is older.
fn order(scratch: &Path, known: &str, found: &str) -> i32 {
    let directory = tempfile::tempdir_in(scratch).expect("a directory");
    let notes = Notes::at(directory.path().into());
    let signer = SecretKey::from_seed("signer").public();
    let meet = |version: &str| {
        let (rotations, places) = (Vec::new(), Vec::new());
        let met = notes.meet(&Presented {
            name: "name",
            version,
            signer: &signer,
            rotations,
            places,
        });
        met.expect("the same signer").0
    };
    assert_eq!(meet(known), Acquaintance::New);
    let acquaintance = meet(found);
    let noted = notes.all().pop().expect("a note").version;
    match acquaintance {
        Acquaintance::Older(newest) => {
            assert_eq!((newest.as_str(), noted.as_str()), (known, known));
            -1
        }
        Acquaintance::Same if noted == known => 0,
        Acquaintance::Same => {
            assert_eq!(noted, found);
            1
        }
        other => panic!("{other:?}"),
    }
}

fn key(text: &[u8]) {
    let scratch = scratch::directory();
    let path = scratch.path().join("a.pub");
    fs::write(&path, text).expect("written");
    // Neither is to be found there but by chance; the reader is the same.
    drop(SecretKey::read(&path));
    let store = TrustStore::at(scratch.path().into());
    let (keys, unusable) = store.list();
    assert_eq!(
        keys.len() + unusable.len(),
        1,
        "a file is a key, or is said not to be"
    );
    let Some(found) = keys.first() else {
        assert!(PublicKey::read(&path).is_err());
        return;
    };
    let key = PublicKey::read(&path).expect("it is in the store");
    assert_eq!(found.key, key);
    assert!(store.contains(&key));
    assert_eq!(
        PublicKey::from_bytes(&key.to_bytes()).expect("a key"),
        key,
        "a key has one spelling"
    );
    fs::write(&path, key.to_pem()).expect("written");
    assert_eq!(
        PublicKey::read(&path).expect("a key"),
        key,
        "what is written reads the same"
    );
}

fn settings(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else {
        return;
    };
    let config = Config::parse(text, "config.toml".into());
    let Ok(config) = config else { return };
    assert!(
        config
            .keys()
            .all(|(_, line)| line <= text.split('\n').count()),
        "a key is in the file"
    );
    if let Ok(limits) = config.cache_limits() {
        assert!(limits.retain > 0, "the version in use is kept");
    }
}
