//! The machine that a package is for, the machine that this program runs on, and the names that
//! formats and tools use for both.
//!
//! Supporting another processor takes a row in `processor.rs`; `docs/extending.md` has the list.

mod elf;
mod host;
mod processor;

#[cfg(feature = "cli")]
mod c_library;
#[cfg(feature = "cli")]
mod platform;

#[cfg(feature = "cli")]
pub use c_library::CLibrary;
pub use elf::ElfMachine;
pub use host::Host;
#[cfg(feature = "cli")]
pub use platform::{COMMON_PLATFORMS, is_platform, platforms, usual_spelling};
pub use processor::Processor;

/// The machine that a package is for: that of its launcher. Its system is Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub processor: Processor,
}

impl Target {
    /// The system, as in the names of targets and platforms.
    pub const SYSTEM: &str = "linux";

    /// The machine that a native program is for, from the first bytes of the file; `None` if no
    /// package can be for it.
    pub const fn of_program(start: &[u8]) -> Option<Self> {
        match ElfMachine::of(start) {
            Some(ElfMachine {
                is_64: true,
                number,
                ..
            }) => match Processor::of_elf(number) {
                Some(processor) => Some(Self { processor }),
                None => None,
            },
            _ => None,
        }
    }

    /// The name in signed metadata: `linux-x86_64`.
    pub const fn name(self) -> &'static str {
        self.processor.target_name()
    }

    /// The name in policies: `linux_amd64`.
    pub const fn platform(self) -> &'static str {
        self.processor.platform()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_the_names_that_are_signed() {
        let target = Target {
            processor: Processor::X86_64,
        };
        assert_eq!(target.name(), "linux-x86_64");
        assert_eq!(target.platform(), "linux_amd64");
        for processor in Processor::ALL.iter().copied() {
            assert!(Target { processor }.name().starts_with(Target::SYSTEM));
        }
    }

    #[test]
    fn this_program_is_for_the_host() {
        let own = std::fs::read("/proc/self/exe").expect("this program");
        assert_eq!(Target::of_program(&own), Some(Host::TARGET));
        assert_eq!(Target::of_program(b"#!/bin/sh\n"), None);
        assert_eq!(Host::TARGET.processor.name(), std::env::consts::ARCH);
    }
}
