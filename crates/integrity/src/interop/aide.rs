//! Databases of AIDE.

use std::io::BufRead;

use super::Building;
use super::lines::{Lines, Problem};
use super::names::{Root, base64, unpercent};
use crate::{Digest, Error};

/// Reads a database, which is compressed where it begins as such files do.
pub(super) fn read(
    mut reader: impl BufRead,
    root: &Root<'_>,
    list: &mut Building,
) -> Result<(), Error> {
    let start = reader.fill_buf().map_err(|source| Error::ReadList(std::sync::Arc::new(source)))?;
    if !start.starts_with(GZIP) {
        return read_text(&mut Lines::new(reader), root, list);
    }
    #[cfg(feature = "gzip")]
    {
        let unpacked = flate2::bufread::MultiGzDecoder::new(reader);
        read_text(&mut Lines::new(std::io::BufReader::new(unpacked)), root, list)
    }
    #[cfg(not(feature = "gzip"))]
    Err(Error::List { line: 1, reason: "is compressed: unpack it with zcat first" })
}

fn read_text(
    lines: &mut Lines<impl BufRead>,
    root: &Root<'_>,
    list: &mut Building,
) -> Result<(), Error> {
    let mut columns = None;
    let mut ended = false;
    lines.each(|line| {
        if let Some(spec) = line.strip_prefix(b"@@db_spec ") {
            columns = Some(Columns::new(spec)?);
            return Ok(());
        }
        if line == b"@@end_db" {
            ended = true;
            return Ok(());
        }
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"@@") {
            return Ok(());
        }
        let columns = columns.as_ref().ok_or("comes before @@db_spec")?;
        let (name, digest) = columns.row(line)?;
        let name = unpercent(name)?;
        if !name.starts_with(b"/") {
            return Err("has no absolute path");
        }
        list.push(root.resolve(&name)?, digest)
    })?;
    // What is cut off would else be missed in silence.
    if ended { Ok(()) } else { Err(lines.at_fault("is the last one, and there is no @@end_db")) }
}

/// Where the fields of a row are.
struct Columns {
    count: usize,
    name: usize,
    digest: usize,
}

impl Columns {
    fn new(spec: &[u8]) -> Result<Self, Problem> {
        let place = |wanted: &[u8]| fields(spec).position(|field| field == wanted);
        Ok(Self {
            count: fields(spec).count(),
            name: place(b"name").ok_or("has no column name")?,
            digest: place(b"sha256").ok_or("has no column sha256: nothing can be compared")?,
        })
    }

    fn row<'l>(&self, line: &'l [u8]) -> Result<(&'l [u8], Option<Digest>), Problem> {
        let other = "has not as many fields as @@db_spec";
        if fields(line).count() != self.count {
            return Err(other);
        }
        let name = fields(line).nth(self.name).ok_or(other)?;
        let digest = match fields(line).nth(self.digest).ok_or(other)? {
            b"0" => None,
            text => Some(base64(text).ok_or("has a SHA-256 that is none")?),
        };
        Ok((name, digest))
    }
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}

const GZIP: &[u8] = &[0x1f, 0x8b];
