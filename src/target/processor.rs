/// What formats and tools call a processor.
struct Row {
    /// The name in Rust and in the kernel.
    name: &'static str,
    /// The name of the target in signed metadata.
    target: &'static str,
    /// The name in the build platform; for the first two, that of OCI images.
    short_name: &'static str,
    /// The name of the target in policies.
    platform: &'static str,
    /// `e_machine` of ELF files.
    elf: u16,
    /// Debian's directory of libraries for it, with glibc.
    #[cfg(feature = "cli")]
    multiarch: &'static str,
    /// The 32-bit processor whose programs it usually runs.
    also_runs: Option<Processor>,
}

macro_rules! processors {
    ($($variant:ident: $name:literal, $short:literal, $elf:literal, $multiarch:literal, $runs:expr;)+) => {
        /// A processor architecture that messages can name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Processor {
            $($variant),+
        }

        impl Processor {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$variant => Row {
                        name: $name,
                        target: concat!("linux-", $name),
                        short_name: $short,
                        platform: concat!("linux_", $short),
                        elf: $elf,
                        #[cfg(feature = "cli")]
                        multiarch: $multiarch,
                        also_runs: $runs,
                    },)+
                }
            }
        }
    };
}

// Variant: name, short name, number in ELF files, multiarch directory, what else it runs.
processors! {
    X86_64: "x86_64", "amd64", 62, "x86_64-linux-gnu", Some(Processor::X86);
    Aarch64: "aarch64", "arm64", 183, "aarch64-linux-gnu", Some(Processor::Arm);
    X86: "x86", "x86", 3, "i386-linux-gnu", None;
    Arm: "arm", "arm", 40, "arm-linux-gnueabihf", None;
    Riscv64: "riscv64", "riscv64", 243, "riscv64-linux-gnu", None;
    Powerpc64: "powerpc64", "powerpc64", 21, "powerpc64le-linux-gnu", None;
    S390x: "s390x", "s390x", 22, "s390x-linux-gnu", None;
    Loongarch64: "loongarch64", "loongarch64", 258, "loongarch64-linux-gnu", None;
    // One number for several processors, which policies cannot tell apart.
    Mips: "mips", "mips", 8, "mips-linux-gnu", None;
}

impl Processor {
    /// The name in Rust and in the kernel: `x86_64`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The name in the build platform: `amd64`.
    pub const fn short_name(self) -> &'static str {
        self.row().short_name
    }

    pub(super) const fn target_name(self) -> &'static str {
        self.row().target
    }

    pub(super) const fn platform(self) -> &'static str {
        self.row().platform
    }

    /// Whether policies may name it.
    #[cfg(feature = "cli")]
    pub(super) fn is_in_policies(self) -> bool {
        self != Self::Mips
    }

    /// Debian's name of the directory with its libraries: `x86_64-linux-gnu`.
    #[cfg(feature = "cli")]
    pub const fn multiarch(self) -> &'static str {
        self.row().multiarch
    }

    /// `e_machine` of its ELF files.
    pub const fn elf_number(self) -> u16 {
        self.row().elf
    }

    pub(super) const fn also_runs(self) -> Option<Self> {
        self.row().also_runs
    }

    /// The processor with this `e_machine`.
    pub const fn of_elf(number: u16) -> Option<Self> {
        let mut left = Self::ALL;
        while let Some((processor, rest)) = left.split_first() {
            if processor.row().elf == number {
                return Some(*processor);
            }
            left = rest;
        }
        None
    }

    pub(super) const fn of_name(name: &str) -> Option<Self> {
        let mut left = Self::ALL;
        while let Some((processor, rest)) = left.split_first() {
            if is_same(processor.row().name.as_bytes(), name.as_bytes()) {
                return Some(*processor);
            }
            left = rest;
        }
        None
    }
}

/// `==`, which constants cannot use.
const fn is_same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let (Some((first, rest)), Some((other, others))) =
        (left.split_first(), right.split_first())
    {
        if *first != *other {
            return false;
        }
        (left, right) = (rest, others);
    }
    left.is_empty() && right.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_identify_a_processor() {
        for processor in Processor::ALL {
            assert_eq!(Processor::of_name(processor.name()), Some(*processor));
            assert_eq!(Processor::of_elf(processor.elf_number()), Some(*processor));
        }
        assert_eq!(Processor::of_name("x86_6"), None);
        assert_eq!(Processor::of_name("z80"), None);
        assert_eq!(Processor::of_elf(0), None);
    }
}
