//! Proofs, and the tree heads that they are held against.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::text::{MAX_SIZE, from_decimal};
use crate::{Error, Hash, Nodes};

/// Size and root of a tree: what fixes every one of its entries.
///
/// Prints and parses as `size root`, short enough for a metric's label or a backup's tag. RFC 6962 fixes what it,
/// and each proof, consists of: these structs stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHead {
    /// The number of entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl TreeHead {
    /// The head of the tree without entries.
    pub const EMPTY: Self = Self { size: 0, root: Hash::EMPTY_TREE };

    /// Tells how a later head relates to this one, where `proof` leads from the smaller size to the larger.
    ///
    /// # Errors
    ///
    /// When the later head is larger and the proof does not show that it continues this one. That is no proof of
    /// the contrary: ask for another, and trust the later head no further than before.
    pub fn relation(self, later: Self, proof: &ConsistencyProof) -> Result<Relation, Error> {
        match later.size.cmp(&self.size) {
            Ordering::Equal if later == self => Ok(Relation::Same),
            Ordering::Equal => Ok(Relation::Forked),
            Ordering::Less => Ok(Relation::RolledBack),
            Ordering::Greater => proof.verify(self, later).map(|()| Relation::Extended),
        }
    }

    /// Tells how a stored tree of `size` entries relates to this head, which was seen earlier.
    ///
    /// # Errors
    ///
    /// When a node of the tree cannot be read.
    pub fn relation_to_tree<N: Nodes>(self, tree: &N, size: u64) -> Result<Relation, N::Error> {
        if size < self.size {
            return Ok(Relation::RolledBack);
        }
        Ok(match tree.root_at(self.size)? {
            root if root != self.root => Relation::Forked,
            _ if size == self.size => Relation::Same,
            _ => Relation::Extended,
        })
    }
}

impl fmt::Display for TreeHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.size, self.root)
    }
}

impl FromStr for TreeHead {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (size, root) = text.split_once(' ').ok_or(Error::TreeHead)?;
        let size = from_decimal(size).ok_or(Error::TreeHead)?;
        Ok(Self { size, root: root.parse().map_err(|_| Error::TreeHead)? })
    }
}

/// How what a log shows now relates to what it showed before. Whoever asks must answer each, so nothing is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub enum Relation {
    /// Nothing was added.
    Same,
    /// Entries were added, and those from before are unchanged.
    Extended,
    /// There are fewer entries than before.
    RolledBack,
    /// An entry from before was changed.
    Forked,
}

impl Relation {
    /// Tells whether the log kept what it had.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Same | Self::Extended)
    }
}

/// Shows that an entry is in a tree: the audit path of RFC 6962, section 2.1.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InclusionProof {
    /// The index of the entry, from zero.
    pub index: u64,
    /// The siblings on the way from the leaf to the root, the leaf's first.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Checks that the leaf is in the tree, at this proof's index.
    ///
    /// # Errors
    ///
    /// When the proof does not show it.
    pub fn verify(&self, leaf: Hash, head: TreeHead) -> Result<(), Error> {
        if self.index >= head.size || head.size > MAX_SIZE {
            return Err(Error::Index { index: self.index, size: head.size });
        }
        let mut climb = Climb { index: self.index, last: head.size - 1 };
        let mut root = leaf;
        for &sibling in &self.path {
            root = match climb.step().ok_or(Error::NotIncluded)? {
                Side::Left => Hash::node(sibling, root),
                Side::Right => Hash::node(root, sibling),
            };
        }
        if climb.is_at_root() && root == head.root { Ok(()) } else { Err(Error::NotIncluded) }
    }
}

/// Shows that one tree begins with another: the proof of RFC 6962, section 2.1.2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConsistencyProof {
    /// Nodes of the new tree, the lowest first.
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// Checks that the new tree begins with the entries of the old one.
    ///
    /// Between equal heads, and from the tree without entries, the proof is empty.
    ///
    /// # Errors
    ///
    /// When the proof does not show it, or the new tree is the smaller one.
    pub fn verify(&self, old: TreeHead, new: TreeHead) -> Result<(), Error> {
        if old.size > new.size || new.size > MAX_SIZE {
            return Err(Error::Shrinks { old: old.size, new: new.size });
        }
        let is_shown = match old.size {
            size if size == new.size => self.path.is_empty() && old == new,
            0 => self.path.is_empty() && old == TreeHead::EMPTY,
            _ => self.leads_to_both(old, new),
        };
        if is_shown { Ok(()) } else { Err(Error::NotConsistent) }
    }

    /// Rebuilds both roots, RFC 9162, section 2.1.4.2; the old tree has entries, and the new one has more.
    fn leads_to_both(&self, old: TreeHead, new: TreeHead) -> bool {
        let Some((&first, rest)) = self.path.split_first() else { return false };
        // Where the old tree is itself a node of the new one, it is the start, and not part of the proof.
        let (start, rest) = if old.size.is_power_of_two() {
            (old.root, self.path.as_slice())
        } else {
            (first, rest)
        };
        let mut climb = Climb { index: old.size - 1, last: new.size - 1 };
        climb.skip(climb.index.trailing_ones());
        let (mut old_root, mut new_root) = (start, start);
        for &sibling in rest {
            match climb.step() {
                None => return false,
                Some(Side::Left) => {
                    old_root = Hash::node(sibling, old_root);
                    new_root = Hash::node(sibling, new_root);
                }
                Some(Side::Right) => new_root = Hash::node(new_root, sibling),
            }
        }
        climb.is_at_root() && old_root == old.root && new_root == new.root
    }
}

/// The way from a node to the root, as the indices of the node and of the last one at its level.
struct Climb {
    index: u64,
    last: u64,
}

/// Where the sibling is.
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Goes up past the next sibling and tells where it was, or `None` when this is the root.
    fn step(&mut self) -> Option<Side> {
        if self.is_at_root() {
            return None;
        }
        if self.index % 2 == 1 {
            self.skip(1);
            return Some(Side::Left);
        }
        if self.index == self.last {
            // The last node of its level has no sibling here; it is its own parent up to where it has one.
            self.skip(self.index.trailing_zeros() + 1);
            return Some(Side::Left);
        }
        self.skip(1);
        Some(Side::Right)
    }

    const fn skip(&mut self, levels: u32) {
        self.index >>= levels;
        self.last >>= levels;
    }

    const fn is_at_root(&self) -> bool {
        self.last == 0
    }
}
