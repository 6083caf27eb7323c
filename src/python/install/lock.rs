use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use pep508_rs::{Requirement, VerbatimUrl};
use percent_encoding::percent_decode_str;
use toml::{Table, Value};

use super::archive::Archive;
use super::index::Index;
use super::installer::{Installer, Tool};
use super::{InstallRequest, failure};
use crate::fs::IoContext as _;
use crate::python::command::{redact, run};
use crate::python::core_metadata::normalised;
use crate::python::error::{Error, Result};
use crate::python::interpreter::Interpreter;

/// A file of the project that fixes the versions of what it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// `uv.lock`, which only uv reads.
    Uv(PathBuf),
    /// `pylock.toml`: PEP 751.
    Pylock(PathBuf),
    /// The `uv.lock` of a single script, `NAME.py.lock`, which only uv reads.
    Script { script: PathBuf, lock: PathBuf },
    /// A `requirements.txt` with hashes. Without hashes it is a list of wishes, and no lock of a project; where it is all
    /// that there is, the wishes count.
    Requirements(PathBuf),
}

impl Lock {
    /// The project's lock file; if there are several, the first in the order above.
    ///
    /// A member of a uv workspace has its `uv.lock` at the workspace's root.
    pub fn find(project: &Path) -> Option<Self> {
        let file = |name| Some(project.join(name)).filter(|path| path.is_file());
        let hashed = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains("--hash="));
        let at_root = || {
            let root = project.ancestors().skip(1).find(|directory| directory.join("uv.lock").is_file())?;
            is_workspace(root).then(|| root.join("uv.lock"))
        };
        file("uv.lock")
            .or_else(at_root)
            .map(Self::Uv)
            .or_else(|| file("pylock.toml").map(Self::Pylock))
            .or_else(|| file("requirements.txt").filter(hashed).map(Self::Requirements))
    }

    /// The lock file of a script, beside it.
    pub fn of_script(script: &Path) -> Option<Self> {
        let mut lock = script.as_os_str().to_owned();
        lock.push(".lock");
        let (script, lock) = (script.to_path_buf(), PathBuf::from(lock));
        lock.is_file().then_some(Self::Script { script, lock })
    }

    /// The lock file of a directory without a manifest, else its `requirements.txt`.
    pub fn of_directory(directory: &Path) -> Option<Self> {
        let wishes = || Some(directory.join("requirements.txt")).filter(|path| path.is_file());
        // `uv.lock` belongs to a manifest.
        let pylock = Some(directory.join("pylock.toml")).filter(|path| path.is_file());
        pylock.map(Self::Pylock).or_else(|| wishes().map(Self::Requirements))
    }

    /// The same by absolute paths: installers run elsewhere.
    pub(super) fn absolute(&self) -> Result<Self> {
        let absolute = |path: &Path| std::path::absolute(path).on("find the directory of", path);
        Ok(match self {
            Self::Uv(path) => Self::Uv(absolute(path)?),
            Self::Pylock(path) => Self::Pylock(absolute(path)?),
            Self::Script { script, lock } => Self::Script { script: absolute(script)?, lock: absolute(lock)? },
            Self::Requirements(path) => Self::Requirements(absolute(path)?),
        })
    }

    /// It, and the files that it includes. `directory` is what the installer takes relative paths from.
    pub(super) fn files(&self, directory: &Path) -> Vec<PathBuf> {
        let mut found = vec![self.path().to_path_buf()];
        let Self::Requirements(_) = self else { return found };
        let mut at = 0;
        while let Some(file) = found.get(at).cloned() {
            at += 1;
            for line in lines_of(std::slice::from_ref(&file)) {
                let option =
                    ["-r", "--requirement", "-c", "--constraint"].iter().find_map(|one| line.strip_prefix(one));
                let Some(name) = option.map(|rest| rest.trim_start_matches(['=', ' ', '\t']).trim()) else { continue };
                // The tools differ in what it is relative to.
                let places = [file.parent().unwrap_or(directory), directory].map(|place| place.join(name));
                found.extend(places.into_iter().find(|path| path.is_file() && !found.contains(path)));
            }
        }
        found
    }

    /// The first line of a list of requirements that no installer can read.
    pub(super) fn malformed(&self, directory: &Path) -> Option<Error> {
        let Self::Requirements(_) = self else { return None };
        self.files(directory).iter().find_map(|path| malformed_line(path))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Uv(path) | Self::Pylock(path) | Self::Requirements(path) | Self::Script { lock: path, .. } => path,
        }
    }
}

