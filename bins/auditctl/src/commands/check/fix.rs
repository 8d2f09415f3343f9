//! `auditctl check --fix`: puts right what can be put right without a change of what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags};
use wardkit_audit::Report as Audited;
use wardkit_audit_code::{Fixes, Rules};
use wardkit_cli::{Report, escaped};

use crate::commands::{could_not_run, note, print};

/// Puts right what an audit told, or prints what it would change.
pub(super) fn run(
    root: &Path,
    rules: &Rules,
    report: &Audited,
    is_dry: bool,
) -> Result<(), Report> {
    let mut count = 0;
    for (path, places) in told(report) {
        let failed = |error: io::Error| could_not_run(format!("{}: {error}", escaped(&path)));
        let Some(place) = Place::open(root, &path).map_err(failed)? else { continue };
        let Some(fixes) = Fixes::of(rules, &path, &place.text) else { continue };
        let fixes = fixes.only(|fix| places.contains(&(fix.check.as_str(), fix.line)));
        let Some(text) = fixes.apply() else { continue };
        count += fixes.list().len();
        if is_dry {
            print(&escaped_lines(&fixes.diff(&path)))?;
        } else {
            place.replace(&text).map_err(failed)?;
        }
    }
    let done = if is_dry { "would be put right" } else { "put right" };
    note(&format!("{count} findings {done}"));
    Ok(())
}

/// Returns what was told of each file: the check and the line.
fn told(report: &Audited) -> BTreeMap<String, BTreeSet<(&str, u32)>> {
    let mut told: BTreeMap<String, BTreeSet<(&str, u32)>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(line) = finding.files.first().and_then(|place| place.line) {
            told.entry(finding.path().to_owned()).or_default().insert((&finding.id, line));
        }
    }
    told
}

/// A file, and the folder that it is in. No link was followed on the way.
struct Place {
    folder: OwnedFd,
    name: String,
    mode: Mode,
    text: String,
}

impl Place {
    /// Opens a file; none that is no plain text with one name.
    fn open(root: &Path, path: &str) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let inside = flags | OFlags::NOFOLLOW;
        let mut folder = rustix::fs::open(root, flags | OFlags::DIRECTORY, Mode::empty())?;
        let mut names: Vec<Component<'_>> = Path::new(path).components().collect();
        let Some(Component::Normal(name)) = names.pop() else { return Ok(None) };
        for component in names {
            let Component::Normal(name) = component else { return Ok(None) };
            folder = rustix::fs::openat(&folder, name, inside | OFlags::DIRECTORY, Mode::empty())?;
        }
        let file = rustix::fs::openat(&folder, name, inside | OFlags::NONBLOCK, Mode::empty())?;
        let stat = rustix::fs::fstat(&file)?;
        let is_plain = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
        // Another name of the file would keep the old content.
        if !is_plain || stat.st_nlink != 1 {
            return Ok(None);
        }
        let mut text = String::new();
        let read = File::from(file).take(LARGEST).read_to_string(&mut text);
        // A part of a file must not take the place of the whole.
        if read.is_err() || text.len() as u64 == LARGEST {
            return Ok(None);
        }
        let name = name.to_string_lossy().into_owned();
        Ok(Some(Self { folder, name, mode: Mode::from_raw_mode(stat.st_mode), text }))
    }

    /// Puts another content in the file's place, with the file's mode.
    fn replace(&self, text: &str) -> io::Result<()> {
        let new = format!(".{}.auditctl-{}", self.name, std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let private = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(rustix::fs::openat(&self.folder, &new, flags, private)?);
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| Ok(rustix::fs::fchmod(&file, self.mode)?))
            .and_then(|()| file.sync_all())
            .and_then(|()| Ok(rustix::fs::renameat(&self.folder, &new, &self.folder, &self.name)?));
        if written.is_err() {
            // What could not be put there is taken away; that this fails too changes nothing.
            let _ = rustix::fs::unlinkat(&self.folder, &new, AtFlags::empty());
        }
        written
    }
}

/// What the audit reads of a file at most.
const LARGEST: u64 = 2_000_000;

/// Names and sources may hold what a terminal obeys.
fn escaped_lines(diff: &str) -> String {
    let line = |line: &str| line.split('\t').map(escaped).collect::<Vec<_>>().join("\t") + "\n";
    diff.lines().map(line).collect()
}
