//! Accounts, groups, and who may act as others.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::super::facts::{Account, Fact, FileFact, Group, Line, Password};
use super::reader::Reader;

pub(super) fn accounts(reader: &Reader) -> Fact<Vec<Account>> {
    let account = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, _, home, shell] = fields[..] else { return None };
        let place = reader.inside(home).ok().filter(|_| home.len() > 1);
        let mode = place.and_then(|place| fs::metadata(place).ok()).map(|home| home.mode());
        Some(Account {
            name: name.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: home.to_owned(),
            shell: shell.to_owned(),
            home_mode: mode,
        })
    };
    reader.text("etc/passwd").map(|text| text.lines().filter_map(account).collect())
}

pub(super) fn groups(reader: &Reader) -> Fact<Vec<Group>> {
    let group = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields[..] else { return None };
        let members = members.split(',').filter(|name| !name.is_empty());
        Some(Group {
            name: name.to_owned(),
            gid: gid.parse().ok()?,
            members: members.map(str::to_owned).collect(),
        })
    };
    reader.text("etc/group").map(|text| text.lines().filter_map(group).collect())
}

/// Of the hashes themselves nothing is kept.
pub(super) fn passwords(reader: &Reader) -> Fact<BTreeMap<String, Password>> {
    let password = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?.to_owned();
        let state = match fields.next()? {
            "" => Password::Empty,
            hash if hash.starts_with(['!', '*']) => Password::Locked,
            _ => Password::Set,
        };
        Some((name, state))
    };
    reader.text("etc/shadow").map(|text| text.lines().filter_map(password).collect())
}

pub(super) fn sudoers(reader: &Reader) -> Fact<Vec<Line>> {
    let Fact::Known(paths) = sudoers_paths(reader) else {
        return sudoers_paths(reader).map(|_| Vec::new());
    };
    let mut lines = Vec::new();
    for path in paths {
        match reader.text(&path) {
            Fact::Known(text) => lines.extend(joined(&path, &text)),
            Fact::Absent => {}
            Fact::Unknown(why) => return Fact::Unknown(format!("/{path}: {why}")),
        }
    }
    Fact::Known(lines)
}

pub(super) fn sudoers_files(reader: &Reader) -> Fact<Vec<FileFact>> {
    sudoers_paths(reader).map(|paths| {
        let folder = ["etc/sudoers.d".to_owned()];
        let all = paths.iter().chain(&folder);
        all.filter_map(|path| reader.file(path).known().cloned()).collect()
    })
}

/// The main file and the folder that it includes everywhere; sudo skips names with a dot or a tilde.
fn sudoers_paths(reader: &Reader) -> Fact<Vec<String>> {
    let main = reader.exists("etc/sudoers");
    if main == Fact::Known(false) {
        return Fact::Absent;
    }
    let more = match reader.names("etc/sudoers.d") {
        Fact::Known(names) => names,
        Fact::Absent => Vec::new(),
        Fact::Unknown(why) => return Fact::Unknown(format!("/etc/sudoers.d: {why}")),
    };
    let counts = |name: &String| !name.contains('.') && !name.ends_with('~');
    let more = more.into_iter().filter(counts).map(|name| format!("etc/sudoers.d/{name}"));
    main.map(|_| std::iter::once("etc/sudoers".to_owned()).chain(more).collect())
}

/// Returns the lines that say something, those that go on joined.
fn joined(path: &str, text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        let (part, next) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        if let (true, Some(last)) = (goes_on, lines.last_mut()) {
            last.text.push_str(part);
        } else if !part.is_empty() && !part.starts_with('#') {
            lines.push(Line { file: format!("/{path}"), number, text: part.to_owned() });
        }
        goes_on = next;
    }
    lines
}
