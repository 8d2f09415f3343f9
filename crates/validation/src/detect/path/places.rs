//! Places that no user has to name: the system's own, and those where programs keep secrets.

use super::names::Lower;
use super::rules;
use crate::detect::Rule;

/// Judges a word that is a text of its own, or the value of something.
pub(super) fn judge(token: &[u8], report: &mut impl FnMut(&'static Rule)) {
    if let Some(rule) = prefix(token) {
        return report(rule);
    }
    let path = token.split(|byte| matches!(byte, b'?' | b'#' | 0)).next().unwrap_or_default();
    let has_query = path.len() < token.len() && token[path.len()] != 0;
    if is_secret(path) {
        return report(&rules::SECRET_FILE);
    }
    if is_backup(path) {
        return report(&rules::BACKUP);
    }
    if SYSTEM_TREES.iter().any(|tree| has_prefix(path, tree)) {
        return report(&rules::SYSTEM_FILE);
    }
    if path.first() != Some(&b'/') || has_query {
        return;
    }
    let mut components = components(path);
    let (Some(first), second) = (components.next(), components.next()) else { return };
    let system = Lower::new(first).is_system_root();
    match second {
        Some(second) if system && second.iter().all(|byte| is_name(*byte)) => {
            report(&rules::SYSTEM_FILE);
        }
        None if system => report(&rules::ABSOLUTE),
        Some(second) if is_worded(first) && second.iter().all(|byte| is_name(*byte)) => {
            report(&rules::ABSOLUTE);
        }
        None if is_worded(first)
            && (is_file_name(first) || (first[0] == b'.' && first.len() > 3)) =>
        {
            report(&rules::ABSOLUTE);
        }
        _ => {}
    }
}

/// Judges a word amid others: people talk about `/etc`, and send links.
pub(super) fn judge_in_prose(token: &[u8], report: &mut impl FnMut(&'static Rule)) {
    let first = components(token).next().unwrap_or_default();
    if token.first() == Some(&b'/')
        && components(token).count() > 1
        && Lower::new(first).is_system_root()
    {
        report(&rules::SYSTEM_FILE_IN_PROSE);
    } else if is_wrapper(token) {
        report(&rules::WRAPPER);
    } else if is_secret(token) {
        report(&rules::SECRET_FILE_IN_PROSE);
    }
}

/// Tells whether what follows a climb is something worth climbing for.
pub(super) fn is_target(path: &[u8]) -> bool {
    let path = &path[..path.len().min(TARGET)];
    let end = path
        .iter()
        .position(|byte| *byte <= b' ' || matches!(byte, b'"' | b'\'' | b'<'))
        .unwrap_or(path.len());
    let path = &path[..end];
    let Some(first) = components(path).next() else { return false };
    let second = components(path).nth(1).is_some();
    (second && Lower::new(first).is_target()) || is_secret(path)
}

fn prefix(token: &[u8]) -> Option<&'static Rule> {
    match *token {
        [drive, b':', b'/' | b'\\', next, ..] if drive.is_ascii_alphabetic() && next != b')' => {
            Some(&rules::DRIVE)
        }
        [b'\\', b'\\', host, ref rest @ ..] if is_host(host) && rest.contains(&b'\\') => {
            Some(&rules::NETWORK_SHARE)
        }
        [b'~', b'r', b'o', b'o', b't'] | [b'~', b'/', b'.', ..] => Some(&rules::SECRET_FILE),
        [b'~', ref rest @ ..] if has_prefix(rest, b"root/") => Some(&rules::SECRET_FILE),
        _ if has_prefix(token, b"file:/") || has_prefix(token, b"file:\\") => {
            Some(&rules::FILE_URL)
        }
        _ if is_wrapper(token) => Some(&rules::WRAPPER),
        _ if ENVIRONMENT.iter().any(|name| has_prefix(token, name)) => Some(&rules::SYSTEM_FILE),
        _ => None,
    }
}

fn is_wrapper(token: &[u8]) -> bool {
    WRAPPERS.iter().any(|scheme| has_prefix(token, scheme))
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'?' | b'.')
}

/// Splits a path, empty components and `.` left out.
fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .filter(|component| !matches!(*component, b"" | b"."))
}

fn is_secret(path: &[u8]) -> bool {
    let mut before: &[u8] = b"";
    for component in components(path) {
        let name = component
            .split(|byte| matches!(byte, 0 | b';' | b'%' | b':'))
            .next()
            .unwrap_or_default();
        if Lower::new(name).is_secret_file() || has_prefix(name, b".env.") || is_settings(name) {
            return true;
        }
        if SECRET_PAIRS
            .iter()
            .any(|(parent, child)| before.eq_ignore_ascii_case(parent) && has_prefix(name, child))
        {
            return true;
        }
        before = component;
    }
    false
}

