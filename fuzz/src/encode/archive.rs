//! Archives of ustar, pax and GNU headers (IEEE Std 1003.1, `pax`), honest and otherwise.

use arbitrary::Arbitrary;

const BLOCK: usize = 512;
/// Entries that are made of however many.
const MOST: usize = 64;

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Archive<'a> {
    entries: Vec<Entry<'a>>,
    /// Zero blocks at the end.
    end: u8,
    /// Bytes behind them.
    excess: &'a [u8],
}

#[derive(Arbitrary, Clone, Debug)]
struct Entry<'a> {
    kind: Kind,
    name: Name<'a>,
    link: Name<'a>,
    mode: u16,
    content: Content<'a>,
    spelling: Spelling,
    /// What honest writers do not do.
    oddity: Oddity<'a>,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Kind {
    File,
    OldFile,
    Directory,
    Symlink,
    HardLink,
    Other(u8),
}

/// Names out of few parts, so that they meet.
#[derive(Arbitrary, Clone, Debug)]
struct Name<'a> {
    is_absolute: bool,
    parts: Vec<Part<'a>>,
    ends_with_slash: bool,
}

#[derive(Arbitrary, Clone, Debug)]
enum Part<'a> {
    A,
    B,
    C,
    Here,
    Up,
    Nothing,
    Long(u8),
    Bytes(&'a [u8]),
}

#[derive(Arbitrary, Clone, Debug)]
enum Content<'a> {
    Nothing,
    Bytes(&'a [u8]),
    Run(u8, u16),
}

/// How a name is written that is longer than a header holds, or might be.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Spelling {
    Plain,
    Prefix,
    Pax,
    Gnu,
}

#[derive(Arbitrary, Clone, Debug)]
enum Oddity<'a> {
    None,
    Checksum(u16),
    Magic([u8; 8]),
    /// A size that is not that of the content.
    Size(u64),
    /// Sizes in GNU's base 256.
    Base256,
    /// A pax size, whatever the header says.
    PaxSize(u64),
    /// Records as they are.
    PaxRecords(&'a [u8]),
    /// Bytes of the header.
    Patch(u16, &'a [u8]),
    /// A byte of the padding.
    Padding(u8),
}

impl Archive<'_> {
    /// The bytes, and where each entry begins.
    pub(crate) fn encode(&self) -> (Vec<u8>, Vec<usize>) {
        let (mut out, mut headers) = (Vec::new(), Vec::new());
        for entry in self.entries.iter().take(MOST) {
            headers.push(out.len());
            entry.encode(&mut out);
        }
        out.resize(out.len() + BLOCK * usize::from(self.end % 4), 0);
        out.extend(self.excess);
        (out, headers)
    }

    /// Files, those that are links included, and entries.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let entries = &self.entries[..self.entries.len().min(MOST)];
        let is_file =
            |entry: &&Entry<'_>| matches!(entry.kind, Kind::File | Kind::OldFile | Kind::HardLink);
        (
            entries.iter().filter(is_file).count() as u64,
            entries.len() as u64,
        )
    }
}

impl Name<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.is_absolute {
            out.push(b'/');
        }
        for (at, part) in self.parts.iter().take(20).enumerate() {
            if at > 0 {
                out.push(b'/');
            }
            match part {
                Part::A => out.push(b'a'),
                Part::B => out.push(b'b'),
                Part::C => out.push(b'c'),
                Part::Here => out.push(b'.'),
                Part::Up => out.extend(b".."),
                Part::Nothing => {}
                // Around the limit of a part.
                Part::Long(len) => {
                    out.extend(std::iter::repeat_n(b'n', 200 + usize::from(len % 64)));
                }
                Part::Bytes(bytes) => out.extend(bytes.iter().take(300)),
            }
        }
        if self.ends_with_slash {
            out.push(b'/');
        }
        out
    }
}

