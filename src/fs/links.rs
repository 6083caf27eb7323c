//! Where symbolic links lead, judged before any of them exists.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// How many links the kernel follows before it gives up (`path_resolution(7)`).
const MOST_FOLLOWED: usize = 40;
/// Names that are looked up for all links together, and for each: a real tree needs a handful a link.
const STEPS: u64 = 1_000_000;
const STEPS_EACH: u64 = 32;

/// The symbolic links of one tree: path → target.
#[derive(Clone, Debug, Default)]
pub struct TreeLinks(BTreeMap<PathBuf, PathBuf>);

/// What is wrong with the links of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault<'a> {
    /// Whoever follows it gets out of the tree.
    LeadsOut { path: &'a Path, target: &'a Path },
    /// It lies behind another link.
    Behind { path: &'a Path },
    /// It would take too long to find out where they lead.
    Tangled,
}

impl TreeLinks {
    /// Adds a link; `false` when there is one at that path already.
    pub fn add(&mut self, path: PathBuf, target: PathBuf) -> bool {
        self.0.insert(path, target).is_none()
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.0.iter().map(|(path, target)| (path.as_path(), target.as_path()))
    }

    /// Follows every link as the kernel would, whatever else lies in the tree. The text of a target alone does not tell:
    /// `a/b/..` is somewhere else when `b` is a link itself.
    ///
    /// # Errors
    /// The first fault, by path.
    pub fn check(&self) -> Result<(), LinkFault<'_>> {
        // In the order of the map, what lies below a path comes right behind it.
        let mut last: Option<&Path> = None;
        for (path, _) in self.iter() {
            if last.is_some_and(|last| path.starts_with(last)) {
                return Err(LinkFault::Behind { path });
            }
            last = Some(path);
        }
        let by_bytes: BTreeMap<&[u8], &Path> = self.iter().map(|(path, target)| (bytes(path), target)).collect();
        let mut steps = STEPS_EACH.saturating_mul(by_bytes.len() as u64).saturating_add(STEPS);
        for (path, target) in self.iter() {
            follow(path, target, &by_bytes, &mut steps)?;
        }
        Ok(())
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

fn follow<'a>(
    path: &'a Path,
    target: &'a Path,
    links: &BTreeMap<&[u8], &'a Path>,
    steps: &mut u64,
) -> Result<(), LinkFault<'a>> {
    let mut place = path.parent().map(bytes).unwrap_or_default().to_vec();
    let mut ahead: Vec<Component<'_>> = target.components().rev().collect();
    let mut followed = 0_usize;
    while let Some(part) = ahead.pop() {
        *steps = steps.checked_sub(1).ok_or(LinkFault::Tangled)?;
        match part {
            Component::CurDir => {}
            Component::ParentDir if place.is_empty() => return Err(LinkFault::LeadsOut { path, target }),
            Component::ParentDir => up(&mut place),
            Component::RootDir | Component::Prefix(_) => return Err(LinkFault::LeadsOut { path, target }),
            Component::Normal(name) => {
                if !place.is_empty() {
                    place.push(b'/');
                }
                place.extend(name.as_bytes());
                if let Some(target) = links.get(&place[..]) {
                    followed = followed.saturating_add(1);
                    if followed > MOST_FOLLOWED {
                        // Nobody gets through.
                        return Ok(());
                    }
                    up(&mut place);
                    ahead.extend(target.components().rev());
                }
            }
        }
    }
    Ok(())
}

/// Takes the last name away.
fn up(place: &mut Vec<u8>) {
    place.truncate(place.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
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
            assert_eq!(links(&[(path, target)]).check().is_ok(), inside, "{path} {target}");
        }
    }

    #[test]
    fn links_are_followed_through_others() {
        // d/e/f, then up three times, is the root.
        assert_eq!(
            links(&[("d/up", ".."), ("in", "d/up/d"), ("d/far", "e/f"), ("way", "d/far/../../..")]).check(),
            Ok(())
        );
        let out = links(&[("d/up", ".."), ("out", "d/up/..")]);
        assert!(matches!(out.check(), Err(LinkFault::LeadsOut { path, .. }) if path == Path::new("out")));
        assert_eq!(links(&[("a", "b"), ("b", "a")]).check(), Ok(()), "in a circle nobody gets anywhere");
    }

    #[test]
    fn a_link_behind_a_link_is_seen() {
        let behind = links(&[("d", "e"), ("d-", "e"), ("d/x", "e")]);
        assert_eq!(behind.check(), Err(LinkFault::Behind { path: Path::new("d/x") }));
        assert_eq!(links(&[("d", "e"), ("d-", "e"), ("dx/x", "e")]).check(), Ok(()));
    }

    #[test]
    fn links_that_multiply_are_given_up_on() {
        let mut tangle = links(&[]);
        let far = "a/../".repeat(800) + "a";
        for at in 0..1000 {
            tangle.add(format!("{at}").into(), far.clone().into());
        }
        assert_eq!(tangle.check(), Err(LinkFault::Tangled));
    }
}