/// `.toolrc`, `.tool_history`, `.tool.yml`: what programs keep in a home or a project.
fn is_settings(name: &[u8]) -> bool {
    let Some(name) = name.strip_prefix(b".") else { return false };
    if name.len() < 4 || name.len() > FAR_ENOUGH {
        return false;
    }
    let stem = name.iter().take_while(|byte| is_name(**byte) && **byte != b'.').count();
    let (stem, rest) = name.split_at(stem);
    let tail = [&b"rc"[..], b"_history", b"_aliases", b"_profile", b"ignore", b"_rsa"];
    let kept = [
        &b".json"[..],
        b".yml",
        b".yaml",
        b".xml",
        b".ini",
        b".conf",
        b".cnf",
        b".cfg",
        b".lock",
        b".key",
        b".dist",
        b".toml",
    ];
    let first = stem.first().is_some_and(u8::is_ascii_lowercase);
    first
        && (rest.is_empty()
            && tail.iter().any(|tail| stem.len() > tail.len() && stem.ends_with(tail))
            || kept.contains(&rest))
}

/// Copies that editors and administrators leave behind: served as text, they show the source.
fn is_backup(path: &[u8]) -> bool {
    let name = components(path).last().unwrap_or_default();
    if name.len() > FAR_ENOUGH {
        return false;
    }
    if let Some(original) = name.strip_suffix(b"~") {
        return Lower::new(extension(original)).is_source_extension();
    }
    let copy = extension(name);
    if is_dump(&name[..name.len().saturating_sub(copy.len() + 1)], copy) {
        return true;
    }
    if matches!(copy, b"bak" | b"bkp" | b"swp" | b"swo") {
        return true;
    }
    if copy.is_empty() || !Lower::new(copy).is_copy_extension() {
        return false;
    }
    Lower::new(extension(&name[..name.len() - copy.len() - 1])).is_source_extension()
}

/// `backup.sql`, `db-dump.tar.gz`, `site_backup_2024.zip`: what an administrator packs before a change.
fn is_dump(stem: &[u8], extension: &[u8]) -> bool {
    Lower::new(extension).is_archive_extension()
        && stem
            .split(|byte| !byte.is_ascii_alphabetic())
            .any(|word| Lower::new(word).is_dump_name())
}

/// Returns what follows the last dot, if anything stands before it.
fn extension(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => b"",
    }
}

fn is_file_name(name: &[u8]) -> bool {
    name.iter().all(|byte| is_name(*byte))
        && extension(name).first().is_some_and(u8::is_ascii_alphabetic)
}

/// Tells whether a name with blanks ends with an extension of a file.
pub(super) fn ends_as_file(name: &[u8]) -> bool {
    let extension = extension(name);
    (2..=5).contains(&extension.len()) && extension.iter().all(u8::is_ascii_alphanumeric)
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'+' | b'%' | b'*' | b'$' | b';')
}

/// A fraction or a date is no path.
fn is_worded(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_alphabetic) && name.iter().all(|byte| is_name(*byte))
}

fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Files known by name and directory: the child's beginning counts.
const SECRET_PAIRS: &[(&[u8], &[u8])] = &[
    (b".git", b"config"),
    (b".git", b"head"),
    (b".git", b"index"),
    (b".git", b"logs"),
    (b".svn", b"entries"),
    (b".svn", b"wc.db"),
    (b".hg", b"hgrc"),
    (b".docker", b"config.json"),
    (b"actuator", b"env"),
    (b"actuator", b"heapdump"),
    (b"actuator", b"health"),
    (b".cargo", b"credentials"),
    (b".gem", b"credentials"),
    (b".m2", b"settings"),
    (b".composer", b"auth"),
    (b".ansible", b"vault"),
    (b".gradle", b"gradle.properties"),
    (b"etc", b"passwd"),
    (b"etc", b"shadow"),
    (b"etc", b"hosts"),
    (b"self", b"environ"),
    (b"self", b"cmdline"),
    (b"self", b"fd"),
    (b"serviceaccount", b"token"),
    (b"config", b"sam"),
    (b"system32", b"cmd.exe"),
    (b"system32", b"config"),
    (b"system32", b"drivers"),
];

/// Trees of a system that are named without the root: something joins a directory in front.
const SYSTEM_TREES: &[&[u8]] =
    &[b"etc/", b"proc/", b"var/log/", b"windows/system32/", b"windows\\system32\\"];

/// Streams that PHP and Java open where a path was expected.
const WRAPPERS: &[&[u8]] = &[
    b"php://",
    b"phar://",
    b"expect://",
    b"zip://",
    b"glob://",
    b"rar://",
    b"ogg://",
    b"ssh2.",
    b"compress.zlib://",
    b"compress.bzip2://",
    b"jar:file:",
    b"jar:http",
    b"netdoc:",
    b"zlib:",
    b"data://text",
    b"php:filter",
    b"resource://",
];

/// Variables that stand for the system's directories.
const ENVIRONMENT: &[&[u8]] = &[
    b"%systemroot%",
    b"%windir%",
    b"%systemdrive%",
    b"%programfiles%",
    b"%appdata%",
    b"%userprofile%",
    b"$home/",
    b"${home}/",
];

/// What is worth climbing for has a name of a few components, and every climb of a text is looked behind.
const TARGET: usize = 128;

/// A name further on does not matter, and a hostile text may be long.
const FAR_ENOUGH: usize = 512;
