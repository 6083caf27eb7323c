//! What a build refers to outside its project: a shared version file, sources of a monorepo, a
//! Cargo workspace.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::named::{Settings, leads_up, without_pattern};

/// A path outside the project that its build may read. Absolute, without `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reference {
    File(PathBuf),
    /// A directory that does not contain the project.
    Beside(PathBuf),
    /// A directory that contains the project, named by its settings.
    Around(PathBuf),
    /// The same, named by a script, which does not say what is read of it.
    Somewhere(PathBuf),
}

/// Names of files that say where a build finds things; also `*.cmake`.
const SCRIPTS: &[&str] = &[
    "setup.py",
    "setup.cfg",
    "MANIFEST.in",
    "build.py",
    "hatch_build.py",
    "pdm_build.py",
    "build.rs",
    "Cargo.toml",
    "CMakeLists.txt",
    "CMakePresets.json",
    "meson.build",
    "meson.options",
    "meson_options.txt",
    "Makefile",
];
const CARGO: &str = "Cargo.toml";

/// Finds what `project`, an absolute path, refers to. `files` are its own.
pub(super) fn references(
    project: &Path,
    files: &[PathBuf],
    settings: &Settings,
    include: &[String],
) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    for text in settings
        .strings
        .iter()
        .chain(include)
        .filter(|text| leads_up(text))
    {
        found.extend(refer(project, project, &without_pattern(text), true));
    }
    for file in files
        .iter()
        .filter(|file| is_script(file, &settings.backend_path))
    {
        of_script(project, &project.join(file), &mut found);
    }
    // A file outside the project may refer to more.
    let mut open: Vec<PathBuf> = beside(&found);
    let mut seen = BTreeSet::new();
    while let Some(directory) = open.pop() {
        if !seen.insert(directory.clone()) {
            continue;
        }
        let mut more = BTreeSet::new();
        for name in SCRIPTS {
            of_script(project, &directory.join(name), &mut more);
        }
        open.extend(beside(&more));
        found.append(&mut more);
    }
    found
}

fn beside(found: &BTreeSet<Reference>) -> Vec<PathBuf> {
    let directory = |one: &Reference| {
        if let Reference::Beside(path) = one {
            Some(path.clone())
        } else {
            None
        }
    };
    found.iter().filter_map(directory).collect()
}

/// Whether a build script asks git for the version, directly or through another tool.
pub(super) fn ask_git(project: &Path, files: &[PathBuf], settings: &Settings) -> bool {
    let scripts = files
        .iter()
        .filter(|file| is_script(file, &settings.backend_path));
    scripts
        .filter_map(|file| fs::read_to_string(project.join(file)).ok())
        .any(|text| asks_git(&text))
}

fn asks_git(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_-+./:@".contains(c);
    let words = text.split(|c: char| !is_word(c));
    words.into_iter().any(|word| {
        word.eq_ignore_ascii_case("git")
            || [
                "setuptools_scm",
                "use_scm_version",
                "versioneer",
                "pbr",
                "vcs_tag",
            ]
            .contains(&word)
    })
}

fn is_script(file: &Path, in_tree: &[String]) -> bool {
    let name = file.file_name().unwrap_or_default();
    let ends = |ending: &str| file.extension().is_some_and(|one| one == ending);
    SCRIPTS.iter().any(|script| name == *script)
        || ends("cmake")
        || (ends("py")
            && in_tree
                .iter()
                .any(|directory| file.parent() == Some(&plain(Path::new(directory)))))
}

fn of_script(project: &Path, script: &Path, found: &mut BTreeSet<Reference>) {
    let Ok(text) = fs::read_to_string(script) else {
        return;
    };
    let here = script.parent().unwrap_or(project);
    for path in paths_up(&text) {
        found.extend(refer(project, here, Path::new(&path), false));
    }
    if script.file_name().is_some_and(|name| name == CARGO) && !is_workspace(&text) {
        let above = here
            .ancestors()
            .skip(1)
            .take_while(|above| above.parent().is_some());
        let root = above
            .map(|above| above.join(CARGO))
            .find(|path| fs::read_to_string(path).is_ok_and(|text| is_workspace(&text)));
        let root = root
            .as_deref()
            .and_then(Path::parent)
            .filter(|root| project.starts_with(root) && *root != project);
        found.extend(root.map(|root| Reference::Around(root.to_path_buf())));
    }
}

fn is_workspace(manifest: &str) -> bool {
    manifest
        .lines()
        .any(|line| line.trim_start().starts_with("[workspace"))
}

/// Resolves a path written in `here`; `None` if it is inside the project or does not exist.
fn refer(project: &Path, here: &Path, path: &Path, is_declared: bool) -> Option<Reference> {
    let path = plain(&here.join(path));
    if path.starts_with(project) {
        None
    } else if project.starts_with(&path) {
        Some(if is_declared {
            Reference::Around(path)
        } else {
            Reference::Somewhere(path)
        })
    } else if path.is_dir() {
        Some(Reference::Beside(path))
    } else {
        path.is_file().then_some(Reference::File(path))
    }
}

