/// The kind of input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Input {
    /// A project with a `pyproject.toml`, whose build back end builds a wheel.
    #[default]
    Project,
    /// A single Python file with optional inline metadata: PEP 723.
    Script,
    /// A wheel that was built elsewhere.
    Wheel,
    /// A requirement, a URL or a source archive, which an installer turns into a distribution.
    Requirement,
    /// A directory of modules without a manifest, packed as it is.
    Directory,
}

impl Input {
    /// Its name in the build record; a project has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Project => None,
            Self::Script => Some("script"),
            Self::Wheel => Some("wheel"),
            Self::Requirement => Some("requirement"),
            Self::Directory => Some("directory"),
        }
    }

    /// Whether its files are packed as they are, without a build.
    pub fn is_sources(self) -> bool {
        matches!(self, Self::Script | Self::Directory)
    }
}
