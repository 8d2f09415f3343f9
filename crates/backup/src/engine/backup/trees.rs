use std::collections::{HashMap, VecDeque};
use std::io;

use crossbeam_channel::{Receiver, never, select};

use super::Ended;
use super::growing_tree::{GrowingTree, TreeBody};
use super::node;
use super::read::FileEnd;
use super::seal::Sealer;
use super::shared::{Shared, add};
use crate::engine::{Error, Event};
use crate::format::{BlobKind, FormatError, Id, Node};

/// What the walker met, in the order of the trees.
pub(super) enum Met {
    /// A directory begins; `before` is what the parent has of this name.
    Enter { node: Node, before: Before },
    /// Something whose node is whole.
    Whole(Node),
    /// A file that is being read.
    Awaited { sequence: u64, node: Node, before: Before },
    /// The directory that began last ends.
    Leave,
}

/// What the parent has of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing of this kind.
    Nothing,
    /// A file that has changed.
    File,
    /// A directory with this tree.
    Tree(Id),
}

/// What the readers of files tell, in any order.
pub(super) enum Found {
    /// A chunk of a file.
    Chunk { sequence: u64, index: u64, id: Id },
    /// A small file: all chunks that its reader made are stored.
    File { sequence: u64, chunks: Vec<Id>, end: FileEnd },
    /// That there are no more chunks of it than were sent.
    End { sequence: u64, sent: u64, end: FileEnd },
}

/// Builds the trees of a backup from what the walker met and the readers found.
pub(super) struct Trees<'a> {
    shared: &'a Shared<'a>,
    sealer: Sealer<'a>,
    /// What was met, and is not in its tree yet: behind a file that is being read.
    waiting: VecDeque<Met>,
    files: HashMap<u64, FoundFile>,
    /// The tree of `/`, and those of the directories that are open, each with its own node.
    root: GrowingTree,
    open: Vec<OpenDir>,
}

#[derive(Default)]
struct FoundFile {
    chunks: Vec<Option<Id>>,
    found: u64,
    end: Option<(u64, FileEnd)>,
}

struct OpenDir {
    node: Node,
    before: Before,
    tree: GrowingTree,
}

