/// What formats and tools call a processor.
struct Row {
    /// The name in Rust, in the kernel, and in the target of a package.
    name: &'static str,
    /// The name in policies and in the build platform: for the first two, that of OCI images. `None`
    /// if policies cannot name it.
    platform: Option<&'static str>,
    /// `e_machine` of ELF files.
    elf: u16,
    /// Debian's directory of libraries for it, with glibc.
    #[cfg(feature = "cli")]
    multiarch: &'static str,
    /// The 32-bit processor whose programs it usually runs.
    also_runs: Option<Processor>,
}

macro_rules! processors {
    ($($variant:ident => $row:expr,)+) => {
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
                    $(Self::$variant => $row),+
                }
            }
        }
    };
}

processors! {
    X86_64 => Row {
        name: "x86_64",
        platform: Some("amd64"),
        elf: 62,
        #[cfg(feature = "cli")]
        multiarch: "x86_64-linux-gnu",
        also_runs: Some(Processor::X86),
    },
    Aarch64 => Row {
        name: "aarch64",
        platform: Some("arm64"),
        elf: 183,
        #[cfg(feature = "cli")]
        multiarch: "aarch64-linux-gnu",
        also_runs: Some(Processor::Arm),
    },
    X86 => Row {
        name: "x86",
        platform: Some("x86"),
        elf: 3,
        #[cfg(feature = "cli")]
        multiarch: "i386-linux-gnu",
        also_runs: None,
    },
    Arm => Row {
        name: "arm",
        platform: Some("arm"),
        elf: 40,
        #[cfg(feature = "cli")]
        multiarch: "arm-linux-gnueabihf",
        also_runs: None,
    },
    Riscv64 => Row {
        name: "riscv64",
        platform: Some("riscv64"),
        elf: 243,
        #[cfg(feature = "cli")]
        multiarch: "riscv64-linux-gnu",
        also_runs: None,
    },
    Powerpc64 => Row {
        name: "powerpc64",
        platform: Some("powerpc64"),
        elf: 21,
        #[cfg(feature = "cli")]
        multiarch: "powerpc64le-linux-gnu",
        also_runs: None,
    },
    S390x => Row {
        name: "s390x",
        platform: Some("s390x"),
        elf: 22,
        #[cfg(feature = "cli")]
        multiarch: "s390x-linux-gnu",
        also_runs: None,
    },
    Loongarch64 => Row {
        name: "loongarch64",
        platform: Some("loongarch64"),
        elf: 258,
        #[cfg(feature = "cli")]
        multiarch: "loongarch64-linux-gnu",
        also_runs: None,
    },
    // One number for several processors, which policies could not tell apart.
    Mips => Row {
        name: "mips",
        platform: None,
        elf: 8,
        #[cfg(feature = "cli")]
        multiarch: "mips-linux-gnu",
        also_runs: None,
    },
}

impl Processor {
    /// The name in Rust, in the kernel, and in the target of a package: `x86_64`.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The name in policies and in the build platform: `amd64`.
    pub const fn platform_name(self) -> &'static str {
        match self.row().platform {
            Some(name) => name,
            None => self.row().name,
        }
    }

    /// Whether a policy of a manifest may name it.
    #[cfg(feature = "cli")]
    pub(super) const fn is_in_policies(self) -> bool {
        self.row().platform.is_some()
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
