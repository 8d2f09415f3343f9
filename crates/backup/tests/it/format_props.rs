//! What is written is read again; what is not ours is refused without a panic.

use std::num::NonZeroU32;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wardkit_backup::format::{
    BlobKind, Compression, Compressor, Decompressor, Id, IndexFile, IndexPack, KeyFile, LockFile,
    MasterKey, Mode, Node, NodeKind, PackBuilder, PackToDelete, PackedBlob, RepoConfig,
    RepoVersion, Snapshot, Timestamp, Tree, TreeWriter, Xattr, ZonedTime, open_pack_header,
    pack_header_length,
};

fn id() -> impl Strategy<Value = Id> {
    any::<[u8; 32]>().prop_map(Id::from_bytes)
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![any::<i64>(), -62_167_219_200_i64..253_402_300_800];
    (seconds, 0..1_000_000_000_u32, -1439..1440_i16).prop_map(|(seconds, nanoseconds, minutes)| {
        Timestamp::new(seconds, nanoseconds).with_offset_minutes(minutes)
    })
}

fn kind() -> impl Strategy<Value = NodeKind> {
    prop::sample::select(vec![
        NodeKind::File,
        NodeKind::Dir,
        NodeKind::Symlink,
        NodeKind::BlockDevice,
        NodeKind::CharDevice,
        NodeKind::Fifo,
        NodeKind::Socket,
        NodeKind::Irregular,
    ])
}

/// Names of any bytes, and such that are text but for what Go escapes.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let text = any::<String>().prop_map(String::into_bytes);
    prop_oneof![vec(any::<u8>(), 1..20), text, Just(b"\\x41\"".to_vec())].prop_filter(
        "one name within a directory",
        |name| {
            !matches!(&**name, b"" | b"." | b"..")
                && !name.iter().any(|byte| matches!(byte, b'/' | 0))
        },
    )
}

prop_compose! {
    fn node()(
        name in name(),
        kind in kind(),
        permissions in 0..0o10000_u32,
        (mtime, atime, ctime) in (timestamp(), timestamp(), timestamp()),
        (uid, gid, user, group) in any::<(u32, u32, String, String)>(),
        numbers in any::<[u64; 5]>(),
        link_target in vec(any::<u8>(), 0..20),
        xattrs in vec((any::<String>(), vec(any::<u8>(), 0..9)), 0..3),
        content in vec(id(), 0..3),
        subtree in option::of(id()),
        error in any::<String>(),
    ) -> Node {
        let [inode, device_id, size, links, device] = numbers;
        let mode = Mode::new(kind, permissions);
        let xattrs = xattrs.into_iter().map(|(name, value)| Xattr { name, value }).collect();
        Node {
            mode, mtime, atime, ctime, uid, gid, user, group, inode, device_id, size, links,
            link_target, xattrs, device, content, subtree, error, ..Node::new(name, kind)
        }
    }
}

prop_compose! {
    fn blob()(
        tree in any::<bool>(),
        id in id(),
        offset in 0..1_u32 << 31,
        length in 32..1_u32 << 31,
        uncompressed in option::of(any::<NonZeroU32>()),
    ) -> PackedBlob {
        let kind = if tree { BlobKind::Tree } else { BlobKind::Data };
        PackedBlob { kind, id, offset, length, uncompressed }
    }
}

