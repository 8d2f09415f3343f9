//! Repositories that restic 0.14 made, read and written again.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use wardkit_backup::format::{
    BlobKind, Compression, Compressor, Decompressor, FormatError, Id, IndexFile, KdfParams,
    KeyFile, KeyOwner, MAX_UNPACKED_BYTES, MasterKey, NodeKind, PackBuilder, PackedBlob,
    RepoConfig, RepoVersion, Snapshot, Tree, open_pack_header, pack_header_length,
};

const REPOSITORIES: [&str; 3] = ["v1", "v2-off", "v2-max"];

/// A repository with all of its files open.
struct Golden {
    folder: PathBuf,
    key: MasterKey,
    config: RepoConfig,
}

impl Golden {
    fn open(name: &str) -> Self {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/restic-0.14").join(name);
        let (_, file) = files(&folder.join("keys")).remove(0);
        let key = KeyFile::from_json(&file).unwrap().open(b"fixture").unwrap();
        let config = key.open(&fs::read(folder.join("config")).unwrap()).unwrap();
        Self { config: RepoConfig::from_json(&config).unwrap(), folder, key }
    }

    fn unpacked(&self, kind: &str) -> Vec<Vec<u8>> {
        let open = |(_, file): (Id, Vec<u8>)| {
            let bytes = self.key.open(&file).unwrap();
            let mut decompressor = Decompressor::new().unwrap();
            decompressor.decode_unpacked(self.config.version, bytes, MAX_UNPACKED_BYTES).unwrap()
        };
        files(&self.folder.join(kind)).into_iter().map(open).collect()
    }

    fn packs(&self) -> Vec<(Id, Vec<u8>)> {
        let folders = fs::read_dir(self.folder.join("data")).unwrap();
        folders.flat_map(|folder| files(&folder.unwrap().path())).collect()
    }

    fn blob(&self, pack: &[u8], blob: &PackedBlob) -> Vec<u8> {
        let start = blob.offset as usize;
        let opened = self.key.open(&pack[start..start + blob.length as usize]).unwrap();
        let Some(length) = blob.uncompressed else { return opened };
        let mut plain = Vec::new();
        Decompressor::new().unwrap().decompress_blob(&opened, length, &mut plain).unwrap();
        plain
    }

    fn header(&self, pack: &[u8]) -> Vec<PackedBlob> {
        let size = pack.len() as u64;
        let (rest, last) = pack.split_last_chunk().unwrap();
        let length = pack_header_length(*last, size).unwrap();
        let sealed = &rest[rest.len() - length as usize..];
        open_pack_header(&self.key, sealed, size).unwrap()
    }

    fn trees(&self) -> Vec<(Id, Vec<u8>)> {
        let mut trees = Vec::new();
        for (_, pack) in self.packs() {
            for blob in self.header(&pack).iter().filter(|blob| blob.kind == BlobKind::Tree) {
                trees.push((blob.id, self.blob(&pack, blob)));
            }
        }
        trees
    }
}

/// The files of a folder, each with its name, which is the hash of its bytes.
fn files(folder: &Path) -> Vec<(Id, Vec<u8>)> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(path.file_name().unwrap(), &*Id::of(&bytes).to_string());
        (Id::of(&bytes), bytes)
    };
    fs::read_dir(folder).unwrap().map(file).collect()
}

#[test]
fn the_packs_of_restic_hold_what_its_index_says() {
    for name in REPOSITORIES {
        let golden = Golden::open(name);
        let compressed = golden.config.version == RepoVersion::V2;
        let parts = golden.unpacked("index");
        let parts = parts.iter().map(|json| IndexFile::from_json(json).unwrap());
        let indexed: Vec<_> = parts.flat_map(|part| part.packs).collect();
        let packs = golden.packs();
        assert_eq!((packs.len(), indexed.len()), (3, 3), "{name}");
        for (id, pack) in packs {
            let mut wanted = indexed.iter().find(|pack| pack.id == id).unwrap().blobs.clone();
            wanted.sort_by_key(|blob| blob.offset);
            assert_eq!(golden.header(&pack), wanted, "{name}");
            for blob in &wanted {
                let plain = golden.blob(&pack, blob);
                assert_eq!(Id::of(&plain), blob.id);
                assert_eq!(plain.len() as u64, blob.plain_length());
                let expected = match blob.kind {
                    BlobKind::Tree => compressed,
                    BlobKind::Data => name == "v2-max",
                };
                assert_eq!(blob.uncompressed.is_some(), expected, "{name} {blob:?}");
            }
        }
    }
}