fn malformed_line(path: &Path) -> Option<Error> {
    let text = fs::read_to_string(path).ok()?;
    let mut continued = false;
    for (at, line) in text.lines().enumerate() {
        let begins = !std::mem::replace(&mut continued, line.ends_with('\\'));
        let line = line.trim_end_matches('\\').split(" #").next().unwrap_or_default();
        // Options of a requirement come after it; a path or a URL may be one.
        let line = line.split(" --").next().unwrap_or_default().trim();
        let is_other = line.is_empty() || line.starts_with(['#', '-']) || line.contains(['/', '$']);
        if !begins || is_other || path.parent().is_some_and(|directory| directory.join(line).exists()) {
            continue;
        }
        if let Err(error) = Requirement::<VerbatimUrl>::from_str(line) {
            let reason = error.message.to_string().lines().next().unwrap_or_default().into();
            return Some(Error::BadLine { path: path.into(), line: at + 1, requirement: redact(line).into(), reason });
        }
    }
    None
}

/// The lines of lists of requirements, without comments; what is to be editable is as good as what is not.
pub(super) fn lines_of(files: &[PathBuf]) -> Vec<String> {
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    let lines = texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
    let plain = |line: String| line.strip_prefix("-e ").map_or(line.clone(), |rest| rest.trim().to_owned());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(plain).collect()
}

fn is_workspace(directory: &Path) -> bool {
    let manifest = fs::read_to_string(directory.join("pyproject.toml")).ok();
    let manifest = manifest.and_then(|text| text.parse::<Table>().ok());
    manifest.is_some_and(|table| {
        table.get("tool").and_then(|tool| tool.get("uv")?.get("workspace")).is_some_and(Value::is_table)
    })
}

/// A list of requirements in a file, as installers read it.
pub(super) struct List {
    path: PathBuf,
    /// Whether it names everything, so that there is nothing to resolve.
    complete: bool,
    /// What relative paths in it are relative to, if not the project.
    directory: Option<PathBuf>,
}

impl List {
    pub(super) fn arguments(&self, command: &mut Command) {
        command.arg("-r").arg(&self.path);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        if self.complete {
            command.arg("--no-deps");
        }
    }
}

/// What to hand to the installer: from the lock if this installer can use it, else from the request.
pub(super) fn requirements(
    lock: Option<Lock>,
    installer: &Installer,
    interpreter: &Interpreter,
    request: &InstallRequest,
    index: &Index,
) -> Result<List> {
    let path = request.work.join("requirements.txt");
    let write = |text: &str| fs::write(&path, text).on("write", &path);
    match lock {
        Some(lock @ (Lock::Uv(_) | Lock::Script { .. })) if installer.tool() == Tool::Uv => {
            write(&export(&lock, installer, interpreter, request, index)?)?;
            let directory = lock.path().parent().map(Path::to_path_buf);
            Ok(List { path, complete: true, directory })
        }
        Some(Lock::Pylock(file)) => {
            write(&from_pylock(&file, &request.extras, &request.groups)?)?;
            Ok(List { path, complete: true, directory: None })
        }
        Some(Lock::Requirements(file)) => {
            warn_of_missing(&file, &request.extras, &request.groups, |_| false);
            Ok(List { path: file, complete: false, directory: None })
        }
        other => {
            if let Some(lock) = other {
                tracing::warn!(path = %lock.path().display(), "only uv reads this lock file, and pip installs: not used");
            }
            write(&(request.requirements.join("\n") + "\n"))?;
            Ok(List { path, complete: false, directory: None })
        }
    }
}

