//! What is in a ZIP archive, by its own directory: nothing is unpacked.

mod directory;

use std::collections::HashSet;
use std::io::{self, Read, Seek};

use super::{FileKind, UploadProblem, UploadRules};
pub(super) use directory::{Directory, Entry, Located, locate};

/// Names of archives, which have no business in an archive.
const NESTED: [&str; 13] = [
    ".zip", ".jar", ".war", ".apk", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst",
    ".cab",
];

/// Returns what the archive is by the names in it, when it is more than an archive.
pub(super) fn kind(directory: &Directory) -> FileKind {
    let has = |wanted: &str| directory.entries.iter().any(|entry| entry.name == wanted.as_bytes());
    let starts = |wanted: &str| {
        directory.entries.iter().any(|entry| entry.name.starts_with(wanted.as_bytes()))
    };
    if has("AndroidManifest.xml") {
        FileKind::Apk
    } else if has("[Content_Types].xml") && starts("word/") {
        FileKind::Docx
    } else if has("[Content_Types].xml") && starts("xl/") {
        FileKind::Xlsx
    } else if has("[Content_Types].xml") && starts("ppt/") {
        FileKind::Pptx
    } else if has("META-INF/container.xml") && has("mimetype") {
        FileKind::Epub
    } else if has("mimetype") && has("content.xml") {
        FileKind::OpenDocument
    } else if has("META-INF/MANIFEST.MF") {
        FileKind::Jar
    } else {
        FileKind::Zip
    }
}

/// Says what speaks against the archive.
pub(super) fn judge<R: Read + Seek>(
    file: &mut R,
    directory: &Directory,
    rules: &UploadRules,
    problems: &mut Vec<UploadProblem>,
) -> io::Result<()> {
    let mut add = |problem| {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    };
    let mut names = HashSet::new();
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for entry in &directory.entries {
        packed = packed.saturating_add(entry.packed);
        unpacked = unpacked.saturating_add(entry.unpacked);
        of_entry(entry, rules, &mut add);
        // The other name may be the same one in another encoding, and is then none of another entry.
        let other = entry.other_name.as_ref().filter(|other| **other != entry.name);
        for name in std::iter::once(&entry.name).chain(other) {
            if !names.insert(name.to_ascii_lowercase()) {
                add(UploadProblem::ArchiveDuplicate);
            }
        }
    }
    if unpacked > rules.max_unpacked {
        add(UploadProblem::ArchiveSize);
    }
    if unpacked / packed.max(1) > rules.max_ratio && unpacked > SMALL {
        add(UploadProblem::ArchiveRatio);
    }
    if overlap(directory) {
        add(UploadProblem::ArchiveOverlap);
    }
    if !directory::agrees(file, directory)? {
        add(UploadProblem::Broken);
    }
    Ok(())
}

/// What unpacks to no more than this hurts nobody, however small it was packed.
const SMALL: u64 = 1 << 20;

fn of_entry(entry: &Entry, rules: &UploadRules, add: &mut impl FnMut(UploadProblem)) {
    if leads_out(&entry.name) || entry.other_name.as_deref().is_some_and(leads_out) {
        add(UploadProblem::ArchivePath);
    }
    if entry.is_special() {
        add(UploadProblem::ArchiveLink);
    }
    if entry.is_encrypted() {
        add(UploadProblem::ArchiveEncrypted);
    }
    if entry.unpacked / entry.packed.max(1) > rules.max_ratio && entry.unpacked > SMALL {
        add(UploadProblem::ArchiveRatio);
    }
    // Stored as it is, it has one size.
    if entry.is_stored() && entry.packed != entry.unpacked && !entry.is_encrypted() {
        add(UploadProblem::Broken);
    }
    for name in std::iter::once(&entry.name).chain(&entry.other_name) {
        let lower = name.to_ascii_lowercase();
        if NESTED.iter().any(|ending| lower.ends_with(ending.as_bytes())) {
            add(UploadProblem::ArchiveNested);
        }
        if lower.ends_with(b"vbaproject.bin") {
            add(UploadProblem::ActiveContent);
        }
    }
}

/// Tells whether unpacking the entry by its name would write elsewhere, on any system.
fn leads_out(name: &[u8]) -> bool {
    let climbs = name.split(|b| matches!(b, b'/' | b'\\')).any(|part| part == b"..");
    let rooted = name.first().is_none_or(|b| matches!(b, b'/' | b'\\'));
    let drive = name.len() >= 2 && name[1] == b':' && name[0].is_ascii_alphabetic();
    climbs || rooted || drive || name.iter().any(|b| *b < 0x20 || *b == 0x7f)
}

fn overlap(directory: &Directory) -> bool {
    let mut ranges: Vec<(u64, u64)> = directory
        .entries
        .iter()
        .map(|entry| {
            let end = entry
                .offset
                .saturating_add(30)
                .saturating_add(entry.name.len() as u64)
                .saturating_add(entry.packed);
            (entry.offset, end)
        })
        .collect();
    ranges.sort_unstable();
    let beyond = ranges.last().is_some_and(|(_, end)| *end > directory.start);
    beyond || ranges.windows(2).any(|pair| pair[1].0 < pair[0].1)
}
