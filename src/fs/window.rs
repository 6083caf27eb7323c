use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// A part of a file as a stream, so that a decoder cannot read past the end of its slot.
///
/// Reads at explicit offsets, so that any number of windows can share one descriptor.
pub struct Window<'a> {
    file: &'a File,
    position: u64,
    end: u64,
}

impl<'a> Window<'a> {
    /// The `len` bytes from `offset`.
    pub fn new(file: &'a File, offset: u64, len: u64) -> Self {
        Self {
            file,
            position: offset,
            end: offset.saturating_add(len),
        }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.file.read_at(buffer, self.position)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}
