//! Counts the bytes read.

use std::io::{BufRead, Read};

use super::SlotError;

/// Counts the bytes read from a reader.
pub(super) struct Counted<R> {
    inner: R,
    pub(super) count: u64,
}

impl<R: BufRead> Counted<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, count: 0 }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SlotError> {
        Read::read(self, buffer).map_err(SlotError::BadStream)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count = self.count.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.count = self.count.saturating_add(amount as u64);
    }
}
