//! Which releases of well-known distributions have which glibc.

use crate::elf::GlibcVersion;

/// Releases and their glibc, oldest first.
const RELEASES: &[(&str, &[(&str, u32)])] = &[
    (
        "Ubuntu",
        &[
            ("14.04", 19),
            ("16.04", 23),
            ("18.04", 27),
            ("20.04", 31),
            ("22.04", 35),
            ("24.04", 39),
            ("25.04", 41),
            ("25.10", 42),
        ],
    ),
    (
        "Debian",
        &[
            ("8", 19),
            ("9", 24),
            ("10", 28),
            ("11", 31),
            ("12", 36),
            ("13", 41),
        ],
    ),
    ("RHEL", &[("7", 17), ("8", 28), ("9", 34), ("10", 39)]),
];

/// The first release of each distribution that has this glibc, such as `Ubuntu 22.04, Debian 12,
/// RHEL 10`; `None` if none has.
pub fn first_with(floor: GlibcVersion) -> Option<String> {
    if floor.major != 2 {
        return None;
    }
    let first = RELEASES.iter().filter_map(|(distribution, releases)| {
        let (release, _) = releases.iter().find(|(_, minor)| *minor >= floor.minor)?;
        Some(format!("{distribution} {release}"))
    });
    let first: Vec<String> = first.collect();
    (!first.is_empty()).then(|| first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_leaves_out_what_is_older() {
        let first = |text: &str| first_with(text.parse().unwrap());
        assert_eq!(
            first("2.35").as_deref(),
            Some("Ubuntu 22.04, Debian 12, RHEL 10")
        );
        assert_eq!(
            first("2.17").as_deref(),
            Some("Ubuntu 14.04, Debian 8, RHEL 7")
        );
        assert_eq!(
            first("2.28").as_deref(),
            Some("Ubuntu 20.04, Debian 10, RHEL 8")
        );
        assert_eq!(first("2.41").as_deref(), Some("Ubuntu 25.04, Debian 13"));
        assert_eq!(first("2.99"), None);
    }
}
