use arbitrary::Arbitrary;

use crate::checksum::crc32;

/// CRC-32 behind each block.
const FLAGS: [u8; 2] = [0, 1];

/// An xz stream of uncompressed LZMA2 chunks (the .xz file format, version 1.2.1).
#[derive(Arbitrary, Clone, Debug, Default)]
pub(crate) struct Xz {
    /// The dictionary that the block asks for: 0 is 4 KiB, 40 is 4 GiB less one byte.
    dictionary: u8,
    /// Bytes of a chunk, less one.
    chunk: u16,
    /// How many streams the bytes are spread over.
    streams: u8,
    /// Bytes of zeros behind the last stream.
    padding: u8,
    /// What the checksum of the content is changed by.
    lie: u32,
    is_honest: bool,
}

impl Xz {
    pub(crate) fn encode(&self, plain: &[u8]) -> Vec<u8> {
        if self.is_honest {
            return stream(plain, 0, 0xffff, 0);
        }
        let streams = usize::from(self.streams % 3) + 1;
        let parts = plain.chunks(plain.len().div_ceil(streams).max(1));
        let mut out: Vec<u8> = parts
            .flat_map(|part| stream(part, self.dictionary % 64, self.chunk.max(63), self.lie))
            .collect();
        out.extend(std::iter::repeat_n(0, usize::from(self.padding % 16)));
        out
    }
}

fn stream(plain: &[u8], dictionary: u8, chunk: u16, lie: u32) -> Vec<u8> {
    let mut out = vec![0xfd, b'7', b'z', b'X', b'Z', 0, FLAGS[0], FLAGS[1]];
    out.extend(crc32(&FLAGS).to_le_bytes());
    let block = out.len();
    // Twelve bytes of header; one filter, LZMA2, with one byte of properties.
    out.extend([2, 0, 0x21, 1, dictionary, 0, 0, 0]);
    out.extend(crc32(&out[block..]).to_le_bytes());
    for (at, part) in plain.chunks(usize::from(chunk) + 1).enumerate() {
        // The first resets the dictionary.
        out.push(if at == 0 { 1 } else { 2 });
        out.extend(
            u16::try_from(part.len() - 1)
                .expect("a chunk fits")
                .to_be_bytes(),
        );
        out.extend(part);
    }
    out.push(0);
    let unpadded = out.len() - block + 4;
    pad(&mut out, block);
    out.extend((crc32(plain) ^ lie).to_le_bytes());
    let index = out.len();
    out.extend([0, 1]);
    out.extend(variable(unpadded));
    out.extend(variable(plain.len()));
    pad(&mut out, index);
    out.extend(crc32(&out[index..]).to_le_bytes());
    let backward = u32::try_from((out.len() - index) / 4 - 1)
        .expect("short")
        .to_le_bytes();
    let footer = [&backward[..], &FLAGS].concat();
    out.extend(crc32(&footer).to_le_bytes());
    out.extend(footer);
    out.extend(b"YZ");
    out
}

fn pad(out: &mut Vec<u8>, from: usize) {
    let len = (out.len() - from).next_multiple_of(4);
    out.resize(from + len, 0);
}

/// Seven bits a byte, the lowest first.
fn variable(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            out.push(low);
            return out;
        }
        out.push(low | 0x80);
    }
}