prop_compose! {
    fn pack()(id in id(), blobs in vec(blob(), 0..4)) -> IndexPack {
        IndexPack { id, blobs }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_time_is_read_as_it_is_written(time in timestamp()) {
        let text = time.to_string();
        prop_assert_eq!(text.parse(), Ok(time));
        let zoned: ZonedTime = text.parse().unwrap();
        prop_assert_eq!((zoned.as_str(), zoned.timestamp()), (&*text, time));
    }

    #[test]
    fn a_tree_is_read_as_it_is_written(nodes in vec(node(), 0..4)) {
        let tree = Tree { nodes };
        let json = tree.to_json();
        prop_assert_eq!(Tree::from_json(&json), Ok(tree));
        // It is JSON for every other reader, too.
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn a_tree_that_is_taken_in_pieces_is_the_same(
        nodes in vec((node(), any::<bool>()), 0..4),
        first in any::<bool>(),
    ) {
        let mut writer = TreeWriter::new();
        let mut pieces = if first { writer.take() } else { Vec::new() };
        for (node, take) in &nodes {
            writer.add(node);
            if *take {
                pieces.extend(writer.take());
            }
        }
        let (length, is_empty) = (writer.len(), writer.is_empty());
        pieces.extend(writer.finish());
        let tree = Tree { nodes: nodes.into_iter().map(|(node, _)| node).collect() };
        prop_assert_eq!((length, is_empty), (pieces.len(), tree.nodes.is_empty()));
        prop_assert_eq!(pieces, tree.to_json());
    }

    #[test]
    fn a_snapshot_is_read_as_it_is_written(
        (time, tree) in (timestamp(), id()),
        (parent, original) in (option::of(id()), option::of(id())),
        (paths, excludes, tags) in any::<(Vec<String>, Vec<String>, Vec<String>)>(),
        (uid, gid, hostname, username) in any::<(u32, u32, String, String)>(),
    ) {
        let new = Snapshot::new(time.into(), tree, paths);
        let snapshot =
            Snapshot { parent, original, excludes, tags, uid, gid, hostname, username, ..new };
        prop_assert_eq!(Snapshot::from_json(&snapshot.to_json()), Ok(snapshot));
    }

    #[test]
    fn an_index_is_read_as_it_is_written(
        supersedes in vec(id(), 0..3),
        packs in vec(pack(), 0..3),
        marked in vec((pack(), option::of(timestamp())), 0..3),
    ) {
        let marked = marked.into_iter().map(|(pack, since)| {
            PackToDelete { pack, since: since.map(ZonedTime::from) }
        });
        let index = IndexFile { supersedes, packs, packs_to_delete: marked.collect() };
        prop_assert_eq!(IndexFile::from_json(&index.to_json()), Ok(index));
    }

    #[test]
    fn a_lock_and_a_configuration_are_read_as_they_are_written(
        (time, exclusive, hostname, pid) in (timestamp(), any::<bool>(), any::<String>(), any::<i64>()),
        (boot_id, process_start) in any::<(Option<String>, Option<u64>)>(),
        (uid, gid) in any::<(u32, u32)>(),
        (id, polynomial) in (id(), any::<u64>()),
    ) {
        let username = hostname.clone();
        let time = time.into();
        let lock =
            LockFile { time, exclusive, hostname, username, pid, uid, gid, boot_id, process_start };
        prop_assert_eq!(LockFile::from_json(&lock.to_json()), Ok(lock));
        let config = RepoConfig::new(RepoVersion::V1, id, polynomial);
        prop_assert_eq!(RepoConfig::from_json(&config.to_json()), Ok(config));
    }

    #[test]
    fn a_pack_is_read_as_it_is_built(
        bodies in vec((any::<bool>(), vec(any::<u8>(), 0..50), option::of(any::<NonZeroU32>())), 1..5),
        key in any::<[u8; 32]>(),
    ) {
        let mut raw = [1; 64];
        raw[..32].copy_from_slice(&key);
        let key = MasterKey::from_bytes(&raw);
        let mut builder = PackBuilder::new();
        for (tree, body, uncompressed) in &bodies {
            let kind = if *tree { BlobKind::Tree } else { BlobKind::Data };
            builder.seal(kind, Id::of(body), body, *uncompressed, (&key, &[2; 16])).unwrap();
        }
        let pack = builder.finish(&key, &[3; 16]).unwrap();
        let (rest, last) = pack.bytes.split_last_chunk().unwrap();
        let size = pack.bytes.len() as u64;
        let length = pack_header_length(*last, size).unwrap() as usize;
        let header = open_pack_header(&key, &rest[rest.len() - length..], size).unwrap();
        prop_assert_eq!(&header, &pack.blobs);
        for (blob, (_, body, _)) in header.iter().zip(&bodies) {
            let start = blob.offset as usize;
            let opened = key.open(&rest[start..start + blob.length as usize]).unwrap();
            prop_assert_eq!(&opened, body);
        }
    }

    #[test]
    fn what_is_compressed_is_read_again(text in vec(0..4_u8, 0..3000), version in 1..3_u8) {
        let version = if version == 1 { RepoVersion::V1 } else { RepoVersion::V2 };
        let mut compressor = Compressor::new(version, Compression::Fast).unwrap();
        let mut decompressor = Decompressor::new().unwrap();
        let (mut compressed, mut plain) = (Vec::new(), Vec::new());
        let length = compressor.compress_blob(BlobKind::Data, &text, &mut compressed).unwrap();
        if let Some(length) = length {
            decompressor.decompress_blob(&compressed, length, &mut plain).unwrap();
            prop_assert_eq!(&plain, &text);
        }
        let json = [b"{".as_slice(), &text].concat();
        let encoded = compressor.encode_unpacked(json.clone()).unwrap();
        prop_assert_eq!(decompressor.decode_unpacked(version, encoded, json.len()), Ok(json));
    }

    #[test]
    fn bytes_of_any_kind_are_refused_or_read_without_a_panic(
        bytes in vec(any::<u8>(), 0..200),
        length in any::<NonZeroU32>(),
    ) {
        let key = MasterKey::from_bytes(&[1; 64]);
        prop_assert!(key.open(&bytes).is_err());
        // As if a stranger who has the key had sealed them.
        let sealed = key.seal(&[0; 16], &bytes);
        if let Ok(blobs) = open_pack_header(&key, &sealed, 1 << 20) {
            prop_assert!(blobs.len() * 37 <= bytes.len());
        }
        let mut decompressor = Decompressor::new().unwrap();
        let mut plain = Vec::new();
        let length = NonZeroU32::new(length.get() % (1 << 20)).unwrap_or(NonZeroU32::MIN);
        if decompressor.decompress_blob(&bytes, length, &mut plain).is_ok() {
            prop_assert_eq!(plain.len(), length.get() as usize);
        }
        for version in [RepoVersion::V1, RepoVersion::V2] {
            let encoded = [b"\x02".as_slice(), &bytes].concat();
            if let Ok(decoded) = decompressor.decode_unpacked(version, encoded, 1000) {
                prop_assert!(decoded.len() <= 1000);
            }
        }
    }

    #[test]
    fn json_with_any_byte_changed_is_refused_or_read_without_a_panic(
        node in node(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let time: ZonedTime = node.mtime.into();
        let snapshot = Snapshot::new(time, Id::of(b""), vec!["/a".to_owned()]).to_json();
        let key = br#"{"kdf":"scrypt","N":32768,"r":8,"p":1,"salt":"AAAA","data":"AAAA"}"#.to_vec();
        let config = RepoConfig::new(RepoVersion::V2, Id::of(b""), 5).to_json();
        for mut json in [Tree { nodes: vec![node] }.to_json(), snapshot, key, config] {
            let at = at.index(json.len());
            json[at] = byte;
            let _ = (Tree::from_json(&json), Snapshot::from_json(&json), KeyFile::from_json(&json));
            let _ = (IndexFile::from_json(&json), LockFile::from_json(&json));
            let _ = RepoConfig::from_json(&json);
        }
    }
}

#[test]
fn names_that_leave_their_directory_are_refused() {
    for name in ["", ".", "..", "a/b", "/", r"a\x00b", r"\x2e\u002e", r"\x2fetc"] {
        let quoted = name.replace('\\', "\\\\");
        let json = format!(r#"{{"nodes":[{{"name":"{quoted}","type":"file"}}]}}"#);
        assert!(Tree::from_json(json.as_bytes()).is_err(), "{name}");
    }
    for name in [r"\q", r"\", r"\x4", r"\ud800", r"\U00110000", r"\400", "a\\\nb", r#"a"b"#] {
        let quoted = serde_json::to_string(name).unwrap();
        let json = format!(r#"{{"nodes":[{{"name":{quoted},"type":"file"}}]}}"#);
        assert!(Tree::from_json(json.as_bytes()).is_err(), "{name}");
    }
    let json = br#"{"nodes":[{"name":"\\101\\x42\\u0043\\U00000044","type":"door"}],"x":1}"#;
    let tree = Tree::from_json(json).unwrap();
    assert_eq!((&*tree.nodes[0].name, tree.nodes[0].kind), (&b"ABCD"[..], NodeKind::Irregular));
    assert_eq!(tree.nodes[0].mtime.to_string(), "0001-01-01T00:00:00Z");
}

#[test]
fn fields_of_other_programs_are_kept() {
    let json = br#"{"time":"2026-01-01T00:00:00.100+00:00","tree":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","paths":null,"label":"x","summary":{"files_new":1}}"#;
    let snapshot = Snapshot::from_json(json).unwrap();
    assert_eq!(snapshot.unknown.text("label"), Some("x"));
    assert_eq!(snapshot.unknown.names().collect::<Vec<_>>(), ["label", "summary"]);
    let written = String::from_utf8(snapshot.to_json()).unwrap();
    assert!(written.contains("2026-01-01T00:00:00.100+00:00"), "{written}");
    assert!(written.contains(r#""summary":{"files_new":1}"#), "{written}");
    let config = br#"{"version":2,"id":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","chunker_polynomial":"28d5ef98e8fe07","append_only":true}"#;
    let config = RepoConfig::from_json(config).unwrap();
    assert_eq!(config.chunker_polynomial, 0x0028_d5ef_98e8_fe07);
    assert!(String::from_utf8(config.to_json()).unwrap().contains(r#""append_only":true"#));
}

#[test]
fn times_that_are_none_are_refused() {
    for text in [
        "",
        "2026",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1",
        "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+24:00",
        "+026-01-01T00:00:00Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    for (text, seconds, nanoseconds) in [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2000-02-29T12:00:00.5-03:30", 951_838_200, 500_000_000),
        ("1969-12-31T23:59:59.9999999999Z", -1, 999_999_999),
        ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ] {
        let time: Timestamp = text.parse().unwrap();
        assert_eq!((time.seconds(), time.nanoseconds()), (seconds, nanoseconds), "{text}");
    }
}
