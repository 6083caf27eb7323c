/// What a package is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Input {
    /// A project with a `pyproject.toml`, of which its build back end makes a wheel.
    #[default]
    Project,
    /// One file of Python that may say in a comment what it needs: PEP 723.
    Script,
    /// A wheel that somebody has built.
    Wheel,
    /// A requirement, an address or an archive of sources, which an installer makes a distribution of.
    Requirement,
    /// A directory without a manifest, packed as it is.
    Directory,
}

impl Input {
    /// Its name in records; a project needs none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Project => None,
            Self::Script => Some("script"),
            Self::Wheel => Some("wheel"),
            Self::Requirement => Some("requirement"),
            Self::Directory => Some("directory"),
        }
    }

    /// Whether its files go in as they are, without having been built.
    pub fn is_sources(self) -> bool {
        matches!(self, Self::Script | Self::Directory)
    }
}
