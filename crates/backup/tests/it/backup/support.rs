use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::engine::{
    BackupOptions, BackupReport, Error, Index, InitOptions, OpenOptions, Password, Repository,
    Silent, Writer,
};
use wardkit_backup::format::{BlobKind, Id, KdfParams, NodeKind};
use wardkit_backup::source::{
    Content, Entry, EntryKind, Failure, Files, FilesOptions, Metadata, Opened, Source, SourceError,
};
use wardkit_backup::store::{Memory, ObjectStore};

pub(crate) fn password() -> Password {
    Password::new("a password of tests")
}

/// No waiting for others: there are none.
pub(crate) fn open_options() -> OpenOptions {
    let mut options = OpenOptions::default();
    options.lock_settle = Duration::ZERO;
    options.threads = 2;
    options
}

pub(crate) fn init_options() -> InitOptions {
    let mut options = InitOptions::default();
    options.kdf = KdfParams::new(16, 1, 1).unwrap();
    options.open = open_options();
    options
}

/// A new repository in memory.
pub(crate) fn new_store() -> Arc<Memory> {
    let store = Arc::new(Memory::new());
    drop(Repository::<Writer>::init(store.clone(), &password(), init_options()).unwrap());
    store
}

pub(crate) fn open(store: Arc<dyn ObjectStore>) -> Result<Repository<Writer>, Error> {
    Repository::open(store, &password(), open_options())
}

pub(crate) fn options() -> BackupOptions {
    let mut options = BackupOptions::default();
    options.host = Some("host".to_owned());
    options.pack_size = 64 << 10;
    options.threads = std::num::NonZeroUsize::new(2);
    options
}

pub(crate) fn back_up(
    repository: &Repository<Writer>,
    source: &mut dyn Source,
) -> Result<BackupReport, Error> {
    repository.backup(source, &options(), &Silent)
}

pub(crate) fn files(root: &Path) -> Files {
    Files::new([root], FilesOptions::default()).unwrap()
}

/// What a snapshot holds, by path: the bytes of files, none for all else. Every blob is read and proven.
pub(crate) fn contents(
    repository: &Repository<Writer>,
    tree: &Id,
) -> Result<BTreeMap<PathBuf, Option<Vec<u8>>>, Error> {
    let index = repository.load_index(&Silent)?;
    let mut found = BTreeMap::new();
    read_into(repository, &index, (Path::new("/"), tree), &mut found)?;
    Ok(found)
}

fn read_into(
    repository: &Repository<Writer>,
    index: &Index,
    (path, tree): (&Path, &Id),
    found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>,
) -> Result<(), Error> {
    for node in repository.read_tree(index, tree)?.nodes {
        let path = path.join(String::from_utf8(node.name).unwrap());
        let content = if node.kind == NodeKind::File {
            let mut content = Vec::new();
            for id in &node.content {
                content.extend(repository.read_blob(index, BlobKind::Data, id)?);
            }
            assert_eq!(content.len() as u64, node.size, "{}", path.display());
            Some(content)
        } else {
            None
        };
        if let Some(subtree) = &node.subtree {
            read_into(repository, index, (&path, subtree), found)?;
        }
        found.insert(path, content);
    }
    Ok(())
}

/// A source that a test makes up.
#[derive(Debug, Default)]
pub(crate) struct MadeUp {
    pub(crate) entries: Vec<Result<Entry, Failure>>,
    /// What is said at the end.
    pub(crate) is_worthless: bool,
    taken: usize,
}

impl MadeUp {
    /// A file, with a time of change by which it is known again.
    pub(crate) fn file(mut self, path: &str, size: usize, made: Made) -> Self {
        let mut metadata = Metadata::plain(EntryKind::File, 0o644);
        metadata.size = size as u64;
        let content = MadeUpFile { metadata: metadata.clone(), made };
        let content: Option<Box<dyn Content>> = Some(Box::new(content));
        self.entries.push(Ok(Entry { path: path.into(), metadata, content }));
        self
    }

    pub(crate) fn dir(mut self, path: &str) -> Self {
        let metadata = Metadata::plain(EntryKind::Directory, 0o755);
        self.entries.push(Ok(Entry { path: path.into(), metadata, content: None }));
        self
    }
}

impl Source for MadeUp {
    fn paths(&self) -> Vec<PathBuf> {
        vec!["/made-up".into()]
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        self.taken += 1;
        if self.entries.is_empty() { None } else { Some(self.entries.remove(0)) }
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        if self.is_worthless {
            return Err(SourceError::NotAbsolute { path: "made up".into() });
        }
        Ok(())
    }
}

/// How a made up file behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Made {
    /// It has bytes that follow from this number.
    Of(u64),
    /// It cannot be opened.
    Closed,
    /// It ends in an error, half way.
    Broken,
    /// It is another one each time that it was read.
    Restless,
    /// Reading it panics.
    Panics,
}

#[derive(Debug)]
struct MadeUpFile {
    metadata: Metadata,
    made: Made,
}

impl Content for MadeUpFile {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        if matches!(self.made, Made::Closed) {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        let number = if let Made::Of(number) = self.made { number } else { 7 };
        let bytes = bytes(number, usize::try_from(self.metadata.size).unwrap());
        Ok(Box::new(OpenedMadeUp {
            metadata: self.metadata.clone(),
            made: self.made,
            bytes: io::Cursor::new(bytes),
        }))
    }
}

struct OpenedMadeUp {
    metadata: Metadata,
    made: Made,
    bytes: io::Cursor<Vec<u8>>,
}

impl Read for OpenedMadeUp {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        assert!(!matches!(self.made, Made::Panics), "as planned");
        let half = self.metadata.size / 2;
        if matches!(self.made, Made::Broken) && self.bytes.position() >= half {
            return Err(io::Error::other("the disk is broken"));
        }
        // Never all at once.
        let most = into.len().min(100_000);
        self.bytes.read(&mut into[..most])
    }
}

impl Opened for OpenedMadeUp {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        Ok(!matches!(self.made, Made::Restless))
    }
}

/// Bytes that do not repeat, and follow from a number.
pub(crate) fn bytes(number: u64, length: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}
