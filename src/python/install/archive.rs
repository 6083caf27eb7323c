//! Determines from which file each distribution was installed, as far as possible.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::distribution::{Archive, Distribution};
use crate::fs::{IoContext as _, Result};
use crate::python::core_metadata::normalised;

/// Finds each distribution's wheel among `wheels`, or else among those that the index has
/// `published`. Wheels built on this machine must not be among them: their bytes differ from build
/// to build.
pub(super) fn identify(
    distributions: &mut [Distribution],
    site_packages: &Path,
    wheels: &[PathBuf],
    published: &[Archive],
) -> Result<()> {
    for distribution in distributions {
        let tags = tags(&site_packages.join(&distribution.dist_info));
        let mut fitting = wheels.iter().filter(|wheel| {
            let name = wheel.file_name().unwrap_or_default().to_string_lossy();
            fits(&name, distribution, &tags)
        });
        // The same file may be in two directories; different files of the same name are ambiguous.
        let Some(first) = fitting.next() else {
            let mut offered = published
                .iter()
                .filter(|archive| fits(&archive.file, distribution, &tags));
            if let (Some(only), None) = (offered.next(), offered.next()) {
                distribution.archive = Some(only.clone());
            }
            continue;
        };
        let sha256 = digest(first)?;
        if fitting.all(|other| digest(other).is_ok_and(|other| other == sha256)) {
            let file = first
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            distribution.archive = Some(Archive { file, sha256 });
        }
    }
    Ok(())
}

/// Whether one of these wheels is the one that a distribution was installed from.
pub(super) fn is_among(
    distribution: &Distribution,
    site_packages: &Path,
    wheels: &[PathBuf],
) -> bool {
    let tags = tags(&site_packages.join(&distribution.dist_info));
    let name = |wheel: &PathBuf| {
        wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    wheels
        .iter()
        .any(|wheel| fits(&name(wheel), distribution, &tags))
}

/// The tags of an installed wheel, from its `WHEEL` file.
fn tags(dist_info: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(dist_info.join("WHEEL")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("Tag:"))
        .map(|tag| tag.trim().to_owned())
        .collect()
}

/// Whether a wheel's file name is that of this distribution: PEP 427 § File name convention.
fn fits(file: &str, distribution: &Distribution, tags: &BTreeSet<String>) -> bool {
    let Some(stem) = file.strip_suffix(".whl") else {
        return false;
    };
    let parts: Vec<&str> = stem.split('-').collect();
    let (name, version, compressed) = match parts[..] {
        [name, version, python, abi, platform] | [name, version, _, python, abi, platform] => {
            (name, version, [python, abi, platform])
        }
        _ => return false,
    };
    let [pythons, abis, platforms] = compressed.map(|part| part.split('.'));
    let expanded: BTreeSet<String> = pythons
        .flat_map(|python| abis.clone().map(move |abi| (python, abi)))
        .flat_map(|(python, abi)| {
            platforms
                .clone()
                .map(move |platform| format!("{python}-{abi}-{platform}"))
        })
        .collect();
    let same = |one: &str, other: &str| {
        one.eq_ignore_ascii_case(other) || one.replace('_', "-") == other.replace('_', "-")
    };
    normalised(name) == distribution.name
        && same(version, &distribution.version)
        && expanded == *tags
}

fn digest(path: &Path) -> Result<String> {
    let bytes = fs::read(path).on("read", path)?;
    Ok(hex::encode(Sha256::digest(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_known_by_name_version_and_tags() {
        let distribution = Distribution {
            name: "zope-interface".into(),
            version: "5.0".into(),
            ..Distribution::default()
        };
        let tags = BTreeSet::from(["py2-none-any".to_owned(), "py3-none-any".to_owned()]);
        assert!(fits(
            "zope.interface-5.0-py2.py3-none-any.whl",
            &distribution,
            &tags
        ));
        assert!(fits(
            "Zope_Interface-5.0-1-py2.py3-none-any.whl",
            &distribution,
            &tags
        ));
        assert!(!fits(
            "zope.interface-5.1-py2.py3-none-any.whl",
            &distribution,
            &tags
        ));
        assert!(!fits(
            "zope.interface-5.0-py3-none-any.whl",
            &distribution,
            &tags
        ));
        assert!(!fits("zope.interface-5.0.tar.gz", &distribution, &tags));
    }
}
