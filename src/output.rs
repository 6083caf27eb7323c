//! Data on stdout. Talk goes to stderr through [`flavor::report::TerminalReporter`].

use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anstream::AutoStream;

use crate::error::Error;

/// Writes data to stdout. That nobody reads it any more is no failure.
pub(crate) fn data(text: &str) -> Result<(), Error> {
    bytes(text.as_bytes())
}

/// Writes text with our own styles, without them where they are not wanted.
pub(crate) fn styled(text: &str) -> Result<(), Error> {
    let choice = AutoStream::choice(&std::io::stdout());
    let mut plain = AutoStream::new(Vec::new(), choice);
    plain.write_all(text.as_bytes()).map_err(Error::Stdout)?;
    bytes(&plain.into_inner())
}

/// Writes a path to stdout, byte for byte: it is for programs to use.
pub(crate) fn path(path: &Path) -> Result<(), Error> {
    bytes(&[path.as_os_str().as_bytes(), b"\n"].concat())
}

fn bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Error::Stdout),
    }
}

/// Writes a value as indented JSON.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Stdout(error.into()))?;
    data(&(text + "\n"))
}