impl Entry<'_> {
    fn encode(&self, out: &mut Vec<u8>) {
        let content = match &self.content {
            Content::Bytes(bytes) if self.has_content() => bytes.to_vec(),
            Content::Run(byte, len) if self.has_content() => vec![*byte; usize::from(*len)],
            _ => Vec::new(),
        };
        let (name, link) = (self.name.bytes(), self.link.bytes());
        let mut size = content.len() as u64;
        let mut records = Vec::new();
        let mut prefix: &[u8] = &[];
        let mut tail = &name[..];
        match self.spelling {
            Spelling::Plain => {}
            Spelling::Prefix => {
                let slash = name.iter().rposition(|byte| *byte == b'/');
                if let Some(at) = slash.filter(|at| *at > 0 && *at <= 155) {
                    (prefix, tail) = (&name[..at], &name[at + 1..]);
                }
            }
            Spelling::Pax => {
                records.extend(record("path", &name));
                if self.is_link() {
                    records.extend(record("linkpath", &link));
                }
            }
            Spelling::Gnu => {
                gnu(out, b'L', &name);
                if self.is_link() {
                    gnu(out, b'K', &link);
                }
            }
        }
        match &self.oddity {
            Oddity::Size(lie) => size = *lie,
            Oddity::PaxSize(lie) => records.extend(record("size", lie.to_string().as_bytes())),
            Oddity::PaxRecords(bytes) => records.extend(*bytes),
            _ => {}
        }
        if !records.is_empty() {
            out.extend(header(b"pax", b'x', 0o644, records.len() as u64, &[], &[]));
            block(out, &records, 0);
        }
        let flag = match self.kind {
            Kind::File => b'0',
            Kind::OldFile => 0,
            Kind::Directory => b'5',
            Kind::Symlink => b'2',
            Kind::HardLink => b'1',
            Kind::Other(flag) => flag,
        };
        let link = if self.is_link() { &link[..] } else { &[] };
        let mut header = header(tail, flag, self.mode, size, link, prefix);
        match &self.oddity {
            Oddity::Checksum(change) => header[150] ^= change.to_le_bytes()[0],
            Oddity::Magic(magic) => {
                header[257..265].copy_from_slice(magic);
                seal(&mut header);
            }
            Oddity::Base256 => {
                header[124..136].fill(0);
                header[124] = 0x80;
                header[128..136].copy_from_slice(&size.to_be_bytes());
                seal(&mut header);
            }
            Oddity::Patch(at, bytes) => {
                let at = usize::from(*at) % BLOCK;
                for (place, byte) in header[at..].iter_mut().zip(*bytes) {
                    *place = *byte;
                }
                seal(&mut header);
            }
            _ => {}
        }
        out.extend(header);
        block(
            out,
            &content,
            if let Oddity::Padding(byte) = self.oddity {
                byte
            } else {
                0
            },
        );
    }

    fn has_content(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::OldFile | Kind::Other(_))
    }

    fn is_link(&self) -> bool {
        matches!(self.kind, Kind::Symlink | Kind::HardLink)
    }
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let body = key.len() + value.len() + 3;
    // The length counts its own digits.
    let len = (1..8)
        .map(|digits| body + digits)
        .find(|len| body + len.to_string().len() == *len)
        .expect("short");
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

fn gnu(out: &mut Vec<u8>, flag: u8, name: &[u8]) {
    out.extend(header(
        b"././@LongLink",
        flag,
        0o644,
        name.len() as u64 + 1,
        &[],
        &[],
    ));
    block(out, &[name, b"\0"].concat(), 0);
}

/// Content and its padding.
fn block(out: &mut Vec<u8>, content: &[u8], padding: u8) {
    out.extend(content);
    let rest = content.len().next_multiple_of(BLOCK) - content.len();
    out.extend(std::iter::repeat_n(padding, rest));
}

fn header(name: &[u8], flag: u8, mode: u16, size: u64, link: &[u8], prefix: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, room: usize, value: &[u8]| {
        let len = value.len().min(room);
        block[at..at + len].copy_from_slice(&value[..len]);
    };
    put(0, 100, name);
    put(100, 8, format!("{mode:07o}\0").as_bytes());
    put(108, 8, b"0000000\0");
    put(116, 8, b"0000000\0");
    put(
        124,
        12,
        format!("{:011o}\0", size & 0o777_7777_7777).as_bytes(),
    );
    put(136, 12, b"00000000000\0");
    put(156, 1, &[flag]);
    put(157, 100, link);
    put(257, 8, b"ustar\x0000");
    put(345, 155, prefix);
    seal(&mut block);
    block
}

fn seal(block: &mut [u8; BLOCK]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[cfg(test)]
impl Archive<'static> {
    /// A tree of one entry of each kind.
    pub(crate) fn sample() -> Self {
        let name = |parts| Name {
            is_absolute: false,
            parts,
            ends_with_slash: false,
        };
        let entry = |kind, at, link, content| Entry {
            kind,
            name: name(at),
            link: name(link),
            mode: 0o755,
            content,
            spelling: Spelling::Plain,
            oddity: Oddity::None,
        };
        let entries = vec![
            entry(Kind::Directory, vec![Part::A], vec![], Content::Nothing),
            entry(
                Kind::File,
                vec![Part::A, Part::B],
                vec![],
                Content::Bytes(b"content"),
            ),
            entry(
                Kind::HardLink,
                vec![Part::A, Part::C],
                vec![Part::A, Part::B],
                Content::Nothing,
            ),
            entry(
                Kind::Symlink,
                vec![Part::B],
                vec![Part::A, Part::B],
                Content::Nothing,
            ),
        ];
        Self {
            entries,
            end: 2,
            excess: &[],
        }
    }
}
