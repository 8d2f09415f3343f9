//! The walk: a directory at a time, its files in pieces that any thread takes.

use std::ffi::{CStr, CString, OsStr};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::directory::{Directory, Handle, Open, join};
use super::known::{Known, Reuse};
use super::listing::Listing;
use super::look::{Cancelled, Looker, Seen, Target, refused};
use super::snapshot::{Node, TOP, names};
use super::{Control, ScanOptions, record, stat};
use crate::{Entry, EntryKind, Fault, FileTime};

/// A scan that is under way.
pub(super) struct Walk<'a> {
    options: &'a ScanOptions<'a>,
    control: &'a Control<'a>,
    known: Option<&'a dyn Known>,
    /// When what is known was scanned, where it may stand for what is not read.
    trusted: Option<FileTime>,
    open: Arc<Open>,
    nodes: Mutex<Vec<Node>>,
    lookers: Mutex<Vec<Looker<'a>>>,
    /// Roots below other roots, and whether the walk of those came by.
    nested: Vec<(PathBuf, AtomicBool)>,
    /// How many bytes the paths have that are longer than any that the system takes.
    long_paths: AtomicU64,
    pub(super) entries: AtomicU64,
    pub(super) faults: AtomicU64,
}

/// A name that is to be entered, if it is a directory.
struct Job {
    parent: Arc<Directory>,
    name: CString,
    known: Option<Box<Entry>>,
}

