//! The slot that says what is in the package and what it was made from.

mod commit;

use std::io::Write;

use serde_json::{Map, Value, json};

use super::application::Evidence;
use super::cache::BuildCache;
use super::encoded::Stored;
use super::native::Library;
use super::slots::SlotPlan;
use super::{BuildError, OWN_LAUNCHER, Settings};
use crate::evidence::{Archive, Attestation, Bill, Component, Envelope, Kind, License, Material, Provenance, Subject};
use crate::format::{ATTESTATION_SLOT, Blake3, Codec, Operations, Sha256};
use crate::fs::IoContext;
use crate::manifest::Manifest;
use crate::python::install::{Distribution, Part};
use crate::sign::SecretKey;
use crate::slot::EncodedSlot;
use crate::stub::{Family, Stub};

/// What the attestation is about.
pub(super) struct About<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) settings: &'a Settings,
    pub(super) version: &'a str,
    pub(super) stub: &'a Stub,
    pub(super) plans: &'a [SlotPlan],
    pub(super) stored: &'a [Stored],
    /// `None` without Python.
    pub(super) python: Option<&'a Evidence>,
    pub(super) libraries: &'a [Library],
}

impl About<'_> {
    /// Makes the slot. The same package gives the same bytes.
    pub(super) fn slot(&self, key: &SecretKey, cache: &BuildCache) -> Result<EncodedSlot, BuildError> {
        let provenance = Envelope::sign(&self.provenance()?.statement(), key);
        let bytes = Attestation { provenance, sbom: self.bill().to_json() }.to_bytes();
        let path = cache.work().join(ATTESTATION_SLOT);
        let mut file =
            std::fs::File::options().read(true).write(true).create_new(true).open(&path).on("create", &path)?;
        file.write_all(&bytes).on("write", &path)?;
        Ok(EncodedSlot {
            file,
            stored_size: bytes.len() as u64,
            plain_size: bytes.len() as u64,
            files: 1,
            entries: 0,
            operations: Operations { tar: false, codec: Codec::Raw },
            sha256: Sha256::of(&bytes),
            blake3: Blake3::of(&bytes),
        })
    }

    fn bill(&self) -> Bill {
        let project = &self.manifest.project;
        let mut components = Vec::new();
        if let Some(python) = self.python {
            components.extend(python.distributions.iter().map(distribution));
            components.push(interpreter(python));
        }
        components.extend(self.libraries.iter().map(library));
        components.push(self.launcher());
        Bill {
            package: Component {
                kind: Kind::Application,
                name: self.manifest.package_name.clone(),
                version: Some(self.version.into()),
                purl: Some(format!("pkg:generic/{}@{}", self.manifest.package_name, escaped(self.version))),
                description: project.description.clone(),
                ..Component::default()
            },
            components,
            timestamp: self.settings.epoch,
        }
    }

    fn launcher(&self) -> Component {
        let own = self.stub.family == Family::Flavor;
        Component {
            kind: Kind::Application,
            name: if own { OWN_LAUNCHER } else { "flavorpack-launcher" }.into(),
            version: own.then(|| env!("CARGO_PKG_VERSION").into()),
            license: own.then(|| License::Expression(env!("CARGO_PKG_LICENSE").into())),
            sha256: Some(self.stub.sha256()),
            ..Component::default()
        }
    }

    fn provenance(&self) -> Result<Provenance, BuildError> {
        let slots = self.plans.iter().zip(self.stored);
        let mut subjects: Vec<Subject> = slots
            .map(|(plan, stored)| Subject { name: format!("slot/{}", plan.name), sha256: stored.slot.sha256 })
            .collect();
        subjects.push(Subject { name: "launcher".into(), sha256: self.stub.sha256() });
        Ok(Provenance {
            subjects,
            parameters: self.parameters(),
            materials: self.materials()?,
            source_date_epoch: self.settings.epoch,
        })
    }

    /// What decides on the bytes of the package, beside its materials. Not the number of jobs, and no address of an
    /// index: they may hold passwords.
    fn parameters(&self) -> Map<String, Value> {
        let Settings { strip, effort, .. } = self.settings;
        let mut options = Map::from_iter([("compress".to_owned(), json!(effort)), ("strip".to_owned(), json!(strip))]);
        // Which one it was, not how it was asked for: that may be a path of this machine.
        if let Some(python) = self.python {
            options.insert("python".into(), python.version.as_str().into());
        }
        let manifest = self.manifest.path.file_name().unwrap_or_default().to_string_lossy();
        Map::from_iter([
            ("manifest".to_owned(), json!(manifest)),
            ("package".to_owned(), json!(self.manifest.package_name)),
            ("options".to_owned(), options.into()),
        ])
    }

    fn materials(&self) -> Result<Vec<Material>, BuildError> {
        let mut found = Vec::new();
        let mut add = |name: &str, uri: Option<String>, algorithm, digest| {
            found.push(Material { name: name.into(), uri, digest: (algorithm, digest) });
        };
        let path = &self.manifest.path;
        let text = std::fs::read(path).on("read", path)?;
        add("manifest", None, "sha256", Sha256::of(&text).hex());
        if let Some(commit) = commit::head(&self.manifest.directory) {
            add("repository", None, "gitCommit", commit);
        }
        if let Some(python) = self.python {
            add("sources", None, "blake3", python.sources.hex());
            if let Some((name, digest)) = &python.lock {
                add(name, None, "sha256", digest.hex());
            }
            let uri = interpreter(python).purl;
            add("interpreter", uri, "blake3", python.interpreter_files.hex());
            for one in &python.distributions {
                let uri = Some(purl(&one.name, &one.version));
                match &one.archive {
                    Some(archive) => add(&archive.file, uri, "sha256", archive.sha256.clone()),
                    None => add(&format!("{}/RECORD", one.dist_info), uri, "sha256", one.record.clone()),
                }
            }
        }
        for plan in self.plans.iter().filter(|plan| !plan.source.is_empty()) {
            if let Some(digest) = plan.inputs.get("content").and_then(|input| input.values.first()) {
                add(&plan.source, None, "blake3", digest.clone());
            }
        }
        Ok(found)
    }
}

