use crossbeam_channel::Sender;

use super::parent::{Earlier, is_unchanged};
use super::read::FileJob;
use super::report::with_causes;
use super::shared::{Shared, add};
use super::trees::{Before, Met};
use super::work::Job;
use super::{Ended, node};
use crate::engine::tree_reader::{Entries, TreeReader};
use crate::engine::{Error, Event};
use crate::format::{Id, Node, NodeKind};
use crate::source::{Entry, EntryKind, Failure, Source, Step, steps};

/// Walks a source: tells the trees' builder what it meets, and the readers what to read.
pub(super) struct Walker<'s, 'a> {
    shared: &'a Shared<'a>,
    met: Sender<Vec<Met>>,
    /// What was met, and is not told yet.
    untold: Vec<Met>,
    /// Files that one thread reads, cuts and stores.
    small: Sender<Job<'a>>,
    /// Those that wait for others to go along with, and how many bytes they have.
    unsent: (Vec<FileJob>, u64),
    /// Files that one thread reads and cuts, and all store.
    large: Sender<FileJob>,
    trees: TreeReader<'s>,
    /// What the parent has of the directories that are open, `/` first.
    earlier: Vec<Earlier<'a>>,
    files: u64,
}

impl<'s, 'a> Walker<'s, 'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        (met, small, large): (Sender<Vec<Met>>, Sender<Job<'a>>, Sender<FileJob>),
        (trees, parent): (TreeReader<'s>, Option<Id>),
    ) -> Self {
        let (untold, unsent, earlier) = (Vec::new(), (Vec::new(), 0), Vec::new());
        let mut walker =
            Self { shared, met, untold, small, unsent, large, trees, earlier, files: 0 };
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
        self.send()?;
        self.tell_all()
    }

    fn enter(&mut self, entry: &Entry) -> Result<(), Ended> {
        // Without a name it would still be left, and so is entered as well.
        let node = node::node(&entry.path, &entry.metadata)
            .unwrap_or_else(|| Node::new("", NodeKind::Dir));
        let tree = self.earlier(&node.name).filter(|earlier| earlier.kind == NodeKind::Dir);
        let tree = tree.and_then(|earlier| earlier.subtree);
        let earlier = self.read_earlier(tree.as_ref());
        self.earlier.push(earlier);
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
                self.tell(Met::Awaited { sequence, node, before })?;
                self.read(FileJob { sequence, path, content }, metadata.size)
            }
        }
    }

    fn take_over(&mut self, mut node: Node, earlier: Node) -> Result<(), Ended> {
        add(&self.shared.tally.files_unmodified, 1);
        add(&self.shared.tally.bytes_processed, node.size);
        self.shared.observer.event(&Event::Done { files: 1, bytes: node.size });
        node.content = earlier.content;
        self.tell(Met::Whole(node))
    }

    /// Every message wakes a thread: small files go several at once.
    fn read(&mut self, job: FileJob, size: u64) -> Result<(), Ended> {
        if size > SMALL {
            return self.large.send(job).map_err(|_| Ended);
        }
        let (jobs, bytes) = &mut self.unsent;
        jobs.push(job);
        *bytes += size;
        if jobs.len() < FILES_AT_ONCE && *bytes < BYTES_AT_ONCE { Ok(()) } else { self.send() }
    }

    fn send(&mut self) -> Result<(), Ended> {
        let (jobs, _) = std::mem::take(&mut self.unsent);
        if jobs.is_empty() {
            // Whoever builds the trees waits for files that are read, and for nobody else.
            return Ok(());
        }
        self.small.send(Job::Files(jobs)).map_err(|_| Ended)
    }

    fn tell(&mut self, met: Met) -> Result<(), Ended> {
        self.untold.push(met);
        if self.untold.len() < TOLD_AT_ONCE { Ok(()) } else { self.tell_all() }
    }

    fn tell_all(&mut self) -> Result<(), Ended> {
        self.met.send(std::mem::take(&mut self.untold)).map_err(|_| Ended)
    }

    fn earlier(&mut self, name: &[u8]) -> Option<Node> {
        self.earlier.last_mut()?.find(name)
    }

    /// A tree of the parent that cannot be read costs time, and nothing else: what is below is read again.
    fn read_earlier(&mut self, tree: Option<&Id>) -> Earlier<'a> {
        let observer = self.shared.observer;
        let warn = move |error: &Error| {
            observer.event(&Event::Warning { path: None, text: &with_causes(error) });
        };
        let entries = tree.map_or_else(|| Ok(Entries::default()), |tree| self.trees.entries(tree));
        let entries = entries.inspect_err(warn).unwrap_or_default();
        Earlier::new(entries.map_while(move |entry| entry.inspect_err(warn).ok()))
    }
}

/// What is shorter than the shortest chunk is never cut.
const SMALL: u64 = 512 << 10;

/// What one thread reads at once: enough that it is woken seldom, and little beside the work of the others.
const FILES_AT_ONCE: usize = 16;
const BYTES_AT_ONCE: u64 = 1 << 20;

/// What the trees' builder hears at once.
const TOLD_AT_ONCE: usize = 64;