impl<'a> Trees<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, sealer: Sealer<'a>) -> Self {
        Self {
            shared,
            sealer,
            waiting: VecDeque::new(),
            files: HashMap::new(),
            root: GrowingTree::new(shared.format.0),
            open: Vec::new(),
        }
    }

    /// The tree of `/`, when all is in it; none when there is nothing in it.
    pub(super) fn build(
        mut self,
        met: Receiver<Vec<Met>>,
        found: &Receiver<Vec<Found>>,
    ) -> Result<Option<Id>, Ended> {
        let mut met = Some(met);
        let pause = never();
        while met.is_some() || !self.waiting.is_empty() {
            self.shared.go_on()?;
            // Whoever walks far ahead of a large file waits for it.
            let more = met.as_ref().filter(|_| self.waiting.len() < MOST_WAITING).unwrap_or(&pause);
            select! {
                recv(more) -> next => match next {
                    Ok(next) => self.waiting.extend(next),
                    Err(_) => met = None,
                },
                recv(found) -> next => match next {
                    Ok(next) => next.into_iter().for_each(|found| self.note(found)),
                    // The readers end after the walker: this is what it met last, or they broke off.
                    Err(_) => match met.take() {
                        Some(met) => self.waiting.extend(met.into_iter().flatten()),
                        None => return Err(Ended),
                    },
                },
            }
            self.advance()?;
        }
        if self.root.is_empty() {
            return Ok(None);
        }
        let root = std::mem::replace(&mut self.root, GrowingTree::new(self.shared.format.0));
        self.store(root).map(Some)
    }

    fn note(&mut self, found: Found) {
        match found {
            Found::Chunk { sequence, index, id } => {
                let file = self.files.entry(sequence).or_default();
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                if file.chunks.len() <= index {
                    file.chunks.resize(index + 1, None);
                }
                file.chunks[index] = Some(id);
                file.found += 1;
            }
            Found::File { sequence, chunks, end } => {
                let found = chunks.len() as u64;
                let chunks = chunks.into_iter().map(Some).collect();
                self.files.insert(sequence, FoundFile { chunks, found, end: Some((found, end)) });
            }
            Found::End { sequence, sent, end } => {
                self.files.entry(sequence).or_default().end = Some((sent, end));
            }
        }
    }

    /// Brings into their trees what is complete, as far as order allows.
    fn advance(&mut self) -> Result<(), Ended> {
        while let Some(met) = self.waiting.pop_front() {
            match met {
                Met::Enter { node, before } => {
                    let tree = GrowingTree::new(self.shared.format.0);
                    self.open.push(OpenDir { node, before, tree });
                }
                Met::Whole(node) => self.add(&node)?,
                Met::Awaited { sequence, node, before } => {
                    if !self.files.get(&sequence).is_some_and(FoundFile::is_complete) {
                        self.waiting.push_front(Met::Awaited { sequence, node, before });
                        break;
                    }
                    self.add_file(sequence, node, before)?;
                }
                Met::Leave => self.leave()?,
            }
        }
        Ok(())
    }

    fn add_file(&mut self, sequence: u64, before_read: Node, before: Before) -> Result<(), Ended> {
        let Some(FoundFile { mut chunks, end: Some((_, end)), .. }) = self.files.remove(&sequence)
        else {
            return Ok(());
        };
        match end {
            FileEnd::Missing(failure) => self.shared.failed(failure),
            FileEnd::Read { chunks: range, metadata, size, failure } => {
                let mut node = node::with_metadata(before_read, &metadata);
                node.size = size;
                let first = usize::try_from(range.start).unwrap_or(usize::MAX);
                node.content = chunks.drain(first.min(chunks.len())..).flatten().collect();
                let tally = &self.shared.tally;
                let is_new = before == Before::Nothing;
                add(if is_new { &tally.files_new } else { &tally.files_changed }, 1);
                add(&tally.bytes_processed, size);
                if let Some(failure) = failure {
                    self.shared.failed(failure);
                }
                self.shared.observer.event(&Event::Done { files: 1, bytes: 0 });
                self.add(&node)?;
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Ended> {
        let Some(OpenDir { mut node, before, tree }) = self.open.pop() else { return Ok(()) };
        let id = self.store(tree)?;
        let tally = &self.shared.tally;
        match before {
            Before::Tree(tree) if tree == id => add(&tally.dirs_unmodified, 1),
            Before::Tree(_) => add(&tally.dirs_changed, 1),
            Before::Nothing | Before::File => add(&tally.dirs_new, 1),
        }
        node.subtree = Some(id);
        self.add(&node)
    }

    fn add(&mut self, node: &Node) -> Result<(), Ended> {
        let tree = self.open.last_mut().map_or(&mut self.root, |dir| &mut dir.tree);
        self.shared.or_stop(tree.add(node).map_err(uncompressed))
    }

    fn store(&mut self, tree: GrowingTree) -> Result<Id, Ended> {
        match self.shared.or_stop(tree.finish().map_err(uncompressed))? {
            TreeBody::Plain(text) => self.sealer.store(BlobKind::Tree, &text),
            TreeBody::Compressed { id, length, bytes } => {
                self.sealer.store_compressed((BlobKind::Tree, id), bytes, length)?;
                Ok(id)
            }
        }
    }
}

impl FoundFile {
    /// Whether all chunks that its reader sent are stored. Chunks of a read that was in vain count too.
    fn is_complete(&self) -> bool {
        self.end.as_ref().is_some_and(|(sent, _)| self.found == *sent)
    }
}

/// Nothing is written but memory: the compression itself failed.
fn uncompressed(_: io::Error) -> Error {
    Error::Unwritable { what: "a tree", source: FormatError::Compress }
}

/// So many nodes take some megabytes.
const MOST_WAITING: usize = 4_096;
