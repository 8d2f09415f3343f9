//! A tree that remembers only what it needs to grow.

use crate::text::MAX_SIZE;
use crate::{Error, Hash, Node, TreeHead};

/// A Merkle tree that keeps one hash for each complete subtree on its right edge: at most 63.
///
/// It grows and knows its root; it cannot prove anything about an entry. For that the nodes are stored elsewhere,
/// as [`append_with`](Self::append_with) reports them, and read through [`Nodes`](crate::Nodes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees, the largest first: one for each bit that is set in `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Creates a tree without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// Takes up a tree where [`size`](Self::size) and [`peaks`](Self::peaks) left it.
    ///
    /// # Errors
    ///
    /// When there cannot be that many entries, or they do not have that many peaks. Whether the peaks are the
    /// right ones shows in the root.
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Result<Self, Error> {
        if size > MAX_SIZE || peaks.len() != size.count_ones() as usize {
            return Err(Error::Frontier { size, peaks: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        self.append_with(leaf, |_, _| ())
    }

    /// Appends a leaf, tells of each node that is now complete, the leaf first, and returns the leaf's index.
    pub fn append_with(&mut self, leaf: Hash, mut on_node: impl FnMut(Node, Hash)) -> u64 {
        let index = self.size;
        let mut node = Node { level: 0, index };
        let mut hash = leaf;
        on_node(node, hash);
        // A node with an odd index completes the one above.
        while node.index % 2 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = Hash::node(left, hash);
            node = Node { level: node.level + 1, index: node.index / 2 };
            on_node(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
        index
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the hashes that the tree remembers.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let smallest_first = self.peaks.iter().rev().copied();
        smallest_first.reduce(|right, left| Hash::node(left, right)).unwrap_or(Hash::EMPTY_TREE)
    }

    /// Returns size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}
