//! `redis.conf`.

use crate::found::{Judged, Place};
use crate::parse::words_of_lines;
use crate::secret::{is_known_value, is_reference};

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let file = File { lines: words_of_lines(judged.text) };
    let is_sentinel = file.lines.iter().any(|(_, words)| words[0].eq_ignore_ascii_case("sentinel"));
    if file.lines.is_empty() || is_sentinel {
        return;
    }
    access(&file, judged);
    if file.last("maxmemory").is_none_or(|(_, words)| words == ["0"]) {
        judged.fail("redis-no-maxmemory", Place::FILE, "no maxmemory", "There is no maxmemory.");
    }
    let is_saved =
        file.last("save").is_none_or(|(_, words)| !words.iter().all(|word| word.is_empty()));
    let is_logged = file.last("appendonly").is_some_and(|(_, words)| words == ["yes"]);
    if !is_saved && !is_logged {
        let current = "Neither snapshots nor a log are written.";
        judged.fail("redis-no-persist", Place::FILE, "save", current);
    }
    let renames = file.lines.iter().any(|(_, words)| words[0] == "rename-command");
    if !renames && !file.has_users() {
        let current = "No command is renamed or forbidden.";
        judged.fail("redis-danger-command", Place::FILE, "rename-command", current);
    }
}

struct File<'t> {
    lines: Vec<(usize, Vec<&'t str>)>,
}

impl<'t> File<'t> {
    /// Returns the words behind a name: the last line counts.
    fn last(&self, name: &str) -> Option<(usize, &[&'t str])> {
        let found = self.lines.iter().rev().find(|(_, words)| words[0].eq_ignore_ascii_case(name));
        found.map(|(at, words)| (*at, &words[1..]))
    }

    fn has_users(&self) -> bool {
        let has_password = |words: &[&str]| {
            words.iter().any(|word| word.starts_with(['>', '#']) && word.len() > 1)
        };
        self.last("aclfile").is_some()
            || self.lines.iter().any(|(_, words)| words[0] == "user" && has_password(words))
    }
}

/// Who gets in.
fn access(file: &File<'_>, judged: &mut Judged<'_>) {
    let password = file.last("requirepass").and_then(|(at, words)| Some((at, *words.first()?)));
    let bind = file.last("bind");
    let is_local = bind.is_some_and(|(_, words)| words.iter().all(|word| is_loopback(word)))
        || file.last("port").is_some_and(|(_, words)| words == ["0"]);
    let is_protected = file.last("protected-mode").is_none_or(|(_, words)| words != ["no"]);
    let is_guarded = is_local && is_protected;
    match password.filter(|(_, word)| !word.is_empty()) {
        Some((at, word)) if !is_reference(word) && (is_known_value(word) || word.len() < 12) => {
            let current = "The password is short or known to everybody.";
            judged.fail("redis-weak-password", at, "requirepass", current);
        }
        // On loopback everybody on the host is let in, which is less than the world.
        None if !file.has_users() && !is_guarded => {
            let place = bind.map_or(Place::FILE, |(at, _)| at.into());
            let current = "There is neither a password nor a list of users.";
            judged.fail("redis-no-auth", place, "no requirepass", current);
        }
        Some(_) | None => {}
    }
    if !is_protected && !is_local {
        let at = file.last("protected-mode").map_or(0, |(at, _)| at);
        let current = "Redis listens on other addresses with its protection off.";
        judged.fail("redis-exposed", at, "protected-mode no", current);
    }
}

fn is_loopback(word: &str) -> bool {
    let word = word.trim_start_matches('-');
    word.starts_with("127.") || matches!(word, "localhost" | "::1")
}
