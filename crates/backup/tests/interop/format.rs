//! The real restic reads what is written here, and what it writes is read and written again alike.

use std::ffi::OsStr;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use wardkit_backup::format::{
    BlobKind, Compression, Compressor, Decompressor, Id, IndexFile, IndexPack, KdfParams, KeyFile,
    KeyOwner, LockFile, MasterKey, Mode, Node, NodeKind, Nonce, PackBuilder, PackedBlob,
    RepoConfig, RepoVersion, Snapshot, Timestamp, Tree, open_pack_header, pack_header_length,
};

/// A repository of restic's layout that is written file by file.
struct Repo {
    folder: PathBuf,
    key: MasterKey,
    compressor: Compressor,
    nonces: u8,
}

impl Repo {
    /// Everything but contents; the password is `ours`.
    fn create(folder: &Path, version: RepoVersion) -> Self {
        for kind in ["data", "index", "keys", "locks", "snapshots"] {
            fs::create_dir_all(folder.join(kind)).unwrap();
        }
        let key = MasterKey::from_bytes(&[42; 64]);
        let compressor = Compressor::new(version, Compression::Auto).unwrap();
        let mut repo = Self { folder: folder.to_owned(), key, compressor, nonces: 0 };
        let config =
            RepoConfig::new(version, Id::of(b"repository"), 0x003d_a335_8b4d_c173).to_json();
        fs::write(folder.join("config"), repo.seal(&config)).unwrap();
        add_key(folder, &repo.key.clone());
        repo
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let nonce = self.nonce();
        self.key.seal(&nonce, plain)
    }

    fn nonce(&mut self) -> Nonce {
        self.nonces += 1;
        [self.nonces; 16]
    }

    fn save(&mut self, kind: &str, json: Vec<u8>) -> Id {
        let encoded = self.compressor.encode_unpacked(json).unwrap();
        let sealed = self.seal(&encoded);
        let id = Id::of(&sealed);
        fs::write(self.folder.join(kind).join(id.to_string()), sealed).unwrap();
        id
    }

    fn pack(&mut self, kind: BlobKind, blobs: &[Vec<u8>]) -> IndexPack {
        let mut builder = PackBuilder::new();
        for blob in blobs {
            let mut compressed = Vec::new();
            let length = self.compressor.compress_blob(kind, blob, &mut compressed).unwrap();
            let body = if length.is_some() { &compressed } else { blob };
            let nonce = self.nonce();
            builder.seal(kind, Id::of(blob), body, length, (&self.key, &nonce)).unwrap();
        }
        let nonce = self.nonce();
        let pack = builder.finish(&self.key, &nonce).unwrap();
        let name = pack.id.to_string();
        let folder = self.folder.join("data").join(&name[..2]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), &pack.bytes).unwrap();
        IndexPack { id: pack.id, blobs: pack.blobs }
    }
}

/// Adds a key file for the password `ours`, with parameters that cost little.
fn add_key(folder: &Path, master: &MasterKey) {
    let params = KdfParams::new(16, 8, 1).unwrap();
    let created = Some(Timestamp::new(1_700_000_000, 5).into());
    let owner = KeyOwner { created, username: "root".to_owned(), hostname: "here".to_owned() };
    let file = KeyFile::create(b"ours", master, params, (&[7; 64], &[8; 16]), owner).unwrap();
    let json = file.to_json();
    fs::write(folder.join("keys").join(Id::of(&json).to_string()), json).unwrap();
}

fn restic(repo: &Path, password: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("restic")
        .args(["--no-cache", "-r"])
        .arg(repo)
        .args(arguments)
        .env("RESTIC_PASSWORD", password)
        .env("TZ", "Asia/Kathmandu")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "restic {arguments:?}: {error}");
    output.stdout
}

fn node(name: &[u8], kind: NodeKind, permissions: u32) -> Node {
    let time = Timestamp::new(1_700_000_000, 123_000_000).with_offset_minutes(345);
    let mode = Mode::new(kind, permissions);
    Node { mode, mtime: time, atime: time, ctime: time, ..Node::new(name, kind) }
}

