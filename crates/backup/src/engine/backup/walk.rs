use crossbeam_channel::Sender;

use super::parent::{Earlier, is_unchanged};
use super::read::FileJob;
use super::report::with_causes;
use super::shared::{Shared, add};
use super::trees::{Before, Met};
use super::work::Job;
use super::{Ended, node};
use crate::engine::{Error, Event};
use crate::format::{Id, Node, NodeKind, Tree};
use crate::source::{Entry, EntryKind, Failure, Source, Step, steps};

/// Walks a source: tells the trees' builder what it meets, and the readers what to read.
pub(super) struct Walker<'s, 'a> {
    shared: &'a Shared<'a>,
    met: Sender<Met>,
    /// Files that one thread reads, cuts and stores.
    small: Sender<Job<'a>>,
    /// Files that one thread reads and cuts, and all store.
    large: Sender<FileJob>,
    read_tree: ReadTree<'s>,
    /// What the parent has of the directories that are open, `/` first.
    earlier: Vec<Earlier>,
    files: u64,
}

/// Reads a tree of the repository.
pub(super) type ReadTree<'s> = &'s dyn Fn(&Id) -> Result<Tree, Error>;

impl<'s, 'a> Walker<'s, 'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        (met, small, large): (Sender<Met>, Sender<Job<'a>>, Sender<FileJob>),
        (read_tree, parent): (ReadTree<'s>, Option<Id>),
    ) -> Self {
        let mut walker =
            Self { shared, met, small, large, read_tree, earlier: Vec::new(), files: 0 };
        let root = walker.read_earlier(parent.as_ref());
        walker.earlier.push(root);
        walker
    }

    pub(super) fn walk(mut self, source: &mut dyn Source) -> Result<(), Ended> {
        for step in steps(source) {
            self.shared.go_on()?;
            match step {
                Step::Enter(entry) => self.enter(&entry)?,
                Step::Item(entry) => self.item(entry)?,
                Step::Leave => {
                    self.earlier.pop();
                    self.tell(Met::Leave)?;
                }
                Step::Failed(failure) => self.shared.failed(failure),
            }
        }
        Ok(())
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), Ended> {
        // Without a name it would still be left, and so is entered as well.
        let node = node::node(&entry.path, &entry.metadata)
            .unwrap_or_else(|| Node::new("", NodeKind::Dir));
        let tree = self.earlier(&node.name).filter(|earlier| earlier.kind == NodeKind::Dir);
        let tree = tree.and_then(|earlier| earlier.subtree);
        self.earlier.push(self.read_earlier(tree.as_ref()));
        self.tell(Met::Enter { node, before: tree.map_or(Before::Nothing, Before::Tree) })
    }

    fn item(&mut self, entry: Entry) -> Result<(), Ended> {
        let Entry { path, metadata, content } = entry;
        let Some(node) = node::node(&path, &metadata) else { return Ok(()) };
        let earlier = self.earlier(&node.name);
        if metadata.kind != EntryKind::File {
            return self.tell(Met::Whole(node));
        }
        self.shared.observer.event(&Event::Found { files: 1, bytes: metadata.size });
        let Some(content) = content else {
            let reason = std::io::Error::other("there is nothing to read it from");
            self.shared.failed(Failure::new(path, "open", reason));
            return Ok(());
        };
        let earlier = earlier.filter(|earlier| earlier.kind == NodeKind::File);
        match earlier {
            Some(earlier)
                if content.is_told_by_metadata()
                    && is_unchanged(
                        &earlier,
                        &metadata,
                        self.shared.options,
                        &self.shared.known,
                    ) =>
            {
                self.take_over(node, earlier)
            }
            earlier => {
                let before = if earlier.is_some() { Before::File } else { Before::Nothing };
                let sequence = self.files;
                self.files += 1;
                let is_large = metadata.size > SMALL;
                self.tell(Met::Awaited { sequence, node, before })?;
                self.read(FileJob { sequence, path, content }, is_large)
            }
        }
    }

    fn take_over(&self, mut node: Node, earlier: Node) -> Result<(), Ended> {
        add(&self.shared.tally.files_unmodified, 1);
        add(&self.shared.tally.bytes_processed, node.size);
        self.shared.observer.event(&Event::Done { files: 1, bytes: node.size });
        node.content = earlier.content;
        self.tell(Met::Whole(node))
    }

    fn read(&self, job: FileJob, is_large: bool) -> Result<(), Ended> {
        if is_large {
            self.large.send(job).map_err(|_| Ended)
        } else {
            self.small.send(Job::File(job)).map_err(|_| Ended)
        }
    }

    fn tell(&self, met: Met) -> Result<(), Ended> {
        self.met.send(met).map_err(|_| Ended)
    }

    fn earlier(&mut self, name: &[u8]) -> Option<Node> {
        self.earlier.last_mut()?.find(name)
    }

    /// A tree of the parent that cannot be read costs time, and nothing else: what is below is read again.
    fn read_earlier(&self, tree: Option<&Id>) -> Earlier {
        let read = tree.map_or_else(|| Ok(Tree::default()), self.read_tree);
        Earlier::new(read.unwrap_or_else(|error| {
            let text = with_causes(&error);
            self.shared.observer.event(&Event::Warning { path: None, text: &text });
            Tree::default()
        }))
    }
}

/// What is shorter than the shortest chunk is never cut.
const SMALL: u64 = 512 << 10;
