//! ELF files for tests: small synthetic ones, and the libraries of the test process itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Recipe for a small shared library, whose loaded part is one segment.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) is_64: bool,
    pub(super) is_little: bool,
    /// `DT_RUNPATH`; `None` omits the entry.
    pub(super) runpath: Option<&'static str>,
    /// A symbol's name; as a tail of the run path it shares its bytes, as linkers do.
    pub(super) symbol: &'static str,
    /// Dynamic entries beyond the closing one.
    pub(super) spare: usize,
    pub(super) has_note: bool,
    /// Names of unloaded sections with content.
    pub(super) unloaded: &'static [&'static str],
    /// Name of a loaded section that spans the segment.
    pub(super) loaded: &'static str,
    pub(super) overlay: &'static [u8],
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            is_64: true,
            is_little: true,
            runpath: Some("/opt/python/lib"),
            symbol: "start",
            spare: 5,
            has_note: true,
            unloaded: &[".comment", ".debug_info"],
            loaded: ".text",
            overlay: b"",
        }
    }
}

/// The file under construction.
struct Writer {
    bytes: Vec<u8>,
    word: usize,
    is_little: bool,
}

impl Writer {
    fn field(&mut self, value: u64, len: usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&value.to_le_bytes()[..len]);
        if !self.is_little {
            self.bytes[start..].reverse();
        }
    }

    fn fields(&mut self, fields: &[(u64, usize)]) {
        for (value, len) in fields {
            self.field(*value, *len);
        }
    }

    fn align(&mut self) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        self.bytes.len() as u64
    }
}

impl Sample {
    pub(super) fn build(&self) -> Vec<u8> {
        // Offsets equal addresses: the one loaded segment begins at 0. Two passes, the second with
        // known offsets.
        let mut places = Places::default();
        let first = self.write(&mut places);
        let second = self.write(&mut places);
        assert_eq!(first.len(), second.len());
        second
    }

