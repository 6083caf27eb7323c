use arbitrary::Arbitrary;

/// The longest block (RFC 8878 § 3.1.1.2.4).
const BLOCK: usize = 128 << 10;

/// A zstd frame of raw blocks and runs.
#[derive(Arbitrary, Clone, Debug, Default)]
pub(crate) struct Zstd {
    /// The window that the header asks for; without one the content says its size and is one segment.
    window: Option<u8>,
    /// What the declared size of the content is changed by.
    lie: u32,
    is_honest: bool,
}

/// Where a slot is cut, and what the table behind it says.
#[derive(Arbitrary, Clone, Debug, Default)]
pub(crate) struct Frames {
    /// Without a table there is one part.
    has_table: bool,
    cuts: Vec<Cut>,
    /// Rows that are not as they should be: which, which of the three numbers, and what it is changed by.
    lies: Vec<(u8, u8, u32)>,
    /// What the number of rows is changed by.
    rows: u32,
    is_honest: bool,
}

#[derive(Arbitrary, Clone, Debug)]
struct Cut {
    at: u16,
    /// Whether the cut moves to where an entry begins.
    snaps: bool,
}

impl Zstd {
    fn frame(&self, plain: &[u8]) -> Vec<u8> {
        let mut out = vec![0x28, 0xb5, 0x2f, 0xfd];
        let len = u32::try_from(plain.len()).expect("short");
        match self.window {
            Some(window) if !self.is_honest => out.extend([0, window]),
            _ => {
                // Four bytes of content size, one segment.
                out.push(0xa0);
                let lie = if self.is_honest { 0 } else { self.lie };
                out.extend((len ^ lie).to_le_bytes());
            }
        }
        let mut blocks = plain.chunks(BLOCK).peekable();
        if blocks.peek().is_none() {
            out.extend([1, 0, 0]);
        }
        while let Some(block) = blocks.next() {
            let is_run = block.iter().all(|byte| *byte == block[0]);
            let size = u32::try_from(block.len()).expect("short");
            let header =
                (size << 3) | (u32::from(is_run) << 1) | u32::from(blocks.peek().is_none());
            out.extend(&header.to_le_bytes()[..3]);
            out.extend(if is_run { &block[..1] } else { block });
        }
        out
    }

    /// The slot: frames, and behind them perhaps their table. `headers` are the places where entries begin.
    pub(crate) fn encode(&self, plain: &[u8], headers: &[usize], frames: &Frames) -> Vec<u8> {
        if !frames.has_table {
            return self.frame(plain);
        }
        let mut places: Vec<usize> = frames
            .cuts
            .iter()
            .take(64)
            .map(|cut| cut.place(plain.len(), headers))
            .collect();
        places.extend([0, plain.len()]);
        places.sort_unstable();
        if frames.is_honest {
            places.dedup();
        }
        // Of nothing there is one frame, too.
        if places.len() < 2 {
            places.push(plain.len());
        }
        let mut out = Vec::new();
        let mut rows = Vec::new();
        for pair in places.windows(2) {
            let frame = self.frame(&plain[pair[0]..pair[1]]);
            let number = |value: usize| u32::try_from(value).expect("short");
            let continues = pair[0] > 0 && headers.binary_search(&pair[0]).is_err();
            rows.push([
                number(frame.len()),
                number(pair[1] - pair[0]),
                u32::from(continues),
            ]);
            out.extend(frame);
        }
        if !frames.is_honest {
            for (row, field, change) in &frames.lies {
                let count = rows.len().max(1);
                if let Some(row) = rows.get_mut(usize::from(*row) % count) {
                    row[usize::from(*field % 3)] ^= change;
                }
            }
        }
        out.extend(table(&rows, if frames.is_honest { 0 } else { frames.rows }));
        out
    }
}

impl Cut {
    fn place(&self, len: usize, headers: &[usize]) -> usize {
        let at = usize::from(self.at) % (len + 1);
        if self.snaps {
            headers
                .iter()
                .copied()
                .rfind(|header| *header <= at)
                .unwrap_or(0)
        } else {
            at
        }
    }
}

/// `docs/format.md` § Frame table.
fn table(rows: &[[u32; 3]], lie: u32) -> Vec<u8> {
    let count = u32::try_from(rows.len()).expect("short");
    let mut out = vec![0x5e, 0x2a, 0x4d, 0x18];
    out.extend((12 * count + 8).to_le_bytes());
    out.extend(
        rows.iter()
            .flatten()
            .flat_map(|number| number.to_le_bytes()),
    );
    out.extend((count ^ lie).to_le_bytes());
    out.extend(b"FLVT");
    out
}
