//! Packages, sound and hostile.

use std::sync::LazyLock;

use proptest::prelude::*;
use wardkit_plugin::Package;

use crate::{manifest, package};

fn sound() -> Package {
    let text = manifest("native", "hello.py", "");
    package(&[
        ("plugin.toml", text.as_bytes()),
        ("hello.py", b"print('{}')\n"),
        ("README.md", b"Hi"),
    ])
}

fn compress(tar: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(tar, 3).unwrap()
}

fn tar() -> Vec<u8> {
    static TAR: LazyLock<Vec<u8>> =
        LazyLock::new(|| zstd::stream::decode_all(sound().pack().unwrap().as_slice()).unwrap());
    TAR.clone()
}

#[test]
fn the_same_plugin_gives_the_same_bytes() {
    let text = manifest("native", "hello.py", "");
    let other = package(&[
        ("README.md", b"Hi"),
        ("hello.py", b"print('{}')\n"),
        ("plugin.toml", text.as_bytes()),
    ]);
    let bytes = sound().pack().unwrap();
    assert_eq!(bytes, other.pack().unwrap());
    let read = Package::read(&bytes).unwrap();
    assert_eq!(read.pack().unwrap(), bytes);
    assert_eq!(read.digest(), Some(blake3::hash(&bytes).to_hex().as_str()));
    assert_eq!(read.manifest().artifact.as_ref().unwrap().size, 12);
}

#[test]
fn every_changed_byte_of_an_archive_is_noticed() {
    let bytes = sound().pack().unwrap();
    let sound = Package::read(&bytes).unwrap();
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 1;
        // Some bits of a frame say the same in two ways: what is read then is the same, with another digest.
        if let Ok(read) = Package::read(&broken) {
            assert!(read.files().eq(sound.files()), "byte {at}");
            assert_ne!(read.digest(), sound.digest());
        }
        assert!(Package::read(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn hostile_archives_are_refused() {
    let refused = |tar: &[u8], expected: &str| {
        let told = Package::read(&compress(tar)).unwrap_err().to_string();
        assert!(told.contains(expected), "{expected}: {told}");
    };
    let named = |name: &[u8]| {
        let mut tar = tar();
        tar[..name.len()].copy_from_slice(name);
        tar
    };
    // The headers of these say another sum; with the right one, the name is what is refused.
    for name in [&b"../../etc/passwd"[..], b"/etc/passwd", b"a/../b", b".hidden", b"a\\b", b"a//b"]
    {
        let mut tar = named(name);
        seal(&mut tar[..512]);
        assert!(Package::read(&compress(&tar)).is_err(), "{name:?}");
    }
    refused(&named(b"READMF.md"), "another header");
    for (kind, expected) in
        [(b'1', "is a link"), (b'2', "is a link"), (b'5', "a folder"), (b'x', "no plain file")]
    {
        let mut tar = tar();
        tar[156] = kind;
        seal(&mut tar[..512]);
        refused(&tar, expected);
    }
    let once = tar();
    let twice = [&once[..1024], &once[..]].concat();
    refused(&twice, "README.md is there twice");
    refused(&once[..512], "ends in its midst");
    refused(&[&once[..], b"more"].concat(), "behind its end");
    let mut padded = tar();
    padded[512 + 100] = 1;
    refused(&padded, "something behind README.md");
    let mut huge = tar();
    huge[124..135].copy_from_slice(b"77777777777");
    seal(&mut huge[..512]);
    refused(&huge, "too large");
}

#[test]
fn bombs_and_trailing_bytes_are_refused() {
    let bomb = compress(&vec![0; 64 << 20]);
    assert!(bomb.len() < 64 * 1024);
    assert!(Package::read(&bomb).unwrap_err().to_string().contains("when decompressed"));
    let two = [sound().pack().unwrap(), sound().pack().unwrap()].concat();
    assert!(Package::read(&two).unwrap_err().to_string().contains("behind its end"));
    assert!(Package::read(b"").is_err() && Package::read(b"PK\x03\x04").is_err());
}

#[test]
fn machine_code_is_never_packed() {
    let text = manifest("native", "hello", "");
    for magic in [&b"\x7fELF\x02\x01"[..], b"MZ\x90", b"\xcf\xfa\xed\xfe"] {
        let files = [
            ("plugin.toml".to_owned(), text.clone().into_bytes()),
            ("hello".to_owned(), magic.to_vec()),
        ];
        assert!(Package::from_files(files).unwrap_err().to_string().contains("machine code"));
    }
}

#[test]
fn a_folder_gives_what_the_manifest_names_and_its_pages() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    assert!(Package::from_folder(folder.path()).is_err());
    write(
        "plugin.yaml",
        "plugin: {id: org.example.hello, name: H, version: 0.1.0, description: d, kind: native, entry: h.py, api: \"1\"}",
    );
    write("h.py", "print('{}')");
    write("README.md", "Hi");
    write("notes.txt", "not packed");
    let names: Vec<String> = Package::from_folder(folder.path())
        .unwrap()
        .files()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(names, ["README.md", "h.py", "plugin.yaml"]);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("LICENSE")).unwrap();
    assert!(Package::from_folder(folder.path()).is_err());
    std::fs::remove_file(folder.path().join("LICENSE")).unwrap();
    write("plugin.toml", &manifest("native", "h.py", ""));
    assert!(Package::from_folder(folder.path()).unwrap_err().to_string().contains("more than one"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048), at in 0_usize..4096) {
        let _ = Package::read(&bytes);
        let mut tar = tar();
        let at = at % tar.len();
        let end = (at + bytes.len()).min(tar.len());
        tar[at..end].copy_from_slice(&bytes[..end - at]);
        if let Ok(read) = Package::read(&compress(&tar)) {
            prop_assert!(read.files().all(|(name, _)| !name.starts_with('/') && !name.contains("..")));
        }
    }
}

/// Gives a header the sum that belongs to it.
fn seal(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
