//! The attestation slot: SBOM and provenance.

mod commit;

use std::io::Write;

use serde_json::{Map, Value, json};

use super::application::{Evidence, Role};
use super::built::Built;
use super::native::Library;
use super::slots::SlotPlan;
use super::{BuildError, OWN_LAUNCHER, Settings};
use crate::evidence::{
    Attestation, Bill, Component, Envelope, Kind, License, Material, Provenance, Subject, escaped,
};
use crate::format::{ATTESTATION_SLOT, Blake3, Codec, FormatError, Operations, Sha256, limits};
use crate::fs::IoContext;
use crate::libraries::SystemPackage;
use crate::manifest::{Input, Manifest};
use crate::report::redact;
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

    fn evidence(&self) -> &Evidence {
        &self.built.encoded.contents.application.evidence
    }

    fn bill(&self) -> Bill {
        let project = &self.built.pack.manifest.project;
        let mut components = self.evidence().components.clone();
        let slots = self.built.slots();
        let own = slots
            .flat_map(|(plan, stored)| stored.native.libraries.iter().map(move |one| (plan, one)));
        components.extend(own.map(|(plan, one)| library(one, self.owner(plan, one))));
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
    fn owner<'a>(&'a self, plan: &SlotPlan, one: &'a Library) -> Option<&'a SystemPackage> {
        let of_runtime = || {
            let owners = &self.evidence().owners;
            owners.get(&one.path).filter(|_| plan.role == Role::Runtime)
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
        let resolved = self.evidence().parameters.iter();
        options.extend(resolved.map(|(name, value)| ((*name).to_owned(), value.clone())));
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
            let digest = Sha256::of(&std::fs::read(path).on("read", path)?);
            found.push(Material::new(name, None, "sha256", digest.hex()));
        }
        // A single file may be in any directory.
        let is_tree = matches!(input, Input::Project | Input::Directory);
        if let Some(commit) = is_tree.then(|| commit::head(directory)).flatten() {
            found.push(Material::new("repository", None, "gitCommit", commit));
        }
        found.extend(self.evidence().materials.iter().cloned());
        for one in self
            .built
            .slots()
            .flat_map(|(_, stored)| &stored.native.carried)
        {
            let uri = one
                .package
                .as_ref()
                .map(|package| system_purl(package, &one.from.display().to_string()));
            let name = one.from.display().to_string();
            found.push(Material::new(&name, uri, "sha256", one.sha256.hex()));
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
                let digest = digest.clone();
                found.push(Material::new(&plan.source, None, "blake3", digest));
            }
        }
        Ok(found)
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
    let name = escaped(name);
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