#[test]
fn restic_checks_and_restores_what_was_written_here() {
    for version in [RepoVersion::V1, RepoVersion::V2] {
        let folder = TempDir::new().unwrap();
        let at = folder.path().join("repo");
        let mut repo = Repo::create(&at, version);
        let contents = [b"text ".repeat(2000), b"x".to_vec()];
        let file = Node {
            size: 10_001,
            links: 1,
            content: contents.iter().map(|blob| Id::of(blob)).collect(),
            ..node(b"odd\xff\n\"\\ \xe2\x80\xa8name", NodeKind::File, 0o640)
        };
        let link = Node {
            link_target: b"t<\xff".to_vec(),
            links: 1,
            ..node(b"z", NodeKind::Symlink, 0o777)
        };
        let inner = Tree { nodes: vec![file, link] }.to_json();
        let subtree = Some(Id::of(&inner));
        let root =
            Tree { nodes: vec![Node { subtree, ..node(b"dir", NodeKind::Dir, 0o1750) }] }.to_json();
        let tree = Id::of(&root);
        let packs =
            vec![repo.pack(BlobKind::Data, &contents), repo.pack(BlobKind::Tree, &[inner, root])];
        repo.save("index", IndexFile { packs, ..IndexFile::default() }.to_json());
        let time = Timestamp::new(1_700_000_000, 0).into();
        let snapshot = Snapshot::new(time, tree, vec!["/dir".to_owned()]).to_json();
        let snapshot = repo.save("snapshots", snapshot);

        restic(&at, "ours", &["check", "--read-data"]);
        let target = folder.path().join("target");
        restic(
            &at,
            "ours",
            &["restore", &snapshot.to_string(), "--target", target.to_str().unwrap()],
        );
        let name = OsStr::from_bytes(b"dir/odd\xff\n\"\\ \xe2\x80\xa8name");
        assert_eq!(fs::read(target.join(name)).unwrap(), contents.concat(), "{version:?}");
        // Restic 0.14 knows no raw targets; it reads the replacement.
        let link = fs::read_link(target.join("dir/z")).unwrap();
        assert_eq!(link, Path::new("t<\u{fffd}"));
    }
}

