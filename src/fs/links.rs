//! Where symbolic links lead, judged before any of them exists.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// How many links the kernel follows before it gives up (`path_resolution(7)`).
const MOST_FOLLOWED: usize = 40;

/// The symbolic links of one tree: path → target.
#[derive(Clone, Debug, Default)]
pub struct TreeLinks(BTreeMap<PathBuf, PathBuf>);

impl TreeLinks {
    /// Adds a link; `false` when there is one at that path already.
    pub fn add(&mut self, path: PathBuf, target: PathBuf) -> bool {
        self.0.insert(path, target).is_none()
    }

    /// Whether whoever follows the link at `path` stays in the tree, whatever else lies in it. The text of the target alone
    /// does not tell: `a/b/..` is somewhere else when `b` is a link itself.
    pub fn stays_inside(&self, path: &Path) -> bool {
        let Some(target) = self.0.get(path) else { return true };
        let mut place: Vec<&OsStr> = path.parent().unwrap_or(Path::new("")).iter().collect();
        let mut ahead: Vec<Component<'_>> = target.components().rev().collect();
        let mut followed = 0_usize;
        while let Some(part) = ahead.pop() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    if place.pop().is_none() {
                        return false;
                    }
                }
                Component::RootDir | Component::Prefix(_) => return false,
                Component::Normal(name) => {
                    place.push(name);
                    if let Some(target) = self.0.get(&place.iter().collect::<PathBuf>()) {
                        followed = followed.saturating_add(1);
                        if followed > MOST_FOLLOWED {
                            // Nobody gets through.
                            return true;
                        }
                        place.pop();
                        ahead.extend(target.components().rev());
                    }
                }
            }
        }
        true
    }

    /// Whether a link stands in the way to `path`, or at it.
    pub fn on_the_way(&self, path: &Path) -> bool {
        !self.0.is_empty() && path.ancestors().any(|part| self.0.contains_key(part))
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.0.iter().map(|(path, target)| (path.as_path(), target.as_path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(all: &[(&str, &str)]) -> TreeLinks {
        let mut links = TreeLinks::default();
        for (path, target) in all {
            assert!(links.add(path.into(), target.into()));
        }
        links
    }

    #[test]
    fn links_may_climb_only_inside() {
        for (path, target, inside) in [
            ("lib/a.so", "../bin/a.so.1", true),
            ("lib/a.so", "../../etc/passwd", false),
            ("a", "/etc/passwd", false),
            ("a", "b/../c", true),
            ("a", "b/../../c", false),
            ("a/b", ".", true),
        ] {
            assert_eq!(links(&[(path, target)]).stays_inside(Path::new(path)), inside, "{path} {target}");
        }
    }

    #[test]
    fn links_are_followed_through_others() {
        let all =
            links(&[("d/up", ".."), ("out", "d/up/.."), ("in", "d/up/d"), ("d/far", "e/f"), ("way", "d/far/../../..")]);
        assert!(all.stays_inside(Path::new("d/up")));
        assert!(all.stays_inside(Path::new("in")));
        assert!(!all.stays_inside(Path::new("out")));
        // d/e/f, then up three times: the root.
        assert!(all.stays_inside(Path::new("way")));
        let circle = links(&[("a", "b"), ("b", "a")]);
        assert!(circle.stays_inside(Path::new("a")));
    }

    #[test]
    fn a_path_through_a_link_is_seen() {
        let all = links(&[("d/up", "..")]);
        assert!(all.on_the_way(Path::new("d/up/x")));
        assert!(all.on_the_way(Path::new("d/up")));
        assert!(!all.on_the_way(Path::new("d/upper")));
    }
}
