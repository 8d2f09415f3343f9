//! Files that users send: their kinds, and what they hide.

use std::io::Cursor;

use proptest::prelude::*;
use wardkit_validation::{FileKind, UploadProblem as P, UploadReport, UploadRules};

const EVERYTHING: fn() -> UploadRules = || UploadRules::of(FileKind::ALL.iter().copied());

fn check(rules: &UploadRules, name: &str, bytes: &[u8]) -> UploadReport {
    rules.check(name, None, &mut Cursor::new(bytes)).unwrap()
}

fn problems(name: &str, bytes: &[u8]) -> Vec<P> {
    check(&EVERYTHING(), name, bytes).problems().to_vec()
}

fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in chunks {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        file.extend_from_slice(*name);
        file.extend_from_slice(data);
        file.extend([0; 4]);
    }
    file
}

fn small_png() -> Vec<u8> {
    png(&[(b"IHDR", &[0; 13]), (b"IDAT", b"pixels"), (b"IEND", b"")])
}

/// An entry as a test wants it, lies included.
#[derive(Clone)]
struct Entry {
    name: &'static str,
    data: Vec<u8>,
    unpacked: Option<u32>,
    method: u16,
    flags: u16,
    mode: u32,
    local_name: Option<&'static str>,
    offset: Option<u32>,
}

