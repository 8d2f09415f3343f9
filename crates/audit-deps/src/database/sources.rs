//! Where advisories come from: archives of OSV, folders of its JSON, and checkouts of `RustSec`.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::zip;
use crate::advisory::{osv, rustsec};
use crate::{Advisory, Ecosystem, Error};

/// What was read from a file.
pub(super) enum Known {
    /// What it says of packages.
    Of { modified: String, advisories: Vec<(Ecosystem, String, Advisory)> },
    /// It is no advisory.
    Nothing,
}

/// Gives everything that is known at a place to `take`.
pub(super) fn each(
    place: &Path,
    take: &mut dyn FnMut(Known) -> Result<(), Error>,
) -> Result<(), Error> {
    let unread = |source| Error::File { path: place.to_owned(), action: "read", source };
    if fs::metadata(place).map_err(unread)?.is_dir() {
        return folder(place, take);
    }
    if place.extension().is_some_and(|extension| extension != "zip") {
        return loose(place, place, take);
    }
    archive(place, take)
}

fn archive(place: &Path, take: &mut dyn FnMut(Known) -> Result<(), Error>) -> Result<(), Error> {
    let unread = |source| Error::File { path: place.to_owned(), action: "read", source };
    let file = File::open(place).map_err(unread)?;
    let mut failed = None;
    let walked = zip::each(&file, &mut |name, content| {
        let taken = known(place, name, content).and_then(&mut *take);
        taken.map_err(|error| {
            failed = Some(error);
            String::new()
        })
    });
    match (failed, walked) {
        (Some(error), _) => Err(error),
        (None, Err(reason)) => Err(Error::Archive { path: place.to_owned(), reason }),
        (None, Ok(())) => Ok(()),
    }
}

/// Walks a folder; no link in it is followed.
fn folder(root: &Path, take: &mut dyn FnMut(Known) -> Result<(), Error>) -> Result<(), Error> {
    let mut folders: Vec<(PathBuf, usize)> = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let unread = |source| Error::File { path: folder.clone(), action: "read", source };
        let mut entries: Vec<_> =
            fs::read_dir(&folder).map_err(unread)?.collect::<Result<_, _>>().map_err(unread)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type().map_err(unread)?);
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if kind.is_dir() && !is_hidden && depth < DEEPEST {
                folders.push((path, depth + 1));
            } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "zip")
            {
                archive(&path, take)?;
            } else if kind.is_file() {
                loose(root, &path, take)?;
            }
        }
    }
    Ok(())
}

fn loose(
    root: &Path,
    path: &Path,
    take: &mut dyn FnMut(Known) -> Result<(), Error>,
) -> Result<(), Error> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !matches!(extension, "json" | "md") {
        return Ok(());
    }
    let unread = |source| Error::File { path: path.to_owned(), action: "read", source };
    let mut content = Vec::new();
    let file = File::open(path).map_err(unread)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut content).map_err(unread)?;
    let inside = path.strip_prefix(root).ok().filter(|inside| !inside.as_os_str().is_empty());
    let name = inside.unwrap_or(path).display().to_string();
    if content.len() as u64 > LARGEST_FILE {
        let reason = format!("larger than {} MB", LARGEST_FILE >> 20);
        return Err(Error::Advisory { path: root.to_owned(), entry: name, reason });
    }
    take(known(root, &name, &content)?)
}

/// Reads one file. One that should be an advisory and is none ends an import: an index that lacks what nobody could read
/// would let it pass.
fn known(place: &Path, name: &str, content: &[u8]) -> Result<Known, Error> {
    let broken = |reason: String| {
        let (path, entry) = (place.to_owned(), name.to_owned());
        Error::Advisory { path, entry, reason }
    };
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    if extension == Some("json") {
        let entry: osv::Entry =
            serde_json::from_slice(content).map_err(|error| broken(error.to_string()))?;
        let modified = entry.modified.get(..10).unwrap_or_default().to_owned();
        return Ok(Known::Of { modified, advisories: entry.advisories() });
    }
    let Some(text) = std::str::from_utf8(content).ok().filter(|_| extension == Some("md")) else {
        return Ok(Known::Nothing);
    };
    // The standard library and its tools are in no lockfile.
    let is_of_tools = name.split('/').any(|part| part == "rust");
    let Some(read) = rustsec::read(text).filter(|_| !is_of_tools) else {
        return Ok(Known::Nothing);
    };
    let read = read.map_err(|error| broken(error.message().to_owned()))?;
    let advisories = read.advisory.into_iter();
    let advisories = advisories.map(|one| (Ecosystem::Cargo, read.package.clone(), one)).collect();
    Ok(Known::Of { modified: read.date, advisories })
}

const LARGEST_FILE: u64 = 32 << 20;

/// `RustSec`'s folders are three deep.
const DEEPEST: usize = 8;
