//! Small repositories in memory, with keys that cost nothing.

use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_backup::engine::{
    Event, InitOptions, Observer, OpenOptions, Password, Repository, Writer,
};
use wardkit_backup::format::{
    BlobKind, Compression, Compressor, Id, IndexFile, IndexPack, KdfParams, KeyFile, MasterKey,
    Node, NodeKind, PackBuilder, RepoVersion, Snapshot, Tree,
};
use wardkit_backup::store::{Key, Kind, Memory, ObjectMeta, ObjectStore, Put, StoreError};
use wardkit_core::{Clock, ManualClock, Timestamp};
use wardkit_retry::Sleep;

pub(crate) const PASSWORD: &str = "correct horse";

/// A clock whose sleeping moves it on, and first lets something happen.
pub(crate) struct StepClock {
    pub(crate) time: ManualClock,
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

/// Writes down what it was told.
#[derive(Default)]
pub(crate) struct Notes(pub(crate) Mutex<Vec<String>>);

/// Tells each object that was stored.
pub(crate) struct Watched {
    store: Arc<Memory>,
    stored: Box<dyn Fn(&Key) + Send + Sync>,
}

impl Watched {
    pub(crate) fn new(store: Arc<Memory>, stored: impl Fn(&Key) + Send + Sync + 'static) -> Self {
        Self { store, stored: Box::new(stored) }
    }
}

impl StepClock {
    pub(crate) fn new() -> Arc<Self> {
        let time = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        Arc::new(Self { time, meanwhile: Mutex::new(None) })
    }

    /// Something that happens when the next sleep begins.
    pub(crate) fn meanwhile(&self, happens: impl FnOnce() + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::new(happens));
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn uptime(&self) -> Duration {
        self.time.uptime()
    }
}

impl Sleep for StepClock {
    fn sleep(&self, duration: Duration) {
        if let Some(happens) = self.meanwhile.lock().unwrap().take() {
            happens();
        }
        self.time.advance(duration);
    }
}

impl ObjectStore for Watched {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let put = self.store.put(key, body)?;
        (self.stored)(key);
        Ok(put)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        self.store.get(key, range)
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        self.store.stat(key)
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.store.list(kind, found)
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.store.remove_lock(id)
    }
}

