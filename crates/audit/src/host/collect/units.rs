//! Units of systemd and jobs of cron.

use std::path::Path;

use super::super::facts::{CronJob, Fact, FileFact, Unit};
use super::reader::Reader;

/// Returns the services that the host's owner wrote: those of packages are their maintainers' work.
pub(super) fn units(reader: &Reader) -> Fact<Vec<Unit>> {
    let names = match reader.names(OWN) {
        Fact::Known(names) => names,
        other => return other.map(|_| Vec::new()),
    };
    let mut units = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".service")) {
        let path = format!("{OWN}/{name}");
        // A link is another unit's name.
        let place = reader.inside(&path).ok();
        if place
            .and_then(|place| place.symlink_metadata().ok())
            .is_none_or(|found| !found.is_file())
        {
            continue;
        }
        let (mut text, file) = match (reader.text(&path), reader.file(&path)) {
            (Fact::Known(text), Fact::Known(file)) => (text, file),
            (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => {
                return Fact::Unknown(format!("/{path}: {why}"));
            }
            _ => continue,
        };
        for more in reader.names(&format!("{path}.d")).known().into_iter().flatten() {
            if let Fact::Known(more) = reader.text(&format!("{path}.d/{more}")) {
                text.push('\n');
                text.push_str(&more);
            }
        }
        let text = redacted(&text);
        units.push(Unit { name: name.clone(), programs: programs(reader, &text), text, file });
    }
    Fact::Known(units)
}

/// What is set in the environment, or passed on as a credential, may be a secret.
fn redacted(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.replace("\\\n", " ").lines() {
        let key = line.split('=').next().unwrap_or_default().trim();
        let is_secret = key == "Environment" || key.starts_with("SetCredential");
        lines.push(if is_secret { format!("{key}=***") } else { words_only(line) });
    }
    lines.join("\n") + "\n"
}

/// Of a command only the words that are paths and names of options are kept: an argument may be a secret.
fn words_only(line: &str) -> String {
    let Some((key, command)) = line.split_once('=') else { return line.to_owned() };
    if !key.trim().starts_with("Exec") {
        return line.to_owned();
    }
    let kept = |(index, word): (usize, &str)| {
        let word = word.trim_matches(['"', '\'']);
        let option = word.starts_with('-').then(|| word.split('=').next().unwrap_or_default());
        let is_path = index == 0 || word.starts_with('/');
        option.map_or_else(|| if is_path { word } else { "***" }.to_owned(), str::to_owned)
    };
    let words: Vec<String> = command.split_whitespace().enumerate().map(kept).collect();
    format!("{}={}", key.trim(), words.join(" "))
}

/// Returns the files that a unit's commands name, and where it works.
fn programs(reader: &Reader, text: &str) -> Vec<FileFact> {
    let mut files = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        if !key.trim().starts_with("Exec") && key.trim() != "WorkingDirectory" {
            continue;
        }
        for word in value.split_whitespace() {
            let path =
                word.trim_start_matches(['@', '-', ':', '+', '!', '"']).trim_end_matches('"');
            if path.starts_with('/') && path != "/" {
                files.extend(reader.file(path).known().cloned());
            }
        }
    }
    files.sort();
    files.dedup();
    files
}

/// Returns the names of the units that others start, sorted.
pub(super) fn enabled(reader: &Reader) -> Vec<String> {
    let mut enabled = Vec::new();
    for top in [OWN, "usr/lib/systemd/system", "lib/systemd/system"] {
        let names = reader.names(top).known().cloned().unwrap_or_default();
        let wanting = |name: &String| {
            let end = Path::new(name).extension();
            end.is_some_and(|end| end == "wants" || end == "requires")
        };
        for folder in names.into_iter().filter(wanting) {
            enabled.extend(
                reader.names(&format!("{top}/{folder}")).known().cloned().unwrap_or_default(),
            );
        }
    }
    enabled.sort();
    enabled.dedup();
    enabled
}

pub(super) fn cron(reader: &Reader) -> Fact<Vec<CronJob>> {
    let mut jobs = Vec::new();
    let mut tables = vec![("etc/crontab".to_owned(), None)];
    for (folder, has_users) in [("etc/cron.d", true), ("var/spool/cron/crontabs", false)] {
        match reader.names(folder) {
            Fact::Known(names) => tables.extend(
                names
                    .into_iter()
                    .map(|name| (format!("{folder}/{name}"), (!has_users).then_some(name))),
            ),
            Fact::Absent => {}
            Fact::Unknown(why) => return Fact::Unknown(format!("/{folder}: {why}")),
        }
    }
    for (path, owner) in tables {
        match reader.text(&path) {
            Fact::Known(text) => table(reader, &path, owner.as_deref(), &text, &mut jobs),
            Fact::Absent => {}
            Fact::Unknown(why) => return Fact::Unknown(format!("/{path}: {why}")),
        }
    }
    for folder in ["hourly", "daily", "weekly", "monthly"] {
        let folder = format!("etc/cron.{folder}");
        for name in reader.names(&folder).known().cloned().unwrap_or_default() {
            if let Fact::Known(file) = reader.file(&format!("{folder}/{name}")) {
                jobs.push(CronJob { user: "root".to_owned(), files: vec![file], line: 1 });
            }
        }
    }
    Fact::Known(jobs)
}

fn table(reader: &Reader, path: &str, owner: Option<&str>, text: &str, jobs: &mut Vec<CronJob>) {
    let Fact::Known(file) = reader.file(path) else { return };
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let first = line.split_whitespace().next().unwrap_or_default();
        if line.starts_with('#') || first.is_empty() || first.contains('=') {
            continue;
        }
        let times = if first.starts_with('@') { 1 } else { 5 };
        let mut words = line.split_whitespace().skip(times);
        let user = owner.map(str::to_owned).or_else(|| words.next().map(str::to_owned));
        let mut files = vec![file.clone()];
        for word in words {
            let path = word.trim_matches(['"', '\'', ';', ')', '(']);
            if path.starts_with('/') && !path.starts_with("/dev/") {
                files.extend(reader.file(path).known().filter(|file| file.is_file()).cloned());
            }
        }
        jobs.push(CronJob { user: user.unwrap_or_default(), files, line: number });
    }
}

const OWN: &str = "etc/systemd/system";
