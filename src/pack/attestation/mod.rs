//! The attestation slot: SBOM and provenance.

mod commit;

use std::io::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::native::Library;
use super::python::{Evidence, RUNTIME};
use super::seal::Built;
use super::{BuildError, OWN_LAUNCHER, Settings};
use crate::evidence::{
    Archive, Attestation, Bill, Component, Envelope, Kind, License, Material, Provenance, Subject,
};
use crate::format::{ATTESTATION_SLOT, Blake3, Codec, FormatError, Operations, Sha256, limits};
use crate::fs::IoContext;
use crate::libraries::SystemPackage;
use crate::manifest::{Input, Manifest};
use crate::python::install::{self, BundledComponent, Distribution};
use crate::python::redact;
use crate::sign::SecretKey;
use crate::slot::EncodedSlot;
use crate::stub::Family;

/// What the attestation is about.
pub(super) struct About<'a> {
    pub(super) built: Built<'a>,
}

impl About<'_> {
    /// Makes the slot. Equal packages give equal bytes.
    pub(super) fn slot(&self, key: &SecretKey) -> Result<EncodedSlot, BuildError> {
        let provenance = Envelope::sign(&self.provenance()?.statement(), key);
        let bytes = Attestation {
            provenance,
            sbom: self.bill().to_json(),
        }
        .to_bytes();
        if bytes.len() as u64 > limits::ATTESTATION {
            let (found, limit) = (bytes.len() as u64, limits::ATTESTATION);
            return Err(FormatError::OverLimit {
                what: "bytes of attestation",
                found,
                limit,
            }
            .into());
        }
        let path = self.built.pack.cache.work().join(ATTESTATION_SLOT);
        let mut file = std::fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .on("create", &path)?;
        file.write_all(&bytes).on("write", &path)?;
        Ok(EncodedSlot {
            file,
            stored_size: bytes.len() as u64,
            plain_size: bytes.len() as u64,
            files: 1,
            entries: 0,
            operations: Operations {
                tar: false,
                codec: Codec::Raw,
            },
            sha256: Sha256::of(&bytes),
            blake3: Blake3::of(&bytes),
        })
    }

    /// `None` without Python.
    fn python(&self) -> Option<&Evidence> {
        self.built.application().map(|built| &built.evidence)
    }

    fn bill(&self) -> Bill {
        let project = &self.built.pack.manifest.project;
        let mut components = Vec::new();
        if let Some(python) = self.python() {
            components.extend(python.distributions.iter().map(distribution));
            components.push(interpreter(python));
        }
        let slots = self.built.slots();
        let own = slots
            .flat_map(|(plan, stored)| stored.native.libraries.iter().map(move |one| (plan, one)));
        components.extend(own.map(|(plan, one)| library(one, self.owner(&plan.name, one))));
        components.push(self.launcher());
        Bill {
            package: Component {
                kind: Kind::Application,
                name: self.built.pack.manifest.package_name.clone(),
                version: Some(self.built.version.into()),
                purl: Some(format!(
                    "pkg:generic/{}@{}",
                    self.built.pack.manifest.package_name,
                    escaped(self.built.version)
                )),
                description: project.description.clone(),
                ..Component::default()
            },
            components,
            timestamp: *self.built.pack.settings.epoch,
        }
    }

    /// The owner of a library that was copied from this machine.
    fn owner<'a>(&'a self, slot: &str, one: &'a Library) -> Option<&'a SystemPackage> {
        let of_runtime = || {
            let name = one.path.strip_prefix("lib/")?;
            self.python().filter(|_| slot == RUNTIME)?.owners.get(name)
        };
        one.package.as_ref().or_else(of_runtime)
    }

    fn launcher(&self) -> Component {
        let own = self.built.pack.stub.family == Family::Flavor;
        Component {
            kind: Kind::Application,
            name: if own {
                OWN_LAUNCHER
            } else {
                "flavorpack-launcher"
            }
            .into(),
            version: own.then(|| env!("CARGO_PKG_VERSION").into()),
            license: own.then(|| License::Expression(env!("CARGO_PKG_LICENSE").into())),
            sha256: Some(self.built.pack.stub.sha256()),
            ..Component::default()
        }
    }

    fn provenance(&self) -> Result<Provenance, BuildError> {
        let slots = self.built.slots();
        let mut subjects: Vec<Subject> = slots
            .map(|(plan, stored)| Subject {
                name: format!("slot/{}", plan.name),
                sha256: stored.slot.sha256,
            })
            .collect();
        subjects.push(Subject {
            name: "launcher".into(),
            sha256: self.built.pack.stub.sha256(),
        });
        Ok(Provenance {
            subjects,
            parameters: self.parameters(),
            materials: self.materials()?,
            source_date_epoch: *self.built.pack.settings.epoch,
        })
    }

    /// The parameters that determine the bytes of the package, besides its materials. Excludes the
    /// number of jobs, and index URLs, which may contain passwords.
    fn parameters(&self) -> Map<String, Value> {
        let Settings {
            strip,
            effort,
            slim,
            ..
        } = self.built.pack.settings;
        let mut options = Map::from_iter([
            ("compress".to_owned(), json!(**effort)),
            ("strip".to_owned(), json!(**strip)),
        ]);
        if !slim.is_empty() {
            options.insert(
                "slim".into(),
                slim.iter()
                    .map(|slim| slim.name())
                    .collect::<Vec<_>>()
                    .into(),
            );
        }
        // The resolved interpreter, not the option: that may be a path of this machine.
        if let Some(python) = self.python() {
            options.insert("python".into(), python.version.as_str().into());
        }
        let Manifest {
            path,
            input,
            choices,
            package_name,
            build,
            requirement,
            ..
        } = self.built.pack.manifest;
        if let Some(entry_point) = &choices.entry_point {
            options.insert("entry_point".into(), entry_point.as_str().into());
        }
        if let Some(script) = &choices.script {
            options.insert("script".into(), script.as_str().into());
        }
        for (name, chosen) in [("extras", &choices.extras), ("groups", &choices.groups)] {
            if !chosen.is_empty() {
                options.insert(name.into(), chosen.clone().into());
            }
        }
        // Only whether there are commands, not the commands themselves, which may be confidential.
        let hooks = [
            ("pre_build", &build.pre_build),
            ("post_build", &build.post_build),
        ];
        let hooks = hooks
            .iter()
            .filter(|(_, commands)| self.built.pack.settings.hooks && !commands.is_empty());
        let hooks: Vec<Value> = hooks.map(|(name, _)| json!(name)).collect();
        if !hooks.is_empty() {
            options.insert("hooks".into(), hooks.into());
        }
        let mut found = Map::from_iter([
            ("package".to_owned(), json!(package_name)),
            ("options".into(), options.into()),
        ]);
        // A directory has no name of its own: the package does not depend on its path.
        if !matches!(input, Input::Directory | Input::Requirement) {
            found.insert(
                "manifest".into(),
                json!(path.file_name().unwrap_or_default().to_string_lossy()),
            );
        }
        if let Some(requirement) = requirement {
            found.insert("requirement".into(), shown(requirement).into());
        }
        if let Some(input) = input.name() {
            found.insert("input".into(), input.into());
        }
        found
    }

    fn materials(&self) -> Result<Vec<Material>, BuildError> {
        let mut found = Vec::new();
        let mut add = |name: &str, uri: Option<String>, algorithm, digest| {
            found.push(Material {
                name: name.into(),
                uri,
                digest: (algorithm, digest),
            });
        };
        let Manifest {
            path,
            input,
            directory,
            ..
        } = self.built.pack.manifest;
        let name = match input {
            Input::Project => Some("manifest"),
            // They are their own sources.
            Input::Script | Input::Wheel => input.name(),
            Input::Directory | Input::Requirement => None,
        };
        if let Some(name) = name {
            add(
                name,
                None,
                "sha256",
                Sha256::of(&std::fs::read(path).on("read", path)?).hex(),
            );
        }
        // A single file may be in any directory.
        let is_tree = matches!(input, Input::Project | Input::Directory);
        if let Some(commit) = is_tree.then(|| commit::head(directory)).flatten() {
            add("repository", None, "gitCommit", commit);
        }
        if let Some(python) = self.python() {
            let application = self.built.application();
            match application.and_then(|built| built.subject.as_ref()) {
                None => add("sources", None, "blake3", python.sources.hex()),
                Some(install::Subject {
                    from,
                    commit: Some(commit),
                    ..
                }) => {
                    // Its path on this machine is irrelevant to others.
                    let uri = Some(from.clone()).filter(|from| !from.contains("file://"));
                    add("repository", uri, "gitCommit", commit.clone());
                }
                Some(install::Subject {
                    name,
                    version,
                    sha256: Some(sha256),
                    ..
                }) => {
                    add(
                        "requirement",
                        Some(purl(name, version)),
                        "sha256",
                        sha256.clone(),
                    );
                }
                // It is among the distributions, with the digest of its files.
                Some(_) => {}
            }
            if let Some((name, digest)) = &python.lock {
                add(name, None, "sha256", digest.hex());
            }
            let uri = interpreter(python).purl;
            add("interpreter", uri, "blake3", python.interpreter_files.hex());
            for one in &python.distributions {
                let uri = Some(purl(&one.name, &one.version));
                match &one.archive {
                    Some(archive) => add(&archive.file, uri, "sha256", archive.sha256.clone()),
                    None => add(
                        &format!("{}/RECORD", one.dist_info),
                        uri,
                        "sha256",
                        one.record.clone(),
                    ),
                }
            }
        }
        for one in self
            .built
            .slots()
            .flat_map(|(_, stored)| &stored.native.carried)
        {
            let uri = one
                .package
                .as_ref()
                .map(|package| system_purl(package, &one.from.display().to_string()));
            add(
                &one.from.display().to_string(),
                uri,
                "sha256",
                one.sha256.hex(),
            );
        }
        for (plan, _) in self
            .built
            .slots()
            .filter(|(plan, _)| !plan.source.is_empty())
        {
            if let Some(digest) = plan
                .inputs
                .get("content")
                .and_then(|input| input.values.first())
            {
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
        license: license.map(if one.spdx {
            License::Expression
        } else {
            License::Name
        }),
        description: None,
        sha256: digest(&one.record),
        archive: one.archive.as_ref().and_then(|archive| {
            Some(Archive {
                file: archive.file.clone(),
                sha256: digest(&archive.sha256)?,
            })
        }),
        properties: vec![("flavor:hash-of", format!("{}/RECORD", one.dist_info))],
        parts: one.parts.iter().map(part).collect(),
    }
}

fn part(one: &BundledComponent) -> Component {
    let license = one.license.clone();
    Component {
        name: one.name.clone(),
        version: one.version.clone(),
        purl: one.purl.clone(),
        license: license.map(if one.spdx {
            License::Expression
        } else {
            License::Name
        }),
        sha256: one.sha256.as_deref().and_then(digest),
        ..Component::default()
    }
}

fn interpreter(python: &Evidence) -> Component {
    Component {
        kind: Kind::Platform,
        name: python.implementation.clone(),
        version: Some(python.version.clone()),
        purl: Some(format!(
            "pkg:generic/{}@{}",
            python.implementation,
            escaped(&python.version)
        )),
        license: Some(License::Expression("PSF-2.0".into())),
        ..Component::default()
    }
}

fn library(one: &Library, owner: Option<&SystemPackage>) -> Component {
    let name = one.path.rsplit('/').next().unwrap_or(&one.path);
    let mut component = Component {
        kind: Kind::Library,
        name: one.path.clone(),
        description: Some(format!("shared library {name}")),
        sha256: Some(one.sha256),
        ..Component::default()
    };
    if let Some(owner) = owner {
        component.version = Some(owner.version.clone());
        component.purl = Some(system_purl(owner, &one.path));
        component.license = owner.license.clone().map(License::Name);
        component.properties = vec![
            (
                "flavor:system-package",
                format!("{} {}", owner.name, owner.version),
            ),
            ("flavor:source-package", owner.source.clone()),
        ];
    }
    component
}

/// Several libraries may be from one package: the path of the file distinguishes them.
fn system_purl(owner: &SystemPackage, path: &str) -> String {
    let SystemPackage {
        kind,
        distribution,
        release,
        name,
        version,
        architecture,
        source,
        ..
    } = owner;
    let name = utf8_percent_encode(name, IN_VERSIONS);
    let file: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| escaped(part).to_string())
        .collect();
    format!(
        "pkg:{kind}/{distribution}/{name}@{}?arch={architecture}&distro={distribution}-{release}&upstream={}#{}",
        escaped(version),
        escaped(source),
        file.join("/")
    )
}

/// A requirement without credentials and without local paths.
fn shown(requirement: &str) -> String {
    match requirement.split_once("file://") {
        Some((before, path)) => {
            let (path, rest) = path
                .split_once(" ;")
                .map_or((path, String::new()), |(path, rest)| {
                    (path, format!(" ;{rest}"))
                });
            format!("{before}{}{rest}", path.rsplit('/').next().unwrap_or(path))
        }
        None => redact(requirement),
    }
}

fn digest(hex: &str) -> Option<Sha256> {
    Sha256::parse(&format!("sha256:{hex}"))
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:pypi/{name}@{}", escaped(version))
}

/// Characters to be escaped in the version of a package URL.
const IN_VERSIONS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn escaped(version: &str) -> PercentEncode<'_> {
    utf8_percent_encode(version, IN_VERSIONS)
}
