//! Whether what is kept is saved.

use wardkit_audit::{Location, Sink, Status};

use super::{Files, tell};
use crate::compose::{Kind, kind_of_image, services};
use crate::kind::FileKind;
use crate::parse::documents;

pub(super) fn judge(files: &Files<'_>, sink: &mut Sink) {
    let mut stores: Vec<(Location, String)> = Vec::new();
    let mut is_saved = files.any(|path| {
        let lower = path.to_ascii_lowercase();
        WORDS.iter().any(|word| lower.contains(word)) && extension(&lower) != "md"
    });
    for path in
        files.paths.iter().filter(|path| matches!(FileKind::of(path), Some(FileKind::Compose)))
    {
        let Some(text) = files.project.read(path) else { continue };
        is_saved |= DUMPS.iter().chain(&WORDS).any(|word| says(&text, word));
        unencrypted(path, &text, sink);
        for document in documents(&text).unwrap_or_default() {
            for service in services(&document) {
                let Some(image) = service.image().filter(|image| is_database(image)) else {
                    continue;
                };
                let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..service.at]).count();
                let place = Location::line(*path, u32::try_from(line).unwrap_or(u32::MAX));
                stores.push((place, format!("{}: {image}", service.name)));
            }
        }
    }
    for path in files.project.files().iter().filter(|path| is_script(path)) {
        if let Some(text) = files.project.read(path) {
            is_saved |= DUMPS.iter().any(|word| says(&text, word));
            unencrypted(path, &text, sink);
        }
    }
    if files.project.is_part() {
        let evidence = vec!["only a part of the tree was looked at".to_owned()];
        return sink.outcome("backup-absent", Status::NotApplicable, evidence);
    }
    for (place, about) in stores.into_iter().filter(|_| !is_saved) {
        let current = "Nothing in the project saves this database.";
        tell("backup-absent", Status::Fail, place, &about, current, sink);
    }
}

/// A dump that nothing encrypts.
fn unencrypted(path: &str, text: &str, sink: &mut Sink) {
    let Some((word, at)) = DUMPS.iter().find_map(|word| Some((word, text.find(word)?))) else {
        return;
    };
    if !SEALS.iter().any(|word| text.contains(word)) {
        let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count();
        let place = Location::line(path, u32::try_from(line).unwrap_or(u32::MAX));
        let current = format!("What {word} writes is not encrypted.");
        tell("backup-unencrypted", Status::Fail, place, word, current, sink);
    }
}

/// Whether a file has a word, in other than a comment.
fn says(text: &str, word: &str) -> bool {
    text.lines().any(|line| {
        let end = if line.starts_with('#') { Some(0) } else { line.find(" #") };
        line[..end.unwrap_or(line.len())].contains(word)
    })
}

fn is_script(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    let is_shell = matches!(extension(name), "bash" | "sh")
        || matches!(name, "crontab" | "makefile")
        || lower.contains("cron.d/");
    is_shell && !crate::kind::is_test(path)
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_database(image: &str) -> bool {
    matches!(
        kind_of_image(image),
        Some(Kind::Store(5432 | 3306 | 27017 | 5984 | 7687 | 8123 | 9042))
    )
}

/// Words of what saves.
const WORDS: [&str; 9] = [
    "backup",
    "restic",
    "borg",
    "pgbackrest",
    "wal-g",
    "barman",
    "litestream",
    "kopia",
    "duplicity",
];

/// Programs that write a copy in clear.
const DUMPS: [&str; 5] = ["pg_dump", "mysqldump", "mariadb-dump", "mongodump", "pg_basebackup"];

/// What encrypts.
const SEALS: [&str; 12] = [
    "gpg",
    "age ",
    "age -",
    "openssl enc",
    "openssl smime",
    "restic",
    "borg",
    "kopia",
    "duplicity",
    "crypt",
    "pgbackrest",
    "auditctl backup",
];
