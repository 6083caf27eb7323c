/// The machine that an ELF file is for, as its first bytes state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElfMachine {
    /// `e_machine`.
    pub number: u16,
    /// 64-bit class.
    pub is_64: bool,
    /// Whether the least significant byte comes first.
    pub is_little: bool,
}

impl ElfMachine {
    /// Bytes of a file that state it.
    pub const LEN: usize = 20;

    /// Reads it from the start of a file; `None` if that is not an ELF file.
    pub const fn of(start: &[u8]) -> Option<Self> {
        const CLASS_64: u8 = 2;
        const LITTLE: u8 = 1;
        let Some([0x7f, b'E', b'L', b'F', class, order, .., first, second]) =
            start.first_chunk::<{ Self::LEN }>()
        else {
            return None;
        };
        let is_little = *order == LITTLE;
        let number = if is_little {
            u16::from_le_bytes([*first, *second])
        } else {
            u16::from_le_bytes([*second, *first])
        };
        Some(Self {
            number,
            is_64: *class == CLASS_64,
            is_little,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        let mut start = [0; ElfMachine::LEN];
        start[..4].copy_from_slice(b"\x7fELF");
        (start[4], start[5], start[18]) = (2, 1, 62);
        let little = ElfMachine {
            number: 62,
            is_64: true,
            is_little: true,
        };
        assert_eq!(ElfMachine::of(&start), Some(little));
        (start[4], start[5], start[18], start[19]) = (1, 2, 0, 20);
        let big = ElfMachine {
            number: 20,
            is_64: false,
            is_little: false,
        };
        assert_eq!(ElfMachine::of(&start), Some(big));
        assert_eq!(ElfMachine::of(&start[..19]), None);
    }
}