fn distribution(one: &Distribution) -> Component {
    let license = one.license.clone();
    Component {
        kind: Kind::Library,
        name: one.name.clone(),
        version: Some(one.version.clone()),
        purl: Some(purl(&one.name, &one.version)),
        license: license.map(if one.spdx { License::Expression } else { License::Name }),
        description: None,
        sha256: digest(&one.record),
        archive: one
            .archive
            .as_ref()
            .and_then(|archive| Some(Archive { file: archive.file.clone(), sha256: digest(&archive.sha256)? })),
        properties: vec![("flavor:hash-of", format!("{}/RECORD", one.dist_info))],
        parts: one.parts.iter().map(part).collect(),
    }
}

fn part(one: &Part) -> Component {
    Component { name: one.name.clone(), version: one.version.clone(), purl: one.purl.clone(), ..Component::default() }
}

fn interpreter(python: &Evidence) -> Component {
    Component {
        kind: Kind::Platform,
        name: python.implementation.clone(),
        version: Some(python.version.clone()),
        purl: Some(format!("pkg:generic/{}@{}", python.implementation, escaped(&python.version))),
        license: Some(License::Expression("PSF-2.0".into())),
        ..Component::default()
    }
}

fn library(one: &Library) -> Component {
    let name = one.path.rsplit('/').next().unwrap_or(&one.path);
    Component {
        kind: Kind::Library,
        name: one.path.clone(),
        description: Some(format!("shared library {name}")),
        sha256: Some(one.sha256),
        ..Component::default()
    }
}

fn digest(hex: &str) -> Option<Sha256> {
    Sha256::parse(&format!("sha256:{hex}"))
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:pypi/{name}@{}", escaped(version))
}

/// A version in a package URL: everything but letters, digits and `.-_~` is percent-encoded.
fn escaped(version: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~".contains(&byte);
    version
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