fn entry(name: &'static str, data: &[u8]) -> Entry {
    Entry {
        name,
        data: data.to_vec(),
        unpacked: None,
        method: 0,
        flags: 0,
        mode: 0o100_644,
        local_name: None,
        offset: None,
    }
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = entry.offset.unwrap_or(u32::try_from(file.len()).unwrap());
        let packed = u32::try_from(entry.data.len()).unwrap();
        let unpacked = entry.unpacked.unwrap_or(packed);
        let local = entry.local_name.unwrap_or(entry.name);
        let fields = |name: &str| {
            let mut fields = Vec::new();
            fields.extend(20_u16.to_le_bytes());
            fields.extend(entry.flags.to_le_bytes());
            fields.extend(entry.method.to_le_bytes());
            fields.extend([0; 8]);
            fields.extend(packed.to_le_bytes());
            fields.extend(unpacked.to_le_bytes());
            fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            fields.extend([0; 2]);
            fields
        };
        if entry.offset.is_none() {
            file.extend(b"PK\x03\x04");
            file.extend(fields(local));
            file.extend(local.as_bytes());
            file.extend(&entry.data);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(fields(entry.name));
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let (count, start) =
        (u16::try_from(entries.len()).unwrap(), u32::try_from(file.len()).unwrap());
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// Leaves one of two entries, with names of one letter, out of an archive's directory.
fn unlisted(mut file: Vec<u8>, which: usize) -> Vec<u8> {
    let end = file.len() - 22;
    let record = 46 + 1;
    file.drain(end - record * (2 - which)..end - record * (1 - which));
    let end = end - record;
    (file[end + 8], file[end + 10], file[end + 12]) = (1, 1, 47);
    file
}

#[test]
fn documents_are_served_so_that_browsers_run_nothing() {
    let page = br#"<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>"#;
    for mime in ["application/xml", "text/xml", "text/plain"] {
        let report = EVERYTHING().check("a.xml", Some(mime), &mut Cursor::new(page)).unwrap();
        assert_eq!((report.kind(), report.problems()), (Some(FileKind::Xml), [].as_slice()));
    }
    let runs = ["text/html", "image/svg+xml", "application/xml"];
    let passive = FileKind::ALL.iter().filter(|kind| !kind.is_active());
    assert!(passive.map(|kind| kind.mime()).all(|mime| !runs.contains(&mime)));
}

#[test]
fn archives_are_the_same_to_every_reader() {
    let two = zip(&[entry("a", b"x"), entry("b", b"y")]);
    assert_eq!(problems("a.zip", &two), []);
    for which in [0, 1] {
        assert_eq!(problems("a.zip", &unlisted(two.clone(), which)), [P::Broken], "{which}");
    }
    // A second record in the first one's comment, whose own comment is cut off.
    let mut commented = two.clone();
    let end = commented.len() - 2;
    commented[end] = 22;
    commented.extend(b"PK\x05\x06");
    commented.extend([0; 16]);
    commented.extend([0xff, 0xff]);
    assert_eq!(problems("a.zip", &commented), [P::Broken]);
    // A comment that is cut off hides no archive behind an image.
    let mut hidden = [b"GIF89a".as_slice(), &two].concat();
    let end = hidden.len() - 2;
    hidden[end] = 9;
    assert_eq!(problems("a.gif", &hidden), [P::Polyglot]);
    assert_eq!(problems("a.gif", b"GIF89aPK\x05\x06 and eighteen bytes more"), []);
}

#[test]
fn another_name_of_an_entry_is_looked_at_too() {
    let named = |other: &str| {
        let mut file = zip(&[entry("a", b"x")]);
        let end = file.len() - 22;
        let mut extra = b"\x75\x70".to_vec();
        extra.extend(u16::try_from(other.len() + 5).unwrap().to_le_bytes());
        extra.extend([1, 0, 0, 0, 0]);
        extra.extend(other.as_bytes());
        let len = u8::try_from(extra.len()).unwrap();
        file[end + 12] += len;
        file[end - 47 + 30] = len;
        file.splice(end..end, extra);
        problems("a.zip", &file)
    };
    assert_eq!(named("ä"), []);
    assert_eq!(named("../../x"), [P::ArchivePath]);
    assert_eq!(named("x.zip"), [P::ArchiveNested]);
}

#[test]
fn kinds_are_told_by_content() {
    let tar = [[0; 257].as_slice(), b"ustar\0"].concat();
    let exe = [b"MZ\x90\0".as_slice(), &[0; 60]].concat();
    for (bytes, kind) in [
        (small_png().as_slice(), Some(FileKind::Png)),
        (b"\xff\xd8\xff\xe0", Some(FileKind::Jpeg)),
        (b"RIFF\0\0\0\0WEBP", Some(FileKind::Webp)),
        (b"RIFF\0\0\0\0WAVE", Some(FileKind::Wav)),
        (b"\0\0\0\x20ftypavif", Some(FileKind::Avif)),
        (b"\0\0\0\x20ftypisom", Some(FileKind::Mp4)),
        (b"\xff\xfb\x90\x64", Some(FileKind::Mp3)),
        (b"OggS", Some(FileKind::Ogg)),
        (b"%PDF-1.7", Some(FileKind::Pdf)),
        (&tar, Some(FileKind::Tar)),
        (&exe, Some(FileKind::Pe)),
        (b"\x7fELF", Some(FileKind::Elf)),
        (b"#!/bin/sh\n", Some(FileKind::Script)),
        (b"hello <?php echo 1; ?>", Some(FileKind::Script)),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", Some(FileKind::Svg)),
        (b"<?xml version='1.0'?><a/>", Some(FileKind::Xml)),
        (b"text <SCRIPT>", Some(FileKind::Html)),
        ("naïve text\n".as_bytes(), Some(FileKind::Text)),
        (b"MZ is how a story begins", Some(FileKind::Text)),
        (b"BM, she said", Some(FileKind::Text)),
        (b"\x01\x02\x03\x04", None),
        (b"", None),
    ] {
        assert_eq!(FileKind::of(bytes), kind, "{bytes:?}");
    }
}

#[test]
fn a_plain_image_is_accepted() {
    let report = UploadRules::default()
        .check("Holiday 2026.v2.PNG", Some("image/png"), &mut Cursor::new(small_png()))
        .unwrap();
    assert!(report.is_accepted(), "{report:?}");
    assert_eq!(report.kind(), Some(FileKind::Png));
}

#[test]
fn the_name_and_the_declared_type_must_agree_with_the_content() {
    let rules = UploadRules::default();
    let png = small_png();
    for (name, mime, expected) in [
        ("a.png", Some("image/png; q=1"), vec![]),
        ("a", Some("application/octet-stream"), vec![]),
        ("a.jpg", None, vec![P::ExtensionMismatch]),
        ("a.php", None, vec![P::ExtensionMismatch]),
        ("a.png", Some("text/html"), vec![P::TypeMismatch]),
        ("shell.php.png", None, vec![P::HiddenExtension]),
        ("../x.html/a.png", None, vec![]),
        ("a.php .png. ", None, vec![P::HiddenExtension]),
    ] {
        let report = rules.check(name, mime, &mut Cursor::new(&png)).unwrap();
        assert_eq!(report.problems(), expected, "{name} {mime:?}");
    }
    assert_eq!(check(&rules, "a.pdf", b"%PDF-1.7").problems(), [P::KindNotAllowed]);
    assert_eq!(check(&rules, "a.png", b"#!/bin/sh"), check(&rules, "b.png", b"#!/bin/zsh"));
    assert_eq!(
        check(&rules, "a.png", b"#!/bin/sh").problems(),
        [P::KindNotAllowed, P::Executable, P::ExtensionMismatch]
    );
}

#[test]
fn files_that_are_two_things_are_found() {
    let jar = zip(&[entry("META-INF/MANIFEST.MF", b"x")]);
    let with = |head: &[u8], tail: &[u8]| [head, tail].concat();
    for (name, bytes, expected) in [
        ("a.gif", with(b"GIF89a......", &jar), vec![P::Polyglot]),
        ("a.pdf", with(b"%PDF-1.7\n", &jar), vec![P::Polyglot]),
        ("a.png", with(&small_png(), &jar), vec![P::Polyglot, P::TrailingData]),
        ("a.gif", with(b"GIF89a\n%PDF-1.4", b""), vec![P::Polyglot]),
        ("a.png", with(&small_png(), b"x"), vec![P::TrailingData]),
        ("a.gif", with(b"GIF89a", b"/*<SCRIPT>alert(1)</script>*/"), vec![P::Markup]),
        (
            "a.jpg",
            with(b"\xff\xd8\xff\xe1Exif", b"<?php system($_GET[0]); __halt_compiler();"),
            vec![P::Markup],
        ),
        (
            "a.pdf",
            with(b"%PDF-1.7\n", b"<</OpenAction<</S/JavaScript/JS(x)>>>>"),
            vec![P::ActiveContent],
        ),
        ("a.png", png(&[(b"IHDR", &[0; 13])]), vec![P::Broken]),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), vec![P::ActiveContent]),
        ("a.txt", b"a text about <?xml and PK\x05\x06".to_vec(), vec![P::UnknownKind]),
    ] {
        assert_eq!(problems(name, &bytes), expected, "{name} {bytes:?}");
    }
}

