//! The distribution to be packed, if the input is a requirement and not a project of the user.

use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::address::file_url;
use super::archive;
use super::distribution::{Archive, Distribution, dist_infos, distributions, entry_points};
use super::error::{Error, Result};
use super::index::Index;
use super::inputs::find_links_archives;
use super::installer::{Fetched, Installer};
use super::request::InstallRequest;
use super::script::EntryPoint;
use crate::fs::IoContext as _;
use crate::python::command::{command, redact, run};
use crate::python::core_metadata::normalised;
use crate::python::interpreter::Interpreter;

/// What a requirement resolved to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Normalised.
    pub name: String,
    pub version: String,
    /// Its commands that call a function, sorted.
    pub entry_points: Vec<EntryPoint>,
    /// Its source, without credentials: `the index`, or a URL.
    pub from: String,
    /// The commit, for a git repository.
    pub commit: Option<String>,
    /// SHA-256 in hex of the archive that the requirement names, if known.
    pub sha256: Option<String>,
}

/// The first requirement of a request, made precise.
#[derive(Default)]
pub(super) struct Precise {
    name: String,
    from: Option<String>,
    commit: Option<String>,
    sha256: Option<String>,
    /// Whether its wheel was built here: the bytes differ from build to build.
    built: bool,
}

/// Makes the first requirement of `request` precise: a branch or a tag becomes a commit, a URL gets
/// a name.
pub(super) fn make_precise(
    installer: &Installer,
    interpreter: &Interpreter,
    request: &mut InstallRequest,
    index: &Index,
) -> Result<Precise> {
    let text = request.requirements.first().cloned().unwrap_or_default();
    let (name, address) = parts(&text);
    let Some(address) = address else {
        return Ok(Precise {
            name: normalised(name.unwrap_or(&text)),
            ..Precise::default()
        });
    };
    let (precise, commit) = at_commit(address, request.offline);
    let resolved = Precise {
        from: Some(shown(address)),
        commit,
        sha256: sha256_of(address)?,
        ..Precise::default()
    };
    if let Some(name) = name {
        request.requirements[0] = text.replacen(address, &precise, 1);
        let name = normalised(name.split('[').next().unwrap_or(name));
        return Ok(Precise { name, ..resolved });
    }
    if let Some(name) = name_of_wheel(&precise) {
        request.requirements[0] = format!("{name} @ {precise}");
        return Ok(Precise { name, ..resolved });
    }
    // Fetched separately first: its name is only in its metadata.
    let place = request.work.join("subject");
    let alone = InstallRequest {
        requirements: vec![precise.clone()],
        ..request.clone()
    };
    let (name, address, built) = match installer.fetch(interpreter, &alone, index, &place)? {
        Fetched::Wheel { path, built } => {
            let name = name_of_wheel(&path.to_string_lossy());
            (name, file_address(&path), built)
        }
        Fetched::Installed => {
            let site_packages = place.join(interpreter.site_packages());
            let name = dist_infos(&site_packages)?
                .first()
                .and(distributions(&site_packages)?.pop())
                .map(|one| one.name);
            (name, precise, false)
        }
    };
    let name = name.ok_or_else(|| Error::NoWheel {
        project: PathBuf::from(redact(&text)),
    })?;
    request.requirements[0] = format!("{name} @ {address}");
    Ok(Precise {
        name,
        built,
        ..resolved
    })
}

impl Precise {
    /// The installed distribution; `None` if nothing was installed, for example because the marker
    /// is false.
    pub(super) fn found(
        self,
        site_packages: &Path,
        distributions: &mut [Distribution],
        index: &Index,
    ) -> Result<Option<Subject>> {
        let Some(one) = distributions.iter_mut().find(|one| one.name == self.name) else {
            return Ok(None);
        };
        if self.built {
            one.archive = None;
        }
        let local = || archive::is_among(one, site_packages, &find_links_archives(index));
        let from = match &index.url {
            _ if self.from.is_some() => self.from.unwrap_or_default(),
            _ if index.find_links_only || local() => "find-links".to_owned(),
            Some(url) => format!("the index {}", redact(url)),
            None => "the index".to_owned(),
        };
        let sha256 = self.sha256.or_else(|| {
            one.archive
                .as_ref()
                .map(|Archive { sha256, .. }| sha256.clone())
        });
        let entry_points = entry_points(&site_packages.join(&one.dist_info))?;
        let (name, version) = (one.name.clone(), one.version.clone());
        Ok(Some(Subject {
            name,
            version,
            entry_points,
            from,
            commit: self.commit,
            sha256,
        }))
    }
}

/// The name and the URL of a requirement, as far as it has them: `name`, `name @ URL` or `URL`.
fn parts(text: &str) -> (Option<&str>, Option<&str>) {
    let end_of_name = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
    let address = |rest: &'_ str| {
        rest.split(" ;")
            .next()
            .map_or(0, |address| address.trim_end().len())
    };
    if let Some((name, rest)) = text.split_once('@')
        && !name.contains([':', '/'])
    {
        let rest = rest.trim_start();
        return (Some(name.trim_end()), rest.get(..address(rest)));
    }
    if text.contains("://") || text.starts_with("file:") {
        return (None, text.get(..address(text)));
    }
    (text.split(end_of_name).next(), None)
}

