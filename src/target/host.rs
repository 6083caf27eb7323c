use super::{ElfMachine, Processor, Target};

/// The machine that this program runs on: it packs, or it starts a package. Never taken for the
/// [`Target`] of a package, which may be another machine.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Host {
    /// The processor that this program was compiled for.
    pub const PROCESSOR: Processor = match Processor::of_name(std::env::consts::ARCH) {
        Some(processor) => processor,
        None => panic!("the processor has no row in src/target/processor.rs"),
    };

    /// The target of packages that start on the host.
    pub const TARGET: Target = Target {
        processor: Self::PROCESSOR,
    };

    const ALSO_RUNS: Option<Processor> = Self::PROCESSOR.also_runs();

    /// Whether the host can run a program for this machine: 64-bit kernels often run 32-bit programs
    /// of their processor family.
    pub fn runs(machine: ElfMachine) -> bool {
        machine.is_little == cfg!(target_endian = "little")
            && Processor::of_elf(machine.number).is_some_and(|processor| {
                processor == Self::PROCESSOR || Self::ALSO_RUNS == Some(processor)
            })
    }
}
