//! Repositories that are put together by hand, so that they may say anything.

use std::num::NonZeroU32;
use std::sync::Arc;

use wardkit_backup::engine::{OpenOptions, Password, Reader, Repository};
use wardkit_backup::format::{
    BlobKind, Compression, Compressor, Id, IndexFile, IndexPack, KdfParams, KeyFile, KeyOwner,
    MasterKey, Mode, Node, NodeKind, Nonce, PackBuilder, RepoConfig, RepoVersion, Snapshot, Tree,
    ZonedTime,
};
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore};

pub(crate) const PASSWORD: &str = "a password for tests";

/// A repository in memory that grows by what a test asks for.
pub(crate) struct Crafted {
    pub(crate) store: Arc<Memory>,
    pub(crate) index: IndexFile,
    key: MasterKey,
    compressor: Compressor,
    version: RepoVersion,
    data: PackBuilder,
    trees: PackBuilder,
    nonce: u128,
}

impl Crafted {
    pub(crate) fn new(version: RepoVersion) -> Self {
        let store = Arc::new(Memory::new());
        let key = MasterKey::from_bytes(&[7; 64]);
        let params = KdfParams::new(2, 1, 1).unwrap();
        let owner = KeyOwner {
            created: None,
            username: "somebody".to_owned(),
            hostname: "somewhere".to_owned(),
        };
        let file = KeyFile::create(PASSWORD.as_bytes(), &key, params, (&[3; 64], &[4; 16]), owner);
        let file = file.unwrap().to_json();
        store.put(&Key::Named(Kind::Key, Id::of(&file)), &file).unwrap();
        let config = RepoConfig::new(version, Id::of(b"this repository"), 0x25_b468_838d_cbaf);
        let config = key.seal(&[5; 16], &config.to_json());
        store.put(&Key::Config, &config).unwrap();
        Self {
            store,
            index: IndexFile::default(),
            key,
            compressor: Compressor::new(version, Compression::Auto).unwrap(),
            version,
            data: PackBuilder::new(),
            trees: PackBuilder::new(),
            nonce: 1 << 64,
        }
    }

    /// Adds a blob, and tells its id.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Id {
        self.blob(BlobKind::Data, Id::of(bytes), bytes)
    }

    pub(crate) fn tree(&mut self, nodes: Vec<Node>) -> Id {
        let json = Tree { nodes }.to_json();
        self.blob(BlobKind::Tree, Id::of(&json), &json)
    }

    /// Adds a blob under any id.
    pub(crate) fn blob(&mut self, kind: BlobKind, id: Id, bytes: &[u8]) -> Id {
        let mut compressed = Vec::new();
        let length = self.compressor.compress_blob(kind, bytes, &mut compressed).unwrap();
        let body = if length.is_some() { &compressed } else { bytes };
        self.blob_as(kind, id, body, length);
        id
    }

    /// Adds a blob of which anything is said.
    pub(crate) fn blob_as(
        &mut self,
        kind: BlobKind,
        id: Id,
        body: &[u8],
        uncompressed: Option<NonZeroU32>,
    ) {
        let nonce = self.next_nonce();
        let pack = match kind {
            BlobKind::Data => &mut self.data,
            BlobKind::Tree => &mut self.trees,
        };
        pack.seal(kind, id, body, uncompressed, (&self.key, &nonce)).unwrap();
    }

    /// Stores the packs that have grown.
    pub(crate) fn end_packs(&mut self) {
        for pack in [std::mem::take(&mut self.data), std::mem::take(&mut self.trees)] {
            if !pack.is_empty() {
                let nonce = self.next_nonce();
                let pack = pack.finish(&self.key, &nonce).unwrap();
                self.store.put(&Key::Named(Kind::Pack, pack.id), &pack.bytes).unwrap();
                self.index.packs.push(IndexPack { id: pack.id, blobs: pack.blobs });
            }
        }
    }

    /// Stores the index of all packs, and then a snapshot of the tree.
    pub(crate) fn snapshot(&mut self, tree: Id) -> Snapshot {
        self.end_packs();
        let index = std::mem::take(&mut self.index).to_json();
        self.unpacked(Kind::Index, index);
        let time: ZonedTime = "2026-11-22T10:00:00.5+01:00".parse().unwrap();
        let snapshot = Snapshot::new(time, tree, vec!["/".to_owned()]);
        self.unpacked(Kind::Snapshot, snapshot.to_json());
        snapshot
    }

    pub(crate) fn unpacked(&mut self, kind: Kind, json: Vec<u8>) -> Id {
        let encoded = self.compressor.encode_unpacked(json).unwrap();
        let nonce = self.next_nonce();
        let sealed = self.key.seal(&nonce, &encoded);
        let id = Id::of(&sealed);
        self.store.put(&Key::Named(kind, id), &sealed).unwrap();
        id
    }

    pub(crate) fn version(&self) -> RepoVersion {
        self.version
    }

    pub(crate) fn open(&self) -> Repository<Reader> {
        open(Arc::clone(&self.store) as Arc<dyn ObjectStore>)
    }

    fn next_nonce(&mut self) -> Nonce {
        self.nonce += 1;
        self.nonce.to_be_bytes()
    }
}

pub(crate) fn open(store: Arc<dyn ObjectStore>) -> Repository<Reader> {
    try_open(store).unwrap()
}

pub(crate) fn try_open(
    store: Arc<dyn ObjectStore>,
) -> Result<Repository<Reader>, wardkit_backup::engine::Error> {
    let mut options = OpenOptions::default();
    options.threads = 2;
    Repository::open(store, &Password::new(PASSWORD), options)
}

/// A node of this user, so that its owner can be set by anybody.
pub(crate) fn node(name: &str, kind: NodeKind, permissions: u32) -> Node {
    let mut node = Node::new(name.as_bytes(), kind);
    node.mode = Mode::new(kind, permissions);
    node.uid = rustix::process::getuid().as_raw();
    node.gid = rustix::process::getgid().as_raw();
    node
}

pub(crate) fn file(name: &str, content: &[Id], size: u64) -> Node {
    let mut file = node(name, NodeKind::File, 0o640);
    file.content = content.to_vec();
    file.size = size;
    file.links = 1;
    file
}

pub(crate) fn directory(name: &str, subtree: Id) -> Node {
    let mut directory = node(name, NodeKind::Dir, 0o750);
    directory.subtree = Some(subtree);
    directory
}
