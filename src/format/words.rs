//! The syntax of each kind of name in the metadata. Writers and readers of packages share these
//! rules.

/// Placeholder for the path of the work environment in targets, commands and variables.
pub const WORKENV: &str = "{workenv}";
/// The name and version of the format of our packages.
pub const FORMAT: &str = "PSPF/2025";
pub const FORMAT_REVISION: &str = "1.0.0";

/// The maximum length in bytes of the name of a package, a slot or a program, which becomes a file
/// name with a suffix; and of a version.
pub const MAX_NAME: usize = 128;
/// The maximum lengths of a path and of one component.
const MAX_PATH: usize = 4096;
const MAX_PART: usize = 255;
/// The launcher's own directory at the root of the environment.
const LAUNCHERS_OWN: &str = ".flavor";

/// Letters, digits, `.`, `-` and `_`, beginning with a letter or digit: never a path, a hidden file
/// or an option.
pub fn is_name(text: &str) -> bool {
    is_word(text, "._-")
}

/// Versions as in PEP 440 and similar ones: a name that may also contain `+` and `!`.
pub fn is_version(text: &str) -> bool {
    is_word(text, "._-+!")
}

/// A path in the work environment: [`WORKENV`], or that and a plain relative path that has no other
/// placeholder and means the same on every system. The launcher's own directory is excluded.
pub fn is_target(text: &str) -> bool {
    match text.strip_prefix(WORKENV) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('/').is_some_and(is_plain_path),
        None => false,
    }
}

/// System and processor, as `linux-x86_64`.
pub fn is_platform(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.split('-').count() == 2
        && text.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|one| one.is_ascii_alphanumeric() || one == b'_')
        })
}

/// A file name, such as `libGL.so.1`.
pub fn is_file_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_PART
        && !text.contains(|one: char| one == '/' || one.is_control())
}

/// An ISO 8601 time, or empty if there is none.
pub fn is_time(text: &str) -> bool {
    text.len() <= 40
        && text
            .chars()
            .all(|one| one.is_ascii_digit() || "TZ:+-.".contains(one))
}

fn is_word(text: &str, more: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|one: char| one.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || more.contains(one))
}

fn is_plain_path(path: &str) -> bool {
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.len() <= MAX_PART
            && !part.contains(|one: char| one.is_control() || "\\:{}".contains(one))
    };
    let first = path.split('/').next().unwrap_or_default();
    path.len() <= MAX_PATH
        && path.split('/').all(is_part)
        && !first.eq_ignore_ascii_case(LAUNCHERS_OWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_no_paths() {
        for good in ["1", "1!2.0rc1.post2.dev3+local.1", "v1.0-1", "unknown"] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "",
            "../../x",
            "1/2",
            "1 0",
            "-1",
            "1\n",
            "1\u{301}",
            "{workenv}",
            &"1".repeat(129),
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn targets_are_places_in_the_environment() {
        for good in [
            "{workenv}",
            "{workenv}/a",
            "{workenv}/a b/.c/ü",
            "{workenv}/.flavors",
            "{workenv}/a/.flavor",
        ] {
            assert!(is_target(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "/a",
            "{workenv}/",
            "{workenv}a",
            "{workenv}//a",
            "{workenv}/a/",
            "{workenv}/./a",
            "{workenv}/a/..",
            "{workenv}/{workenv}/x",
            "{workenv}/a}",
            "{workenv}/C:",
            "{workenv}/a\\b",
            "{workenv}/a\tb",
            "{workenv}/.flavor",
            "{workenv}/.Flavor/x",
        ] {
            assert!(!is_target(bad), "{bad}");
        }
    }

    #[test]
    fn the_other_words_are_what_they_are_for() {
        assert!(
            is_platform("linux-x86_64")
                && !is_platform("linux")
                && !is_platform("linux-../x")
                && !is_platform("a-b-c")
        );
        assert!(is_file_name("libGL.so.1") && !is_file_name("../libGL.so") && !is_file_name(""));
        assert!(is_time("2025-01-01T00:00:00+00:00") && is_time("") && !is_time("yesterday"));
    }
}
