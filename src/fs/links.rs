//! Checks where symbolic links lead before any of them is created.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::path::{Component, Components, Path, PathBuf};

/// How many links the kernel follows before it fails with `ELOOP` (`path_resolution(7)`).
const MOST_FOLLOWED: usize = 40;

/// The symbolic links of one tree: path → target.
#[derive(Clone, Debug, Default)]
pub struct TreeLinks(BTreeMap<PathBuf, PathBuf>);

/// A fault in the links of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault<'a> {
    /// It leads out of the tree.
    LeadsOut { path: &'a Path, target: &'a Path },
    /// Its own path leads through another link.
    Behind { path: &'a Path },
    /// The links are in more directories than the tree may have.
    Scattered,
}

impl TreeLinks {
    /// Adds a link; `false` if there is one at that path already.
    pub fn add(&mut self, path: PathBuf, target: PathBuf) -> bool {
        self.0.insert(path, target).is_none()
    }

    /// All links, by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Path, &Path)> {
        self.0
            .iter()
            .map(|(path, target)| (path.as_path(), target.as_path()))
    }

    /// Follows every link as the kernel would, whatever else is in the tree, which has at most so
    /// many directories. The text of a target is not sufficient: `a/b/..` is a different directory
    /// if `b` is a link.
    ///
    /// Each link is resolved once and the result is cached, so the time is linear in the length of
    /// paths and targets, however the links refer to each other.
    ///
    /// # Errors
    /// One fault; if there are several, always the same one.
    pub fn check(&self, directories: usize) -> Result<(), LinkFault<'_>> {
        let names = Names::of(self, directories)?;
        let mut known = vec![Known::NotYet; names.links.len()];
        for link in 0..names.links.len() {
            if matches!(known.get(link), Some(Known::NotYet)) {
                names.follow(link, &mut known)?;
            }
        }
        Ok(())
    }
}

/// A component of a link's path. Components of other paths have no number.
type Node = usize;

const ROOT: Node = 0;

/// The paths of links as a trie.
struct Names<'a> {
    links: Vec<Link<'a>>,
    /// Ordered, not hashed: hashing needs random bytes from the kernel, and panics where there are
    /// none.
    children: BTreeMap<(Node, &'a OsStr), Node>,
    /// The parent of each; the root is its own parent.
    parents: Vec<Node>,
    /// The number of the link at each, if there is one.
    link_at: Vec<Option<usize>>,
}

struct Link<'a> {
    path: &'a Path,
    target: &'a Path,
    directory: Node,
}

/// A place in the tree: a node, and a number of further components below it. Which ones does not
/// matter, because no links are among them.
#[derive(Clone, Copy)]
struct Place {
    node: Node,
    below: usize,
}

/// The result of resolving a link.
#[derive(Clone, Copy)]
enum Known {
    NotYet,
    /// It is being resolved; meeting it again means a loop.
    Open,
    /// Too many links, or a loop: the kernel fails before.
    Nowhere,
    /// Resolved, through this many links, itself included.
    Leads {
        to: Place,
        through: usize,
    },
}

/// A link that is being resolved.
struct Following<'a> {
    link: usize,
    at: Place,
    /// The remaining components of its target.
    ahead: Components<'a>,
    /// The number of links followed, itself included.
    through: usize,
    /// The nested link that is being resolved.
    before: Option<usize>,
}

