//! Data on stdout. Talk goes to stderr through [`flavor::report::TerminalReporter`].

use std::io::{ErrorKind, Write};

use crate::error::Error;

/// Writes data to stdout. That nobody reads it any more is no failure.
pub(crate) fn data(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Error::Stdout),
    }
}

/// Writes a value as indented JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Stdout(error.into()))?;
    data(&(text + "\n"))
}