#[test]
fn a_mark_across_two_reads_is_found() {
    for gap in 65_530..65_545 {
        let mut bytes = b"GIF89a".to_vec();
        bytes.resize(gap, b'.');
        bytes.extend(b"<?php ");
        bytes.resize(200_000, b'.');
        assert_eq!(problems("a.gif", &bytes), [P::Markup], "{gap}");
    }
}

#[test]
fn archives_are_judged_by_their_directory() {
    let plain = [entry("a/", b""), entry("a/b.txt", b"hello"), entry("c.txt", b"world")];
    assert_eq!(problems("a.zip", &zip(&plain)), []);
    let packed = |data: &[u8], unpacked: u32| Entry {
        method: 8,
        unpacked: Some(unpacked),
        ..entry("big", data)
    };
    let one = |entry: Entry| zip(&[entry]);
    for (bytes, expected) in [
        (one(entry("../../etc/cron.d/x", b"x")), vec![P::ArchivePath]),
        (one(entry("/etc/x", b"x")), vec![P::ArchivePath]),
        (one(entry("a\\..\\..\\x", b"x")), vec![P::ArchivePath]),
        (one(entry("C:x", b"x")), vec![P::ArchivePath]),
        (one(entry("a\nb", b"x")), vec![P::ArchivePath]),
        (one(entry("inner.ZIP", b"x")), vec![P::ArchiveNested]),
        (one(Entry { mode: 0o120_777, ..entry("link", b"/etc") }), vec![P::ArchiveLink]),
        (one(Entry { flags: 1, ..entry("secret", b"x") }), vec![P::ArchiveEncrypted]),
        (one(packed(&[0; 2000], 2_000_000)), vec![P::ArchiveRatio]),
        (one(packed(&[0; 2000], 4_000_000_000)), vec![P::ArchiveSize, P::ArchiveRatio]),
        (one(packed(&[0; 2000], 190_000)), vec![]),
        (one(Entry { unpacked: Some(9), ..entry("stored", b"x") }), vec![P::Broken]),
        (one(Entry { local_name: Some("b.txt"), ..entry("a.txt", b"x") }), vec![P::Broken]),
        (zip(&[entry("a", b"x"), entry("A", b"y")]), vec![P::ArchiveDuplicate]),
        (
            zip(&[entry("a", b"xyz"), Entry { offset: Some(0), ..entry("b", b"xyz") }]),
            vec![P::Broken, P::ArchiveOverlap],
        ),
        ([b"#!/bin/sh\n".as_slice(), &zip(&plain)].concat(), vec![P::Executable, P::Polyglot]),
        (b"PK\x03\x04 and nothing more".to_vec(), vec![P::Broken]),
    ] {
        let mut found = problems("a.zip", &bytes);
        found.retain(|problem| *problem != P::ExtensionMismatch);
        assert_eq!(found, expected);
    }
    let many: Vec<Entry> = vec![entry("x", b""); 1001];
    assert_eq!(problems("a.zip", &zip(&many)), [P::ArchiveEntries]);
}

