//! What a scan found.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use super::directory::join;
use super::known::Known;
use super::record::{self, Record};
use crate::{Algorithm, Entry, FileTime};

/// What a scan found: the entries, sorted by directory and name, in about 100 bytes each.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) nodes: Vec<Node>,
    /// The children of all nodes, each node's next to each other and sorted by name.
    children: Vec<u32>,
    /// The nodes by the path of the directory that they are.
    order: Vec<u32>,
    pub(super) statistics: Statistics,
    pub(super) started: FileTime,
    pub(super) algorithm: Algorithm,
    pub(super) roots: Vec<PathBuf>,
}

/// What a scan did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Statistics {
    /// How many entries there are.
    pub entries: u64,
    /// Of how many files the content was read.
    pub files_read: u64,
    /// Of how many files the known digest stood.
    pub files_reused: u64,
    /// How many bytes were read, and read again.
    pub bytes_read: u64,
    /// How many entries have a fault.
    pub faults: u64,
}

/// A path that was walked as a directory, or that leads to one that was.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// Its own record, in the directory above.
    pub(super) record: Box<[u8]>,
    /// The records of all that is in it and is no node, sorted by name, a few dozen a piece.
    pub(super) pieces: Vec<Box<[u8]>>,
    /// Where in the list of all children its own are.
    pub(super) children: Range<u32>,
}

impl Snapshot {
    /// Puts the nodes in order. The first is `/`.
    pub(super) fn assemble(
        nodes: Vec<Node>,
        statistics: Statistics,
        started: FileTime,
        algorithm: Algorithm,
        roots: Vec<PathBuf>,
    ) -> Self {
        let (children, order) = (Vec::new(), Vec::new());
        let mut snapshot = Self { nodes, children, order, statistics, started, algorithm, roots };
        snapshot.find_children();
        snapshot.order = snapshot.in_order();
        snapshot
    }

    /// Returns the entries, sorted by directory and name.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let top =
            self.nodes.first().and_then(|node| record::entry(&node.record, PathBuf::from("/")));
        top.into_iter().chain(self.order.iter().flat_map(|&node| self.listed(node)))
    }

    /// Returns how many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.statistics.entries).unwrap_or(usize::MAX)
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statistics.entries == 0
    }

    /// Returns what the scan did.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Returns the roots, sorted.
    #[must_use]
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Returns the entries of a directory, sorted by name: the nodes among them and the others, merged.
    fn listed(&self, node: u32) -> impl Iterator<Item = Entry> + '_ {
        let directory = self.path(node);
        let mut own = self
            .children(node)
            .iter()
            .map(|&child| Record::of(&self.node(child).record))
            .peekable();
        let mut other =
            self.node(node).pieces.iter().flat_map(|piece| record::records(piece)).peekable();
        let merged = std::iter::from_fn(move || match (own.peek(), other.peek()) {
            (Some(left), Some(right)) if left.name < right.name => own.next(),
            (_, Some(_)) => other.next(),
            (_, None) => own.next(),
        });
        merged.filter_map(move |record| {
            let mut path = directory.clone();
            join(&mut path, record.name);
            record.entry(path_of(path))
        })
    }

    /// Returns the path of a node, as bytes.
    fn path(&self, node: u32) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = node;
        while at != TOP {
            names.push(record::name(&self.node(at).record));
            at = self.node(at).parent;
        }
        let mut path = vec![b'/'];
        names.into_iter().rev().for_each(|name| join(&mut path, name));
        path
    }

    /// Returns the node of a path.
    fn find(&self, path: &Path) -> Option<u32> {
        let mut at = TOP;
        for component in path.components() {
            match component {
                Component::RootDir => {}
                Component::Normal(name) => at = self.child(at, name.as_bytes())?,
                _ => return None,
            }
        }
        Some(at)
    }

    fn child(&self, node: u32, name: &[u8]) -> Option<u32> {
        let children = self.children(node);
        let found =
            children.binary_search_by(|&child| record::name(&self.node(child).record).cmp(name));
        found.ok().map(|place| children[place])
    }

    fn children(&self, node: u32) -> &[u32] {
        let Range { start, end } = self.node(node).children;
        &self.children[start as usize..end as usize]
    }

    fn node(&self, node: u32) -> &Node {
        &self.nodes[node as usize]
    }

    fn find_children(&mut self) {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let mut children: Vec<u32> = (1..count).collect();
        let parent = |node: u32| self.node(node).parent;
        let key = |node: u32| (parent(node), record::name(&self.node(node).record));
        children.sort_unstable_by(|left, right| key(*left).cmp(&key(*right)));
        let mut start = 0;
        let mut ranges = Vec::new();
        for run in children.chunk_by(|left, right| parent(*left) == parent(*right)) {
            let end = start + u32::try_from(run.len()).unwrap_or(u32::MAX);
            ranges.push((parent(run[0]), start..end));
            start = end;
        }
        for (parent, range) in ranges {
            self.nodes[parent as usize].children = range;
        }
        self.children = children;
    }

    /// Returns the nodes by their paths, byte by byte: `/a-b` comes between `/a` and `/a/b`. So each child comes up
    /// twice among its siblings: by its name for itself, and by its name with a slash for those below it.
    fn in_order(&self) -> Vec<u32> {
        let mut order = Vec::with_capacity(self.nodes.len());
        order.push(TOP);
        let mut stack = vec![self.steps(TOP).into_iter()];
        while let Some(steps) = stack.last_mut() {
            match steps.next() {
                None => {
                    stack.pop();
                }
                Some(Step::Itself(node)) => order.push(node),
                Some(Step::Below(node)) => {
                    let below = self.steps(node);
                    if !below.is_empty() {
                        stack.push(below.into_iter());
                    }
                }
            }
        }
        order
    }

    fn steps(&self, node: u32) -> Vec<Step> {
        let children = self.children(node);
        let mut steps: Vec<Step> =
            children.iter().flat_map(|&child| [Step::Itself(child), Step::Below(child)]).collect();
        steps.sort_by(|left, right| self.compare(*left, *right));
        steps
    }

    fn compare(&self, left: Step, right: Step) -> Ordering {
        let key = |step| {
            let (node, slash): (u32, &[u8]) = match step {
                Step::Itself(node) => (node, b""),
                Step::Below(node) => (node, b"/"),
            };
            record::name(&self.node(node).record).iter().chain(slash)
        };
        key(left).cmp(key(right))
    }
}

impl Known for Snapshot {
    fn children(&self, directory: &Path) -> Box<dyn Iterator<Item = Entry> + '_> {
        match self.find(directory) {
            Some(node) => Box::new(self.listed(node)),
            None => Box::new(std::iter::empty()),
        }
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        if let Some(node) = self.find(path) {
            return record::entry(&self.node(node).record, path.to_owned());
        }
        let name = path.file_name()?.as_bytes();
        let pieces = &self.node(self.find(path.parent()?)?).pieces;
        let after = pieces.partition_point(|piece| record::name(piece) <= name);
        let piece = pieces.get(after.checked_sub(1)?)?;
        record::records(piece).find(|record| record.name == name)?.entry(path.to_owned())
    }

    fn scan_started(&self) -> FileTime {
        self.started
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Itself(u32),
    Below(u32),
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    std::ffi::OsString::from_vec(bytes).into()
}

/// Returns the names that lead from `/` to a path.
pub(super) fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        _ => None,
    })
}

/// The node of `/`.
pub(super) const TOP: u32 = 0;
