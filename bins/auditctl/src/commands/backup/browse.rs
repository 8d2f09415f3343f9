//! `auditctl backup ls` and `find`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{Index, Reader, Repository, Visit};
use wardkit_backup::format::{Id, Node, Snapshot};
use wardkit_backup::source::Excludes;
use wardkit_cli::{Format, Report, escaped};

use super::opened::Opener;
use super::take::path_document;
use super::watch::Watch;
use super::{INCOMPLETE, line, list, refused, select};
use crate::cli::backup::Selection;
use crate::commands::{could_not_run, note, print};

/// Lists the files of a snapshot, and ends with 3 where it has not all of the paths.
pub(super) fn ls(
    opener: &Opener<'_>,
    name: &str,
    paths: &[PathBuf],
    selection: &Selection,
) -> Result<ExitCode, Report> {
    if let Some(path) = paths.iter().find(|path| !path.is_absolute()) {
        return Err(could_not_run(format!("{} is not absolute", path.display())));
    }
    let repository = opener.reader()?;
    let found = repository.snapshots().map_err(refused)?;
    let filter = select::filter(selection);
    let snapshot = filter.find(&found.snapshots, name).map_err(select::unclear)?;
    let index = repository.load_index(&Watch::default()).map_err(refused)?;
    let mut out = Lines::new(opener.format());
    out.add(String::new, || snapshot_line(snapshot))?;
    let mut missing = Vec::new();
    for wanted in apart(paths) {
        let mut told = Ok(());
        let found = repository.list(&index, &snapshot.1.tree, wanted, &mut |at, node| {
            let at = path(at);
            told = out.add(|| escaped(&at.to_string_lossy()) + "\n", || node_line(at, node));
            if told.is_ok() { Visit::Enter } else { Visit::End }
        });
        let is_there = found.map_err(refused)?;
        told?;
        if !is_there {
            missing.push(path(wanted));
        }
    }
    let ended = out.end()?;
    for path in &missing {
        note(&format!("the snapshot has no {}", path.display()));
    }
    Ok(if missing.is_empty() { ended } else { ExitCode::from(INCOMPLETE) })
}

/// The paths of which none lies below another, so that nothing is told twice; without any, all there is.
fn apart(paths: &[PathBuf]) -> Vec<&[u8]> {
    if paths.is_empty() {
        return vec![b"/"];
    }
    let mut sorted: Vec<&PathBuf> = paths.iter().collect();
    sorted.sort();
    sorted.dedup_by(|below, above| below.starts_with(above));
    sorted.into_iter().map(|path| path.as_os_str().as_bytes()).collect()
}

/// Finds files in snapshots.
pub(super) fn find(
    opener: &Opener<'_>,
    patterns: &[String],
    names: &[String],
    ignore_case: bool,
    selection: &Selection,
) -> Result<ExitCode, Report> {
    let mut wanted = Excludes::default();
    for pattern in patterns {
        let pattern = pattern.as_bytes();
        let added = if ignore_case { wanted.add_any_case(pattern) } else { wanted.add(pattern) };
        added.map_err(could_not_run)?;
    }
    let repository = opener.reader()?;
    let found = repository.snapshots().map_err(refused)?;
    let filter = select::filter(selection);
    let chosen = filter.find_all(&found.snapshots, names).map_err(select::unclear)?;
    let index = repository.load_index(&Watch::default()).map_err(refused)?;
    let mut out = Lines::new(opener.format());
    for snapshot in chosen {
        find_in((&repository, &index), snapshot, &wanted, &mut out)?;
    }
    out.end()
}

fn find_in(
    (repository, index): (&Repository<Reader>, &Index),
    snapshot: &(Id, Snapshot),
    wanted: &Excludes,
    out: &mut Lines,
) -> Result<(), Report> {
    let (id, time) = (snapshot.0, snapshot.1.time.as_str());
    let mut told = Ok(());
    let walked = repository.walk(index, &snapshot.1.tree, &mut |at, node| {
        if wanted.matches(at) {
            let at = path(at);
            told = out.add(
                || format!("{}  {time}  {}\n", id.to_short(), escaped(&at.to_string_lossy())),
                || {
                    let mut document = node_document(at, node);
                    document["snapshot"] = id.to_string().into();
                    line(&document)
                },
            );
        }
        if told.is_ok() { Visit::Enter } else { Visit::End }
    });
    walked.map_err(refused)?;
    told
}

/// Lines of an answer that may be longer than memory.
pub(super) struct Lines {
    format: Format,
    text: String,
}

impl Lines {
    pub(super) const fn new(format: Format) -> Self {
        Self { format, text: String::new() }
    }

    pub(super) fn add(
        &mut self,
        text: impl FnOnce() -> String,
        document: impl FnOnce() -> Result<String, Report>,
    ) -> Result<(), Report> {
        self.text += &match self.format {
            Format::Text => text(),
            Format::Json => document()?,
        };
        if self.text.len() >= PRINTED_AT_ONCE {
            print(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<ExitCode, Report> {
        print(&self.text).map(|()| ExitCode::SUCCESS)
    }
}

pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn snapshot_line(snapshot: &(Id, Snapshot)) -> Result<String, Report> {
    let mut document = list::document(snapshot)?;
    document["struct_type"] = "snapshot".into();
    line(&document)
}

fn node_line(path: &Path, node: &Node) -> Result<String, Report> {
    line(&node_document(path, node))
}

/// An entry under the names that restic's lists have.
fn node_document(path: &Path, node: &Node) -> Value {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    path_document(
        path,
        json!({
            "struct_type": "node",
            "name": name,
            "type": node.kind.name(),
            "size": node.size,
            "mode": node.mode.bits(),
            "uid": node.uid,
            "gid": node.gid,
            "user": node.user,
            "group": node.group,
            "mtime": node.mtime.to_string(),
            "atime": node.atime.to_string(),
            "ctime": node.ctime.to_string(),
            "inode": node.inode,
            "links": node.links,
        }),
    )
}

const PRINTED_AT_ONCE: usize = 64 * 1024;
