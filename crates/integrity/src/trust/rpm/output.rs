//! What `rpm` prints when it is asked in the [`FORMAT`] of this module.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use crate::Digest;
use crate::trust::{Claim, record};

/// Every text is in quotes, and a quote in it is spelled out: none can pass for another line.
pub(super) const FORMAT: &str = "P %{NAME:shescape} %{VERSION:shescape} %{RELEASE:shescape} \
    %{ARCH:shescape} %{EPOCHNUM} %{INSTALLTIME} %{INSTALLTID} %{DBINSTANCE}\\n\
    [F %{=FILEDIGESTALGO} %{FILEFLAGS} %{FILESTATES} %{FILEDIGESTS} %{FILENAMES:shescape}\\n]";

/// One package, as often as it is installed.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) version: String,
    /// Other whenever it was installed.
    pub(super) stamp: Vec<u8>,
    /// When that was.
    pub(super) time: i64,
    pub(super) files: Vec<(PathBuf, Claim)>,
}

/// A file, where it is the package's, and what follows it.
type File<'a> = (Option<(PathBuf, Claim)>, &'a [u8]);

/// Reads the whole output; `None` when any of it is in another form.
pub(super) fn parse(mut text: &[u8]) -> Option<Vec<Record>> {
    let mut records: Vec<Record> = Vec::new();
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix(b"P ") {
            let (record, rest) = package(rest)?;
            records.push(record);
            text = rest;
        } else {
            let (file, rest) = file(text.strip_prefix(b"F ")?)?;
            records.last_mut()?.files.extend(file);
            text = rest;
        }
    }
    Some(records)
}

fn package(text: &[u8]) -> Option<(Record, &[u8])> {
    let mut rest = text;
    let mut names = [const { String::new() }; 4];
    for name in &mut names {
        let (bytes, after) = quoted(rest)?;
        *name = String::from_utf8(bytes).ok()?;
        rest = after.strip_prefix(b" ")?;
    }
    let [name, version, release, arch] = names;
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let (numbers, rest) = (std::str::from_utf8(&rest[..end]).ok()?, &rest[end + 1..]);
    let mut words = numbers.split(' ');
    let (epoch, time) = (words.next()?, words.next()?);
    let version = match epoch {
        "0" => format!("{version}-{release}.{arch}"),
        epoch => format!("{epoch}:{version}-{release}.{arch}"),
    };
    let stamp = format!("{version} {numbers}").into_bytes();
    // What the installer of a system made by hand may lack one.
    let time = time.parse().unwrap_or_default();
    Some((Record { name, version, stamp, time, files: Vec::new() }, rest))
}

fn file(text: &[u8]) -> Option<File<'_>> {
    let mut words = [&[][..]; 4];
    let mut rest = text;
    for word in &mut words {
        let end = rest.iter().position(|&byte| byte == b' ')?;
        *word = &rest[..end];
        rest = &rest[end + 1..];
    }
    let (path, rest) = quoted(rest)?;
    let rest = rest.strip_prefix(b"\n")?;
    let [algorithm, flags, state, digest] = words;
    let flags: u64 = std::str::from_utf8(flags).ok()?.parse().ok()?;
    // Left out, replaced, or of the other architecture's package: the path is not this package's.
    let is_here = matches!(state, b"0" | b"(none)");
    if !is_here || !path.starts_with(b"/") || path.len() > LONGEST {
        return Some((None, rest));
    }
    let claim = match algorithm {
        _ if flags & GHOST != 0 => None,
        b"8" => record::hex(digest).map(|bytes| Claim::Sha256(Digest::from_bytes(bytes))),
        b"1" | b"(none)" => record::hex(digest).map(Claim::Md5),
        _ => None,
    };
    let path = PathBuf::from(OsString::from_vec(path));
    Some((Some((path, claim.unwrap_or(Claim::Listed))), rest))
}

/// Reads a text in quotes, where `'\''` stands for a quote, or the word for one that is missing.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"(none)") {
        return Some((b"(none)".to_vec(), rest));
    }
    let mut rest = text.strip_prefix(b"'")?;
    let mut out = Vec::new();
    loop {
        let end = rest.iter().position(|&byte| byte == b'\'')?;
        out.extend(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(b"\\''") {
            Some(after) => {
                out.push(b'\'');
                rest = after;
            }
            None => return Some((out, rest)),
        }
    }
}

/// The flag of a path whose content is no package's.
const GHOST: u64 = 1 << 6;
/// The longest path that the system takes.
const LONGEST: usize = 4096;
