use std::path::Path;

/// A path that is removed if a signal ends the process, unless this is dropped before.
///
/// Dropping it removes nothing.
#[must_use = "what is not held is not removed"]
pub struct Leftover {
    #[cfg(feature = "cli")]
    number: u64,
}

impl Leftover {
    /// Creates something at `path` and registers it, without a signal in between.
    pub fn make<T, E>(path: &Path, make: impl FnOnce() -> Result<T, E>) -> Result<(Self, T), E> {
        #[cfg(feature = "cli")]
        return super::handler::note_leftover(path, make)
            .map(|(number, value)| (Self { number }, value));
        #[cfg(not(feature = "cli"))]
        {
            _ = path;
            make().map(|value| (Self {}, value))
        }
    }
}

#[cfg(feature = "cli")]
impl Drop for Leftover {
    fn drop(&mut self) {
        super::handler::forget_leftover(self.number);
    }
}
