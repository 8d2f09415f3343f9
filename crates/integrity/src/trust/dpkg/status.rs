//! The list of packages.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use crate::trust::{Phase, record};

/// What the list says of a package.
#[derive(Debug)]
pub(super) struct Paragraph {
    pub(super) version: String,
    pub(super) is_installed: bool,
    pub(super) phase: Phase,
    pub(super) conffiles: Vec<(PathBuf, [u8; 16])>,
}

/// Adds the paragraphs of a list to others, by the names that the files of packages have. Later ones count.
pub(super) fn parse(text: &[u8], paragraphs: &mut BTreeMap<String, Paragraph>) {
    let mut lines = text.split(|&byte| byte == b'\n').peekable();
    while lines.peek().is_some() {
        let lines = lines.by_ref().take_while(|line| !line.is_empty());
        if let Some((name, paragraph)) = one(lines) {
            paragraphs.insert(name, paragraph);
        }
    }
}

fn one<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<(String, Paragraph)> {
    let (mut name, mut architecture, mut version, mut state) = (None, None, None, None);
    let (mut is_same, mut conffiles, mut in_conffiles) = (false, Vec::new(), false);
    for line in lines {
        if line.starts_with(b" ") {
            if in_conffiles {
                conffiles.extend(conffile(line));
            }
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (field, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        in_conffiles = field.eq_ignore_ascii_case(b"Conffiles");
        let text = || std::str::from_utf8(value).ok().map(str::to_owned);
        match field {
            b"Package" => name = text(),
            b"Architecture" => architecture = text(),
            b"Version" => version = text(),
            b"Status" => state = text(),
            b"Multi-Arch" => is_same = value == b"same",
            _ => {}
        }
    }
    let (name, state) = (name?, state?);
    // It becomes the name of a file.
    if name.is_empty() || name.contains('/') {
        return None;
    }
    let name = match architecture {
        Some(architecture) if is_same && !architecture.contains('/') => {
            format!("{name}:{architecture}")
        }
        _ => name,
    };
    let state = state.split(' ').next_back().unwrap_or_default();
    let is_installed = !matches!(state, "not-installed" | "config-files");
    // What waits for another package's trigger has its own files in place.
    let is_complete = matches!(state, "installed" | "triggers-awaited" | "triggers-pending");
    let phase = if is_complete || !is_installed { Phase::Complete } else { Phase::Partial };
    let version = version.unwrap_or_default();
    Some((name, Paragraph { version, is_installed, phase, conffiles }))
}

/// ` /etc/app.conf 0123456789abcdef0123456789abcdef`, and then maybe words. The path may have blanks of its own.
fn conffile(line: &[u8]) -> Option<(PathBuf, [u8; 16])> {
    let line = line.trim_ascii();
    let blanks = (0..line.len()).filter(|&at| line[at] == b' ');
    let digest = |blank: usize| {
        let word = line[blank + 1..].split(|&byte| byte == b' ').next()?;
        Some((PathBuf::from(OsStr::from_bytes(&line[..blank])), record::hex(word)?))
    };
    blanks.take(MOST_BLANKS).find_map(digest)
}

/// So that a line of nothing but blanks costs nothing.
const MOST_BLANKS: usize = 256;