impl Observer for Notes {
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

pub(crate) fn password() -> Password {
    Password::new(PASSWORD)
}

pub(crate) fn cheap() -> KdfParams {
    KdfParams::new(2, 1, 1).unwrap()
}

pub(crate) fn options(clock: &Arc<StepClock>) -> OpenOptions {
    let mut options = OpenOptions::default();
    options.clock = Arc::<StepClock>::clone(clock);
    options.threads = 2;
    options
}

pub(crate) fn init_options(clock: &Arc<StepClock>) -> InitOptions {
    let mut init = InitOptions::default();
    init.kdf = cheap();
    init.open = options(clock);
    init
}

pub(crate) fn init(store: &Arc<Memory>) -> Repository<Writer> {
    init_at(store, &StepClock::new())
}

pub(crate) fn init_at(store: &Arc<Memory>, clock: &Arc<StepClock>) -> Repository<Writer> {
    Repository::<Writer>::init(Arc::<Memory>::clone(store), &password(), init_options(clock))
        .unwrap()
}

/// The key that everything is sealed with.
pub(crate) fn master(store: &Memory) -> MasterKey {
    let key = names(store, Kind::Key)[0];
    let bytes = store.get(&Key::Named(Kind::Key, key), None).unwrap();
    KeyFile::from_json(&bytes).unwrap().open(PASSWORD.as_bytes()).unwrap()
}

pub(crate) fn names(store: &Memory, kind: Kind) -> Vec<Id> {
    let named = |key| match key {
        Key::Named(its, id) if its == kind => Some(id),
        _ => None,
    };
    store.keys().into_iter().filter_map(named).collect()
}

/// Stores a file outside of packs as any program could that knows the password.
pub(crate) fn plant(store: &Memory, kind: Kind, json: &[u8]) -> Id {
    let sealed = master(store).seal(&[7; 16], json);
    let id = Id::of(&sealed);
    store.put(&Key::Named(kind, id), &sealed).unwrap();
    id
}

/// Flips a byte of an object, in its first blob if it is a pack.
pub(crate) fn alter(store: &Memory, key: Key) {
    let mut bytes = store.get(&key, None).unwrap();
    bytes[20] ^= 1;
    store.overwrite(key, &bytes);
}

/// A pack of these blobs, as any program could write it that knows the password.
pub(crate) fn plant_pack(store: &Memory, blobs: &[(BlobKind, &[u8])], nonce: u8) -> IndexPack {
    let key = master(store);
    let mut compressor = Compressor::new(RepoVersion::V2, Compression::Auto).unwrap();
    let mut compressed = Vec::new();
    let mut builder = PackBuilder::new();
    for (kind, blob) in blobs {
        let length = compressor.compress_blob(*kind, blob, &mut compressed).unwrap();
        let body = if length.is_some() { &compressed } else { *blob };
        builder.seal(*kind, Id::of(blob), body, length, (&key, &[nonce; 16])).unwrap();
    }
    let pack = builder.finish(&key, &[nonce + 1; 16]).unwrap();
    store.put(&Key::Named(Kind::Pack, pack.id), &pack.bytes).unwrap();
    IndexPack { id: pack.id, blobs: pack.blobs }
}

pub(crate) fn plant_index(store: &Memory, packs: Vec<IndexPack>) -> Id {
    plant(store, Kind::Index, &IndexFile { packs, ..IndexFile::default() }.to_json())
}

/// A blob that no compression makes smaller.
pub(crate) fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut block = Id::of(&[seed]);
    while bytes.len() < length {
        bytes.extend_from_slice(block.as_bytes());
        block = Id::of(block.as_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The JSON of a directory with one file of these blobs, and a directory if it is given.
pub(crate) fn tree_of(blobs: &[&[u8]], subtree: Option<Id>) -> Vec<u8> {
    let mut file = Node::new("file", NodeKind::File);
    file.content = blobs.iter().map(|blob| Id::of(blob)).collect();
    let mut nodes = vec![file];
    if subtree.is_some() {
        nodes.insert(0, Node { subtree, ..Node::new("dir", NodeKind::Dir) });
    }
    Tree { nodes }.to_json()
}

/// Two snapshots: the first needs `a`, the second `b` below a directory. Nothing needs `c`, which has a pack of its own;
/// `a` and `b` share one.
pub(crate) struct Content {
    pub(crate) first: Id,
    pub(crate) second: Id,
    pub(crate) shared: Id,
    pub(crate) unneeded: Id,
}

impl Content {
    pub(crate) fn plant(store: &Memory, repository: &Repository<Writer>) -> Self {
        let (a, b, c) = (noise(1, 4000), noise(2, 4000), noise(3, 4000));
        let below = tree_of(&[&b], None);
        let trees = [tree_of(&[&a], None), tree_of(&[], Some(Id::of(&below))), below];
        let shared = plant_pack(store, &[(BlobKind::Data, &a[..]), (BlobKind::Data, &b[..])], 1);
        let unneeded = plant_pack(store, &[(BlobKind::Data, &c[..])], 3);
        let all: Vec<_> = trees.iter().map(|tree| (BlobKind::Tree, &tree[..])).collect();
        let packed = plant_pack(store, &all, 5);
        let content = (shared.id, unneeded.id);
        plant_index(store, vec![shared, unneeded]);
        plant_index(store, vec![packed]);
        let save = |tree: &[u8], seconds| {
            let time = wardkit_backup::format::Timestamp::new(seconds, 0).into();
            let snapshot = Snapshot::new(time, Id::of(tree), vec!["/".to_owned()]);
            repository.save_snapshot(&snapshot).unwrap()
        };
        let (first, second) = (save(&trees[0], 10), save(&trees[1], 20));
        Self { first, second, shared: content.0, unneeded: content.1 }
    }
}

/// Reads all that the snapshots need, and tells how many blobs that was.
pub(crate) fn read_all<R: wardkit_backup::engine::Role>(repository: &Repository<R>) -> usize {
    let index = repository.load_index(&wardkit_backup::engine::Silent).unwrap();
    let mut trees: Vec<Id> = repository
        .snapshots()
        .unwrap()
        .snapshots
        .iter()
        .map(|(_, snapshot)| snapshot.tree)
        .collect();
    let mut read = 0;
    while let Some(tree) = trees.pop() {
        for node in repository.read_tree(&index, &tree).unwrap().nodes {
            trees.extend(node.subtree);
            for blob in &node.content {
                repository.read_blob(&index, BlobKind::Data, blob).unwrap();
                read += 1;
            }
        }
        read += 1;
    }
    read
}
