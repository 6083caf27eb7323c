//! What the SBOM and the provenance say about a Python application.

use super::context::LIBRARIES;
use super::runtime::Runtime;
use crate::evidence::{Archive, Component, Kind, License, Material, escaped};
use crate::format::{Blake3, PythonFacts, Sha256};
use crate::pack::application::Evidence;
use crate::python::install::{BundledComponent, Distribution, Subject};

/// What an application was made from.
pub(super) struct Origins<'a> {
    pub(super) python: &'a PythonFacts,
    pub(super) runtime: &'a Runtime,
    pub(super) subject: Option<&'a Subject>,
    /// Digest of the project's sources.
    pub(super) sources: Blake3,
    /// The lock file that determined the versions: name and digest.
    pub(super) lock: Option<&'a (String, Sha256)>,
    pub(super) distributions: &'a [Distribution],
}

impl Origins<'_> {
    pub(super) fn evidence(&self) -> Evidence {
        let interpreter = self.interpreter();
        let materials = self.materials(&interpreter);
        let distributions = self.distributions.iter().map(distribution);
        let owners = self.runtime.owners.iter();
        Evidence {
            components: distributions.chain([interpreter]).collect(),
            materials,
            // The resolved interpreter, not the option: that may be a path of this machine.
            parameters: vec![("python", self.python.version.as_str().into())],
            owners: owners
                .map(|(name, owner)| (format!("{LIBRARIES}/{name}"), owner.clone()))
                .collect(),
        }
    }

    fn materials(&self, interpreter: &Component) -> Vec<Material> {
        let mut materials: Vec<Material> = self.source().into_iter().collect();
        if let Some((name, digest)) = self.lock {
            materials.push(Material::new(name, None, "sha256", digest.hex()));
        }
        materials.push(Material::new(
            "interpreter",
            interpreter.purl.clone(),
            "blake3",
            self.runtime.files.hex(),
        ));
        materials.extend(self.distributions.iter().map(installed));
        materials
    }

    /// The sources, or what a requirement resolved to.
    fn source(&self) -> Option<Material> {
        match self.subject {
            None => Some(Material::new("sources", None, "blake3", self.sources.hex())),
            Some(Subject {
                from,
                commit: Some(commit),
                ..
            }) => {
                // Its path on this machine is irrelevant to others.
                let uri = Some(from.clone()).filter(|from| !from.contains("file://"));
                Some(Material::new(
                    "repository",
                    uri,
                    "gitCommit",
                    commit.clone(),
                ))
            }
            // Without a digest it is among the distributions, with the digest of its files.
            Some(Subject {
                name,
                version,
                sha256,
                ..
            }) => sha256.clone().map(|digest| {
                Material::new("requirement", Some(purl(name, version)), "sha256", digest)
            }),
        }
    }

    fn interpreter(&self) -> Component {
        let (name, version) = (&self.python.implementation, &self.python.version);
        Component {
            kind: Kind::Platform,
            name: name.clone(),
            version: Some(version.clone()),
            purl: Some(format!("pkg:generic/{name}@{}", escaped(version))),
            license: Some(License::Expression("PSF-2.0".into())),
            ..Component::default()
        }
    }
}

fn installed(one: &Distribution) -> Material {
    let (name, digest) = match &one.archive {
        Some(archive) => (archive.file.clone(), &archive.sha256),
        None => (format!("{}/RECORD", one.dist_info), &one.record),
    };
    let uri = Some(purl(&one.name, &one.version));
    Material::new(&name, uri, "sha256", digest.clone())
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

fn digest(hex: &str) -> Option<Sha256> {
    Sha256::parse(&format!("sha256:{hex}"))
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:pypi/{name}@{}", escaped(version))
}
