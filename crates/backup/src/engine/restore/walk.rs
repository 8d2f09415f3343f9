//! Goes through the trees of a snapshot, makes the directories, and fills one batch after the other.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::attributes::Attributes;
use super::batch::{Batch, File, First, Folder, Link, Other, OtherKind, Piece, Place};
use super::run::{Restore, fault};
use super::select::{Choice, Selection};
use super::{Existing, RestoreFault, beneath, fill, finish};
use crate::engine::tree_reader::TreeReader;
use crate::engine::{Error, Event, Role};
use crate::format::{BlobKind, Id, Node, NodeKind};

/// Goes through a tree and everything below it.
pub(super) fn walk<R: Role>(restore: &Restore<'_, R>, root: &Id) -> Result<(), Error> {
    let options = restore.options;
    let mut walk = Walk {
        restore,
        reader: TreeReader::new(restore.repository, restore.index)?,
        selection: Selection::new(&options.include, &options.exclude),
        batch: Batch::default(),
        stack: Vec::new(),
        firsts: HashMap::new(),
    };
    let nodes = walk.read(root)?;
    restore.remove_leftovers(restore.beneath.target(), Path::new("/"));
    let folder = Arc::new(Folder { path: Vec::new() });
    walk.stack.push(Level { folder, opened: None, nodes, previous: None, attributes: None });
    walk.run()?;
    for path in walk.selection.missing() {
        restore.report().fail(path.to_owned(), RestoreFault::NotInSnapshot);
    }
    Ok(())
}

struct Walk<'a, R> {
    restore: &'a Restore<'a, R>,
    reader: TreeReader<'a>,
    selection: Selection,
    batch: Batch,
    stack: Vec<Level>,
    /// The first names of files that have several, by device and inode.
    firsts: HashMap<(u64, u64), First>,
}

/// A directory that is gone through.
struct Level {
    folder: Arc<Folder>,
    opened: Option<Arc<OwnedFd>>,
    nodes: std::vec::IntoIter<Node>,
    previous: Option<Vec<u8>>,
    /// Nothing is changed of the target itself.
    attributes: Option<Attributes>,
}

