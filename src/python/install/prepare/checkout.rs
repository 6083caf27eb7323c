//! git sources: fetched with git, and built like any directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fs::IoContext as _;
use crate::python::command::{command, on_path, redact, run};
use crate::python::install::error::{Error, Result};

/// The number of lines of git's output that are shown.
const SHOWN: usize = 4;

/// Fetches a repository into `dest`, which does not exist yet, and returns the requested directory.
pub(super) fn check_out(
    url: &str,
    revision: Option<&str>,
    subdirectory: Option<&str>,
    offline: bool,
    dest: &Path,
) -> Result<PathBuf> {
    let failed = |said: Vec<String>| Error::Git {
        url: redact(url).into(),
        said,
    };
    if on_path("git").is_none() {
        return Err(failed(vec!["no git on PATH".to_owned()]));
    }
    let is_here = url.starts_with("file:") || url.starts_with(['/', '.']);
    if offline && !is_here {
        return Err(failed(vec!["the network is disabled".to_owned()]));
    }
    // git would treat it as an option.
    if let Some(odd) = [Some(url), revision]
        .into_iter()
        .flatten()
        .find(|text| text.starts_with('-'))
    {
        return Err(failed(vec![format!(
            "`{odd}` is neither a URL nor a revision"
        )]));
    }
    fs::create_dir_all(dest).on("create directory", dest)?;
    let git = |arguments: &[&str]| -> Result<()> {
        let mut command = command("git");
        command
            .current_dir(dest)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        // Variables set in a git hook would lead into the user's own repository.
        for name in [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
        ] {
            command.env_remove(name);
        }
        let output = run(command
            .args(["-c", "advice.detachedHead=false"])
            .args(arguments))?;
        if output.status.success() {
            return Ok(());
        }
        let said = redact(&String::from_utf8_lossy(&output.stderr));
        let said: Vec<String> = said
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(Into::into)
            .collect();
        Err(failed(said[said.len().saturating_sub(SHOWN)..].to_vec()))
    };
    git(&["init", "--quiet"])?;
    // The URL is written to a file, because command lines are visible to all users. The whole
    // history is fetched, because back ends derive versions from history and tags.
    let config = dest.join(".git/config");
    let text = fs::read_to_string(&config).on("read", &config)?;
    let quoted = url.replace('\\', "\\\\").replace('"', "\\\"");
    let remote = format!(
        "[remote \"origin\"]\n\turl = \"{quoted}\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
    );
    fs::write(&config, text + &remote).on("write", &config)?;
    git(&[
        "fetch",
        "--quiet",
        "--tags",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
        "+HEAD:refs/flavor/head",
    ])?;
    match revision {
        None => git(&["checkout", "--quiet", "--detach", "refs/flavor/head"])?,
        Some(revision) => {
            // A branch, a tag or a commit; or a ref of the remote such as `refs/pull/1/head`.
            let branch = format!("refs/remotes/origin/{revision}");
            let here = git(&["checkout", "--quiet", "--detach", &branch])
                .or_else(|_| git(&["checkout", "--quiet", "--detach", revision]));
            if let Err(error) = here {
                git(&["fetch", "--quiet", "origin", revision]).map_err(|_| error)?;
                git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"])?;
            }
        }
    }
    if dest.join(".gitmodules").is_file() {
        git(&["submodule", "--quiet", "update", "--init", "--recursive"])?;
    }
    // The build must not see the credentials.
    fs::write(
        &config,
        fs::read_to_string(&config)
            .on("read", &config)?
            .replace(&remote, ""),
    )
    .on("write", &config)?;
    let place = subdirectory.map_or_else(|| dest.to_path_buf(), |below| dest.join(below));
    match place.canonicalize() {
        Ok(place) if place.is_dir() && place.starts_with(dest.canonicalize().on("find", dest)?) => {
            Ok(place)
        }
        _ => Err(failed(vec![format!(
            "it has no directory `{}`",
            subdirectory.unwrap_or_default()
        )])),
    }
}