#[test]
fn a_tree_of_restic_is_written_as_restic_wrote_it() {
    for name in REPOSITORIES {
        let trees = Golden::open(name).trees();
        assert!(trees.len() >= 6, "{name}: {}", trees.len());
        for (id, json) in trees {
            let mut tree = Tree::from_json(&json).unwrap();
            let mut written = tree.to_json();
            if tree.nodes.iter().any(|node| node.link_target == "tgt\u{fffd}<".as_bytes()) {
                // Restic 0.14 lost the bytes of this target; only the raw ones bring them back.
                let node = tree.nodes.iter_mut().find(|node| node.name == b"link-odd").unwrap();
                node.link_target = b"tgt\xff<".to_vec();
                let raw = br#""linktarget_raw":"dGd0/zw=","#;
                written = tree.to_json();
                let at = written.windows(raw.len()).position(|part| part == raw).unwrap();
                written.drain(at..at + raw.len());
            }
            assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&json), "{name}");
            assert_eq!(Id::of(&written), id);
        }
    }
}

#[test]
fn nodes_of_restic_say_what_the_files_were() {
    for name in REPOSITORIES {
        let trees = Golden::open(name).trees();
        let trees: Vec<Tree> =
            trees.iter().map(|(_, json)| Tree::from_json(json).unwrap()).collect();
        let node = |name: &[u8]| {
            trees.iter().flat_map(|tree| &tree.nodes).find(|node| node.name == name).unwrap()
        };
        let kinds: [(&[u8], NodeKind, u32); 8] = [
            (b"odd\xff\xfename", NodeKind::File, 0o644),
            (b"new\nline\t\"quote\\'", NodeKind::File, 0o644),
            (b"\x07\x08\x0b\x0c\r\x01\x7f<&>", NodeKind::File, 0o644),
            (b"suid", NodeKind::File, 0o4755),
            (b"sg", NodeKind::Dir, 0o2755),
            (b"sticky", NodeKind::Dir, 0o1777),
            (b"fifo", NodeKind::Fifo, 0o644),
            (b"none", NodeKind::File, 0),
        ];
        for (name, kind, permissions) in kinds {
            let node = node(name);
            assert_eq!((node.kind, node.mode.permissions()), (kind, permissions), "{node:?}");
            assert_eq!(node.mode.kind(), kind);
        }
        assert_eq!((node(b"blk").kind, node(b"blk").device), (NodeKind::BlockDevice, 0x801));
        assert_eq!((node(b"null").kind, node(b"null").device), (NodeKind::CharDevice, 0x103));
        assert_eq!((node(b" space").uid, node(b" space").gid), (12345, 54321));
        assert_eq!(node(b"link").link_target, "ziel-ü".as_bytes());
        assert_eq!((node(b"hard").links, node(b"hard").inode), (2, node(b"empty").inode));
        let xattrs: Vec<_> = node(b"empty").xattrs.iter().map(|xattr| &*xattr.value).collect();
        assert!(xattrs.contains(&&b"\x00\xff<&>"[..]) && xattrs.contains(&&b""[..]));
        let old = node(b"sticky").subtree.unwrap();
        assert!(trees.iter().any(|tree| Id::of(&tree.to_json()) == old));
        let offset = |name| node(name).mtime.offset_minutes();
        let offsets = (offset(b"summer"), offset(b"winter"));
        let wanted = match name {
            "v2-off" => (120, 60),
            "v2-max" => (-150, -210),
            _ => (0, 0),
        };
        assert_eq!(offsets, wanted, "{name}");
        assert_eq!(node(b"summer").mtime.seconds(), 1_751_328_000);
    }
}