fn export(
    lock: &Lock,
    installer: &Installer,
    interpreter: &Interpreter,
    request: &InstallRequest,
    index: &Index,
) -> Result<String> {
    let mut command = installer.command(request);
    command.args(["export", "--frozen", "--no-dev", "--no-editable", "--no-annotate"]);
    command.args(["--no-header", "--no-progress", "--format", "requirements-txt", "--python"]);
    command.arg(&interpreter.executable);
    match lock {
        Lock::Script { script, .. } => command.arg("--script").arg(script),
        _ => command.arg("--no-emit-project"),
    };
    for extra in &request.extras {
        command.arg("--extra").arg(extra);
    }
    for group in &request.groups {
        command.arg("--group").arg(group);
    }
    index.apply(Tool::Uv, &mut command);
    let output = run(&mut command)?;
    if !output.status.success() {
        return Err(Error::Lock { path: lock.path().to_path_buf(), said: failure::meaningful_of(&output) });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tells of chosen extras and groups that a lock file knows nothing of. It may have been made with them all the same.
fn warn_of_missing(file: &Path, extras: &[String], groups: &[String], is_known: impl Fn(&str) -> bool) {
    for name in extras.iter().chain(groups).filter(|name| !is_known(name)) {
        tracing::warn!(path = %file.display(), name, "the lock file has what it has: this extra or group adds nothing to it");
    }
}

/// Requirements with hashes for what a `pylock.toml` lists: the words that every installer knows. Of what belongs to
/// extras and groups (both normalized), those of the chosen ones.
fn from_pylock(file: &Path, extras: &[String], groups: &[String]) -> Result<String> {
    let refuse = |reason: String| Error::Lock { path: file.to_path_buf(), said: vec![reason] };
    let text = fs::read_to_string(file).on("read", file)?;
    let lock: Table = text.parse().map_err(|error: toml::de::Error| refuse(error.message().to_owned()))?;
    match lock.get("lock-version").and_then(Value::as_str) {
        Some(version) if version.starts_with("1.") => {}
        version => return Err(refuse(format!("lock-version {} is not known", version.unwrap_or("(none)")))),
    }
    let base = file.parent().unwrap_or(Path::new("."));
    let names = |key: &str| -> Vec<String> {
        let list = lock.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(normalised).collect()
    };
    let known = [names("extras"), names("dependency-groups")].concat();
    warn_of_missing(file, extras, groups, |name| known.contains(&name.to_owned()));
    // What the lock installs when no group is chosen, which is not what is for development alone.
    let groups = [groups, &names("default-groups")].concat();
    let packages = lock.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // Writing to a string cannot fail.
    let mut lines = String::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        let name = text("name").ok_or_else(|| refuse("a package has no name".to_owned()))?;
        let marker = text("marker").map(|marker| format!(" ; {}", chosen(marker, extras, &groups))).unwrap_or_default();
        if package.get("vcs").is_some() || package.get("directory").is_some() || package.get("archive").is_some() {
            let target = elsewhere(package, base);
            let (target, hashes) = target.ok_or_else(|| refuse(format!("`{name}` has no usable source")))?;
            let _ = writeln!(lines, "{name} @ {target}{marker}{hashes}");
            continue;
        }
        let version = text("version").ok_or_else(|| refuse(format!("`{name}` has no version")))?;
        let wheels = package.get("wheels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let hashes: String = wheels.iter().chain(package.get("sdist")).filter_map(hash).collect();
        if hashes.is_empty() {
            return Err(refuse(format!("`{name}` has neither wheels nor an sdist")));
        }
        let _ = writeln!(lines, "{name}=={version}{marker}{hashes}");
    }
    Ok(lines)
}

/// A marker of a lock without the two variables that installers do not know in a requirement: `'x' in extras` and
/// `'x' in dependency_groups` become what is always so, or never.
fn chosen(marker: &str, extras: &[String], groups: &[String]) -> String {
    const ALWAYS: &str = "python_version >= '3'";
    const NEVER: &str = "python_version < '3'";
    let mut out = String::new();
    let mut rest = marker;
    while let Some(begin) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(begin);
        let quote = &quoted[..1];
        let Some(end) = quoted[1..].find(quote).map(|end| end + 1) else { break };
        let (word, after) = (&quoted[1..end], &quoted[end + 1..]);
        let (negated, operand) = match after.trim_start().strip_prefix("not ") {
            Some(operand) => (true, operand.trim_start()),
            None => (false, after.trim_start()),
        };
        let variables = [("extras", extras), ("dependency_groups", groups)];
        let operand = operand.strip_prefix("in ").map(str::trim_start);
        let found = operand
            .and_then(|operand| variables.iter().find_map(|(name, list)| Some((*list, operand.strip_prefix(name)?))));
        out.push_str(before);
        if let Some((list, after)) = found {
            let holds = list.contains(&normalised(word)) != negated;
            out.push_str(if holds { ALWAYS } else { NEVER });
            rest = after;
        } else {
            out.push_str(&quoted[..=end]);
            rest = after;
        }
    }
    out + rest
}

/// The wheels that a `pylock.toml` lists with their SHA-256; none of a text that is something else.
pub(super) fn wheels_of(text: &str) -> Vec<Archive> {
    let wheel = |wheel: &Value| {
        let text = |key: &str| wheel.get(key).and_then(Value::as_str);
        // PEP 751 § packages.wheels.name: without a name it is the last part of the URL or path.
        let place = text("name").or_else(|| text("url")).or_else(|| text("path"))?;
        let file = percent_decode_str(place.rsplit('/').next()?).decode_utf8_lossy().into_owned();
        Some(Archive { file, sha256: wheel.get("hashes")?.get("sha256")?.as_str()?.to_owned() })
    };
    let Ok(lock) = text.parse::<Table>() else { return Vec::new() };
    let packages = lock.get("packages").and_then(Value::as_array).into_iter().flatten();
    packages.filter_map(|package| package.get("wheels")?.as_array()).flatten().filter_map(wheel).collect()
}

/// The hash of a file of the lock, as an option of a requirement.
fn hash(file: &Value) -> Option<String> {
    let hashes = file.get("hashes")?.as_table()?;
    let (algorithm, value) = hashes.get_key_value("sha256").or_else(|| hashes.iter().next())?;
    Some(format!(" --hash={algorithm}:{}", value.as_str()?))
}

/// A package that comes from no index: its URL and hash.
fn elsewhere(package: &Value, base: &Path) -> Option<(String, String)> {
    let local = |path: &str| format!("file://{}", base.join(path).display());
    if let Some(vcs) = package.get("vcs") {
        let text = |key: &str| vcs.get(key).and_then(Value::as_str);
        let url = text("url").map(ToOwned::to_owned).or_else(|| text("path").map(local))?;
        return Some((format!("{}+{url}@{}", text("type")?, text("commit-id")?), String::new()));
    }
    if let Some(archive) = package.get("archive") {
        let text = |key: &str| archive.get(key).and_then(Value::as_str);
        let url = text("url").map(ToOwned::to_owned).or_else(|| text("path").map(local))?;
        return Some((url, hash(archive).unwrap_or_default()));
    }
    Some((local(package.get("directory")?.get("path")?.as_str()?), String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pylock_becomes_hashed_requirements() {
        let scratch = tempfile::tempdir().expect("scratch");
        let file = scratch.path().join("pylock.toml");
        let text = r#"
            lock-version = "1.0"
            [[packages]]
            name = "click"
            version = "8.1.7"
            marker = "python_version >= '3.8'"
            wheels = [{ name = "click-8.1.7-py3-none-any.whl", hashes = { sha256 = "aa" } }]
            sdist = { name = "click-8.1.7.tar.gz", hashes = { sha256 = "bb" } }
            [[packages]]
            name = "thing"
            archive = { url = "https://host/thing.zip", hashes = { sha256 = "cc" } }
        "#;
        fs::write(&file, text).expect("scratch");
        assert_eq!(Lock::find(scratch.path()), Some(Lock::Pylock(file.clone())));
        assert_eq!(
            from_pylock(&file, &[], &[]).expect("read"),
            "click==8.1.7 ; python_version >= '3.8' --hash=sha256:aa --hash=sha256:bb\n\
             thing @ https://host/thing.zip --hash=sha256:cc\n"
        );
        fs::write(&file, "lock-version = \"2.0\"").expect("scratch");
        assert!(matches!(from_pylock(&file, &[], &[]), Err(Error::Lock { .. })));
    }

    #[test]
    fn extras_and_groups_decide_on_what_belongs_to_them() {
        let marker = "(sys_platform == 'linux' and \"Web\" in extras) or 'ops' not in dependency_groups";
        let (always, never) = ("python_version >= '3'", "python_version < '3'");
        assert_eq!(chosen(marker, &[], &[]), format!("(sys_platform == 'linux' and {never}) or {always}"));
        let (web, ops) = (["web".to_owned()], ["ops".to_owned()]);
        assert_eq!(chosen(marker, &web, &ops), format!("(sys_platform == 'linux' and {always}) or {never}"));
        for other in ["python_version < '3.9'", "'x' in platform_version", "os_name == \"a", ""] {
            assert_eq!(chosen(other, &web, &ops), other);
        }
    }

    #[test]
    fn the_wheels_of_a_lock_have_names_and_digests() {
        let text = r#"
            [[packages]]
            name = "x"
            wheels = [
                { url = "https://host/a/x-1%2B2-py3-none-any.whl", hashes = { sha256 = "aa" } },
                { name = "y.whl", url = "https://host/z.whl", hashes = { sha256 = "bb" } },
                { name = "no-hash.whl" },
            ]
        "#;
        let found = wheels_of(text).into_iter().map(|one| (one.file, one.sha256)).collect::<Vec<_>>();
        let expected = [("x-1+2-py3-none-any.whl", "aa"), ("y.whl", "bb")];
        assert_eq!(found, expected.map(|(file, digest)| (file.to_owned(), digest.to_owned())));
        assert_eq!(wheels_of("no lock"), []);
    }

    #[test]
    fn requirements_without_hashes_are_no_lock() {
        let scratch = tempfile::tempdir().expect("scratch");
        fs::write(scratch.path().join("requirements.txt"), "click\n").expect("scratch");
        assert_eq!(Lock::find(scratch.path()), None);
    }
}
