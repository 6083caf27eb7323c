//! Cuts content into frames.

use std::path::{Path, PathBuf};

use super::super::tar;
use crate::codec::Compression;

/// Content of one frame.
#[derive(Default)]
pub(in crate::slot) struct PlannedFrame {
    pub(in crate::slot) pieces: Vec<Piece>,
    pub(in crate::slot) plain: u64,
    pub(in crate::slot) continues: bool,
}

pub(in crate::slot) enum Piece {
    Bytes(Vec<u8>),
    /// `len` bytes of a file from `offset`.
    Content {
        path: PathBuf,
        offset: u64,
        len: u64,
    },
}

/// Collects pieces and cuts frames.
pub(super) struct Cutter {
    /// The length of a frame: the maximum and, towards the end of the slot, the minimum.
    longest: u64,
    shortest: u64,
    /// Bytes in the current frame.
    limit: u64,
    /// Bytes of content still to come.
    left: u64,
    done: Vec<PlannedFrame>,
    current: PlannedFrame,
}

impl Cutter {
    /// For a slot with this many bytes of content.
    pub(super) fn new(compression: Compression, content: u64) -> Self {
        let longest = compression.frame_len();
        let mut cutter = Self {
            longest,
            shortest: longest / 5 * 4,
            limit: longest,
            left: content,
            done: Vec::new(),
            current: PlannedFrame::default(),
        };
        cutter.limit = cutter.next_limit();
        cutter
    }

    /// Frames get shorter towards the end, so that no core starts a long one when the others are
    /// done.
    fn next_limit(&self) -> u64 {
        const CORES: u64 = 4;
        (self.left / CORES).clamp(self.shortest, self.longest)
    }

    /// Starts an entry of `size` bytes of content: in a new frame if the current one is full
    /// enough, or if the entry does not fit and will be cut itself.
    pub(super) fn header(&mut self, header: Vec<u8>, size: u64) {
        let with_entry = self.current.plain + header.len() as u64 + size;
        if self.current.plain > 0 && (with_entry > self.limit || self.current.continues) {
            self.cut(false);
        }
        self.bytes(header);
    }

    fn bytes(&mut self, bytes: Vec<u8>) {
        self.current.plain += bytes.len() as u64;
        match self.current.pieces.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(&bytes),
            _ => self.current.pieces.push(Piece::Bytes(bytes)),
        }
    }

    pub(super) fn content(&mut self, path: &Path, size: u64) {
        let mut offset = 0;
        while offset < size {
            if self.current.plain >= self.limit {
                self.cut(true);
            }
            let len = (size - offset).min(self.limit - self.current.plain);
            self.current.pieces.push(Piece::Content {
                path: path.into(),
                offset,
                len,
            });
            self.current.plain += len;
            self.left = self.left.saturating_sub(len);
            offset += len;
        }
    }

    /// Pads the last block. This may exceed the limit, which is cheaper than a frame of a few
    /// zeros.
    pub(super) fn padding(&mut self, size: u64) {
        let zeros = tar::padding(size);
        if zeros > 0 {
            self.bytes(vec![0; zeros]);
        }
    }

    fn cut(&mut self, next_continues: bool) {
        let next = PlannedFrame {
            continues: next_continues,
            ..PlannedFrame::default()
        };
        self.done.push(std::mem::replace(&mut self.current, next));
        self.limit = self.next_limit();
    }

    /// The planned frames; at least one.
    pub(super) fn finish(mut self) -> Vec<PlannedFrame> {
        if self.current.plain > 0 || self.done.is_empty() {
            self.cut(false);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Codec;

    const COMPRESSION: Compression = Compression {
        codec: Codec::Zstd,
        level: 3,
        extreme: false,
    };

    #[test]
    fn a_large_file_is_cut_and_small_ones_share_a_frame() {
        let mut cutter = Cutter::new(COMPRESSION, 0);
        let big = 9 << 20;
        for size in [100, big, 100, 100] {
            cutter.header(vec![0; 512], size);
            cutter.content(Path::new("x"), size);
            cutter.padding(size);
        }
        let shape: Vec<bool> = cutter
            .finish()
            .iter()
            .map(|frame| frame.continues)
            .collect();
        assert_eq!(shape, [false, false, true, true, false]);
    }

    #[test]
    fn the_last_frames_are_the_shorter_ones() {
        let size = 100 << 20;
        let mut cutter = Cutter::new(COMPRESSION, size);
        cutter.content(Path::new("x"), size);
        let lengths: Vec<u64> = cutter.finish().iter().map(|frame| frame.plain).collect();
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
        assert_eq!((lengths[0], lengths[lengths.len() - 2]), (5 << 20, 4 << 20));
    }
}