#[test]
fn snapshots_of_restic_are_written_as_restic_wrote_them() {
    for name in REPOSITORIES {
        let snapshots = Golden::open(name).unpacked("snapshots");
        assert_eq!(snapshots.len(), 2, "{name}");
        for json in snapshots {
            let snapshot = Snapshot::from_json(&json).unwrap();
            assert_eq!(snapshot.hostname, "fixture");
            assert!(snapshot.paths[0].starts_with("/srv/fixture/source"));
            assert_eq!(snapshot.to_json(), json.trim_ascii_end(), "{name}");
        }
    }
}

#[test]
fn a_wrong_password_is_told_from_a_damaged_key() {
    let master = MasterKey::from_bytes(&[7; 64]);
    let params = KdfParams::new(2, 1, 1).unwrap();
    let (salt, nonce) = ([1; 64], [2; 16]);
    let owner = KeyOwner { username: "u".to_owned(), ..KeyOwner::default() };
    let file = KeyFile::create(b"right", &master, params, (&salt, &nonce), owner).unwrap();
    let file = KeyFile::from_json(&file.to_json()).unwrap();
    assert_eq!(file.owner().username, "u");
    assert_eq!(file.open(b"wrong").unwrap_err(), FormatError::WrongPassword);
    let opened = file.open(b"right").unwrap();
    assert_eq!(opened.open(&master.seal(&nonce, b"text")).unwrap(), b"text");
    let damaged = String::from_utf8(file.to_json()).unwrap().replace("\"kdf\"", "\"xxx\"");
    assert!(matches!(KeyFile::from_json(damaged.as_bytes()), Err(FormatError::Json { .. })));
}

#[test]
fn parameters_of_a_key_that_cost_too_much_are_refused_before_any_work() {
    for (n, r, p) in [
        (1 << 31, 1, 1),
        (1 << 20, 64, 1),
        (1 << 15, 8, 65),
        (1 << 22, 2, 64),
        (2, 1 << 20, 1),
        (2, 1, 1 << 20),
        (u64::MAX, u32::MAX, u32::MAX),
        (1 << 63, u32::MAX, u32::MAX),
        (0, 8, 1),
        (3, 8, 1),
        (1, 8, 1),
        (2, 0, 1),
        (2, 1, 0),
    ] {
        let refused = KdfParams::new(n, r, p);
        assert!(refused.is_err(), "{n} {r} {p}");
        let file = format!(r#"{{"kdf":"scrypt","N":{n},"r":{r},"p":{p},"salt":"","data":""}}"#);
        assert_eq!(KeyFile::from_json(file.as_bytes()).unwrap_err(), refused.unwrap_err());
    }
}

#[test]
fn a_seal_that_was_touched_anywhere_is_refused() {
    let key = MasterKey::from_bytes(&[3; 64]);
    for length in [0, 1, 15, 16, 17, 100] {
        let sealed = key.seal(&[9; 16], &vec![b'x'; length]);
        assert_eq!(key.open(&sealed).unwrap(), vec![b'x'; length]);
        for at in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[at] ^= 1;
            assert_eq!(key.open(&touched), Err(FormatError::NotAuthentic));
            let before = touched.clone();
            assert!(key.open_in_place(&mut touched).is_err());
            assert_eq!(touched, before);
        }
        for end in 0..sealed.len() {
            assert_eq!(key.open(&sealed[..end]), Err(FormatError::NotAuthentic));
        }
        let other = MasterKey::from_bytes(&[4; 64]);
        assert_eq!(other.open(&sealed), Err(FormatError::NotAuthentic));
    }
}

#[test]
fn secrets_are_in_no_message() {
    let key = MasterKey::from_bytes(&[b'k'; 64]);
    assert_eq!(format!("{key:?}"), "MasterKey { .. }");
    let params = KdfParams::new(2, 1, 1).unwrap();
    let file = KeyFile::create(b"pw", &key, params, (&[0; 64], &[0; 16]), KeyOwner::default());
    let shown = format!("{:?}", file.unwrap());
    assert!(shown.ends_with("params: KdfParams { n: 2, r: 1, p: 1 }, .. }"), "{shown}");
}

