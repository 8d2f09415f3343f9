//! Looks through a whole file for what does not belong into its kind.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::{FileKind, UploadProblem};

/// The literals, and what they tell. They are so long that data which only look random do not have them.
const MARKS: &[(&[u8], Mark)] = &[
    (b"<?php", Mark::Markup),
    (b"<script", Mark::Markup),
    (b"<!doctype html", Mark::Markup),
    (b"<html", Mark::Markup),
    (b"<iframe", Mark::Markup),
    (b"__halt_compiler", Mark::Markup),
    (b"eval(base64_decode", Mark::Markup),
    (b"/javascript", Mark::Pdf),
    (b"/launch", Mark::Pdf),
    (b"/embeddedfile", Mark::Pdf),
    (b"/richmedia", Mark::Pdf),
    (b"_\0v\0b\0a\0_\0p\0r\0o\0j\0e\0c\0t\0", Mark::Ole),
];

/// Where a literal tells something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// In every kind that is no text.
    Markup,
    /// In PDF.
    Pdf,
    /// In documents of the older Office.
    Ole,
}

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

#[expect(clippy::expect_used, reason = "a constant list of short literals")]
static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(MARKS.iter().map(|(mark, _)| mark))
        .expect("a dozen short literals fit any automaton")
});

/// Looks through the file and names what it finds, each once.
pub(super) fn scan<R: Read + Seek>(
    file: &mut R,
    kind: FileKind,
    problems: &mut Vec<UploadProblem>,
) -> io::Result<()> {
    // A page may speak of pages; pieces of archives are packed and tell nothing.
    if kind.is_text() || kind.is_zip() {
        return Ok(());
    }
    file.seek(SeekFrom::Start(0))?;
    let longest = MARKS.iter().map(|(mark, _)| mark.len()).max().unwrap_or(0);
    let mut buffer = Vec::with_capacity(CHUNK + longest);
    loop {
        if file.by_ref().take(CHUNK as u64).read_to_end(&mut buffer)? == 0 {
            return Ok(());
        }
        for hit in FINDER.find_overlapping_iter(&buffer) {
            let problem = match MARKS[hit.pattern().as_usize()].1 {
                Mark::Markup => UploadProblem::Markup,
                Mark::Pdf if kind == FileKind::Pdf => UploadProblem::ActiveContent,
                Mark::Ole if kind == FileKind::Ole => UploadProblem::ActiveContent,
                Mark::Pdf | Mark::Ole => continue,
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        // A literal may lie across two chunks.
        let keep_from = buffer.len().saturating_sub(longest);
        buffer.drain(..keep_from);
    }
}
