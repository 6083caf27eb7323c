use std::path::Path;

/// Something half made: it is removed when the process is told to stop, unless this is dropped before.
///
/// Dropping it removes nothing.
#[must_use = "what is not held is not removed"]
pub struct Leftover {
    #[cfg(feature = "cli")]
    number: u64,
}

impl Leftover {
    /// Makes something at `path`. No signal comes between the making and the note of it.
    pub fn make<T, E>(path: &Path, make: impl FnOnce() -> Result<T, E>) -> Result<(Self, T), E> {
        #[cfg(feature = "cli")]
        return super::handler::note_leftover(path, make)
            .map(|(number, made)| (Self { number }, made));
        #[cfg(not(feature = "cli"))]
        {
            _ = path;
            make().map(|made| (Self {}, made))
        }
    }
}

#[cfg(feature = "cli")]
impl Drop for Leftover {
    fn drop(&mut self) {
        super::handler::forget_leftover(self.number);
    }
}
