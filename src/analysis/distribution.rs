//! Assigns entries to distributions, by the RECORD of each distribution.

use std::collections::{BTreeMap, HashMap};

use super::contents::{PackedDistribution, PackedEntry};
use crate::python::{CoreMetadata, recorded_paths};

/// The metadata of the distributions of one slot, by the path of their `dist-info`.
#[derive(Debug, Default)]
pub(super) struct Claims(BTreeMap<String, Claim>);

#[derive(Debug, Default)]
struct Claim {
    metadata: CoreMetadata,
    record: String,
}

impl Claims {
    /// Records a `METADATA` or `RECORD`.
    pub(super) fn read(&mut self, path: &str, content: &[u8]) {
        let Some((dist_info, file)) = path.rsplit_once('/') else {
            return;
        };
        let claim = self.0.entry(dist_info.into()).or_default();
        let text = String::from_utf8_lossy(content);
        if file == "RECORD" {
            claim.record = text.into_owned();
        } else {
            claim.metadata = CoreMetadata::parse(&text);
        }
    }

    /// The directories that distributions are installed in, and modules are imported from.
    pub(super) fn roots(&self) -> Vec<String> {
        let mut roots: Vec<String> = self
            .0
            .keys()
            .map(|dist_info| site_packages(dist_info).to_owned())
            .collect();
        roots.dedup();
        roots
    }

    /// Assigns each entry to the distribution that lists it, and sums up each distribution.
    pub(super) fn settle(
        self: &Claims,
        slot: &str,
        entries: &mut [PackedEntry],
        distributions: &mut Vec<PackedDistribution>,
    ) {
        let mut owners: HashMap<String, usize> = HashMap::new();
        for (dist_info, claim) in &self.0 {
            let Some(name) = &claim.metadata.name else {
                continue;
            };
            let version = claim.metadata.version.clone().unwrap_or_default();
            let site_packages = site_packages(dist_info);
            for path in recorded_paths(&claim.record) {
                // If two list one file, it belongs to the first.
                owners
                    .entry(normal(site_packages, &path))
                    .or_insert(distributions.len());
            }
            distributions.push(PackedDistribution {
                purl: format!("pkg:pypi/{name}@{version}"),
                name: name.clone(),
                version,
                slot: slot.into(),
                license: claim.metadata.license.clone(),
                requires: claim.metadata.requires.clone(),
                ..PackedDistribution::default()
            });
        }
        if owners.is_empty() {
            return;
        }
        for entry in entries
            .iter_mut()
            .filter(|entry| entry.is_file() || entry.link.is_some())
        {
            let owner = owners
                .get(&entry.path)
                .or_else(|| owners.get(&source_of(&entry.path)?))
                .copied();
            let Some(distribution) = owner.and_then(|owner| distributions.get_mut(owner)) else {
                continue;
            };
            entry.distribution = owner;
            distribution.files += 1;
            distribution.size += entry.size;
            distribution.stored += entry.stored;
        }
    }
}

fn site_packages(dist_info: &str) -> &str {
    dist_info.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A path of a RECORD, relative to the slot: `../../../bin/tool` leads out of site-packages.
fn normal(site_packages: &str, path: &str) -> String {
    let mut parts: Vec<&str> = site_packages
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The source of bytecode, which is compiled after installation and listed in no RECORD.
fn source_of(path: &str) -> Option<String> {
    let (directory, name) = path.rsplit_once('/')?;
    let directory = directory.strip_suffix("__pycache__")?;
    let stem = name.strip_suffix(".pyc")?.split('.').next()?;
    Some(format!("{directory}{stem}.py"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_record_lead_to_entries() {
        let root = "lib/python3.13/site-packages";
        assert_eq!(
            normal(root, "rich/console.py"),
            "lib/python3.13/site-packages/rich/console.py"
        );
        assert_eq!(normal(root, "../../../bin/http"), "bin/http");
        assert_eq!(normal("", "a/./b"), "a/b");
    }

    #[test]
    fn bytecode_belongs_to_its_source() {
        assert_eq!(
            source_of("rich/__pycache__/console.cpython-313.pyc").as_deref(),
            Some("rich/console.py")
        );
        assert_eq!(source_of("rich/console.py"), None);
        assert_eq!(
            source_of("__pycache__/six.cpython-313.pyc").as_deref(),
            Some("six.py")
        );
    }
}
