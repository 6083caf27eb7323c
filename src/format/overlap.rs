//! Which slots may share a place in the work environment: one rule for the pack that plans them and
//! for the readers of packages.

use super::{Lifecycle, SlotRecord, WORKENV};

/// Where a slot goes.
#[derive(Clone, Copy, Debug)]
pub struct SlotPlace<'a> {
    /// Begins with [`WORKENV`].
    pub target: &'a str,
    /// Whether it is an archive; otherwise it is a single file.
    pub is_tree: bool,
    pub lifecycle: Lifecycle,
}

impl<'a> From<&'a SlotRecord> for SlotPlace<'a> {
    /// Of a record whose lifecycle is valid.
    fn from(record: &'a SlotRecord) -> Self {
        Self {
            target: &record.target,
            is_tree: record.chain().is_some_and(|chain| chain.tar),
            lifecycle: Lifecycle::parse(&record.lifecycle).unwrap_or_default(),
        }
    }
}

/// Slots that cannot be at their targets, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// A slot that does not exist at all times is the whole environment.
    Whole(usize),
    /// The second slot is at the target of the first, or below it.
    Below { first: usize, second: usize },
}

impl SlotPlace<'_> {
    /// Trees may share a directory. A file excludes other slots from its target and below, and so
    /// does a tree that does not exist at all times: it could not be merged with the content of
    /// others.
    pub fn is_alone(&self) -> bool {
        !self.is_tree || matches!(self.lifecycle, Lifecycle::Lazy | Lifecycle::Init)
    }

    fn holds(&self, target: &str) -> bool {
        target
            .strip_prefix(self.target)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The first slots in each other's way.
pub fn overlap(places: &[SlotPlace<'_>]) -> Option<Overlap> {
    let alone = places
        .iter()
        .enumerate()
        .filter(|(_, slot)| slot.is_alone());
    for (first, slot) in alone {
        if slot.is_tree && slot.target == WORKENV {
            return Some(Overlap::Whole(first));
        }
        let mut others = places.iter().enumerate();
        let below = others.find(|(second, other)| *second != first && slot.holds(other.target));
        if let Some((second, _)) = below {
            return Some(Overlap::Below { first, second });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_share_and_files_do_not() {
        let tree = |target| SlotPlace {
            target,
            is_tree: true,
            lifecycle: Lifecycle::Eager,
        };
        let file = |target| SlotPlace {
            is_tree: false,
            ..tree(target)
        };
        let lazy = |target| SlotPlace {
            lifecycle: Lifecycle::Lazy,
            ..tree(target)
        };
        let below = |first, second| Some(Overlap::Below { first, second });
        for (places, expected) in [
            (
                vec![tree("{workenv}"), tree("{workenv}"), tree("{workenv}/a")],
                None,
            ),
            (vec![tree("{workenv}"), file("{workenv}/a")], None),
            (vec![file("{workenv}/a"), file("{workenv}/ab")], None),
            (vec![file("{workenv}/a"), file("{workenv}/a")], below(0, 1)),
            (
                vec![tree("{workenv}/a/b"), file("{workenv}/a")],
                below(1, 0),
            ),
            (vec![tree("{workenv}/a"), lazy("{workenv}/a")], below(1, 0)),
            (vec![tree("{workenv}/a"), lazy("{workenv}/a/b")], None),
            (vec![lazy("{workenv}")], Some(Overlap::Whole(0))),
        ] {
            assert_eq!(overlap(&places), expected, "{places:?}");
        }
    }
}
