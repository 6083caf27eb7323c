//! What the fuzz targets do with an input: decode it, and hold the laws that must be true of whatever comes out.
//!
//! Nothing here knows libFuzzer. The targets in `fuzz_targets/` are one line each, and the tests replay the corpora through
//! the same functions with any compiler.

mod checksum;
mod damage;
mod encode;
mod environment;
mod index;
mod json;
mod manifest;
mod metadata;
mod package;
mod policy;
mod scratch;
mod slot_table;
mod tar;
mod tree;

use std::path::PathBuf;

pub use index::index;
pub use manifest::manifest;
pub use metadata::metadata;
pub use package::package;
pub use policy::policy;
pub use slot_table::slot_table;
pub use tar::tar;

/// Gives a target each of the files named on the command line: how an input is looked at without the fuzzer.
pub fn replay_arguments(target: fn(&[u8])) {
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        println!("{}", path.display());
        target(&std::fs::read(&path).expect("a readable file"));
    }
}

#[cfg(test)]
mod replay;
