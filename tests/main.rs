//! Stories about the real `flavor`: each module is a verb or a promise, each test name a claim.
//!
//! Nothing is skipped. A test that lacks an interpreter or a tool fails and says that `.ci/run` installs it.

#[macro_use]
mod scene;
mod browser;
mod fixture;
mod flavorpack;
mod interpreter;
mod wheel_index;
mod wheelhouse;

mod bad_input;
mod book;
mod build_cache;
mod chroot;
mod complete;
mod damage;
mod damaged_packages;
mod doctor;
mod environment;
mod error_stories;
mod errors;
mod eviction;
mod evidence;
mod examples;
mod extract;
mod guide;
mod hooks;
mod imports;
mod init;
mod inputs;
mod inspect;
mod interop;
mod interrupt;
mod keygen;
mod launch;
mod launcher_cli;
mod lifecycles;
mod logging;
mod manifest_errors;
mod operations;
mod pack;
mod places;
mod progress;
mod python_errors;
mod reproducible;
mod scripts;
mod secrets;
mod selection;
mod sizes;
mod slim;
mod sources;
mod startable;
mod strip;
mod tamper;
mod timings;
mod treemap;
mod trust;
mod usage;
mod verify;
mod workenv;
mod workflow;
