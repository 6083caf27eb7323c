//! Which system package a file of this machine belongs to, from the package manager's database
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A package of the operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemPackage {
    /// `deb` or `rpm`, the type in a package URL.
    pub kind: String,
    /// Identifier of the distribution, such as `debian`.
    pub distribution: String,
    /// Release of the distribution, such as `12`.
    pub release: String,
    pub name: String,
    pub version: String,
    pub architecture: String,
    /// The source package that it was built from.
    pub source: String,
    /// The licences that it declares, verbatim.
    pub license: Option<String>,
}

const DPKG: &str = "/var/lib/dpkg";
const RPM: [&str; 2] = ["/var/lib/rpm", "/usr/lib/sysimage/rpm"];

/// The packages that own these files; files without an owner are absent.
pub fn owners(paths: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, SystemPackage> {
    if paths.is_empty() {
        return BTreeMap::new();
    }
    if Path::new(DPKG).join("status").is_file() {
        return dpkg(Path::new("/"), paths);
    }
    if RPM.iter().any(|place| Path::new(place).is_dir()) {
        return rpm(paths);
    }
    BTreeMap::new()
}

/// The distribution and release of this machine.
fn distribution(root: &Path) -> (String, String) {
    let text = ["etc/os-release", "usr/lib/os-release"]
        .iter()
        .find_map(|path| fs::read_to_string(root.join(path)).ok());
    let text = text.unwrap_or_default();
    let value = |key: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default()
            .trim_matches(['"', '\''])
            .to_owned()
    };
    (value("ID"), value("VERSION_ID"))
}

/// All paths by which a package manager may know a file: directories were moved below `/usr`, and a
/// library is recorded by the path of the file, not of its link.
fn names_of(path: &Path) -> BTreeSet<String> {
    let real = path.canonicalize().ok();
    let mut names = BTreeSet::new();
    for path in [Some(path), real.as_deref()].into_iter().flatten() {
        let text = path.display().to_string();
        names.extend(text.strip_prefix("/usr").map(str::to_owned));
        names.insert(format!("/usr{text}"));
        names.insert(text);
    }
    names
}

fn dpkg(root: &Path, paths: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, SystemPackage> {
    let wanted: BTreeMap<String, &PathBuf> = paths
        .iter()
        .flat_map(|path| names_of(path).into_iter().map(move |name| (name, path)))
        .collect();
    let info = root.join(DPKG.trim_start_matches('/')).join("info");
    let mut lists: Vec<PathBuf> = fs::read_dir(info)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    lists.retain(|path| path.extension().is_some_and(|ending| ending == "list"));
    lists.sort_unstable();
    let matches: Vec<(&PathBuf, String)> = lists
        .par_iter()
        .flat_map_iter(|list| {
            let text = fs::read_to_string(list).unwrap_or_default();
            let name = list.file_stem().unwrap_or_default().to_string_lossy();
            let name = name.split(':').next().unwrap_or_default().to_owned();
            let hits: Vec<&PathBuf> = text
                .lines()
                .filter_map(|line| wanted.get(line).copied())
                .collect();
            hits.into_iter().map(move |path| (path, name.clone()))
        })
        .collect();
    let status = fs::read_to_string(root.join(DPKG.trim_start_matches('/')).join("status"))
        .unwrap_or_default();
    let (distribution, release) = distribution(root);
    let mut owners = BTreeMap::new();
    for (path, name) in matches {
        owners.entry(path.clone()).or_insert_with(|| {
            let paragraph = paragraph(&status, &name).unwrap_or_default();
            let field = |key: &str| field(paragraph, key).unwrap_or_default().to_owned();
            // `gcc-12 (12.2.0-14)` if the source has a version of its own.
            let source = field("Source")
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_owned();
            let copyright = root.join("usr/share/doc").join(&name).join("copyright");
            SystemPackage {
                kind: "deb".into(),
                distribution: distribution.clone(),
                release: release.clone(),
                version: field("Version"),
                architecture: field("Architecture"),
                source: if source.is_empty() {
                    name.clone()
                } else {
                    source
                },
                license: fs::read(copyright)
                    .ok()
                    .and_then(|text| licenses(&String::from_utf8_lossy(&text))),
                name,
            }
        });
    }
    owners
}

/// The paragraph of an installed package in dpkg's database.
fn paragraph<'a>(status: &'a str, package: &str) -> Option<&'a str> {
    status
        .split("\n\n")
        .find(|paragraph| field(paragraph, "Package") == Some(package))
}

