//! Reading a stored tree: its roots and proofs.

use crate::text::MAX_SIZE;
use crate::{ConsistencyProof, Error, Frontier, Hash, InclusionProof, TreeHead};

/// The place of a complete subtree of 2^`level` leaves. Two numbers name it, so the struct stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Zero for a leaf.
    pub level: u32,
    /// The index within the level, from zero.
    pub index: u64,
}

/// A stored tree that answers with the hash of any complete subtree.
///
/// Called by the methods that come with it, on the caller's thread, about twice for each level of the tree. An error
/// ends the computation and is handed on. What was stored is not trusted: a proof from wrong nodes does not verify.
pub trait Nodes {
    /// Why a node could not be read.
    type Error: From<Error>;

    /// Returns the hash of a complete subtree.
    ///
    /// # Errors
    ///
    /// When the tree does not hold it, or it cannot be read.
    fn node(&self, node: Node) -> Result<Hash, Self::Error>;

    /// Returns the root of the first `size` entries.
    ///
    /// # Errors
    ///
    /// When a node cannot be read.
    fn root_at(&self, size: u64) -> Result<Hash, Self::Error> {
        if size == 0 { Ok(Hash::EMPTY_TREE) } else { root_of(self, 0, size) }
    }

    /// Returns size and root of the first `size` entries.
    ///
    /// # Errors
    ///
    /// When a node cannot be read.
    fn head_at(&self, size: u64) -> Result<TreeHead, Self::Error> {
        Ok(TreeHead { size, root: self.root_at(size)? })
    }

    /// Proves that the entry at `index` is among the first `size` entries.
    ///
    /// # Errors
    ///
    /// When it is not, or a node cannot be read.
    fn inclusion_proof(&self, index: u64, size: u64) -> Result<InclusionProof, Self::Error> {
        if index >= size || size > MAX_SIZE {
            return Err(Error::Index { index, size }.into());
        }
        let mut path = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(root_of(self, middle, end)?);
                end = middle;
            } else {
                path.push(root_of(self, start, middle)?);
                start = middle;
            }
        }
        path.reverse();
        Ok(InclusionProof { index, path })
    }

    /// Proves that the first `new` entries begin with the first `old` entries.
    ///
    /// # Errors
    ///
    /// When `new` is less than `old`, or a node cannot be read.
    fn consistency_proof(&self, old: u64, new: u64) -> Result<ConsistencyProof, Self::Error> {
        if old > new || new > MAX_SIZE {
            return Err(Error::Shrinks { old, new }.into());
        }
        let mut path = Vec::new();
        if old == 0 || old == new {
            return Ok(ConsistencyProof { path });
        }
        let (mut start, mut end) = (0, new);
        while old != end {
            let middle = start + split(end - start);
            if old <= middle {
                path.push(root_of(self, middle, end)?);
                end = middle;
            } else {
                path.push(root_of(self, start, middle)?);
                start = middle;
            }
        }
        // Where the old tree is itself a node of the new one, whoever checks knows its root already.
        if start != 0 {
            path.push(root_of(self, start, end)?);
        }
        path.reverse();
        Ok(ConsistencyProof { path })
    }
}

impl<N: Nodes + ?Sized> Nodes for &N {
    type Error = N::Error;

    fn node(&self, node: Node) -> Result<Hash, Self::Error> {
        (**self).node(node)
    }
}

/// A tree whose nodes are all in memory: 64 bytes an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryTree {
    frontier: Frontier,
    /// The complete subtrees by level, the leaves first.
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// Creates a tree without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { frontier: Frontier::new(), levels: Vec::new() }
    }

    /// Appends a leaf and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let levels = &mut self.levels;
        self.frontier.append_with(leaf, |node, hash| {
            let level = node.level as usize;
            if levels.len() == level {
                levels.push(Vec::new());
            }
            levels[level].push(hash);
        })
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Returns size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }
}

impl Nodes for MemoryTree {
    type Error = Error;

    fn node(&self, Node { level, index }: Node) -> Result<Hash, Error> {
        let nodes = self.levels.get(level as usize);
        let at = usize::try_from(index).ok();
        nodes
            .zip(at)
            .and_then(|(nodes, at)| nodes.get(at).copied())
            .ok_or(Error::NoNode { level, index })
    }
}

impl Extend<Hash> for MemoryTree {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        for leaf in leaves {
            self.append(leaf);
        }
    }
}

impl FromIterator<Hash> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        tree.extend(leaves);
        tree
    }
}

/// Returns how many of at least two leaves lie under the root's left child: the largest power of two below.
const fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Returns the root of the leaves from `start` to `end`, a node of some tree: `start` is a multiple of the smallest
/// power of two that is not below their number, which is not zero.
fn root_of<N: Nodes + ?Sized>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let mut root = None;
    let mut rest = end;
    // The complete subtrees from the right: the lowest bit of what is left is the size of the next.
    while rest > start {
        let level = (rest - start).trailing_zeros();
        rest -= 1 << level;
        let left = nodes.node(Node { level, index: rest >> level })?;
        root = Some(root.map_or(left, |right| Hash::node(left, right)));
    }
    Ok(root.unwrap_or(Hash::EMPTY_TREE))
}
