use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, Stdio};

use super::environment::{Environment, expand};
use crate::format::Metadata;
use crate::fs::IoContext;
use crate::interrupt;
use crate::report::ended;
use crate::workenv::{SET_UP_LOG, SetUp, WorkenvError};

/// How many bytes of the output an error shows.
const SHOWN: u64 = 800;

/// The set-up commands of a package, with the same environment as its programs.
pub(super) struct Commands<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) environment: &'a Environment,
    pub(super) package: &'a Path,
}

impl SetUp for Commands<'_> {
    /// Commands run in the environment's directory, without input. Their output goes to a file, so
    /// that the output of the program is the same on the first start as on every other.
    fn run(&self, workenv: &Path) -> Result<(), WorkenvError> {
        let facts = self.metadata.flavor.as_ref();
        let commands = facts.map(|facts| &facts.set_up[..]).unwrap_or_default();
        let python = facts.and_then(|facts| facts.python.as_ref());
        let path = workenv.join(SET_UP_LOG);
        let mut log = File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .on("create", &path)?;
        // The commands inherit the lock through their output, so it is held as long as one of them
        // runs.
        log.lock().on("lock", &path)?;
        let environment = self
            .environment
            .clone()
            .of_package(self.metadata, workenv, self.package);
        for words in commands {
            let environment = environment.clone().withheld(python, words, workenv);
            let start = log.seek(SeekFrom::End(0)).on("examine", &path)?;
            let mut words = words.iter().map(|word| expand(word, workenv));
            let Some(program) = words.next() else {
                continue;
            };
            let command = program.to_string_lossy().into_owned();
            tracing::info!(command, "set up");
            let outcome = log.try_clone().and_then(|stdout| {
                let stderr = stdout.try_clone()?;
                let mut command = Command::new(&program);
                command
                    .args(words)
                    .env_clear()
                    .envs(environment.iter())
                    .current_dir(workenv);
                // A pipe without a writer: a bare root file system has no /dev/null.
                command
                    .stdin(Stdio::piped())
                    .stdout(stdout)
                    .stderr(stderr)
                    .spawn()?
                    .wait()
            });
            outcome.iter().copied().for_each(interrupt::after_child);
            let failed = match outcome {
                Ok(status) if status.success() => continue,
                Ok(status) => ended(status),
                Err(error) => format!("cannot be started: {error}"),
            };
            return Err(WorkenvError::SetUp {
                command,
                outcome: failed,
                output: end_of(&mut log, start),
            });
        }
        Ok(())
    }
}

/// The end of the output since `start`, in one line.
fn end_of(log: &mut File, start: u64) -> String {
    let mut text = Vec::new();
    let from = log.metadata().map_or(start, |metadata| {
        metadata.len().saturating_sub(SHOWN).max(start)
    });
    // Without the output the error is reported all the same.
    drop(
        log.seek(SeekFrom::Start(from))
            .and_then(|_| log.read_to_end(&mut text)),
    );
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" / ")
}
