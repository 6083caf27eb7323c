//! A whole file, as whoever has a key could make it: opened, verified, extracted, composed.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use flavor::fs::Modes;
use flavor::package::{Reader, verify};
use flavor::slot::{Decoders, Destination, extract, measure};
use serde_json::{Value, json};

use crate::damage::Damage;
use crate::encode::package::{Package, Slot, Written, sha256};
use crate::encode::{Archive, Frames, Gzip, Xz, Zstd};
use crate::environment::compose;
use crate::json::in_order;
use crate::scratch::{self, Enclosure};
use crate::tree;

/// Slots that are made of however many.
const MOST: usize = 6;
/// Content of a slot beyond this is not made.
const LARGE: usize = 1 << 20;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    launcher: &'a [u8],
    /// Seldom anything but a name.
    name: Option<&'a str>,
    slots: Vec<SlotPlan<'a>>,
    venv: Option<(u8, &'a str)>,
    /// What is signed and not so.
    lies: Vec<Lie<'a>>,
    damage: Damage<'a>,
    /// Whether an environment is made of it.
    is_composed: bool,
}

#[derive(Arbitrary, Debug)]
struct SlotPlan<'a> {
    content: Content<'a>,
    encoding: Encoding,
    lifecycle: Lifecycle,
    target: Target<'a>,
    permissions: u16,
}

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    Tree(Archive<'a>),
    File(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Encoding {
    Raw,
    Gzip(Gzip),
    Zstd(Zstd, Frames),
    Xz(Xz),
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Lifecycle {
    Eager,
    Lazy,
    Temporary,
    Init,
    Attestation,
}

/// Targets of slots, few enough to meet.
#[derive(Arbitrary, Debug)]
enum Target<'a> {
    Root,
    A,
    AB,
    Bin,
    Private,
    Up,
    Absolute,
    Text(&'a str),
}

/// A signed value that is not the true one.
#[derive(Arbitrary, Debug)]
enum Lie<'a> {
    Size(u8, i64),
    Plain(u8, u64),
    Files(u8, u64),
    Entries(u8, u64),
    Sha256(u8, [u8; 32]),
    Blake3(u8, [u8; 32]),
    Id(u8, &'a str),
    LauncherSize(u64),
    LauncherDigest([u8; 32]),
    Schema(u32),
    Target(u8, &'a str),
    SlotLess,
}

/// A slot as it is stored.
#[derive(Debug)]
struct Made {
    stored: Vec<u8>,
    plain: Vec<u8>,
    word: String,
    code: u64,
    is_tree: bool,
    files: u64,
    entries: u64,
}

/// Target `package`.
pub fn package(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let Some(made) = input
        .slots
        .iter()
        .take(MOST)
        .map(SlotPlan::make)
        .collect::<Option<Vec<Made>>>()
    else {
        return;
    };
    let mut text = input.text(&made);
    for lie in &input.lies {
        lie.tell(&mut text);
    }
    let mut written = input.package(&text, &made).write();
    let whole = written.bytes.clone();
    input.damage.apply(&mut written);
    let is_damaged = written.bytes != whole;

    let file = scratch::file(&written.bytes);
    let reader = Reader::from_file(file, Path::new("app.psp"));
    let verified = reader
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|reader| verify(reader).map_err(|error| error.to_string()));
    if is_damaged {
        assert!(verified.is_err(), "a change that nobody signed is accepted");
        return;
    }
    if input.lies.is_empty() && !input.is_proper() {
        assert!(
            reader.is_err(),
            "names or paths are not what they are to be"
        );
    } else if input.lies.is_empty() {
        let verified = verified
            .as_ref()
            .unwrap_or_else(|error| panic!("an honest package is refused: {error}"));
        assert!(
            verified.launcher
                && verified.unauthenticated.is_empty()
                && verified.slots == made.len()
        );
    }
    let Ok(reader) = reader else { return };
    if verified.is_ok() {
        digests(&reader, &written, &input);
        for (slot, (made, plan)) in reader.slots().zip(made.iter().zip(&input.slots)) {
            let must =
                input.lies.is_empty() && !made.is_tree && matches!(plan.encoding, Encoding::Raw);
            let is_there = check_slot(&slot, made);
            assert!(is_there || !must, "a plain file is not extracted");
        }
    }
    if input.is_composed {
        compose(reader);
    }
}

/// What was verified is what is there.
fn digests(reader: &Reader, written: &Written, input: &Input<'_>) {
    for (slot, range) in reader.slots().zip(&written.slots) {
        let bytes = &written.bytes[range.clone()];
        assert_eq!(
            slot.record.checksum,
            format!("sha256:{}", hex::encode(sha256(bytes)))
        );
        assert_eq!(
            slot.facts.expect("ours").blake3.hex(),
            blake3::hash(bytes).to_hex().as_str()
        );
        assert_eq!(usize::try_from(slot.row.stored_size), Ok(bytes.len()));
        let stored = slot.stored().expect("operations of ours");
        assert_eq!(
            stored.bytes(u64::MAX).expect("a slot lies in the file"),
            bytes
        );
    }
    let launcher = &reader.metadata().launcher;
    assert_eq!(
        launcher.checksum,
        format!("sha256:{}", hex::encode(sha256(input.launcher)))
    );
}

/// Extracts a slot and looks at what is there then. Whether there is all of it.
fn check_slot(slot: &flavor::package::Slot<'_>, made: &Made) -> bool {
    let enclosure = Enclosure::new();
    let inside = enclosure.inside();
    let stored = slot.stored().expect("its operations are known");
    let destination = if made.is_tree {
        Destination::Tree(&inside, Modes::ReadOnly)
    } else {
        Destination::File {
            directory: &inside,
            name: OsStr::new("file"),
            mode: slot.record.mode(),
        }
    };
    let outcome = extract(&stored, destination, &Decoders::new(2));
    enclosure.check();
    tree::walk(&inside);
    let declared = stored.declared.expect("ours");
    match measure(&stored, |_, _| true, |_| ()) {
        Ok(shares) => {
            let sum: u64 = shares.entries.iter().sum();
            assert_eq!(
                sum + shares.overhead,
                stored.stored_size,
                "every stored byte belongs to something"
            );
        }
        Err(error) => assert!(
            outcome.is_err(),
            "what is extracted cannot be measured: {error}"
        ),
    }
    assert!(
        tree::bytes(&inside) <= declared.plain_size,
        "more was written than is declared"
    );
    match &outcome {
        Ok(done) => {
            assert_eq!(
                (done.bytes, done.files),
                (declared.plain_size, declared.files)
            );
            assert_eq!(done.bytes, made.plain.len() as u64);
            if !made.is_tree {
                assert_eq!(fs::read(inside.join("file")).expect("the file"), made.plain);
            }
        }
        Err(error) => assert!(
            error.is_content(),
            "the slot is to blame, not the machine: {error:?}"
        ),
    }
    outcome.is_ok()
}

impl SlotPlan<'_> {
    /// Seldom more than there may be.
    fn permissions(&self) -> u16 {
        if self.permissions >= 0o170_000 {
            self.permissions
        } else {
            self.permissions & 0o777
        }
    }

    fn make(&self) -> Option<Made> {
        let (plain, headers) = match &self.content {
            Content::Tree(archive) => archive.encode(),
            Content::File(bytes) => (bytes.to_vec(), vec![0]),
        };
        if plain.len() > LARGE {
            return None;
        }
        let (files, entries) = match &self.content {
            Content::Tree(archive) => archive.counts(),
            Content::File(_) => (1, 0),
        };
        let is_tree = matches!(self.content, Content::Tree(_));
        let (stored, code, word) = match &self.encoding {
            Encoding::Raw => (plain.clone(), 0, ["raw", "tar"]),
            Encoding::Gzip(gzip) => (gzip.encode(&plain), 0x10, ["gzip", "tar.gz"]),
            Encoding::Zstd(zstd, frames) => (
                zstd.encode(&plain, &headers, frames),
                0x1b,
                ["zstd", "tar.zst"],
            ),
            Encoding::Xz(xz) => (xz.encode(&plain), 0x16, ["xz", "tar.xz"]),
        };
        let code = if is_tree { code << 8 | 1 } else { code };
        Some(Made {
            stored,
            plain,
            word: word[usize::from(is_tree)].into(),
            code,
            is_tree,
            files,
            entries,
        })
    }
}

impl Lifecycle {
    fn word_and_code(self) -> (&'static str, u8) {
        match self {
            Self::Eager => ("eager", 7),
            Self::Lazy => ("lazy", 6),
            Self::Temporary => ("temporary", 5),
            Self::Init => ("init", 0),
            Self::Attestation => ("attestation", 11),
        }
    }
}

/// Relative, of parts that are names.
fn is_path(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255;
    path.len() <= 4096 && !path.contains(char::is_control) && path.split('/').all(is_part)
}

/// Whether nobody else is at a place, or below it, that is to be a slot's own: a file's, and that of a tree that comes and goes.
fn has_its_place(slots: &[SlotPlan<'_>], at: usize) -> bool {
    let slot = &slots[at];
    let is_tree = matches!(slot.content, Content::Tree(_));
    let comes_and_goes = matches!(slot.lifecycle, Lifecycle::Lazy | Lifecycle::Init);
    if is_tree && !comes_and_goes {
        return true;
    }
    let (own, below) = (slot.target.text(), slot.target.text() + "/");
    let is_elsewhere = |other: usize| {
        let target = slots[other].target.text();
        other == at || (target != own && !target.starts_with(&below))
    };
    !(is_tree && own == "{workenv}") && (0..slots.len()).all(is_elsewhere)
}

impl Target<'_> {
    fn is_proper(&self) -> bool {
        match self {
            Self::Root | Self::A | Self::AB | Self::Bin => true,
            Self::Private | Self::Up | Self::Absolute => false,
            Self::Text(text) => {
                let first = text.split('/').next().unwrap_or_default();
                is_path(text)
                    && !text.contains(['\\', ':', '{', '}'])
                    && !first.eq_ignore_ascii_case(".flavor")
            }
        }
    }

    fn text(&self) -> String {
        let below = |rest: &str| format!("{{workenv}}{rest}");
        match self {
            Self::Root => below(""),
            Self::A => below("/a"),
            Self::AB => below("/a/b"),
            Self::Bin => below("/bin"),
            Self::Private => below("/.flavor/x"),
            Self::Up => below("/../x"),
            Self::Absolute => "/tmp/flavor-fuzz-absolute".into(),
            Self::Text(text) => below(&format!("/{text}")),
        }
    }
}

impl Input<'_> {
    fn name(&self) -> &str {
        self.name.unwrap_or("name")
    }

    /// Whether names are names, and paths stay where they belong.
    fn is_proper(&self) -> bool {
        let slots = &self.slots[..self.slots.len().min(MOST)];
        let name = self.name();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(plain)
            && slots
                .iter()
                .all(|slot| slot.permissions() <= 0o777 && slot.target.is_proper())
            && (0..slots.len()).all(|at| has_its_place(slots, at))
            && self
                .venv
                .as_ref()
                .is_none_or(|(slot, path)| usize::from(slot % 6) < slots.len() && is_path(path))
    }

    /// What is to be signed.
    fn text(&self, made: &[Made]) -> Value {
        let slots: Vec<Value> = self
            .slots
            .iter()
            .zip(made)
            .enumerate()
            .map(|(at, (plan, made))| {
                json!({
                    "slot": at, "id": format!("slot-{at}"), "source": "", "target": plan.target.text(),
                    "size": made.stored.len(), "checksum": format!("sha256:{}", hex::encode(sha256(&made.stored))),
                    "operations": made.word, "purpose": "data", "lifecycle": plan.lifecycle.word_and_code().0,
                    "permissions": format!("{:04o}", plan.permissions()),
                })
            })
            .collect();
        let facts: Vec<Value> = made
            .iter()
            .map(|made| {
                json!({
                    "blake3": blake3::hash(&made.stored).to_hex().as_str(), "plain_size": made.plain.len(),
                    "files": made.files, "entries": made.entries,
                })
            })
            .collect();
        let mut text = json!({
            "format": "PSPF/2025", "format_version": "1.0.0", "package": {"name": self.name(), "version": "1"},
            "slots": slots,
            "execution": {"command": "", "env": {}},
            "verification": {
                "integrity_seal": {"required": true, "algorithm": "ed25519"},
                "signed": true, "require_verification": true,
            },
            "build": {"tool": "flavor", "tool_version": "0", "timestamp": "", "deterministic": true, "platform": {}},
            "compatibility": {"min_format_version": "1.0.0", "features": []},
            "launcher": {
                "tool": "flavor-launcher", "tool_version": "0", "size": self.launcher.len(),
                "checksum": format!("sha256:{}", hex::encode(sha256(self.launcher))), "capabilities": [],
            },
            "flavor": {
                "schema": 1, "target": format!("linux-{}", std::env::consts::ARCH), "slots": facts,
                "programs": [{"name": "a", "argv": ["{workenv}/a"]}], "build_timestamp": 0,
            },
        });
        if let Some((slot, executable)) = &self.venv {
            text["flavor"]["python"] = json!({
                "slot": format!("slot-{}", slot % 6), "executable": executable, "implementation": "cpython",
                "version": "3.13.0", "venv": true,
            });
        }
        text
    }

    /// The file, as the text implies it.
    fn package(&self, text: &Value, made: &[Made]) -> Package {
        let slots = self
            .slots
            .iter()
            .zip(made)
            .enumerate()
            .map(|(at, (plan, made))| {
                let record = &text["slots"][at];
                Slot {
                    bytes: made.stored.clone(),
                    name: record["id"].as_str().expect("a name").into(),
                    plain_size: text["flavor"]["slots"][at]["plain_size"]
                        .as_u64()
                        .unwrap_or(0),
                    operations: made.code,
                    sha256: digest(record),
                    purpose: 0,
                    lifecycle: plan.lifecycle.word_and_code().1,
                    permissions: plan.permissions(),
                }
            });
        let records = text["slots"].as_array().expect("slots");
        Package {
            launcher: self.launcher.to_vec(),
            text: in_order(text).into_bytes(),
            slots: slots.collect(),
            build_timestamp: 0,
            attestation: records
                .iter()
                .find(|record| record["lifecycle"] == "attestation")
                .map(digest),
            policy: None,
        }
    }
}

/// The SHA-256 that a record says.
fn digest(record: &Value) -> [u8; 32] {
    let mut digest = [0; 32];
    let text = record["checksum"]
        .as_str()
        .and_then(|text| text.strip_prefix("sha256:"))
        .expect("a digest");
    hex::decode_to_slice(text, &mut digest).expect("a digest");
    digest
}

impl Lie<'_> {
    fn tell(&self, text: &mut Value) {
        let count = text["slots"].as_array().map_or(0, Vec::len);
        let (list, slot, key, value) = match self {
            Self::Size(slot, size) => ("slots", slot, "size", json!(size)),
            Self::Sha256(slot, digest) => (
                "slots",
                slot,
                "checksum",
                json!(format!("sha256:{}", hex::encode(digest))),
            ),
            Self::Id(slot, id) => ("slots", slot, "id", json!(id)),
            Self::Target(slot, target) => ("slots", slot, "target", json!(target)),
            Self::Plain(slot, size) => ("flavor", slot, "plain_size", json!(size)),
            Self::Files(slot, files) => ("flavor", slot, "files", json!(files)),
            Self::Entries(slot, entries) => ("flavor", slot, "entries", json!(entries)),
            Self::Blake3(slot, digest) => ("flavor", slot, "blake3", json!(hex::encode(digest))),
            Self::LauncherSize(size) => return text["launcher"]["size"] = json!(size),
            Self::LauncherDigest(digest) => {
                return text["launcher"]["checksum"] =
                    json!(format!("sha256:{}", hex::encode(digest)));
            }
            Self::Schema(schema) => return text["flavor"]["schema"] = json!(schema),
            Self::SlotLess => {
                drop(text["flavor"]["slots"].as_array_mut().and_then(Vec::pop));
                return;
            }
        };
        let records = if list == "slots" {
            &mut text["slots"]
        } else {
            &mut text["flavor"]["slots"]
        };
        if let Some(record) = records.get_mut(usize::from(*slot) % count.max(1)) {
            record[key] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the encoders make is accepted by the reader, or the fuzzer would try nothing but refusals.
    #[test]
    fn an_honest_package_is_extracted() {
        let encodings = [
            Encoding::Raw,
            Encoding::Gzip(Gzip::default()),
            Encoding::Zstd(Zstd::default(), Frames::default()),
            Encoding::Xz(Xz::default()),
        ];
        let plan = |encoding, content, target| SlotPlan {
            content,
            encoding,
            lifecycle: Lifecycle::Eager,
            target,
            permissions: 0o755,
        };
        for encoding in encodings {
            let slot = plan(encoding, Content::Tree(Archive::sample()), Target::Root);
            let file = plan(Encoding::Raw, Content::File(b"a file"), Target::Bin);
            let input = Input {
                launcher: b"launcher",
                name: None,
                slots: vec![slot, file],
                venv: None,
                lies: Vec::new(),
                damage: Damage::None,
                is_composed: false,
            };
            let made: Vec<Made> = input.slots.iter().filter_map(SlotPlan::make).collect();
            let text = input.text(&made);
            let written = input.package(&text, &made).write();
            let reader = Reader::from_file(scratch::file(&written.bytes), Path::new("app.psp"))
                .expect("opened");
            verify(&reader).expect("verified");
            digests(&reader, &written, &input);
            for (slot, made) in reader.slots().zip(&made) {
                assert!(check_slot(&slot, made), "{made:?} is not extracted");
            }
        }
    }
}
