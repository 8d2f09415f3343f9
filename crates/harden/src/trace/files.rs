//! Which files a call uses.

use super::line::{Words, descriptor_path, unquoted};
use super::{MOST_PLACES, MOST_PROCESSES, Reader};
use crate::{Access, Place};

/// Takes the files of a call that succeeded into the needs.
pub(super) fn take(reader: &mut Reader, process: u32, name: &str, words: &Words<'_>) {
    if ["chdir", "fchdir"].contains(&name) {
        return change_directory(reader, process, name, words);
    }
    if ["getdents", "getdents64"].contains(&name) {
        if let Some(path) = descriptor_path(words.argument(0)) {
            add(reader, &path, Access::LIST);
        }
        return;
    }
    for use_ in USES.iter().filter(|use_| use_.call == name) {
        let access = match use_.how {
            How::Open(flags) => opened(words.argument(flags)),
            How::Is(access) => access,
        };
        if access == Access::NOTHING {
            continue;
        }
        let directory = use_.directory.map(|index| words.argument(index));
        if let Some(path) = absolute(reader, process, directory, words.argument(use_.path)) {
            let path = without_own_number(&path, process);
            add(reader, &path, access);
        }
        // What is behind the links.
        if matches!(use_.how, How::Open(_))
            && let Some(path) = descriptor_path(words.result)
        {
            add(reader, &without_own_number(&path, process), access);
        }
    }
}

/// Adds a place to the needs.
pub(super) fn add(reader: &mut Reader, path: &str, access: Access) {
    // Pipes and such are no files.
    let path = path.split_once('<').map_or(path, |(path, _)| path);
    let Ok(place) = Place::new(path) else {
        reader.trace.skipped.odd_paths += 1;
        return;
    };
    let place = if access.write { stable(place) } else { place };
    let files = &mut reader.trace.needs.files;
    if files.len() >= MOST_PLACES && !files.contains_key(&place) {
        reader.trace.skipped.surplus += 1;
    } else {
        reader.trace.needs.use_file(place, access);
    }
}

fn change_directory(reader: &mut Reader, process: u32, name: &str, words: &Words<'_>) {
    let path = match name {
        "chdir" => absolute(reader, process, None, words.argument(0)),
        _ => descriptor_path(words.argument(0)),
    };
    match path {
        Some(path) if reader.directories.len() < MOST_PROCESSES && path.len() < LONGEST_PATH => {
            reader.directories.insert(process, path);
        }
        // Better unknown than wrong.
        _ => {
            reader.directories.remove(&process);
        }
    }
}

/// Returns the path that a word names, seen from a directory's descriptor or from where the process is.
fn absolute(
    reader: &mut Reader,
    process: u32,
    directory: Option<&str>,
    word: &str,
) -> Option<String> {
    let Some(path) = unquoted(word) else {
        reader.trace.skipped.odd_paths += u64::from(word != "NULL");
        return None;
    };
    if path.starts_with('/') {
        return Some(path);
    }
    let named = directory.and_then(descriptor_path);
    let is_here = directory.is_none_or(|word| word.starts_with("AT_FDCWD"));
    let known = named.or_else(|| reader.directories.get(&process).filter(|_| is_here).cloned());
    if known.is_none() {
        reader.trace.skipped.relative_paths += 1;
    }
    known.map(|directory| if path.is_empty() { directory } else { format!("{directory}/{path}") })
}

fn opened(flags: &str) -> Access {
    let has = |flag: &str| flags.contains(flag);
    if has("O_PATH") {
        Access::NOTHING
    } else if ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].into_iter().any(has) {
        Access::WRITE
    } else if has("O_DIRECTORY") {
        Access::LIST
    } else {
        Access::READ
    }
}

/// Its own entry below `/proc` has another number in the next run.
fn without_own_number(path: &str, process: u32) -> String {
    let own = format!("/proc/{process}/");
    path.strip_prefix(&own).map_or_else(|| path.to_owned(), |rest| format!("/proc/self/{rest}"))
}

/// What is written there has another name in the next run.
fn stable(place: Place) -> Place {
    let named =
        TEMPORARY.into_iter().find(|directory| place.is_below(directory)).map(str::to_owned);
    let cache = || place.parent().ends_with("/__pycache__").then(|| place.parent().to_owned());
    match named.or_else(cache).map(|directory| Place::new(&directory)) {
        Some(Ok(directory)) => directory.tree(),
        _ => place,
    }
}

/// `PATH_MAX` of Linux: nobody is in a directory of a longer name.
const LONGEST_PATH: usize = 4096;

const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// A file that a call uses.
struct Use {
    call: &'static str,
    /// The argument with the descriptor that the path is seen from.
    directory: Option<usize>,
    path: usize,
    how: How,
}

enum How {
    /// As the flags in this argument say.
    Open(usize),
    Is(Access),
}

const fn plain(call: &'static str, path: usize, access: Access) -> Use {
    Use { call, directory: None, path, how: How::Is(access) }
}

const fn at(call: &'static str, directory: usize, access: Access) -> Use {
    Use { call, directory: Some(directory), path: directory + 1, how: How::Is(access) }
}

const MADE: Access = Access { list: true, ..Access::WRITE };

const USES: [Use; 44] = [
    Use { call: "open", directory: None, path: 0, how: How::Open(1) },
    Use { call: "openat", directory: Some(0), path: 1, how: How::Open(2) },
    Use { call: "openat2", directory: Some(0), path: 1, how: How::Open(2) },
    plain("creat", 0, Access::WRITE),
    plain("execve", 0, Access::EXECUTE),
    at("execveat", 0, Access::EXECUTE),
    plain("mkdir", 0, MADE),
    at("mkdirat", 0, MADE),
    plain("rmdir", 0, MADE),
    plain("unlink", 0, Access::WRITE),
    at("unlinkat", 0, MADE),
    plain("rename", 0, Access::WRITE),
    plain("rename", 1, Access::WRITE),
    at("renameat", 0, Access::WRITE),
    at("renameat", 2, Access::WRITE),
    at("renameat2", 0, Access::WRITE),
    at("renameat2", 2, Access::WRITE),
    plain("link", 0, Access::READ),
    plain("link", 1, Access::WRITE),
    at("linkat", 0, Access::READ),
    at("linkat", 2, Access::WRITE),
    plain("symlink", 1, Access::WRITE),
    at("symlinkat", 1, Access::WRITE),
    plain("truncate", 0, Access::WRITE),
    plain("chmod", 0, Access::WRITE),
    at("fchmodat", 0, Access::WRITE),
    at("fchmodat2", 0, Access::WRITE),
    plain("chown", 0, Access::WRITE),
    plain("lchown", 0, Access::WRITE),
    at("fchownat", 0, Access::WRITE),
    plain("utime", 0, Access::WRITE),
    plain("utimes", 0, Access::WRITE),
    at("futimesat", 0, Access::WRITE),
    at("utimensat", 0, Access::WRITE),
    plain("mknod", 0, Access::WRITE),
    at("mknodat", 0, Access::WRITE),
    plain("setxattr", 0, Access::WRITE),
    plain("lsetxattr", 0, Access::WRITE),
    plain("removexattr", 0, Access::WRITE),
    plain("readlink", 0, Access::READ),
    at("readlinkat", 0, Access::READ),
    plain("inotify_add_watch", 1, Access::READ),
    plain("swapon", 0, Access::WRITE),
    plain("chroot", 0, Access::LIST),
];
