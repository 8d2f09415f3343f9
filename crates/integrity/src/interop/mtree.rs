//! Specifications of mtree(5), as NetBSD, FreeBSD and libarchive write them.

use std::io::BufRead;

use super::Building;
use super::lines::{Lines, Problem};
use super::names::{Root, hex, unvis};
use crate::{Digest, Error};

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    root: &Root<'_>,
    list: &mut Building,
) -> Result<(), Error> {
    let mut reader = Reader { root, list, here: Vec::new(), default: Kind::default() };
    let mut whole = Vec::new();
    lines.each(|line| {
        // A backslash at the end of a line continues it.
        let is_continued = line.last() == Some(&b'\\');
        whole.extend_from_slice(line.strip_suffix(b"\\").unwrap_or(line));
        if whole.len() > MAX_WHOLE {
            return Err("is continued for too long");
        }
        if is_continued {
            whole.push(b' ');
            return Ok(());
        }
        let result = reader.line(&whole);
        whole.clear();
        result
    })?;
    if whole.is_empty() { Ok(()) } else { Err(lines.at_fault("is continued by nothing")) }
}

struct Reader<'l, 'r> {
    root: &'l Root<'r>,
    list: &'l mut Building,
    /// The directories that were entered and not left, by their paths.
    here: Vec<Vec<u8>>,
    /// What `/set` says.
    default: Kind,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Unsaid,
    File,
    Directory,
    Other,
}

impl Kind {
    fn of(word: &[u8]) -> Self {
        match word {
            b"file" => Self::File,
            b"dir" => Self::Directory,
            _ => Self::Other,
        }
    }
}

impl Reader<'_, '_> {
    fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(name) = words.next() else {
            return Ok(());
        };
        match name {
            _ if name.starts_with(b"#") => Ok(()),
            b"/set" => {
                self.default = words.filter_map(kind).next_back().unwrap_or(self.default);
                Ok(())
            }
            b"/unset" => {
                if words.any(|word| word == b"type" || word == b"all") {
                    self.default = Kind::Unsaid;
                }
                Ok(())
            }
            b".." => self.here.pop().map(drop).ok_or("leaves a directory that it did not enter"),
            _ => self.entry(name, words),
        }
    }

    fn entry<'w>(
        &mut self,
        name: &[u8],
        words: impl Iterator<Item = &'w [u8]>,
    ) -> Result<(), Problem> {
        let (mut kind_here, mut digest) = (self.default, None);
        for word in words {
            kind_here = kind(word).unwrap_or(kind_here);
            digest = content(word)?.or(digest);
        }
        let plain = unvis(name)?;
        // A name with a slash is the whole path; one without lies in the directory that was entered last.
        let is_whole = name.contains(&b'/');
        let path = if is_whole { plain } else { self.below(&plain)? };
        let resolved = self.root.resolve(&path)?;
        if kind_here == Kind::Directory {
            if !is_whole {
                self.enter(path)?;
            }
            digest = None;
        }
        let is_file = matches!(kind_here, Kind::File | Kind::Unsaid);
        self.list.push(resolved, digest.filter(|_| is_file))
    }

    fn below(&self, name: &[u8]) -> Result<Vec<u8>, Problem> {
        if name.contains(&b'/') {
            return Err("has an escaped slash in a name");
        }
        let mut path = self.here.last().cloned().unwrap_or_default();
        if name != b"." {
            path.extend_from_slice(if path.is_empty() { b"" } else { b"/" });
            path.extend_from_slice(name);
        }
        Ok(path)
    }

    fn enter(&mut self, path: Vec<u8>) -> Result<(), Problem> {
        if self.here.len() == MAX_DEPTH {
            return Err("enters too many directories");
        }
        self.here.push(path);
        Ok(())
    }
}

fn kind(word: &[u8]) -> Option<Kind> {
    word.strip_prefix(b"type=").map(Kind::of)
}

/// Reads a digest of the content, if the word is one that can be compared.
fn content(word: &[u8]) -> Result<Option<Digest>, Problem> {
    let digits = word.strip_prefix(b"sha256digest=").or_else(|| word.strip_prefix(b"sha256="));
    digits.map(|digits| hex(digits).ok_or("has a SHA-256 that is none")).transpose()
}

/// As much as a line may have.
const MAX_WHOLE: usize = 256 * 1024;

/// A path of 4096 bytes has no more names.
const MAX_DEPTH: usize = 2048;
