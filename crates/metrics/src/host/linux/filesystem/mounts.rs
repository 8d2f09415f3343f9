//! The table of mounts.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::host::linux::parse::{lines, words};

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) device: String,
    pub(super) path: PathBuf,
    /// The path as a label: bytes that are no text are replaced.
    pub(super) point: String,
    pub(super) kind: String,
    pub(super) is_readonly: bool,
}

/// Reads the table. Lines that are none are left out.
pub(super) fn parse(text: &[u8]) -> Vec<Mount> {
    let line = |line| {
        let mut words = words(line);
        let device = lossy(&unescape(words.next()?));
        let path = unescape(words.next()?);
        let kind = lossy(words.next()?);
        let options = words.next().unwrap_or_default();
        let point = lossy(&path);
        let path = PathBuf::from(OsString::from_vec(path));
        let is_readonly = options.split(|byte| *byte == b',').any(|option| option == b"ro");
        path.is_absolute().then_some(Mount { device, path, point, kind, is_readonly })
    };
    lines(text).filter_map(line).take(MOST_MOUNTS).collect()
}

/// Leaves of each mount point only what was mounted last: the rest cannot be asked, and a series is told once.
pub(super) fn drop_hidden(mounts: &mut Vec<Mount>) {
    let last: HashMap<String, usize> =
        mounts.iter().enumerate().map(|(at, mount)| (mount.point.clone(), at)).collect();
    let mut at = 0;
    mounts.retain(|mount| {
        at += 1;
        last.get(&mount.point) == Some(&(at - 1))
    });
}

/// Returns where a path of the host is seen below `root`.
pub(super) fn below(root: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix("/") {
        Ok(rest) if !rest.as_os_str().is_empty() => root.join(rest),
        _ => root.to_owned(),
    }
}

/// Spaces, tabs, line ends and backslashes are written as `\040` and so on.
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = |digit: u8| (b'0'..=b'7').contains(&digit).then(|| u16::from(digit - b'0'));
        let escaped = match *after {
            [a, b, c, ..] if byte == b'\\' => octal(a)
                .zip(octal(b))
                .zip(octal(c))
                .and_then(|((a, b), c)| u8::try_from(a * 64 + b * 8 + c).ok()),
            _ => None,
        };
        out.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    out
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A host with more has no use for a list of them.
const MOST_MOUNTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_is_written() {
        let mounts = parse(
            b"/dev/sda1 / ext4 rw,relatime 0 0\n\
              //nas/my\\040films /mnt/my\\040films cifs ro,x 0 0\n\
              broken\n\
              none relative tmpfs rw 0 0\n\
              a\\134b /x\\011y\\012z\\9 tmpfs rw,rox 0 0\n",
        );
        let found: Vec<_> = mounts
            .iter()
            .map(|m| (m.device.as_str(), m.point.as_str(), m.kind.as_str(), m.is_readonly))
            .collect();
        assert_eq!(
            found,
            [
                ("/dev/sda1", "/", "ext4", false),
                ("//nas/my films", "/mnt/my films", "cifs", true),
                ("a\\b", "/x\ty\nz\\9", "tmpfs", false),
            ]
        );
    }

    #[test]
    fn of_mounts_on_one_point_the_last_is_seen() {
        let mut mounts = parse(b"a /x ext4 rw\nb /y ext4 rw\nc /x tmpfs rw\n");
        drop_hidden(&mut mounts);
        let devices: Vec<_> = mounts.iter().map(|mount| mount.device.as_str()).collect();
        assert_eq!(devices, ["b", "c"]);
    }

    #[test]
    fn escapes_that_are_none_stay() {
        for (word, expected) in [
            (&b"\\04"[..], &b"\\04"[..]),
            (b"\\777", b"\\777"),
            (b"\\040", b" "),
            (b"\\", b"\\"),
            (b"\\\\040", b"\\ "),
        ] {
            assert_eq!(unescape(word), expected);
        }
    }

    #[test]
    fn the_root_is_put_before_paths() {
        for (root, path, expected) in [
            ("/", "/", "/"),
            ("/", "/a", "/a"),
            ("/host", "/", "/host"),
            ("/host", "/a/b", "/host/a/b"),
        ] {
            assert_eq!(below(Path::new(root), Path::new(path)), Path::new(expected));
        }
    }
}