/// The URL of a local file, as installers accept it.
pub fn file_address(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    file_url(&path)
}

/// A URL for messages: without credentials and without a trailing digest.
fn shown(address: &str) -> String {
    let address = address.split("#sha256=").next().unwrap_or(address);
    match address.strip_prefix("file://") {
        Some(path) => percent_decode_str(path).decode_utf8_lossy().into_owned(),
        None => redact(address),
    }
}

/// The URL with the current commit of its branch or tag, so that what is recorded is what is
/// installed.
fn at_commit(address: &str, offline: bool) -> (String, Option<String>) {
    let unchanged = || (address.to_owned(), None);
    let Some(rest) = address.strip_prefix("git+") else {
        return unchanged();
    };
    let (place, fragment) = rest
        .split_once('#')
        .map_or((rest, String::new()), |(place, rest)| {
            (place, format!("#{rest}"))
        });
    // The user name may contain an `@`, too.
    let path = place.find("://").map_or(0, |at| at + 3);
    let path = path
        + place
            .get(path..)
            .and_then(|rest| rest.find('/'))
            .unwrap_or(0);
    let (repository, revision) = match place.get(path..).and_then(|rest| rest.rfind('@')) {
        Some(at) => (&place[..path + at], Some(&place[path + at + 1..])),
        None => (place, None),
    };
    let is_commit =
        |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(commit) = revision.filter(|revision| is_commit(revision)) {
        return (address.to_owned(), Some(commit.to_ascii_lowercase()));
    }
    if offline && !repository.starts_with("file:") {
        return unchanged();
    }
    let wanted = revision.unwrap_or("HEAD");
    let mut git = command("git");
    git.env("GIT_TERMINAL_PROMPT", "0")
        .args(["ls-remote", "--quiet", "--", repository, wanted]);
    git.arg(format!("{wanted}^{{}}"));
    // If there is no answer, the installer reports the error.
    let Some(output) = run(&mut git).ok().filter(|output| output.status.success()) else {
        return unchanged();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let named = |name: String| {
        let line = text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(_, found)| *found == name);
        line.map(|(commit, _)| commit)
            .filter(|commit| is_commit(commit))
    };
    // An annotated tag is an object of its own; the commit is listed with `^{}`.
    let places = [
        format!("refs/tags/{wanted}^{{}}"),
        format!("refs/tags/{wanted}"),
        format!("refs/heads/{wanted}"),
        wanted.to_owned(),
    ];
    match places.into_iter().find_map(named) {
        Some(commit) => (
            format!("git+{repository}@{commit}{fragment}"),
            Some(commit.to_owned()),
        ),
        None => unchanged(),
    }
}

/// The digest of a local archive, or the one in the URL.
fn sha256_of(address: &str) -> Result<Option<String>> {
    if let Some(digest) = address
        .split_once("#sha256=")
        .map(|(_, rest)| rest.split('&').next().unwrap_or(rest))
    {
        return Ok(Some(digest.to_ascii_lowercase()));
    }
    let path = address
        .strip_prefix("file://")
        .map(|path| percent_decode_str(path).decode_utf8_lossy().into_owned());
    let Some(path) = path.map(PathBuf::from).filter(|path| path.is_file()) else {
        return Ok(None);
    };
    Ok(Some(hex::encode(Sha256::digest(
        fs::read(&path).on("read", &path)?,
    ))))
}

/// The name in a URL or path that ends in a wheel's file name.
fn name_of_wheel(address: &str) -> Option<String> {
    let file = address.split('#').next()?.rsplit('/').next()?;
    let stem = file.strip_suffix(".whl")?;
    (stem.split('-').count() >= 5).then(|| normalised(stem.split('-').next().unwrap_or(stem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_taken_apart() {
        assert_eq!(parts("awscli==1.46.3"), (Some("awscli"), None));
        assert_eq!(parts("a[x,y]>=1 ; python_version > '3'"), (Some("a"), None));
        assert_eq!(
            parts("a[x] @ https://host/a.zip ; os_name == 'posix'"),
            (Some("a[x]"), Some("https://host/a.zip"))
        );
        assert_eq!(
            parts("git+https://me@host/a@v1"),
            (None, Some("git+https://me@host/a@v1"))
        );
        assert_eq!(
            parts("file:///x%20y/a-1.tar.gz"),
            (None, Some("file:///x%20y/a-1.tar.gz"))
        );
        assert_eq!(
            name_of_wheel("https://host/A_b-1-py3-none-any.whl#sha256=0").as_deref(),
            Some("a-b")
        );
        assert_eq!(name_of_wheel("https://host/a-1.tar.gz"), None);
    }

    #[test]
    fn a_commit_stays_as_it_is() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let address = format!("git+ssh://git@host/x.git@{commit}#subdirectory=y");
        assert_eq!(
            at_commit(&address, true),
            (address.clone(), Some(commit.to_owned()))
        );
        assert_eq!(
            at_commit("git+https://host/x@main", true),
            ("git+https://host/x@main".to_owned(), None)
        );
    }
}