#[test]
fn documents_that_are_archives_are_told_apart() {
    let types = entry("[Content_Types].xml", b"x");
    for (name, entries, kind, expected) in [
        ("a.docx", vec![types.clone(), entry("word/document.xml", b"x")], FileKind::Docx, vec![]),
        (
            "a.xlsx",
            vec![types, entry("xl/workbook.xml", b"x"), entry("xl/vbaProject.bin", b"x")],
            FileKind::Xlsx,
            vec![P::ActiveContent],
        ),
        (
            "a.epub",
            vec![entry("mimetype", b"x"), entry("META-INF/container.xml", b"x")],
            FileKind::Epub,
            vec![],
        ),
        ("a.jar", vec![entry("META-INF/MANIFEST.MF", b"x")], FileKind::Jar, vec![P::Executable]),
        (
            "a.zip",
            vec![entry("AndroidManifest.xml", b"x")],
            FileKind::Apk,
            vec![P::Executable, P::ExtensionMismatch],
        ),
    ] {
        let report = check(&EVERYTHING(), name, &zip(&entries));
        assert_eq!((report.kind(), report.problems()), (Some(kind), expected.as_slice()), "{name}");
    }
}

#[test]
fn packed_files_tell_their_size_or_are_refused() {
    let gzip =
        |size: u32| [b"\x1f\x8b\x08\0\0\0\0\0\0\x03 data".as_slice(), &size.to_le_bytes()].concat();
    assert_eq!(problems("a.gz", &gzip(100)), []);
    assert_eq!(problems("a.gz", &gzip(100_000)), [P::ArchiveRatio]);
    assert_eq!(problems("a.gz", &gzip(u32::MAX)), [P::ArchiveSize, P::ArchiveRatio]);
    assert_eq!(problems("a.gz", b"\x1f\x8b\x08"), [P::Broken]);
    assert_eq!(problems("a.xz", b"\xfd7zXZ\0...."), [P::ArchiveOpaque]);
}

#[test]
fn size_comes_before_everything() {
    let rules = UploadRules::default();
    assert_eq!(check(&rules, "a.png", b"").problems(), [P::Empty]);
    let mut small = UploadRules::default();
    small.max_bytes = 10;
    assert_eq!(check(&small, "a.png", &small_png()).problems(), [P::TooLarge]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0..6_usize) {
        let heads: [&[u8]; 6] = [b"", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\x1f\x8b\x08", b"%PDF-"];
        let file = [heads[kind], &bytes].concat();
        let _ = check(&EVERYTHING(), "a.zip", &file);
    }

    #[test]
    fn no_damage_to_an_archive_makes_it_panic(at in 0..400_usize, byte in any::<u8>(), cut in 0..400_usize) {
        let mut file = zip(&[entry("a.txt", b"hello"), entry("b.txt", b"world"), entry("c/", b"")]);
        if let Some(place) = file.get_mut(at) {
            *place = byte;
        }
        file.truncate(file.len().max(cut) - cut.min(file.len()) / 4);
        let _ = check(&EVERYTHING(), "a.zip", &file);
    }
}
