//! Shared libraries outside a package: where the dynamic loader of this machine finds them, which
//! of them a package must not carry, and which system package owns them.

mod distributions;
mod loader_cache;
mod machine;
mod owner;
mod target;

pub use distributions::first_with;
pub use machine::{FoundLibrary, Machine, base_name, expand_search_path};
pub use owner::{SystemPackage, owners};
pub use target::{is_part_of_glibc, is_shared_library_name, matches_any, must_come_from_target};