#[test]
fn a_pack_is_read_as_it_was_built() {
    let key = MasterKey::from_bytes(&[5; 64]);
    let mut builder = PackBuilder::new();
    let length = NonZeroU32::new(1000);
    let sealed = key.seal(&[1; 16], b"one");
    let first = builder.add(BlobKind::Data, Id::of(b"one"), &sealed, None).unwrap();
    let second = builder.seal(BlobKind::Tree, Id::of(b"two"), b"2", length, (&key, &[2; 16]));
    let second = second.unwrap();
    assert_eq!(builder.sealed(&first), Some(&*sealed));
    assert_eq!(key.open(builder.sealed(&second).unwrap()).unwrap(), b"2");
    assert_eq!((builder.len(), builder.blobs().len()), (35 + 33, 2));
    let pack = builder.finish(&key, &[3; 16]).unwrap();
    assert_eq!(pack.id, Id::of(&pack.bytes));
    let (rest, last) = pack.bytes.split_last_chunk().unwrap();
    let size = pack.bytes.len() as u64;
    let header = pack_header_length(*last, size).unwrap() as usize;
    let sealed = &rest[rest.len() - header..];
    assert_eq!(open_pack_header(&key, sealed, size).unwrap(), pack.blobs);
    assert!(open_pack_header(&key, sealed, size + 1).is_err());
    assert!(pack_header_length(*last, 50).is_err());
    assert!(PackBuilder::new().finish(&key, &[3; 16]).is_err());
}

#[test]
fn compression_keeps_to_its_version_and_never_makes_a_blob_longer() {
    let text = b"text ".repeat(1000);
    let mut compressed = Vec::new();
    let mut of = |version, compression, kind, blob: &[u8]| {
        let mut compressor = Compressor::new(version, compression).unwrap();
        let length = compressor.compress_blob(kind, blob, &mut compressed).unwrap();
        assert!(length.is_none() || compressed.len() < blob.len());
        length.map(NonZeroU32::get)
    };
    let (v1, v2) = (RepoVersion::V1, RepoVersion::V2);
    assert_eq!(of(v1, Compression::Max, BlobKind::Tree, &text), None);
    assert_eq!(of(v2, Compression::Off, BlobKind::Data, &text), None);
    assert_eq!(of(v2, Compression::Off, BlobKind::Tree, &text), Some(5000));
    for compression in [Compression::Fast, Compression::Auto, Compression::Max] {
        assert_eq!(of(v2, compression, BlobKind::Data, &text), Some(5000));
        assert_eq!(of(v2, compression, BlobKind::Data, b"x"), None);
        assert_eq!(of(v2, compression, BlobKind::Data, b""), None);
        assert_eq!(compression.to_string().parse(), Ok(compression));
    }
}

#[test]
fn what_decompresses_to_another_length_is_refused() {
    let bomb = vec![0; 1 << 20];
    let mut compressed = Vec::new();
    let mut compressor = Compressor::new(RepoVersion::V2, Compression::Auto).unwrap();
    compressor.compress_blob(BlobKind::Data, &bomb, &mut compressed).unwrap();
    assert!(compressed.len() < 1000);
    let mut decompressor = Decompressor::new().unwrap();
    let mut plain = Vec::new();
    for length in [1, 1000, (1 << 20) - 1, (1 << 20) + 1] {
        let length = NonZeroU32::new(length).unwrap();
        assert!(decompressor.decompress_blob(&compressed, length, &mut plain).is_err());
        assert!(plain.is_empty());
    }
    assert!(plain.capacity() <= (1 << 20) + 1);
    let length = NonZeroU32::new(1 << 20).unwrap();
    decompressor.decompress_blob(&compressed, length, &mut plain).unwrap();
    assert_eq!(plain, bomb);

    let encoded = compressor.encode_unpacked(bomb.clone()).unwrap();
    let mut decode = |limit| decompressor.decode_unpacked(RepoVersion::V2, encoded.clone(), limit);
    assert!(matches!(decode((1 << 20) - 1), Err(FormatError::TooLarge { .. })));
    assert_eq!(decode(1 << 20).unwrap(), bomb);
}
