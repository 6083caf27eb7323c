//! Data on stdout. Messages go to stderr through [`flavor::report::TerminalReporter`].

use std::borrow::Cow;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anstream::AutoStream;
use flavor::report::{printable, printable_json, printable_path};

use crate::error::Error;

/// Writes data to stdout. A closed pipe is not an error.
///
/// On a terminal, control characters in names are escaped; otherwise names are written unchanged.
pub(crate) fn data(text: &str) -> Result<(), Error> {
    if std::io::stdout().is_terminal() {
        let lines = text.split('\n').map(|line| {
            line.split('\t')
                .map(printable)
                .collect::<Vec<_>>()
                .join("\t")
        });
        return bytes(lines.collect::<Vec<_>>().join("\n").as_bytes());
    }
    bytes(text.as_bytes())
}

/// Writes text with our own styles, which are removed where styles are not wanted.
pub(crate) fn styled(text: &str) -> Result<(), Error> {
    let choice = AutoStream::choice(&std::io::stdout());
    let mut plain = AutoStream::new(Vec::new(), choice);
    plain.write_all(text.as_bytes()).map_err(Error::Stdout)?;
    bytes(&plain.into_inner())
}

/// Writes a path to stdout, byte for byte, for programs to use; escaped on a terminal.
pub(crate) fn path(path: &Path) -> Result<(), Error> {
    if std::io::stdout().is_terminal() {
        return bytes(format!("{}\n", printable_path(path)).as_bytes());
    }
    bytes(&[path.as_os_str().as_bytes(), b"\n"].concat())
}

/// A path as a JSON string. Bytes that are not UTF-8 are escaped, because JSON cannot represent
/// them.
pub(crate) fn text(path: &Path) -> Cow<'_, str> {
    path.to_str()
        .map_or_else(|| printable_path(path), Cow::Borrowed)
}

fn bytes(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Error::Stdout),
    }
}

/// Writes a value as indented JSON, streaming: a list of all files of a package is long.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    let written =
        serde_json::to_writer_pretty(Escaping(&mut stdout), value).map_err(std::io::Error::from);
    match written
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Error::Stdout),
    }
}

/// Escapes text from a package for the terminal. `serde_json` writes strings in whole pieces of
/// UTF-8.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        match str::from_utf8(piece) {
            Ok(text) => self.0.write_all(printable_json(text).as_bytes())?,
            Err(_) => self.0.write_all(piece)?,
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
