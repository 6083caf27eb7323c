//! Files and directories: errors that carry their path, deterministic walks, bounded reads, trees
//! written safely, locks.
//!
//! Independent of packages.

mod beneath;
mod directory;
mod error;
#[cfg(feature = "cli")]
mod exposed;
mod lack;
mod links;
mod lock;
mod make_once;
mod marked;
mod paper;
mod path_text;
mod places;
mod replace;
#[cfg(feature = "cli")]
mod scratch;
mod staging;
mod tree;
mod tree_writer;
#[cfg(feature = "cli")]
mod walk;
mod window;

pub use directory::{create_private_dir, names_in, remove_tree, room, staging_name};
pub use error::{Error, IoContext, LockedOut, Result, code_of};
#[cfg(feature = "cli")]
pub use exposed::is_exposed;
pub use lack::{Lack, set_mode, symlink};
pub use links::{LinkFault, TreeLinks};
#[cfg(feature = "cli")]
pub use lock::is_at;
pub use lock::{Lock, LockKind};
pub use make_once::{Look, Once, make_once};
pub use marked::{Marked, Put, rename_file};
pub use paper::PaperTree;
pub use path_text::{path_of_text, path_text};
pub use places::{
    CACHE_TAG, CacheRoot, Candidate, PASSWORD_FILE, belongs_to_another, cache_candidates,
    cache_tag, config_dir, executed_path, from_here, home_config_dir, is_outside_namespace,
    own_config_dir, temporary_parents,
};
#[cfg(feature = "cli")]
pub use places::{is_cache, state_dir, takes_files, there_of};
pub use replace::{REPLACEMENT, replace_file};
#[cfg(feature = "cli")]
pub use scratch::Scratch;
pub use staging::Staging;
pub use tree::{MAX_PATH, Modes, Tree, TreeError, TreeFile, checked_path};
pub use tree_writer::{LinkResult, MadeLink, TreeWriter};
#[cfg(feature = "cli")]
pub use walk::{Entry, EntryKind, Stamp, walk, walk_where};
pub use window::Window;