fn field<'a>(paragraph: &'a str, key: &str) -> Option<&'a str> {
    paragraph
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
        .map(str::trim)
}

/// The licence names in a Debian `copyright` file: the fields of the machine-readable format, else
/// the licence texts that it refers to.
fn licenses(text: &str) -> Option<String> {
    let mut licenses = BTreeSet::new();
    if text.starts_with("Format:") || text.contains("\nFormat:") {
        let fields = text
            .lines()
            .filter_map(|line| line.strip_prefix("License:"));
        licenses.extend(
            fields
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
        );
    } else {
        let named = text.split("/usr/share/common-licenses/").skip(1);
        let name = |rest: &str| {
            rest.split(|c: char| !c.is_ascii_alphanumeric() && !"-.+".contains(c))
                .next()
                .map(str::to_owned)
        };
        let names = named
            .filter_map(name)
            .map(|name| name.trim_end_matches(['.', '-']).to_owned());
        licenses.extend(names.filter(|name| !name.is_empty()));
        // What the file says about the compiler's tools and manuals does not apply to its runtime
        // libraries.
        if text
            .to_ascii_uppercase()
            .contains("GCC RUNTIME LIBRARY EXCEPTION")
        {
            return Some("GPL-3.0-or-later WITH GCC-exception-3.1".into());
        }
    }
    (!licenses.is_empty()).then(|| licenses.into_iter().collect::<Vec<_>>().join(", "))
}

fn rpm(paths: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, SystemPackage> {
    const FORMAT: &str = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{LICENSE}\\n";
    let (distribution, release) = distribution(Path::new("/"));
    let mut owners = BTreeMap::new();
    for path in paths {
        let file = path.canonicalize().unwrap_or_else(|_| path.clone());
        let mut command = Command::new("rpm");
        command
            .args(["-qf", "--queryformat", FORMAT])
            .arg(&file)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let Ok(output) = command.output() else {
            return owners;
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let fields: Vec<&str> = text
            .lines()
            .next()
            .unwrap_or_default()
            .split('\t')
            .collect();
        if let ([name, version, architecture, source, license], true) =
            (&fields[..], output.status.success())
        {
            owners.insert(
                path.clone(),
                SystemPackage {
                    kind: "rpm".into(),
                    distribution: distribution.clone(),
                    release: release.clone(),
                    name: (*name).into(),
                    version: (*version).into(),
                    architecture: (*architecture).into(),
                    source: source.trim_end_matches(".src.rpm").into(),
                    license: Some((*license).into()),
                },
            );
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(copyright: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("scratch");
        let at = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        at("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
        at(
            "var/lib/dpkg/info/libfoo1:amd64.list",
            "/.\n/lib\n/lib/x86_64-linux-gnu/libfoo-none.so.1\n",
        );
        at(
            "var/lib/dpkg/status",
            "Package: libfoo1-dev\nVersion: 9\n\nPackage: libfoo1\nArchitecture: amd64\nSource: foo (1.0)\nVersion: 1.0-2\n",
        );
        at("usr/share/doc/libfoo1/copyright", copyright);
        root
    }

    #[test]
    fn a_file_is_found_by_the_lists_of_dpkg() {
        let root =
            root("Format: https://…/1.0/\nFiles: *\nLicense: Zlib\n\nLicense: GPL-2+\n text\n");
        let path = PathBuf::from("/usr/lib/x86_64-linux-gnu/libfoo-none.so.1");
        let owners = dpkg(
            root.path(),
            &BTreeSet::from([path.clone(), PathBuf::from("/opt/nobody.so")]),
        );
        let expected = SystemPackage {
            kind: "deb".into(),
            distribution: "debian".into(),
            release: "12".into(),
            name: "libfoo1".into(),
            version: "1.0-2".into(),
            architecture: "amd64".into(),
            source: "foo".into(),
            license: Some("GPL-2+, Zlib".into()),
        };
        assert_eq!(owners, BTreeMap::from([(path, expected)]));
    }

    #[test]
    fn free_text_tells_its_licences_by_the_texts_it_refers_to() {
        let text =
            "see `/usr/share/common-licenses/GPL-3'.\n/usr/share/common-licenses/LGPL-2.1.\n";
        assert_eq!(licenses(text).as_deref(), Some("GPL-3, LGPL-2.1"));
        let text = format!("{text} under the GCC Runtime Library Exception, version 3.1");
        assert_eq!(
            licenses(&text).as_deref(),
            Some("GPL-3.0-or-later WITH GCC-exception-3.1")
        );
        assert_eq!(licenses("no words"), None);
    }
}