/// An absolute path without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The paths in a script that lead up: `../x`, `"..", "x"`, `parent.parent / "x"`,
/// `dirname(dirname(…))`.
fn paths_up(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for (at, _) in line.match_indices("..") {
            found.extend(written(line, at));
        }
        for (mark, up) in [
            (".parent.parent", 1),
            (".parents[1]", 1),
            (".parents[2]", 2),
            (".parents[3]", 3),
        ] {
            for (at, _) in line.match_indices(mark) {
                let mut rest = &line[at + mark.len()..];
                let mut path = vec![".."; up];
                while let Some(after) = rest.strip_prefix(".parent") {
                    path.push("..");
                    rest = after;
                }
                found.insert(joined(&path.join("/"), rest));
            }
        }
        let nested = line.matches("dirname(").count();
        if nested > 1 {
            let after = line
                .rfind("__file__")
                .map_or("", |at| &line[at + "__file__".len()..]);
            found.insert(joined(
                &vec![".."; nested - 1].join("/"),
                after.trim_start_matches(')'),
            ));
        }
        if line.contains("pardir") {
            found.insert("..".to_owned());
        }
    }
    found
}

/// The path that begins with the `..` at this position, if it is one.
fn written(line: &str, at: usize) -> Option<String> {
    let before = line[..at].chars().next_back();
    let rest = &line[at + 2..];
    let starts = before.is_none_or(|c| c.is_whitespace() || "\"'/(=,:}".contains(c));
    let ends = rest
        .chars()
        .next()
        .is_none_or(|c| c.is_whitespace() || "\"'/)".contains(c));
    let is_quoted =
        || before.is_some_and(|c| "\"'/".contains(c)) || rest.starts_with(['"', '\'', '/']);
    let is_range = before == Some('(') && rest.starts_with(')');
    if !starts || !ends || is_range || !(is_quoted() || rest.is_empty()) {
        return None;
    }
    if line[..at].ends_with("../") {
        // It was found together with the previous one.
        return None;
    }
    let end = rest
        .find(|c: char| c.is_whitespace() || "\"'(),;*?$<>{}[]".contains(c))
        .unwrap_or(rest.len());
    let path = format!("..{}", &rest[..end]);
    Some(joined(path.trim_end_matches('/'), &rest[end..]))
}

/// A path and the quoted parts that are joined to it: `.., "x"` and `.. / "x"`.
fn joined(path: &str, mut rest: &str) -> String {
    let mut path = path.to_owned();
    rest = rest.trim_start_matches(['"', '\'', ')']);
    loop {
        let after = rest.trim_start();
        let Some(after) = after.strip_prefix([',', '/']).map(str::trim_start) else {
            return path;
        };
        let Some(quote) = after.chars().next().filter(|c| "\"'".contains(*c)) else {
            return path;
        };
        let Some((part, more)) = after[1..].split_once(quote) else {
            return path;
        };
        path = format!("{path}/{part}");
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_asks_git_is_told_from_one_with_an_address() {
        for asks in [
            "subprocess.check_output(['git', 'describe'])",
            "find_package(Git)",
            "os.popen('git log')",
            "setup(use_scm_version=True)",
        ] {
            assert!(asks_git(asks), "{asks}");
        }
        for other in [
            "url='https://github.com/x/y.git'",
            "FetchContent_Declare(x GIT_REPOSITORY y)",
            "'git+https://host/x'",
            "digit",
        ] {
            assert!(!asks_git(other), "{other}");
        }
    }

    #[test]
    fn what_leads_up_is_found_as_it_is_written() {
        let of = |text: &str| paths_up(text).into_iter().collect::<Vec<_>>();
        assert_eq!(
            of("add_subdirectory(${CMAKE_CURRENT_SOURCE_DIR}/../common common)"),
            ["../common"]
        );
        assert_eq!(of("core = { path = \"../../core\" }"), ["../../core"]);
        assert_eq!(
            of("open(os.path.join(here, '..', 'VERSION')).read()"),
            ["../VERSION"]
        );
        assert_eq!(
            of("here = Path(__file__).parent.parent / \"VERSION\""),
            ["../VERSION"]
        );
        assert_eq!(of("here = Path(__file__).parents[2]"), ["../.."]);
        assert_eq!(
            of("join(dirname(dirname(abspath(__file__))), 'VERSION')"),
            ["../VERSION"]
        );
        assert_eq!(of("graft ../data"), ["../data"]);
        for other in [
            "for i in 0..n {",
            "&x[..]",
            "Some(..)",
            "let Some(x) = y else { .. }",
            "and so on ...",
            "S { a, ..Default::default() }",
        ] {
            assert_eq!(of(other), [""; 0], "{other}");
        }
    }
}
