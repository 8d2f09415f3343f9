//! What a file is, by how it begins.

use super::FileKind;

/// How much of the beginning tells the kind.
pub(super) const HEAD: usize = 4096;

/// Marks at fixed places: the place, the bytes, the kind. The first that fits counts.
const MARKS: &[(usize, &[u8], FileKind)] = &[
    (0, b"\x89PNG\r\n\x1a\n", FileKind::Png),
    (0, b"\xff\xd8\xff", FileKind::Jpeg),
    (0, b"GIF87a", FileKind::Gif),
    (0, b"GIF89a", FileKind::Gif),
    (0, b"\0\0\x01\0", FileKind::Ico),
    (0, b"II*\0", FileKind::Tiff),
    (0, b"MM\0*", FileKind::Tiff),
    (0, b"%PDF-", FileKind::Pdf),
    (0, b"ID3", FileKind::Mp3),
    (0, b"OggS", FileKind::Ogg),
    (0, b"fLaC", FileKind::Flac),
    (0, b"\x1a\x45\xdf\xa3", FileKind::Matroska),
    (0, b"PK\x03\x04", FileKind::Zip),
    (0, b"PK\x05\x06", FileKind::Zip),
    (0, b"\x1f\x8b\x08", FileKind::Gzip),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind::SevenZip),
    (0, b"Rar!\x1a\x07", FileKind::Rar),
    (257, b"ustar", FileKind::Tar),
    (0, b"\xfd7zXZ\0", FileKind::Xz),
    (0, b"\x28\xb5\x2f\xfd", FileKind::Zstd),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Ole),
    (0, b"\x7fELF", FileKind::Elf),
    (0, b"\0asm", FileKind::Wasm),
    (0, b"\xfe\xed\xfa\xce", FileKind::MachO),
    (0, b"\xfe\xed\xfa\xcf", FileKind::MachO),
    (0, b"\xce\xfa\xed\xfe", FileKind::MachO),
    (0, b"\xcf\xfa\xed\xfe", FileKind::MachO),
    (0, b"\xca\xfe\xba\xbe", FileKind::MachO),
    (0, b"#!", FileKind::Script),
];

impl FileKind {
    /// Returns what a file is by its first bytes; 4 KiB are enough. Kinds that are built on ZIP are `Zip` here: what
    /// they are stands at the other end of the file.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let head = &head[..head.len().min(HEAD)];
        let fixed = MARKS
            .iter()
            .find(|(at, mark, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(mark)));
        if let Some((.., kind)) = fixed {
            return Some(*kind);
        }
        riff(head).or_else(|| boxes(head)).or_else(|| loose(head)).or_else(|| text(head))
    }
}

fn riff(head: &[u8]) -> Option<FileKind> {
    head.strip_prefix(b"RIFF")?;
    match head.get(8..12)? {
        b"WEBP" => Some(FileKind::Webp),
        b"WAVE" => Some(FileKind::Wav),
        b"AVI " => Some(FileKind::Avi),
        _ => None,
    }
}

/// Files of boxes, whose first names the brand.
fn boxes(head: &[u8]) -> Option<FileKind> {
    if head.get(4..8)? != b"ftyp" {
        return None;
    }
    match head.get(8..12)? {
        b"avif" | b"avis" => Some(FileKind::Avif),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1" => Some(FileKind::Heic),
        brand => brand.iter().all(|b| b.is_ascii_graphic() || *b == b' ').then_some(FileKind::Mp4),
    }
}

/// Marks so short that a text may begin with them: more must fit.
fn loose(head: &[u8]) -> Option<FileKind> {
    match head {
        [b'B', b'M', rest @ ..]
            if rest.len() >= 24 && rest[4..8] == [0; 4] && rest[12] <= 124 && rest[13] == 0 =>
        {
            Some(FileKind::Bmp)
        }
        // A program begins with binary fields, and nothing else has them behind MZ.
        [b'M', b'Z', rest @ ..] if rest.len() >= 58 && rest[..58].contains(&0) => {
            Some(FileKind::Pe)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if rest.starts_with(b"1AY&SY") => {
            Some(FileKind::Bzip2)
        }
        // A frame of MPEG audio, layer 3: sync, a bit rate and a sampling rate that exist.
        [0xff, 0xfa | 0xfb | 0xf2 | 0xf3, third, ..]
            if third >> 4 != 0 && third >> 4 != 15 && third & 0x0c != 0x0c =>
        {
            Some(FileKind::Mp3)
        }
        _ => None,
    }
}

fn text(head: &[u8]) -> Option<FileKind> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut off.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    if text.is_empty() || !text.chars().all(plain) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let start = lower.trim_start();
    if start.starts_with("#!")
        || lower.contains("<?php")
        || start.starts_with("<?=")
        || start.starts_with("<%")
    {
        return Some(FileKind::Script);
    }
    if lower.contains("<svg") {
        return Some(FileKind::Svg);
    }
    let page = [
        "<!doctype html",
        "<html",
        "<script",
        "<head",
        "<body",
        "<iframe",
        "<img",
        "<a href",
        "<style",
    ];
    if page.iter().any(|tag| lower.contains(tag)) {
        return Some(FileKind::Html);
    }
    Some(if start.starts_with("<?xml") || start.starts_with("<!doctype") {
        FileKind::Xml
    } else {
        FileKind::Text
    })
}
