use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use flavor::format::Lifecycle;
use flavor::fs::is_exposed;
use flavor::launcher::{Environment, Invocation, Launch, LaunchError, prepare};
use flavor::pack::OWN_LAUNCHER;
use flavor::package::{PackageError, Reader, Slot, verify};
use flavor::trust::permit;
use flavor::workenv::{Cache, CopyError, PrivateCopy};

use crate::cli::Run;
use crate::error::Error;

/// Starts a package like its own launcher: this process becomes the program.
pub(super) fn run(options: Run) -> Result<ExitCode, Error> {
    let mut words = options.words.into_iter();
    let (name, arguments): (PathBuf, _) = (
        PathBuf::from(words.next().unwrap_or_default()),
        words.collect(),
    );
    let package = name.canonicalize().unwrap_or_else(|_| name.clone());
    let failed = |source: PackageError| Error::Package {
        path: name.clone(),
        source,
    };
    let reader = Reader::open(&package).map_err(failed)?;
    if reader.metadata().launcher.tool != OWN_LAUNCHER {
        return start_with_its_launcher(reader, name, arguments);
    }
    let invocation = Invocation {
        executed: name.clone(),
        name: name.into_os_string(),
        package,
        arguments,
        environment: Environment::new(std::env::vars_os()),
    };
    let Launch {
        program,
        arguments,
        environment,
        keep,
    } = prepare(invocation)?;
    let source = Command::new(&program)
        .args(arguments)
        .env_clear()
        .envs(environment.iter())
        .exec();
    drop(keep);
    Err(LaunchError::not_started(program, source).into())
}

/// A foreign package is started by its own launcher, which knows where it extracts to, after
/// everything that it may execute was verified. The launcher reads the file again, so no other user
/// may be able to change the file meanwhile.
fn start_with_its_launcher(
    reader: Reader,
    name: PathBuf,
    arguments: Vec<OsString>,
) -> Result<ExitCode, Error> {
    let package = reader.path().to_path_buf();
    let failed = |source: PackageError| Error::Package {
        path: name.clone(),
        source,
    };
    let (verified, copy) = if is_exposed(reader.file()) {
        let copy = Cache::open_lasting()?
            .private_copy(&reader)
            .map_err(|error| match error {
                CopyError::Package(source) => failed(source),
                CopyError::Workenv(source) => source.into(),
            })?;
        (copy.verified.clone(), Some(copy))
    } else {
        (verify(&reader).map_err(failed)?, None)
    };
    let (reader, keep) = match copy.map(PrivateCopy::keep_across_exec).transpose()? {
        Some((reader, keep)) => (reader, Some(keep)),
        None => (reader, None),
    };
    if !verified.launcher {
        return Err(Error::NotAuthenticated {
            path: name,
            slot: "launcher".into(),
        });
    }
    // FlavorPack's attestation slot has no full digest; nothing in it is ever executed.
    let unproven = |slot: &Slot<'_>| {
        verified
            .unauthenticated
            .iter()
            .any(|name| name == slot.name())
    };
    let is_attestation = |slot: &Slot<'_>| slot.record.lifecycle == Lifecycle::Attestation.word();
    if let Some(slot) = reader
        .slots()
        .find(|slot| unproven(slot) && !is_attestation(slot))
    {
        return Err(Error::NotAuthenticated {
            path: name,
            slot: slot.name().into(),
        });
    }
    let permitted = permit(&reader).map_err(|source| Error::Refused { path: name, source })?;
    for warning in &permitted.warnings {
        tracing::warn!("{warning}");
    }
    // The file that was verified, whatever has its name now.
    let open = format!("/proc/self/fd/{}", reader.file().as_raw_fd());
    let source = Command::new(open).arg0(&package).args(arguments).exec();
    drop(keep);
    Err(LaunchError::not_started(package, source).into())
}