#[test]
fn restic_reads_our_locks() {
    let folder = TempDir::new().unwrap();
    let at = folder.path().join("repo");
    let lock = LockFile {
        time: Timestamp::new(1_700_000_000, 1).into(),
        exclusive: true,
        hostname: "elsewhere".to_owned(),
        username: "who".to_owned(),
        pid: 4711,
        uid: 0,
        gid: 5,
        boot_id: Some("boot".to_owned()),
        process_start: Some(99),
    };
    let id = Repo::create(&at, RepoVersion::V2).save("locks", lock.to_json());
    let shown = restic(&at, "ours", &["cat", "lock", &id.to_string(), "--no-lock"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
    let wanted = (&serde_json::json!("elsewhere"), &serde_json::json!(4711));
    assert_eq!((&shown["hostname"], &shown["pid"]), wanted);
    restic(&at, "ours", &["unlock", "--remove-all"]);
    assert_eq!(fs::read_dir(at.join("locks")).unwrap().count(), 0);
}

#[test]
fn the_same_directory_gives_the_tree_id_of_restic() {
    for version in ["1", "2"] {
        let folder = TempDir::new().unwrap();
        let (at, source) = (folder.path().join("repo"), folder.path().join("source"));
        fs::create_dir(&source).unwrap();
        fill(&source);
        restic(&at, "theirs", &["init", "--repository-version", version]);
        restic(&at, "theirs", &["backup", source.to_str().unwrap()]);
        let key = fs::read_dir(at.join("keys")).unwrap().next().unwrap().unwrap().path();
        let key = KeyFile::from_json(&fs::read(key).unwrap()).unwrap().open(b"theirs").unwrap();
        let trees = trees(&at, &key);
        let mut names = 0;
        for (id, json) in trees {
            let tree = Tree::from_json(&json).unwrap();
            names += tree.nodes.len();
            let text = String::from_utf8_lossy(&json).into_owned();
            assert_eq!(String::from_utf8_lossy(&tree.to_json()), text);
            assert_eq!(Id::of(&tree.to_json()), id);
        }
        // Our key opens restic's repository for restic.
        add_key(&at, &key);
        let snapshots = restic(&at, "ours", &["snapshots", "--json"]);
        assert!(snapshots.starts_with(b"[{"));
        assert!(names > CHARS.len(), "{names}");
    }
}

/// One of each sort of character that Go decides about: printable or not, escaped by JSON or not, new or old.
const CHARS: [u32; 26] = [
    0x7f, 0x80, 0xa0, 0xa1, 0xad, 0xff, 0x100, 0x378, 0x37a, 0x600, 0x605, 0x8a0, 0x180e, 0x2007,
    0x200b, 0x2028, 0x2029, 0x20bf, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xffff, 0x1f600, 0xe0001,
    0x10_ffff,
];

fn fill(folder: &Path) {
    let mut names: Vec<Vec<u8>> = CHARS
        .iter()
        .map(|&code| format!("c{}d", char::from_u32(code).unwrap()).into_bytes())
        .collect();
    names.extend((1..=255).filter(|&byte| byte != b'/').map(|byte| vec![b'b', byte]));
    names.extend([b"\xed\xa0\x80".to_vec(), b"\xf8\x88".to_vec(), b"\\n\\x41".to_vec()]);
    for name in names {
        fs::write(folder.join(OsStr::from_bytes(&name)), &name).unwrap();
    }
    fs::create_dir(folder.join("empty")).unwrap();
    symlink("target-ü<", folder.join("link")).unwrap();
    fs::hard_link(folder.join("ba"), folder.join("hard")).unwrap();
    for (program, arguments) in [
        ("mkfifo", vec!["fifo"]),
        ("setfattr", vec!["-n", "user.attribute", "-v", "0x00ff3c", "ba"]),
        ("setfattr", vec!["-n", "user.none", "empty"]),
    ] {
        assert!(
            Command::new(program).args(arguments).current_dir(folder).status().unwrap().success()
        );
    }
    // Devices are made by root alone; elsewhere the rest is proof enough.
    let made = Command::new("mknod").args(["null", "c", "1", "3"]).current_dir(folder).status();
    assert!(made.is_ok());
}

fn trees(repo: &Path, key: &MasterKey) -> Vec<(Id, Vec<u8>)> {
    let mut trees = Vec::new();
    let mut decompressor = Decompressor::new().unwrap();
    for folder in fs::read_dir(repo.join("data")).unwrap() {
        for pack in fs::read_dir(folder.unwrap().path()).unwrap() {
            let pack = fs::read(pack.unwrap().path()).unwrap();
            let (rest, last) = pack.split_last_chunk().unwrap();
            let length = pack_header_length(*last, pack.len() as u64).unwrap() as usize;
            let sealed = &rest[rest.len() - length..];
            let blobs = open_pack_header(key, sealed, pack.len() as u64).unwrap();
            for blob in blobs.iter().filter(|blob| blob.kind == BlobKind::Tree) {
                trees.push((blob.id, plain(key, &mut decompressor, &pack, blob)));
            }
        }
    }
    trees
}

fn plain(
    key: &MasterKey,
    decompressor: &mut Decompressor,
    pack: &[u8],
    blob: &PackedBlob,
) -> Vec<u8> {
    let start = blob.offset as usize;
    let opened = key.open(&pack[start..start + blob.length as usize]).unwrap();
    let Some(length): Option<NonZeroU32> = blob.uncompressed else { return opened };
    let mut plain = Vec::new();
    decompressor.decompress_blob(&opened, length, &mut plain).unwrap();
    plain
}