impl<'a> Names<'a> {
    fn of(links: &'a TreeLinks, directories: usize) -> Result<Self, LinkFault<'a>> {
        let most = links
            .iter()
            .len()
            .saturating_add(directories)
            .saturating_add(1);
        let mut names = Self {
            links: Vec::with_capacity(links.iter().len()),
            children: BTreeMap::new(),
            parents: vec![ROOT],
            link_at: vec![None],
        };
        // In the order of the map, a path precedes everything below it.
        for (path, target) in links.iter() {
            let (mut directory, mut node) = (ROOT, ROOT);
            for name in path {
                if names.link(node).is_some() {
                    return Err(LinkFault::Behind { path });
                }
                directory = node;
                let next = names.parents.len();
                node = *names.children.entry((directory, name)).or_insert(next);
                if node == next {
                    names.parents.push(directory);
                    names.link_at.push(None);
                }
            }
            if names.parents.len() > most {
                return Err(LinkFault::Scattered);
            }
            if let Some(here) = names.link_at.get_mut(node) {
                *here = Some(names.links.len());
            }
            names.links.push(Link {
                path,
                target,
                directory,
            });
        }
        Ok(names)
    }

    fn link(&self, node: Node) -> Option<usize> {
        self.link_at.get(node).copied().flatten()
    }

    /// Resolves a link, and those that it leads through.
    fn follow(&self, link: usize, known: &mut [Known]) -> Result<(), LinkFault<'a>> {
        let mut open = VecDeque::from_iter(self.begin(link, known));
        while let Some(last) = open.back_mut() {
            let state = match last.before {
                None => match self.step(last)? {
                    Some(before) => {
                        last.before = Some(before);
                        continue;
                    }
                    None => Known::Leads {
                        to: last.at,
                        through: last.through,
                    },
                },
                Some(before) => match known.get(before) {
                    Some(Known::NotYet) => {
                        open.extend(self.begin(before, known));
                        // A link that leads through too many others fails, whatever they lead to.
                        if open.len() > MOST_FOLLOWED
                            && let Some(first) = open.pop_front()
                        {
                            set(known, first.link, Known::Nowhere);
                        }
                        continue;
                    }
                    Some(Known::Leads { to, through })
                        if last.through.saturating_add(*through) <= MOST_FOLLOWED =>
                    {
                        (last.at, last.through) = (*to, last.through.saturating_add(*through));
                        last.before = None;
                        continue;
                    }
                    _ => Known::Nowhere,
                },
            };
            set(known, last.link, state);
            open.pop_back();
        }
        Ok(())
    }

    fn begin(&self, link: usize, known: &mut [Known]) -> Option<Following<'a>> {
        let Link {
            target, directory, ..
        } = self.links.get(link)?;
        set(known, link, Known::Open);
        let at = Place {
            node: *directory,
            below: 0,
        };
        Some(Following {
            link,
            at,
            ahead: target.components(),
            through: 1,
            before: None,
        })
    }

    /// Follows a target up to the next nested link, or to the end.
    fn step(&self, following: &mut Following<'a>) -> Result<Option<usize>, LinkFault<'a>> {
        for part in following.ahead.by_ref() {
            let Place { node, below } = following.at;
            match part {
                Component::CurDir => {}
                Component::Normal(name) => {
                    match self.children.get(&(node, name)).filter(|_| below == 0) {
                        None => following.at.below = below.saturating_add(1),
                        Some(child) => match self.link(*child) {
                            None => following.at.node = *child,
                            link => return Ok(link),
                        },
                    }
                }
                Component::ParentDir if below > 0 => following.at.below = below.saturating_sub(1),
                Component::ParentDir if node != ROOT => {
                    following.at.node = self.parents.get(node).copied().unwrap_or(ROOT);
                }
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    // That link is being resolved already: a loop.
                    let Some(Link { path, target, .. }) = self.links.get(following.link) else {
                        break;
                    };
                    return Err(LinkFault::LeadsOut { path, target });
                }
            }
        }
        Ok(None)
    }
}

