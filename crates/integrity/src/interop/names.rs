//! Names in lists: where they lie, and how what is not plain is spelled.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::lines::Problem;
use crate::{Digest, Error};

/// The directory that the names of a list lie below.
#[derive(Debug)]
pub(super) struct Root<'r>(&'r Path);

impl<'r> Root<'r> {
    pub(super) fn new(root: &'r Path) -> Result<Self, Error> {
        let is_plain = root.components().all(|part| part != Component::ParentDir);
        if root.is_absolute() && is_plain { Ok(Self(root)) } else { Err(Error::Root(root.into())) }
    }

    /// Returns the path of a name.
    pub(super) fn resolve(&self, name: &[u8]) -> Result<PathBuf, Problem> {
        if name.contains(&0) {
            return Err("has a zero byte in a name");
        }
        let name = Path::new(OsStr::from_bytes(name));
        if name.components().any(|part| part == Component::ParentDir) {
            return Err("has .. in a name");
        }
        let path: PathBuf = self.0.join(name).components().collect();
        if path.starts_with(self.0) { Ok(path) } else { Err("names what is not below the root") }
    }
}

/// Reads a digest of 64 hexadecimal digits, large or small.
pub(super) fn hex(text: &[u8]) -> Option<Digest> {
    str::from_utf8(text).ok()?.to_ascii_lowercase().parse().ok()
}

/// Reads what coreutils escape: `\\`, `\n` and `\r`.
pub(super) fn unescape(name: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut bytes = name.iter();
    let mut plain = Vec::with_capacity(name.len());
    while let Some(&byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'\\') => b'\\',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                _ => return Err("has an escape that is none"),
            },
            byte => byte,
        });
    }
    Ok(plain)
}

/// Reads what vis(3) writes, in all its styles but that of web addresses.
pub(super) fn unvis(name: &[u8]) -> Result<Vec<u8>, Problem> {
    const NONE: Problem = "has an escape that is none";
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        let (&kind, after) = rest.split_first().ok_or(NONE)?;
        rest = after;
        plain.push(match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 0x08,
            b'a' => 0x07,
            b'v' => 0x0b,
            b'f' => 0x0c,
            b's' => b' ',
            b'E' => 0x1b,
            // An end of the name that is not one, for whoever reads it.
            b'$' => continue,
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7'));
                let digits = more.clone().fold(u32::from(kind - b'0'), |value, &digit| {
                    value * 8 + u32::from(digit - b'0')
                });
                rest = &rest[more.count()..];
                u8::try_from(digits).map_err(|_| NONE)?
            }
            b'x' => {
                let (digits, after) = rest.split_at_checked(2).ok_or(NONE)?;
                rest = after;
                pair(digits).ok_or(NONE)?
            }
            b'^' => {
                let (&letter, after) = rest.split_first().ok_or(NONE)?;
                rest = after;
                control(letter)
            }
            b'M' => {
                let (form, after) = rest.split_at_checked(2).ok_or(NONE)?;
                rest = after;
                match form[0] {
                    b'-' => form[1] | 0x80,
                    b'^' => control(form[1]) | 0x80,
                    _ => return Err(NONE),
                }
            }
            // vis(3) puts a backslash before what a shell or a comment would take.
            other if other.is_ascii_graphic() => other,
            _ => return Err(NONE),
        });
    }
    Ok(plain)
}

/// Writes a name as mtree reads it: what is not plain as `\` and three octal digits.
pub(super) fn vis(name: &[u8]) -> String {
    name.iter().fold(String::with_capacity(name.len()), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"._-+,:@%/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\{byte:03o}");
        }
        text
    })
}

/// Reads `%XX` as AIDE writes it.
pub(super) fn unpercent(name: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = rest.split_at_checked(2).ok_or("has an escape that is none")?;
            rest = after;
            plain.push(pair(digits).ok_or("has an escape that is none")?);
        } else {
            plain.push(byte);
        }
    }
    Ok(plain)
}

/// Reads the 44 letters of a digest in base64 (RFC 4648, section 4).
pub(super) fn base64(text: &[u8]) -> Option<Digest> {
    let letters = text.strip_suffix(b"=").filter(|letters| letters.len() == 43)?;
    let mut bytes = Vec::with_capacity(33);
    for group in letters.chunks(4) {
        let mut bits: u32 = 0;
        for &letter in group {
            bits = bits << 6 | u32::from(sextet(letter)?);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    let (digest, rest) = bytes.split_first_chunk::<32>()?;
    (rest == [0]).then(|| Digest::from_bytes(*digest))
}

const fn sextet(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn pair(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*digits.first()?)? * 16 + digit(*digits.get(1)?)?).ok()
}

const fn control(letter: u8) -> u8 {
    if letter == b'?' { 0x7f } else { letter & 0x1f }
}