    fn write(&self, places: &mut Places) -> Vec<u8> {
        let word = if self.is_64 { 8 } else { 4 };
        let segments = 2 + usize::from(self.has_note);
        let sections = 3 + self.unloaded.len();
        let mut w = Writer {
            bytes: Vec::new(),
            word,
            is_little: self.is_little,
        };
        w.bytes.extend_from_slice(b"\x7fELF");
        w.bytes.extend([
            if self.is_64 { 2 } else { 1 },
            if self.is_little { 1 } else { 2 },
            1,
        ]);
        w.bytes.resize(16, 0);
        let (header_len, segment_len, section_len) = if self.is_64 {
            (64, 56, 64)
        } else {
            (52, 32, 40)
        };
        w.fields(&[
            (3, 2),
            (62, 2),
            (1, 4),
            (0, word),
            (header_len, word),
            (places.sections, word),
            (0, 4),
        ]);
        w.fields(&[
            (header_len, 2),
            (segment_len, 2),
            (segments as u64, 2),
            (section_len, 2),
            (sections as u64, 2),
        ]);
        w.field(sections as u64 - 1, 2);

        let loaded_end = places.loaded_end;
        w.segment(1, 0, loaded_end, 0x1000);
        w.segment(2, places.dynamic, places.dynamic_end - places.dynamic, 8);
        if self.has_note {
            w.segment(4, places.note, 20, 4);
        }

        places.note = w.align();
        w.fields(&[(4, 4), (4, 4), (3, 4)]);
        w.bytes.extend_from_slice(b"GNU\0abcd");
        let strings_at = w.align();
        let mut strings = b"\0libneeded.so.1\0libc.so.6\0GLIBC_2.17\0libown.so.3\0".to_vec();
        let runpath = strings.len();
        strings.extend_from_slice(self.runpath.unwrap_or_default().as_bytes());
        strings.push(0);
        let symbol = match self.runpath {
            Some(path) if path.ends_with(self.symbol) => runpath + path.len() - self.symbol.len(),
            _ => {
                strings.extend_from_slice(self.symbol.as_bytes());
                strings.push(0);
                strings.len() - self.symbol.len() - 1
            }
        };
        w.bytes.extend_from_slice(&strings);
        let symbols_at = w.align();
        let symbol_len = if self.is_64 { 24 } else { 16 };
        w.bytes.resize(w.bytes.len() + symbol_len, 0);
        w.field(symbol as u64, 4);
        w.bytes.resize(w.bytes.len() + symbol_len - 4, 0);
        let hash_at = w.align();
        w.fields(&[(1, 4), (2, 4), (1, 4), (0, 4), (0, 4)]);
        let versions_at = w.align();
        w.fields(&[(1, 2), (1, 2), (16, 4), (16, 4), (0, 4)]);
        w.fields(&[(0, 4), (0, 2), (2, 2), (26, 4), (0, 4)]);
        places.dynamic = w.align();
        let mut entries = vec![
            (1, 1),
            (1, 16),
            (14, 37),
            (5, strings_at),
            (10, strings.len() as u64),
            (6, symbols_at),
        ];
        entries.extend([(4, hash_at), (0x6fff_fffe, versions_at), (0x6fff_ffff, 1)]);
        if self.runpath.is_some() {
            entries.push((29, runpath as u64));
        }
        entries.resize(entries.len() + 1 + self.spare, (0, 0));
        for (tag, value) in entries {
            w.fields(&[(tag, word), (value, word)]);
        }
        places.dynamic_end = w.bytes.len() as u64;
        places.loaded_end = w.align();

        // After the segment: unloaded sections, their names, their headers.
        let mut names = b"\0".to_vec();
        let mut headers = vec![[0; 4], [names.len() as u64, 1, 0, places.loaded_end]];
        names.extend(format!("{}\0", self.loaded).bytes());
        for name in self.unloaded {
            let at = w.align();
            w.bytes.extend_from_slice(b"not loaded");
            headers.push([names.len() as u64, 1, at, 10]);
            names.extend(format!("{name}\0").bytes());
        }
        let names_at = w.align();
        headers.push([names.len() as u64, 3, names_at, names.len() as u64 + 10]);
        names.extend_from_slice(b".shstrtab\0");
        w.bytes.extend_from_slice(&names);
        places.sections = w.align();
        for (index, [name, kind, at, len]) in headers.into_iter().enumerate() {
            let flags = if index == 1 { 2 } else { 0 };
            w.fields(&[
                (name, 4),
                (kind, 4),
                (flags, word),
                (0, word),
                (at, word),
                (len, word),
                (0, 4),
                (0, 4),
            ]);
            w.fields(&[(1, word), (0, word)]);
        }
        w.bytes.extend_from_slice(self.overlay);
        w.bytes
    }
}

impl Writer {
    fn segment(&mut self, kind: u64, at: u64, len: u64, align: u64) {
        let word = self.word;
        let (kind, flags) = ((kind, 4), (6, 4));
        let rest = [(at, word), (at, word), (at, word), (len, word), (len, word)];
        self.field(kind.0, kind.1);
        if word == 8 {
            self.field(flags.0, flags.1);
        }
        self.fields(&rest);
        if word == 4 {
            self.field(flags.0, flags.1);
        }
        self.field(align, word);
    }
}

/// Offsets found by the first pass.
#[derive(Default)]
struct Places {
    note: u64,
    dynamic: u64,
    dynamic_end: u64,
    loaded_end: u64,
    sections: u64,
}

/// Every class and byte order.
pub(super) fn layouts() -> impl Iterator<Item = Sample> {
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .map(|(is_64, is_little)| Sample {
            is_64,
            is_little,
            ..Sample::default()
        })
}

/// The shared libraries that this process runs with, the loader and libc among them.
pub(super) fn loaded_libraries() -> Vec<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let paths: BTreeSet<PathBuf> = maps
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5))
        .map(PathBuf::from)
        .collect();
    let libraries: Vec<_> = paths
        .into_iter()
        .filter(|path| path.to_string_lossy().contains(".so"))
        .collect();
    assert!(!libraries.is_empty(), "no library in {maps}");
    libraries
}