/// Some of the names in a directory.
struct Piece {
    directory: Arc<Directory>,
    listing: Arc<Listing>,
    range: Range<usize>,
    number: usize,
    known: Vec<Entry>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        options: &'a ScanOptions<'a>,
        control: &'a Control<'a>,
        known: Option<&'a dyn Known>,
        nested: Vec<PathBuf>,
    ) -> Self {
        let mut top = Vec::new();
        record::put(b"", None, &mut top);
        let top = Node { record: top.into(), ..Node::default() };
        let trusted = known.filter(|_| options.reuse != Reuse::Nothing).map(Known::scan_started);
        Self {
            options,
            control,
            known,
            trusted,
            open: Arc::new(Open::new()),
            nodes: Mutex::new(vec![top]),
            lookers: Mutex::default(),
            nested: nested.into_iter().map(|root| (root, AtomicBool::new(false))).collect(),
            long_paths: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            faults: AtomicU64::new(0),
        }
    }

    /// Scans roots, none of which lies below another.
    pub(super) fn roots<'s>(&'s self, scope: &Scope<'s>, roots: &[PathBuf]) {
        for root in roots {
            let above = root.parent().unwrap_or(Path::new("/"));
            match self.open(above) {
                Ok(fd) => {
                    let node = self.lead_to(above);
                    let start = Directory::start(above.to_owned(), node, fd, &self.open);
                    let name = root.file_name().unwrap_or(OsStr::new("."));
                    let Ok(name) = CString::new(name.as_bytes()) else { continue };
                    let known = self.known_entry(root).map(Box::new);
                    let job = Job { parent: Arc::new(start), name, known };
                    scope.spawn(|scope| self.enter(scope, job));
                }
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => {
                    let entry = refused(EntryKind::Unknown, errno);
                    let node = self.lead_to(above);
                    self.add_node(node, root.file_name().unwrap_or_default().as_bytes(), &entry);
                }
            }
        }
    }

    /// Opens a directory above a root; below a base without following links.
    fn open(&self, above: &Path) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let bases = self.options.bases.iter().filter(|base| above.starts_with(base));
        let Some(base) = bases.min_by_key(|base| base.as_os_str().len()) else {
            return rustix::fs::open(above, flags, Mode::empty());
        };
        let from = base.parent().unwrap_or(base);
        let mut fd = rustix::fs::open(from, flags, Mode::empty())?;
        for name in above.strip_prefix(from).unwrap_or(above) {
            fd = rustix::fs::openat(&fd, name, flags | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(fd)
    }

    /// Returns the roots below others that nobody came by.
    pub(super) fn missed(&self) -> Vec<PathBuf> {
        let missed = self.nested.iter().filter(|(_, seen)| !seen.load(Ordering::Relaxed));
        missed.map(|(root, _)| root.clone()).collect()
    }

    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter<'s>(&'s self, scope: &Scope<'s>, job: Job) {
        let Job { parent, name, known } = job;
        let path = parent.path();
        let path = if name.as_bytes() == b"." {
            path
        } else {
            path.join(OsStr::from_bytes(name.to_bytes()))
        };
        let dir = parent.handle();
        let seen =
            self.with_looker(|looker| self.look(looker, &dir, &name, &path, known.as_deref()));
        drop(dir);
        match seen {
            Err(Cancelled) | Ok(Seen::Nothing) => {}
            Ok(Seen::Leaf(entry)) => {
                self.add_node(parent.node, name.to_bytes(), &entry);
            }
            Ok(Seen::Directory(mut entry, stat, fd)) => {
                let identity = stat::identity(&stat);
                let is_loop = stat::may_be_mount(&stat) && parent.is_within(identity);
                let elsewhere = parent.device().is_some_and(|device| device != identity.0);
                if is_loop || (elsewhere && self.stays_out_of(&path)) {
                    self.add_node(parent.node, name.to_bytes(), &entry);
                    return;
                }
                let (listing, errno) = Listing::read(std::os::fd::AsFd::as_fd(&fd));
                if let Some(errno) = errno {
                    entry.fault = entry.fault.or(Some(Fault::Refused(errno.raw_os_error())));
                }
                let is_entered = self.has_room_below(&path, listing.len());
                if !is_entered {
                    entry.fault = Some(Fault::Refused(Errno::NAMETOOLONG.raw_os_error()));
                }
                let node = self.add_node(parent.node, name.to_bytes(), &entry);
                if !is_entered {
                    return;
                }
                self.come_by(&path);
                let directory = Directory::below(parent, name, identity, node, fd, &self.open);
                self.spread(scope, &Arc::new(directory), &path, listing);
            }
        }
    }

    /// Hands out what is in a directory.
    fn spread<'s>(
        &'s self,
        scope: &Scope<'s>,
        directory: &Arc<Directory>,
        path: &Path,
        listing: Listing,
    ) {
        let listing = Arc::new(listing);
        let count = listing.len();
        // Of an ordinary directory all that is known comes in one go, sorted as the names are. Of a huge one it would
        // take too much memory; there each name is looked up.
        let known = self.known.filter(|_| count <= ORDINARY);
        let mut known = known.map(|known| known.children(path).peekable());
        self.expect_pieces(directory.node, count.div_ceil(PIECE));
        for (number, start) in (0..count).step_by(PIECE).enumerate() {
            let range = start..count.min(start + PIECE);
            let mut piece_known = Vec::new();
            for (name, is_directory) in listing.names(range.clone()) {
                let before = known.as_mut().and_then(|known| find(known, name));
                if is_directory {
                    let known = before.map(Box::new);
                    let job = Job { parent: Arc::clone(directory), name: name.to_owned(), known };
                    scope.spawn(|scope| self.enter(scope, job));
                } else {
                    piece_known.extend(before);
                }
            }
            let (directory, listing) = (Arc::clone(directory), Arc::clone(&listing));
            let piece = Piece { directory, listing, range, number, known: piece_known };
            scope.spawn(|scope| self.piece(scope, piece));
        }
    }

    /// Looks at those of some names that are no directories.
    fn piece<'s>(&'s self, scope: &Scope<'s>, piece: Piece) {
        let Piece { directory, listing, range, number, known } = piece;
        let handle = directory.handle();
        let mut path = Vec::new();
        let base = directory.path();
        let mut known = known.into_iter().peekable();
        let mut records = Vec::new();
        let finished = self.with_looker(|looker| {
            for (name, _) in listing.names(range).filter(|(_, is_directory)| !is_directory) {
                base.as_os_str().as_bytes().clone_into(&mut path);
                join(&mut path, name.to_bytes());
                let path = Path::new(OsStr::from_bytes(&path));
                let before = find(&mut known, name).or_else(|| {
                    (listing.len() > ORDINARY).then(|| self.known_entry(path)).flatten()
                });
                match self.look(looker, &handle, name, path, before.as_ref())? {
                    Seen::Nothing => {}
                    Seen::Leaf(entry) => {
                        self.count(&entry);
                        record::put(name.to_bytes(), Some(&entry), &mut records);
                    }
                    // The listing did not tell, or it has just become one.
                    Seen::Directory(..) => {
                        let parent = Arc::clone(&directory);
                        let job =
                            Job { parent, name: name.to_owned(), known: before.map(Box::new) };
                        scope.spawn(|scope| self.enter(scope, job));
                    }
                }
            }
            Ok::<(), Cancelled>(())
        });
        if finished.is_ok() {
            let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = nodes[directory.node as usize].pieces.get_mut(number) {
                *slot = records.into();
            }
        }
    }

    fn look(
        &self,
        looker: &mut Looker<'a>,
        dir: &Result<Handle<'_>, Errno>,
        name: &CStr,
        path: &Path,
        known: Option<&Entry>,
    ) -> Result<Seen, Cancelled> {
        if self.control.cancel.is_cancelled() {
            return Err(Cancelled);
        }
        let dir = match dir {
            Ok(dir) => dir.as_fd(),
            Err(Errno::STALE) => return Ok(Seen::Leaf(raced())),
            Err(errno) => return Ok(Seen::Leaf(refused(EntryKind::Unknown, *errno))),
        };
        let trusted = self.trusted.filter(|_| known.is_some() && self.options.reuse.covers(path));
        let name = Target { dir, name, known, trusted };
        looker.look(&name, |kind| self.options.take(path, kind))
    }

    fn known_entry(&self, path: &Path) -> Option<Entry> {
        self.known?.entry(path)
    }

    /// Tells whether a directory on another file system is left alone: unless it, or something in it, is a root.
    fn stays_out_of(&self, path: &Path) -> bool {
        self.options.mounts == super::Mounts::Stay
            && !self.nested.iter().any(|(root, _)| root == path)
    }

    /// Tells whether the names in a directory may be looked at. Whoever makes directories below each other pays for a
    /// name each, and whoever lists them for all names on the way to each: there is an end to that.
    fn has_room_below(&self, path: &Path, count: usize) -> bool {
        let length = path.as_os_str().len();
        let cost = (length as u64).saturating_mul(count as u64);
        let with_these = |used: u64| used.checked_add(cost).filter(|&used| used <= LONG_PATHS);
        let order = Ordering::Relaxed;
        length < PATH_MAX || self.long_paths.fetch_update(order, order, with_these).is_ok()
    }

    /// Notes that the walk has listed a directory: the roots in it are seen to.
    fn come_by(&self, path: &Path) {
        for (root, seen) in &self.nested {
            if root.parent() == Some(path) {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }

    fn with_looker<T>(&self, act: impl FnOnce(&mut Looker<'a>) -> T) -> T {
        let idle = self.lookers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut looker = idle.unwrap_or_else(|| Looker::new(self.options.algorithm, self.control));
        let result = act(&mut looker);
        self.lookers.lock().unwrap_or_else(PoisonError::into_inner).push(looker);
        result
    }

    fn count(&self, entry: &Entry) {
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.control.progress.add_entry();
        if entry.fault.is_some() {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn add_node(&self, parent: u32, name: &[u8], entry: &Entry) -> u32 {
        self.count(entry);
        let mut bytes = Vec::new();
        let is_top = matches!(name, b"" | b".");
        record::put(if is_top { b"" } else { name }, Some(entry), &mut bytes);
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if is_top {
            nodes[TOP as usize].record = bytes.into();
            return TOP;
        }
        push(&mut nodes, parent, bytes)
    }

    /// Returns the node of a directory above a root, and makes those that lead to it.
    fn lead_to(&self, path: &Path) -> u32 {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        names(path).fold(TOP, |parent, name| {
            let is_it = |node: &Node| {
                node.parent == parent && record::name(&node.record) == name.as_bytes()
            };
            let place = nodes
                .iter()
                .skip(1)
                .position(is_it)
                .and_then(|place| u32::try_from(place + 1).ok());
            place.unwrap_or_else(|| {
                let mut bytes = Vec::new();
                record::put(name.as_bytes(), None, &mut bytes);
                push(&mut nodes, parent, bytes)
            })
        })
    }

    fn expect_pieces(&self, node: u32, count: usize) {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes[node as usize].pieces = vec![Box::default(); count];
    }
}

fn push(nodes: &mut Vec<Node>, parent: u32, record: Vec<u8>) -> u32 {
    let node = u32::try_from(nodes.len()).expect("fewer directories than four thousand millions");
    nodes.push(Node { parent, record: record.into(), ..Node::default() });
    node
}

fn raced() -> Entry {
    let mut entry = Entry::new(PathBuf::new(), EntryKind::Unknown);
    entry.fault = Some(Fault::Raced);
    entry
}

/// Advances sorted entries to a name, and takes the one that has it.
fn find<I: Iterator<Item = Entry>>(
    known: &mut std::iter::Peekable<I>,
    name: &CStr,
) -> Option<Entry> {
    loop {
        let next = known.peek()?.path.file_name().unwrap_or_default().as_bytes();
        match next.cmp(name.to_bytes()) {
            std::cmp::Ordering::Less => known.next(),
            std::cmp::Ordering::Equal => return known.next(),
            std::cmp::Ordering::Greater => return None,
        };
    }
}

/// What the system takes for a path, at most.
const PATH_MAX: usize = 4096;

/// So many bytes the paths beyond that may have together: a thousand directories below each other are a hundredth.
const LONG_PATHS: u64 = 512 << 20;

/// So many names are a piece: few enough that a directory of large files keeps all threads busy.
const PIECE: usize = 32;

/// A directory of more names is a huge one.
const ORDINARY: usize = 4096;
