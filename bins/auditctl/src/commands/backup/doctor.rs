//! `auditctl backup doctor`: what keeps backups and restores from working.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};
use wardkit_backup::engine::{Reader, Repository};
use wardkit_cli::{Format, Report};
use wardkit_core::{Clock as _, SystemClock};

use super::line;
use super::memory::{Forgery, chain};
use super::opened::Opener;
use super::place::is_remote;
use crate::commands::print;
use crate::commands::table::table;

/// Examines one thing after the other, and goes on where that makes sense.
pub(super) fn run(opener: &Opener<'_>) -> Result<ExitCode, Report> {
    let mut found = Findings::default();
    match opener.reader() {
        Ok(repository) => {
            found.good("repository", format!("opened, format {:?}", repository.config().version));
            examine(opener, &repository, &mut found);
            free_space(opener.address(), &mut found);
            permissions(opener.address(), &mut found);
            restic(opener, &mut found);
        }
        Err(report) => {
            let hint = report.hints.first().map(|hint| format!("; {hint}")).unwrap_or_default();
            found.bad("repository", format!("{}{hint}", chain(&*report.error)));
        }
    }
    clock(&mut found);
    let is_well = found.0.iter().all(|one| one["state"] != BAD);
    print(&match opener.format() {
        Format::Text => {
            let columns = [("STATE", "state"), ("WHAT", "what"), ("FOUND", "found")];
            table(&Value::Array(found.0), &columns, "nothing was examined")
        }
        Format::Json => line(&json!({"healthy": is_well, "findings": found.0}))?,
    })?;
    Ok(ExitCode::from(u8::from(!is_well)))
}

#[derive(Default)]
struct Findings(Vec<Value>);

impl Findings {
    fn add(&mut self, state: &str, what: &str, found: impl Into<String>) {
        self.0.push(json!({"state": state, "what": what, "found": found.into()}));
    }

    fn good(&mut self, what: &str, found: impl Into<String>) {
        self.add("ok", what, found);
    }

    fn note(&mut self, what: &str, found: impl Into<String>) {
        self.add("note", what, found);
    }

    fn bad(&mut self, what: &str, found: impl Into<String>) {
        self.add(BAD, what, found);
    }
}

/// Looks at what can be seen without reading the data.
fn examine(opener: &Opener<'_>, repository: &Repository<Reader>, found: &mut Findings) {
    match repository.keys() {
        Ok(keys) if keys.damaged.is_empty() => {
            let count = keys.keys.len();
            if count == 1 {
                found.note("keys", "one password opens it; make a second: auditctl backup kit");
            } else {
                found.good("keys", format!("{count} passwords open it"));
            }
        }
        Ok(keys) => found.bad("keys", format!("{} are damaged", keys.damaged.len())),
        Err(error) => found.bad("keys", chain(&error)),
    }
    match repository.locks() {
        Ok((holders, damaged)) => {
            for holder in &holders {
                found.note("lock", holder.to_string());
            }
            for one in &damaged {
                found.bad("lock", chain(&one.error));
            }
            if holders.is_empty() && damaged.is_empty() {
                found.good("locks", "none");
            }
        }
        Err(error) => found.bad("locks", chain(&error)),
    }
    match repository.snapshots() {
        Ok(list) => {
            let ids: Vec<_> = list.snapshots.iter().map(|(id, _)| *id).collect();
            for one in &list.damaged {
                found.bad("snapshot", chain(&one.error));
            }
            match list.snapshots.last() {
                Some((_, newest)) => found.good(
                    "snapshots",
                    format!("{}, the newest of {}", ids.len(), newest.time.as_str()),
                ),
                None => found.note("snapshots", "none yet"),
            }
            match opener.memory().compare(repository, &ids) {
                Ok(forgeries) => {
                    for one in &forgeries {
                        found.bad("memory", forgery(one));
                    }
                }
                Err(error) => found.bad("memory", chain(&error)),
            }
        }
        Err(error) => found.bad("snapshots", chain(&error)),
    }
}

/// Says what is other than this host remembers.
pub(super) fn forgery(forgery: &Forgery) -> String {
    match forgery {
        Forgery::Config => "the configuration is not the one that this host knows".to_owned(),
        Forgery::Snapshot(id) => {
            format!("snapshot {id} is missing, and no command of this host forgot it")
        }
    }
}

fn free_space(address: &str, found: &mut Findings) {
    // Another kind of store does not say.
    let Ok(disk) = rustix::fs::statvfs(address) else { return };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let share = disk.f_bavail.saturating_mul(100) / disk.f_blocks.max(1);
    let text = format!("{} free, {share} %", super::watch::bytes(free));
    if free < LITTLE_SPACE {
        found.bad("space", text);
    } else if share < LITTLE_SHARE {
        // Of a large disk that is room for months.
        found.note("space", text);
    } else {
        found.good("space", text);
    }
}

fn permissions(address: &str, found: &mut Findings) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(data) = fs::metadata(address) else { return };
    let mode = data.permissions().mode() & 0o7777;
    if mode & 0o022 == 0 {
        found.good("permissions", format!("mode {mode:03o}"));
    } else {
        found.bad("permissions", format!("others may remove backups: chmod 700 (mode {mode:03o})"));
    }
    let leftovers = leftovers(Path::new(address));
    if leftovers > 0 {
        found.note("leftovers", format!("{leftovers} files of interrupted writes"));
    }
}

/// Counts files whose names are none of the format: drafts that an interrupted write left.
fn leftovers(root: &Path) -> usize {
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| (entry.path(), entry.file_name())).collect::<Vec<_>>()
    };
    let mut folders = ["keys", "locks", "snapshots", "index"].map(|name| root.join(name)).to_vec();
    folders.extend(names(&root.join("data")).into_iter().map(|(path, _)| path));
    let is_name =
        |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let entries = folders.iter().flat_map(|folder| names(folder));
    entries.filter(|(_, name)| !name.to_str().is_some_and(is_name)).count()
}

/// Asks restic, where it is installed: two programs that agree are worth more than one.
fn restic(opener: &Opener<'_>, found: &mut Findings) {
    let version = Command::new("restic").arg("version").stdin(Stdio::null()).output();
    let Ok(version) = version else {
        found.note("restic", "not installed here; it restores without wardkit");
        return;
    };
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    // An address of a server may hold a secret, which stands on no command line.
    let file = opener.place().password_file.as_deref();
    let Some(file) = file.filter(|file| *file != Path::new("-") && !is_remote(opener.address()))
    else {
        found.good("restic", version);
        return;
    };
    let checked = Command::new("restic")
        .args(["--no-cache", "--repo", opener.address(), "--password-file"])
        .arg(file)
        .arg("check")
        .stdin(Stdio::null())
        .output();
    match checked {
        Ok(ended) if ended.status.success() => {
            found.good("restic", format!("finds it whole too: {version}"));
        }
        Ok(ended) => {
            let said = String::from_utf8_lossy(&ended.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            found.bad("restic", format!("does not find it whole: {last} ({version})"));
        }
        Err(error) => found.note("restic", error.to_string()),
    }
}

fn clock(found: &mut Findings) {
    let now = SystemClock.now();
    if now.as_unix_seconds() < EARLIEST {
        found.bad("clock", format!("it says {now}, which was before this program"));
    } else {
        found.good("clock", now.to_string());
    }
}

const BAD: &str = "wrong";
const LITTLE_SPACE: u64 = 1 << 30;
const LITTLE_SHARE: u64 = 5;
/// 2026-01-01.
const EARLIEST: i64 = 1_767_225_600;
