//! The interpreter of a package: discovery, and facts about it.

mod error;
mod memory;
mod probe;
mod request;
mod search;
mod supported;

pub use error::{Error, FoundInterpreter};
pub use memory::ProbeMemory;
pub use probe::{Interpreter, Kind};
pub use request::Request;
pub use search::discover;
