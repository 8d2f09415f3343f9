//! What files held when they were backed up, told apart from the repository.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::source::FileTime;

/// What files held when they were backed up: a hash of each, taken while it was read.
///
/// A repository proves its own blobs; this proves that they are what was in the files. It is written as text, one file
/// a line: the BLAKE3 hash, the size, the time of the last change and the path, in which bytes that are no printable
/// ASCII and `%` are written as `%` and two digits. Behind the files stand the tables of databases that were copied: the
/// number of rows, the table, and the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<PathBuf, Sum>,
    rows: BTreeMap<(PathBuf, String), u64>,
}

/// What a file held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The BLAKE3 hash of its content.
    pub hash: [u8; 32],
    /// How many bytes it had.
    pub size: u64,
    /// When it was last changed.
    pub modified: FileTime,
}

/// A text that is no manifest, or a file of one that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A line that does not say what a line has to say.
    #[error("line {line}: {reason}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// Reading or writing failed.
    #[error("cannot read or write the manifest")]
    Io(#[from] io::Error),
}

impl Manifest {
    /// Adds what a file held; what was known of it before is replaced.
    pub fn insert(&mut self, path: impl Into<PathBuf>, sum: Sum) {
        self.files.insert(path.into(), sum);
    }

    /// What a file held.
    #[must_use]
    pub fn sum(&self, path: &Path) -> Option<&Sum> {
        self.files.get(path)
    }

    /// All files, by their paths.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &Sum)> {
        self.files.iter().map(|(path, sum)| (path.as_path(), sum))
    }

    /// Adds how many rows a table of a database had.
    pub fn insert_rows(
        &mut self,
        database: impl Into<PathBuf>,
        table: impl Into<String>,
        rows: u64,
    ) {
        self.rows.insert((database.into(), table.into()), rows);
    }

    /// The tables of a database, and how many rows they had.
    pub fn rows<'m>(&'m self, database: &'m Path) -> impl Iterator<Item = (&'m str, u64)> {
        let of_it = self.rows.iter().filter(move |((path, _), _)| path == database);
        of_it.map(|((_, table), rows)| (table.as_str(), *rows))
    }

    /// How many files it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.rows.is_empty()
    }

    /// Writes it as text.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn write(&self, mut out: impl Write) -> Result<(), ManifestError> {
        writeln!(out, "{HEAD}{}", self.files.len())?;
        for (path, sum) in &self.files {
            let hash = blake3::Hash::from_bytes(sum.hash).to_hex();
            let FileTime { seconds, nanos } = sum.modified;
            write!(out, "{hash} {} {seconds}.{nanos:09} ", sum.size)?;
            write_escaped(&mut out, path.as_os_str().as_bytes())?;
            out.write_all(b"\n")?;
        }
        writeln!(out, "{ROWS}{}", self.rows.len())?;
        for ((path, table), rows) in &self.rows {
            write!(out, "{rows} ")?;
            write_escaped(&mut out, table.as_bytes())?;
            out.write_all(b" ")?;
            write_escaped(&mut out, path.as_os_str().as_bytes())?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads what [`write`](Self::write) wrote. A text that is cut off is refused.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Line`] with the first line that is wrong.
    pub fn read(mut from: impl BufRead) -> Result<Self, ManifestError> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let count = line.strip_prefix(HEAD).and_then(|count| count.trim_end().parse().ok());
        let count: usize =
            count.ok_or(ManifestError::Line { line: 1, reason: "not the head of a manifest" })?;
        let mut manifest = Self::default();
        for number in 1..=count {
            line.clear();
            from.read_line(&mut line)?;
            let (path, sum) =
                parse(&line).map_err(|reason| ManifestError::Line { line: number + 1, reason })?;
            manifest.files.insert(path, sum);
        }
        manifest.read_rows(from, count + 2)?;
        Ok(manifest)
    }

    fn read_rows(&mut self, mut from: impl BufRead, first: usize) -> Result<(), ManifestError> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let count = line.strip_prefix(ROWS).and_then(|count| count.strip_suffix('\n'));
        let count = count.and_then(|count| count.parse().ok());
        let reason = "not the head of the tables";
        let count: usize = count.ok_or(ManifestError::Line { line: first, reason })?;
        for number in 1..=count {
            line.clear();
            from.read_line(&mut line)?;
            let (path, table, rows) = parse_rows(&line)
                .map_err(|reason| ManifestError::Line { line: first + number, reason })?;
            self.rows.insert((path, table), rows);
        }
        Ok(())
    }
}

fn write_escaped(mut out: impl Write, text: &[u8]) -> io::Result<()> {
    for byte in text {
        match byte {
            b'!'..=b'$' | b'&'..=b'~' => out.write_all(&[*byte])?,
            _ => write!(out, "%{byte:02x}")?,
        }
    }
    Ok(())
}

fn parse_rows(line: &str) -> Result<(PathBuf, String, u64), &'static str> {
    let line = line.strip_suffix('\n').ok_or("it is cut off")?;
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().ok_or("three words are needed");
    let rows = word()?.parse().map_err(|_| "the first word is no number")?;
    let table =
        unescape(word()?.as_bytes()).and_then(|name| name.into_os_string().into_string().ok());
    let table = table.ok_or("the table is not written as it should be")?;
    let path = unescape(word()?.as_bytes()).ok_or("the path is not written as it should be")?;
    Ok((path, table, rows))
}

fn parse(line: &str) -> Result<(PathBuf, Sum), &'static str> {
    let line = line.strip_suffix('\n').ok_or("it is cut off")?;
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().ok_or("four words are needed");
    let hash = blake3::Hash::from_hex(word()?).map_err(|_| "the first word is no hash")?;
    let size = word()?.parse().map_err(|_| "the second word is no size")?;
    let (seconds, nanos) = word()?.split_once('.').ok_or(NO_TIME)?;
    let seconds = seconds.parse().map_err(|_| NO_TIME)?;
    let nanos = nanos.parse().ok().filter(|nanos| *nanos < 1_000_000_000).ok_or(NO_TIME)?;
    let path = unescape(word()?.as_bytes()).ok_or("the path is not written as it should be")?;
    let modified = FileTime { seconds, nanos };
    Ok((path, Sum { hash: *hash.as_bytes(), size, modified }))
}

fn unescape(mut text: &[u8]) -> Option<PathBuf> {
    let mut path = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        text = rest;
        if *first == b'%' {
            let (digits, rest) = text.split_at_checked(2)?;
            let digits = str::from_utf8(digits).ok()?;
            path.push(u8::from_str_radix(digits, 16).ok()?);
            text = rest;
        } else {
            path.push(*first);
        }
    }
    (!path.is_empty()).then(|| PathBuf::from(OsString::from_vec(path)))
}

const HEAD: &str = "wardkit-manifest 1 ";
const ROWS: &str = "rows ";
const NO_TIME: &str = "the third word is no time";
