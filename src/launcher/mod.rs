//! Starts a package: finds the file, checks it, provides its environment and composes the command.
//! The binary execs it.

mod choice;
mod cli;
mod environment;
mod error;
mod own_path;
mod prepare;
mod progress;
mod set_up;
mod start_fault;
mod withhold;

pub use cli::{VARIABLE as CLI_VARIABLE, run as run_cli};
pub use environment::Environment;
pub use error::LaunchError;
pub use own_path::own_path;
pub use prepare::{Invocation, Launch, prepare, repair, slot_path, warm};
