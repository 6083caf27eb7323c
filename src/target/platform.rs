//! The platforms that the policy of a package may name: a system and a processor, `linux_amd64`.

use super::Processor;

const SYSTEMS: &[&str] = &[
    "linux", "darwin", "macos", "windows", "freebsd", "netbsd", "openbsd", "android",
];

/// Examples for messages.
pub const COMMON_PLATFORMS: [&str; 4] = [
    "linux_amd64",
    "linux_arm64",
    "darwin_arm64",
    "windows_amd64",
];

fn processors() -> impl Iterator<Item = Processor> {
    Processor::ALL
        .iter()
        .copied()
        .filter(|processor| processor.is_in_policies())
}

/// Whether this is the name of a platform.
pub fn is_platform(word: &str) -> bool {
    word.split_once('_').is_some_and(|(system, name)| {
        SYSTEMS.contains(&system) && processors().any(|processor| processor.short_name() == name)
    })
}

/// The names of all platforms.
pub fn platforms() -> impl Iterator<Item = String> {
    SYSTEMS.iter().flat_map(|system| {
        processors().map(move |processor| format!("{system}_{}", processor.short_name()))
    })
}

/// Replaces alternative names in what may be a platform: `Linux-x86_64` becomes `linux_amd64`.
pub fn usual_spelling(word: &str) -> String {
    let word = word.to_lowercase().replace('-', "_");
    processors()
        .filter(|processor| processor.name() != processor.short_name())
        .fold(word, |word, processor| {
            word.replace(processor.name(), processor.short_name())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_known_by_one_name_and_recognised_by_others() {
        assert!(platforms().all(|platform| is_platform(&platform)));
        assert!(COMMON_PLATFORMS.into_iter().all(is_platform));
        for bad in ["linux", "linux_x86_64", "plan9_amd64", "linux_mips"] {
            assert!(!is_platform(bad), "{bad}");
        }
        assert_eq!(usual_spelling("Linux-x86_64"), "linux_amd64");
        assert_eq!(usual_spelling("linux-aarch64"), "linux_arm64");
        assert_eq!(usual_spelling("linux_x86"), "linux_x86");
    }
}
