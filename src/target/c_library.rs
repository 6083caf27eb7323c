use std::path::Path;

/// A C library of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CLibrary {
    Glibc,
    Musl,
}

impl CLibrary {
    /// The one that interpreters for the host are linked to. flavor itself may be linked to another.
    pub fn of_host() -> Self {
        if cfg!(target_env = "musl") && Path::new("/etc/alpine-release").exists() {
            Self::Musl
        } else {
            Self::Glibc
        }
    }

    /// That of an interpreter, from the tag in the names of its extension modules:
    /// `cpython-313-x86_64-linux-gnu`.
    pub fn of_extension_tag(soabi: &str) -> Self {
        if soabi.contains("musl") {
            Self::Musl
        } else {
            Self::Glibc
        }
    }

    /// Whether a program that is linked against a library of this name needs musl.
    pub fn is_musl(library: &str) -> bool {
        library.starts_with("libc.musl-") || library == "libc.so"
    }

    /// How platform tags of wheels begin (PEP 600, PEP 656).
    pub const fn wheel_tag(self) -> &'static str {
        match self {
            Self::Glibc => "manylinux",
            Self::Musl => "musllinux",
        }
    }

    /// The last part of a target triple, as in the directories of uv's interpreters.
    pub const fn triple_name(self) -> &'static str {
        match self {
            Self::Glibc => "gnu",
            Self::Musl => "musl",
        }
    }
}