impl<R: Role> Walk<'_, R> {
    fn run(&mut self) -> Result<(), Error> {
        while let Some(level) = self.stack.last_mut() {
            if let Some(node) = level.nodes.next() {
                self.visit(node)?;
            } else if let Some(Level { folder, attributes: Some(attributes), .. }) =
                self.stack.pop()
            {
                self.batch.close(folder, attributes);
            }
            if self.batch.weight() > self.restore.options.memory {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let mut batch = std::mem::take(&mut self.batch);
        fill::fill(self.restore, &mut batch)?;
        finish::finish(self.restore, &batch)
    }

    fn visit(&mut self, node: Node) -> Result<(), Error> {
        self.restore.go_on()?;
        let Some(level) = self.stack.last_mut() else { return Ok(()) };
        let is_twice = level.previous.as_ref() == Some(&node.name);
        level.previous = Some(node.name.clone());
        let path = level.folder.join(&node.name);
        match self.selection.choose(&path) {
            Choice::Leave => return Ok(()),
            Choice::LookBelow if node.kind != NodeKind::Dir => return Ok(()),
            Choice::LookBelow | Choice::Take => {}
        }
        let shown = level.folder.path_of(&node.name);
        let result = if is_twice {
            Err(RestoreFault::Twice)
        } else if !beneath::is_name(&node.name) {
            Err(RestoreFault::Name)
        } else if path.len() > MOST_BYTES || self.stack.len() > MOST_LEVELS {
            Err(RestoreFault::TooDeep)
        } else {
            self.take(node, path, &shown)
        };
        if let Err(reason) = result {
            self.restore.report().fail(shown, reason);
        }
        Ok(())
    }

    fn take(&mut self, node: Node, path: Vec<u8>, shown: &Path) -> Result<(), RestoreFault> {
        let kind = match node.kind {
            NodeKind::Dir => return self.enter(&node, path, shown),
            NodeKind::File => return self.add_file(node),
            NodeKind::Symlink => OtherKind::Symlink(node.link_target.clone()),
            NodeKind::Fifo => OtherKind::Fifo,
            NodeKind::Socket => OtherKind::Socket,
            NodeKind::CharDevice => OtherKind::CharDevice(node.device),
            NodeKind::BlockDevice => OtherKind::BlockDevice(node.device),
            NodeKind::Irregular => {
                return Err(RestoreFault::Contradiction { what: "kind and its name" });
            }
        };
        let attributes = Attributes::of(&node);
        let place = self.place(node.name);
        self.restore.observer.event(&Event::Found { files: 1, bytes: 0 });
        self.batch.add_other(Other { place, attributes, kind });
        Ok(())
    }

    fn enter(&mut self, node: &Node, path: Vec<u8>, shown: &Path) -> Result<(), RestoreFault> {
        let contradiction = RestoreFault::Contradiction { what: "kind and content" };
        let subtree = node.subtree.ok_or(contradiction)?;
        self.restore.observer.event(&Event::Path(shown));
        let (opened, is_new) = beneath::make_directory(self.opened()?.as_fd(), &node.name)
            .map_err(|errno| fault("make the directory", errno))?;
        if !is_new {
            self.restore.remove_leftovers(&opened, shown);
        }
        let nodes = self
            .read(&subtree)
            .map_err(|source| RestoreFault::Blob { id: subtree, source: Arc::new(source) })?;
        let opened = Some(Arc::new(opened));
        let attributes = Some(Attributes::of(node));
        let folder = Arc::new(Folder { path });
        self.stack.push(Level { folder, opened, nodes, previous: None, attributes });
        if let Some(above) = self.stack.len().checked_sub(OPEN_LEVELS + 1) {
            self.stack[above].opened = None;
        }
        Ok(())
    }

    fn add_file(&mut self, node: Node) -> Result<(), RestoreFault> {
        if self.restore.options.existing == Existing::Keep {
            let found = beneath::look(self.opened()?.as_fd(), &node.name);
            if found.map_err(|errno| fault("look at", errno))?.is_some() {
                return Err(RestoreFault::Kept);
            }
        }
        let (pieces, size) = self.pieces(&node)?;
        let attributes = Attributes::of(&node);
        let is_first = self.link(&node);
        let says = node.size;
        let place = self.place(node.name);
        let shown = (says != size).then(|| place.path());
        match is_first {
            Linked::To(first) => self.batch.add_link(Link { place, first }),
            Linked::First(is_there) => {
                self.restore.observer.event(&Event::Found { files: 1, bytes: size });
                let content = node.content;
                self.batch.add_file(File { place, size, content, attributes, is_there }, &pieces);
            }
        }
        match shown {
            // What there is of it is proven, and better than nothing; but it is not what was said.
            Some(_) => Err(RestoreFault::Contradiction { what: "size and content" }),
            None => Ok(()),
        }
    }

    /// Where the blobs of a file are, and how long they are together.
    fn pieces(&mut self, node: &Node) -> Result<(Vec<Piece>, u64), RestoreFault> {
        let mut pieces = Vec::with_capacity(node.content.len());
        let mut position = 0_u64;
        for (part, id) in (0_u32..).zip(&node.content) {
            let kind = BlobKind::Data;
            let Some(found) = self.restore.index.best(kind, id) else {
                let source = Arc::new(Error::BlobMissing { kind, id: *id });
                return Err(RestoreFault::Blob { id: *id, source });
            };
            let length = found.blob.plain_length();
            if length > MOST_BLOB || u64::from(found.blob.length) > MOST_BLOB {
                return Err(RestoreFault::Contradiction { what: "lengths of blobs" });
            }
            pieces.push(Piece {
                pack: self.batch.number(found.pack),
                offset: found.blob.offset,
                length: found.blob.length,
                uncompressed: found.blob.uncompressed.map_or(0, Into::into),
                file: 0,
                part,
                position,
            });
            position += length;
        }
        Ok((pieces, position))
    }

    /// Whether a file is another name of one that was met.
    fn link(&mut self, node: &Node) -> Linked {
        if node.links < 2 {
            return Linked::First(None);
        }
        let ids: Vec<u8> = node.content.iter().flat_map(Id::as_bytes).copied().collect();
        let content = Id::of(&ids);
        let key = (node.device_id, node.inode);
        match self.firsts.get(&key) {
            Some(first) if first.content == content => Linked::To(first.clone()),
            Some(_) => Linked::First(None),
            None => {
                let is_there = Arc::new(AtomicBool::new(false));
                let place = self.place(node.name.clone());
                let first = First { place, content, is_there: Arc::clone(&is_there) };
                self.firsts.insert(key, first);
                Linked::First(Some(is_there))
            }
        }
    }

    /// The directory that is gone through.
    fn opened(&mut self) -> Result<Arc<OwnedFd>, RestoreFault> {
        let Some(level) = self.stack.last_mut() else { return Err(RestoreFault::InTheWay) };
        if let Some(opened) = &level.opened {
            return Ok(Arc::clone(opened));
        }
        let opened = self.restore.beneath.directory(&level.folder.path);
        let opened = Arc::new(opened.map_err(|errno| fault("open the directory", errno))?);
        level.opened = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn place(&self, name: Vec<u8>) -> Place {
        let folder = self.stack.last().map(|level| Arc::clone(&level.folder));
        let folder = folder.unwrap_or_else(|| Arc::new(Folder { path: Vec::new() }));
        Place { folder, name: name.into_boxed_slice() }
    }

    /// The entries of a tree, in the order of their names.
    fn read(&mut self, id: &Id) -> Result<std::vec::IntoIter<Node>, Error> {
        let mut nodes = self.reader.read(id)?.nodes;
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(nodes.into_iter())
    }
}

enum Linked {
    /// It is written, and others may be linked to it.
    First(Option<Arc<AtomicBool>>),
    To(First),
}

/// Above what a file system can have below one path; each level of a hostile tree costs memory and a search.
const MOST_LEVELS: usize = 4096;
const MOST_BYTES: usize = 16 << 10;
/// The directories that are kept open on the way back up.
const OPEN_LEVELS: usize = 64;
/// Sixteen times what restic cuts: the memory that a hostile index can make a thread take.
const MOST_BLOB: u64 = 128 << 20;
