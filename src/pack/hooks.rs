//! The manifest's hooks: commands before and after a pack.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::{BuildError, Settings};
use crate::fs::IoContext;
use crate::interrupt;
use crate::manifest::Manifest;
use crate::report::{Reporter, Stopwatch, counted, ended};

/// A hook command that failed.
#[derive(Debug, thiserror::Error)]
#[error("`{hook}` failed: `{command}` {status}")]
pub struct FailedHook {
    pub hook: &'static str,
    /// As it would be typed in a shell.
    pub command: String,
    /// How it ended.
    pub status: String,
    /// Its working directory.
    pub directory: PathBuf,
    /// The package, if it was written nevertheless.
    pub package: Option<PathBuf>,
}

/// Runs `pre_build` in the directory of the manifest. The output goes to stderr.
///
/// Returns whether there were any commands: they may have changed the manifest.
///
/// # Errors
/// [`BuildError::Hook`] for the first command that fails; later ones are not run.
pub fn run_pre_build(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<bool, BuildError> {
    run(
        "pre_build",
        &manifest.build.pre_build,
        &[],
        manifest,
        settings,
        reporter,
    )
}

/// Runs `post_build` in the same way, once `package` is in place.
///
/// # Errors
/// Those of [`run_pre_build`]; the package is kept.
pub fn run_post_build(
    manifest: &Manifest,
    settings: &Settings,
    package: &Path,
    version: &str,
    reporter: &dyn Reporter,
) -> Result<bool, BuildError> {
    let package = std::path::absolute(package).on("find", package)?;
    let more = [
        ("FLAVOR_PACKAGE_PATH", package.as_os_str()),
        ("FLAVOR_PACKAGE_VERSION", version.as_ref()),
    ];
    run(
        "post_build",
        &manifest.build.post_build,
        &more,
        manifest,
        settings,
        reporter,
    )
}

fn run(
    hook: &'static str,
    commands: &[Vec<String>],
    more: &[(&str, &std::ffi::OsStr)],
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<bool, BuildError> {
    if !settings.hooks || commands.is_empty() {
        return Ok(false);
    }
    let clock = Stopwatch::start();
    let directory = std::path::absolute(&manifest.directory).on("find", &manifest.directory)?;
    let output = settings.output_path(manifest);
    let output = std::path::absolute(&output).on("find", &output)?;
    for words in commands {
        let Some((program, arguments)) = words.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&directory)
            .stdin(Stdio::null());
        command
            .env("FLAVOR_HOOK", hook)
            .env("FLAVOR_PROJECT", &directory)
            .envs(more.iter().copied());
        // Metadata computed by the build back end are not known before the build.
        if !manifest.package_name.is_empty() {
            command.env("FLAVOR_PACKAGE_NAME", &manifest.package_name);
        }
        if settings.output.is_some() || !manifest.package_name.is_empty() {
            command.env("FLAVOR_OUTPUT", &output);
        }
        let failed = |status: String| {
            BuildError::Hook(Box::new(FailedHook {
                hook,
                command: shown(words),
                status,
                directory: manifest.directory.clone(),
                package: (hook == "post_build").then(|| settings.output_path(manifest)),
            }))
        };
        tracing::info!(hook, command = %shown(words), "runs");
        let status = finished(&mut command)
            .map_err(|error| failed(format!("cannot be started: {error}")))?;
        interrupt::after_child(status);
        if !status.success() {
            return Err(failed(ended(status)));
        }
    }
    reporter.phase(
        hook,
        &counted(commands.len(), "command", "commands"),
        clock.took(),
    );
    Ok(true)
}

/// Runs a command to its end. stdout is reserved for the path of the package, so all output goes to
/// stderr.
fn finished(command: &mut Command) -> std::io::Result<ExitStatus> {
    use std::os::fd::AsFd;
    command
        .stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?))
        .status()
}

/// As typed in a shell.
fn shown(words: &[String]) -> String {
    let plain = |word: &String| {
        let is_plain = !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c));
        if is_plain {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(plain).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let words = ["sh", "-c", "echo 'a b'; exit 3", ""].map(String::from);
        assert_eq!(shown(&words), "sh -c 'echo '\\''a b'\\''; exit 3' ''");
    }
}
