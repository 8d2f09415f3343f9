//! Archives of advisories, those that were made to do harm among them.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use wardkit_audit_deps::{Database, Ecosystem, Error, Import};

use crate::advisory;

/// A file of an archive, with what may be wrong about it.
struct Entry {
    name: String,
    content: Vec<u8>,
    mode: u32,
    is_checksum_right: bool,
}

fn entry(name: &str, content: impl Into<Vec<u8>>) -> Entry {
    Entry {
        name: name.to_owned(),
        content: content.into(),
        mode: 0o100_644,
        is_checksum_right: true,
    }
}

fn archive(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for entry in entries {
        let mut writer = DeflateEncoder::new(Vec::new(), Compression::best());
        writer.write_all(&entry.content).unwrap();
        let packed = writer.finish().unwrap();
        let mut sum = flate2::Crc::new();
        sum.update(&entry.content);
        let sum = if entry.is_checksum_right { sum.sum() } else { !sum.sum() };
        let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        let two = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
        let head = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..],
            &sum.to_le_bytes(),
            &four(packed.len()),
            &four(entry.content.len()),
            &two(entry.name.len()),
            &[0, 0],
        ]
        .concat();
        let mode = (entry.mode << 16).to_le_bytes();
        let at = four(bytes.len());
        bytes.extend([b"PK\x03\x04", &head[..], entry.name.as_bytes(), &packed].concat());
        let rest = [&[0; 6][..], &mode, &at].concat();
        list.extend([b"PK\x01\x02\x14\x03", &head[..], &rest, entry.name.as_bytes()].concat());
    }
    end(&mut bytes, &list, entries.len());
    bytes
}

fn end(bytes: &mut Vec<u8>, list: &[u8], count: usize) {
    let four = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let count = u16::try_from(count).unwrap().to_le_bytes();
    let at = four(bytes.len());
    bytes.extend(list);
    bytes.extend(
        [b"PK\x05\x06\0\0\0\0", &count[..], &count, &four(list.len()), &at, &[0, 0]].concat(),
    );
}

/// Imports an archive; says why it was refused.
fn import(bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.zip");
    fs::write(&path, bytes).unwrap();
    let index = folder.path().join("osv.index");
    let import = match Import::new().from(&path) {
        Ok(import) => import,
        Err(Error::Archive { reason, .. }) => return Err(reason),
        Err(other) => return Err(other.to_string()),
    };
    import.write(&index).unwrap();
    let found = Database::open(&index).unwrap().look_up(&[(Ecosystem::PyPi, "a")]).unwrap();
    if found[0].len() == 1 { Ok(()) } else { Err("it is not in the index".to_owned()) }
}

fn good() -> Entry {
    entry("A.json", advisory("A", "PyPI", "a", "1").to_string())
}

#[test]
fn an_export_is_read() {
    assert_eq!(import(&archive(&[good(), entry("folder/", ""), entry("other.txt", "x")])), Ok(()));
}

#[test]
fn what_was_made_to_do_harm_is_refused_with_one_reason() {
    let link = Entry { mode: 0o120_777, ..entry("B.json", "/etc/passwd") };
    let wrong = Entry { is_checksum_right: false, ..entry("B.json", "{}") };
    let zeros = entry("B.txt", vec![b' '; 40 << 20]);
    let many: Vec<Entry> =
        (0..5).map(|n| entry(&format!("{n}.txt"), vec![b' '; 8 << 20])).collect();
    for (bad, reason) in [
        (vec![entry("../B.json", "{}")], "leads out of it"),
        (vec![entry("/B.json", "{}")], "leads out of it"),
        (vec![entry("a\\..\\B.json", "{}")], "leads out of it"),
        (vec![link], "is a link"),
        (vec![entry("inner.zip", archive(&[good()]))], "archive inside the archive"),
        (vec![wrong], "is not what was packed"),
        (vec![zeros], "more than 32 MB"),
        (many, "100 times its size"),
    ] {
        let entries: Vec<Entry> = std::iter::once(good()).chain(bad).collect();
        let refused = import(&archive(&entries)).unwrap_err();
        assert!(refused.contains(reason), "{reason}: {refused}");
    }
}

#[test]
fn files_that_share_their_bytes_are_refused() {
    let whole = archive(&[good()]);
    let at = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let behind = whole.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let mut bytes = whole[..at].to_vec();
    let list = whole[at..behind].repeat(2);
    end(&mut bytes, &list, 2);
    assert!(import(&bytes).unwrap_err().contains("share their bytes"));
}

#[test]
fn every_cut_and_every_changed_byte_is_an_error_or_harmless() {
    let whole = archive(&[good()]);
    for at in 0..whole.len() {
        assert!(import(&whole[..at]).is_err(), "{at}");
        let mut changed = whole.clone();
        changed[at] ^= 0xFF;
        // What decides nothing may change; what does is seen. Neither panics.
        let _ = import(&changed);
    }
}