fn set(known: &mut [Known], link: usize, state: Known) {
    if let Some(place) = known.get_mut(link) {
        *place = state;
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
            assert_eq!(
                links(&[(path, target)]).check(100).is_ok(),
                inside,
                "{path} {target}"
            );
        }
    }

    #[test]
    fn links_are_followed_through_others() {
        // d/e/f, then up three times, is the root.
        assert_eq!(
            links(&[
                ("d/up", ".."),
                ("in", "d/up/d"),
                ("d/far", "e/f"),
                ("way", "d/far/../../..")
            ])
            .check(100),
            Ok(())
        );
        let out = links(&[("d/up", ".."), ("out", "d/up/..")]);
        assert!(
            matches!(out.check(100), Err(LinkFault::LeadsOut { path, .. }) if path == Path::new("out"))
        );
        assert_eq!(
            links(&[("a", "b"), ("b", "a")]).check(100),
            Ok(()),
            "a loop is rejected"
        );
    }

    #[test]
    fn a_link_behind_a_link_is_seen() {
        let behind = links(&[("d", "e"), ("d-", "e"), ("d/x", "e")]);
        assert_eq!(
            behind.check(100),
            Err(LinkFault::Behind {
                path: Path::new("d/x")
            })
        );
        assert_eq!(
            links(&[("d", "e"), ("d-", "e"), ("dx/x", "e")]).check(100),
            Ok(())
        );
    }

    #[test]
    fn a_chain_of_links_is_followed_as_far_as_the_kernel_does() {
        // 40 links to the root, and a link through the first of them. With one more the kernel
        // fails.
        for (length, inside) in [(38, false), (39, false), (40, true), (1000, true)] {
            let mut chain = links(&[("000", ".")]);
            for at in 1..length {
                chain.add(format!("{at:03}").into(), format!("{:03}", at - 1).into());
            }
            chain.add("out".into(), format!("{:03}/..", length - 1).into());
            assert_eq!(chain.check(0).is_ok(), inside, "{length}");
        }
    }

    #[test]
    fn links_that_multiply_are_followed_once_each() {
        let mut tangle = links(&[("0", ".")]);
        for at in 1..20_000 {
            tangle.add(
                format!("{at}").into(),
                (format!("{}/", at - 1).repeat(30) + "x").into(),
            );
        }
        assert_eq!(tangle.check(0), Ok(()));
    }

    #[test]
    fn links_in_more_directories_than_there_may_be_are_refused() {
        assert_eq!(links(&[("a/b/c/link", "x")]).check(3), Ok(()));
        assert_eq!(
            links(&[("a/b/c/link", "x")]).check(2),
            Err(LinkFault::Scattered)
        );
    }

    /// Compares with the kernel: every short target in a tree with directories and links of every
    /// kind.
    #[test]
    fn links_lead_where_the_kernel_says() {
        use std::os::unix::fs::symlink;
        const INSIDE: [(&str, &str); 6] = [
            ("d/up", ".."),
            ("d/e/far", "../../d"),
            ("round", "round"),
            ("to", "d/e"),
            ("d/e/way", "far/up/to"),
            ("gone", "d/none"),
        ];
        let scene = tempfile::tempdir().expect("a directory");
        let root = scene.path().join("outer/tree");
        std::fs::create_dir_all(root.join("d/e")).expect("directories");
        for (path, target) in INSIDE {
            symlink(target, root.join(path)).expect("a link");
        }
        let real = root.canonicalize().expect("a directory");
        let words = ["..", "d", "e", "up", "to", "way"];
        let mut tried = [0, 0];
        for number in 0..words.len().pow(5) {
            let parts: Vec<&str> = (0..5)
                .map(|at| words[number / words.len().pow(at) % words.len()])
                .collect();
            let target = parts.join("/");
            // A target that the kernel cannot resolve proves nothing: the tree may be different
            // later.
            let Ok(resolved) = root.join(&target).canonicalize() else {
                continue;
            };
            let mut tree = links(&INSIDE);
            tree.add("tried".into(), target.clone().into());
            // A target may leave the tree and return; that is rejected too.
            let stays = (1..=5).all(|len| {
                root.join(parts[..len].join("/"))
                    .canonicalize()
                    .is_ok_and(|place| place.starts_with(&real))
            });
            assert_eq!(
                tree.check(2).is_ok(),
                stays,
                "{target} -> {}",
                resolved.display()
            );
            tried[usize::from(stays)] += 1;
        }
        assert!(tried.iter().all(|count| *count > 10), "{tried:?}");
    }
}
