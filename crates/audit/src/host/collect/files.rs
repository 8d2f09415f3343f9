//! One look at the folders that a host's owner fills.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::facts::{Account, Fact, FileFact, Files, Group};
use super::reader::{Reader, described};

/// Looks at each file once, by its owner and mode alone. Links are not followed, and no other file system is entered.
pub(super) fn files(
    reader: &Reader,
    accounts: &Fact<Vec<Account>>,
    groups: &Fact<Vec<Group>>,
) -> Fact<Files> {
    let mut look = Look {
        uids: accounts.known().map(|all| all.iter().map(|one| one.uid).collect()),
        gids: groups.known().map(|all| all.iter().map(|one| one.gid).collect()),
        files: Files::default(),
        left: MOST_ENTRIES,
        unread: 0,
    };
    for top in TOPS {
        let Ok(place) = reader.inside(top) else { continue };
        // `/bin` is a link where it is the same as `/usr/bin`.
        if fs::symlink_metadata(&place).is_ok_and(|found| found.is_dir()) {
            look.folder(place, top);
        }
    }
    let mut files = look.files;
    if look.left == 0 {
        files.gaps.push(format!("more than {MOST_ENTRIES} files; the rest was not looked at"));
    }
    if look.unread > 0 {
        files.gaps.push(format!("{} folders may not be listed", look.unread));
    }
    for list in [
        &mut files.world_writable,
        &mut files.set_id,
        &mut files.unowned,
        &mut files.environments,
        &mut files.keys,
    ] {
        list.sort();
    }
    Fact::Known(files)
}

struct Look {
    uids: Option<BTreeSet<u32>>,
    gids: Option<BTreeSet<u32>>,
    files: Files,
    left: usize,
    unread: usize,
}

impl Look {
    fn folder(&mut self, place: PathBuf, shown: &str) {
        let Ok(top) = fs::symlink_metadata(&place) else { return };
        let mut folders = vec![(place, shown.to_owned())];
        while let Some((place, shown)) = folders.pop() {
            let entries = match fs::read_dir(&place) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unread += usize::from(error.kind() != ErrorKind::NotFound);
                    continue;
                }
            };
            for entry in entries.flatten() {
                if self.left == 0 {
                    return;
                }
                self.left -= 1;
                let Ok(found) = entry.metadata() else { continue };
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{shown}/{name}");
                self.sort(&described(&path, &found), &name);
                let is_own = found.dev() == top.dev() && !LEFT_OUT.contains(&name.as_str());
                if found.is_dir() && is_own {
                    folders.push((entry.path(), path));
                }
            }
        }
    }

    fn sort(&mut self, file: &FileFact, name: &str) {
        let is_strange = self.uids.as_ref().is_some_and(|uids| !uids.contains(&file.uid))
            || self.gids.as_ref().is_some_and(|gids| !gids.contains(&file.gid));
        for (is_one, list) in [
            (file.is_world_writable(), &mut self.files.world_writable),
            (file.is_set_id(), &mut self.files.set_id),
            (is_strange, &mut self.files.unowned),
            (file.is_file() && is_environment(name), &mut self.files.environments),
            (file.is_file() && is_key(name), &mut self.files.keys),
        ] {
            if is_one && list.len() < MOST_EACH {
                list.push(file.clone());
            }
        }
    }
}

fn is_environment(name: &str) -> bool {
    let is_example =
        ["example", "sample", "template", "dist"].iter().any(|end| name.ends_with(end));
    (name == ".env" || name.starts_with(".env.") || has_end(name, "env")) && !is_example
}

fn has_end(name: &str, end: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == end)
}

/// Private keys by the names that tools give them.
fn is_key(name: &str) -> bool {
    let of_ssh = name.starts_with("id_") && !name.contains('.');
    let of_host = name.starts_with("ssh_host_") && name.ends_with("_key");
    // Archives sign with keys of GPG, and give the public ones away by such names.
    let is_public = name.contains(".gpg.") || name.contains(".pub.") || name.contains("public");
    of_ssh || of_host || name == "privkey.pem" || (has_end(name, "key") && !is_public)
}

/// What packages put elsewhere, `debsums` and the integrity part watch.
const TOPS: [&str; 11] = [
    "bin",
    "etc",
    "home",
    "opt",
    "root",
    "sbin",
    "srv",
    "usr/bin",
    "usr/local",
    "usr/sbin",
    "var/spool/cron",
];

/// Many files, none of which a person put there.
const LEFT_OUT: [&str; 7] =
    [".cache", ".cargo", ".git", ".rustup", "__pycache__", "node_modules", "site-packages"];

/// Half a second of the processor's time.
const MOST_ENTRIES: usize = 200_000;

/// What is wrong a thousand times is seen from fewer.
const MOST_EACH: usize = 1000;
