//! What `sha256sum` and `b3sum` write.

use std::io::BufRead;

use super::Building;
use super::lines::{Lines, Problem};
use super::names::{Root, hex, unescape};
use crate::{Algorithm, Digest, Error};

pub(super) fn read(
    lines: &mut Lines<impl BufRead>,
    algorithm: Algorithm,
    root: &Root<'_>,
    list: &mut Building,
) -> Result<(), Error> {
    lines.each(|line| {
        // As coreutils do: a comment, and the end of a line from another system.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let (is_escaped, line) =
            line.strip_prefix(b"\\").map_or((false, line), |line| (true, line));
        let (name, digest) = tagged(line, algorithm)?.or_else(|| plain(line)).ok_or(NEITHER)?;
        let name = if is_escaped { unescape(name)? } else { name.to_vec() };
        if name.is_empty() {
            return Err(NEITHER);
        }
        list.push(root.resolve(&name)?, Some(digest))
    })
}

/// Reads `DIGEST  NAME`, with a star before the name where the file was read as binary.
fn plain(line: &[u8]) -> Option<(&[u8], Digest)> {
    let (digits, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    Some((name, hex(digits)?))
}

/// Reads `SHA256 (NAME) = DIGEST`.
fn tagged(line: &[u8], algorithm: Algorithm) -> Result<Option<(&[u8], Digest)>, Problem> {
    let Some((name, digits)) = line.len().checked_sub(64).map(|digest| line.split_at(digest))
    else {
        return Ok(None);
    };
    let Some(name) = name.strip_suffix(b") = ") else {
        return Ok(None);
    };
    let tag: &[u8] = match algorithm {
        Algorithm::Sha256 => b"SHA256 (",
        Algorithm::Blake3 => b"BLAKE3 (",
    };
    let name = name.strip_prefix(tag).ok_or("has a digest of another algorithm")?;
    Ok(hex(digits).map(|digest| (name, digest)))
}

const NEITHER: Problem = "is not a digest and a name";
