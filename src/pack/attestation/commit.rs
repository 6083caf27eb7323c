//! The commit of a project's sources, read from git's own files, because git may not be installed.

use std::fs;
use std::path::{Path, PathBuf};

/// The commit that is checked out in the repository around `directory`; 40 or 64 hexadecimal
/// digits.
pub(super) fn head(directory: &Path) -> Option<String> {
    let directory = std::path::absolute(directory).ok()?;
    let git = directory.ancestors().find_map(git_directory)?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let found = match head.trim().strip_prefix("ref: ") {
        None => head.trim().to_owned(),
        Some(name) => {
            // A worktree has its own HEAD and shares the branches.
            let common = fs::read_to_string(git.join("commondir"))
                .map_or_else(|_| git.clone(), |to| git.join(to.trim()));
            let loose = [&git, &common]
                .into_iter()
                .find_map(|place| fs::read_to_string(place.join(name)).ok());
            loose.or_else(|| packed(&common, name))?.trim().to_owned()
        }
    };
    let is_id =
        matches!(found.len(), 40 | 64) && found.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then_some(found)
}

fn git_directory(directory: &Path) -> Option<PathBuf> {
    let git = directory.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    // In a worktree or a submodule `.git` is a file that names the real directory.
    let text = fs::read_to_string(git).ok()?;
    Some(directory.join(text.strip_prefix("gitdir:")?.trim()))
}

fn packed(git: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(git.join("packed-refs")).ok()?;
    text.lines().find_map(|line| {
        line.split_once(' ')
            .filter(|(_, one)| *one == name)
            .map(|(id, _)| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    #[test]
    fn the_commit_is_found_wherever_git_keeps_it() {
        let scratch = tempfile::tempdir().expect("scratch");
        let at = |path: &str, text: &str| {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        at("loose/.git/HEAD", "ref: refs/heads/main\n");
        at("loose/.git/refs/heads/main", &format!("{ID}\n"));
        at("loose/sub/project/pyproject.toml", "");
        at("packed/.git/HEAD", "ref: refs/heads/main\n");
        at(
            "packed/.git/packed-refs",
            &format!("# pack-refs\n{ID} refs/heads/main\n"),
        );
        at("detached/.git/HEAD", &format!("{ID}\n"));
        at("tree/.git", "gitdir: ../loose/.git/worktrees/tree\n");
        at("loose/.git/worktrees/tree/HEAD", "ref: refs/heads/main\n");
        at("loose/.git/worktrees/tree/commondir", "../..\n");
        for place in ["loose", "loose/sub/project", "packed", "detached", "tree"] {
            assert_eq!(
                head(&scratch.path().join(place)).as_deref(),
                Some(ID),
                "{place}"
            );
        }
        at("empty/.git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(
            head(&scratch.path().join("empty")),
            None,
            "a repository without a commit"
        );
    }
}
