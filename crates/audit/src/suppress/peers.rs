//! The comments of other tools, so that who comes from them need not write theirs anew.

use super::comment::{Comment, Named, blank};

/// How their comments begin.
pub(super) const MARKS: [&str; 4] = ["nosec", "nosemgrep", "noqa", "hadolint ignore="];

/// Reads a comment of a peer. One that names nothing known suppresses nothing.
pub(super) fn comment(words: &str) -> Option<Comment> {
    let words = words.trim();
    let checks = if let Some(rest) = words.strip_prefix("nosec") {
        let ids = known(rest, "");
        let names_some = rest.split(is_between).any(|word| is_code(word, "B"));
        if names_some { some(ids)? } else { Named::Sources }
    } else if words.starts_with("nosemgrep") {
        // Its names say nothing about ours; it is about the line's source either way.
        Named::Sources
    } else if let Some(rest) = words.strip_prefix("noqa:") {
        some(known(rest, "B"))?
    } else {
        some(known(words.strip_prefix("hadolint ignore=")?, ""))?
    };
    let mut comment = blank(checks);
    words.clone_into(&mut comment.reason);
    Some(comment)
}

/// Whether a peer's check looks for what a check of ours does.
pub(super) fn stands_for(peer: &str, ours: &str) -> bool {
    let row = TABLE.iter().find(|(name, _)| *name == peer);
    let is_same =
        |id: &&str| id.strip_suffix('*').map_or(*id == ours, |start| ours.starts_with(start));
    row.is_some_and(|(_, ids)| ids.iter().any(is_same))
}

fn some(ids: Vec<&'static str>) -> Option<Named> {
    (!ids.is_empty()).then_some(Named::Peers(ids))
}

/// Returns the names of the table that the words have. Ruff's are bandit's with another letter before them.
fn known(words: &str, instead_of_s: &str) -> Vec<&'static str> {
    let named = |word: &str| {
        let word = match word.strip_prefix('S') {
            Some(number) if !instead_of_s.is_empty() => format!("{instead_of_s}{number}"),
            _ => word.to_owned(),
        };
        TABLE.iter().map(|(name, _)| *name).find(|name| *name == word)
    };
    words.split(is_between).filter_map(named).collect()
}

fn is_between(c: char) -> bool {
    c == ',' || c == ':' || c.is_whitespace()
}

fn is_code(word: &str, letter: &str) -> bool {
    word.strip_prefix(letter)
        .is_some_and(|number| number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Their checks, and ours that look for the same.
const TABLE: [(&str, &[&str]); 49] = [
    ("B102", &["code-eval"]),
    ("B104", &["bind-all"]),
    ("B105", &["secret-*", "config-default-secret"]),
    ("B106", &["secret-*", "config-default-secret"]),
    ("B107", &["secret-*", "config-default-secret"]),
    ("B108", &["tmp-predictable"]),
    ("B110", &["except-swallow"]),
    ("B112", &["except-swallow"]),
    ("B113", &["no-timeout"]),
    ("B201", &["debug-on"]),
    ("B202", &["zip-slip"]),
    ("B301", &["deserialize-untrusted", "cache-pickle"]),
    ("B302", &["deserialize-untrusted"]),
    ("B303", &["weak-hash"]),
    ("B304", &["weak-cipher"]),
    ("B305", &["weak-cipher"]),
    ("B306", &["tmp-predictable"]),
    ("B307", &["code-eval"]),
    ("B310", &["ssrf"]),
    ("B311", &["weak-random"]),
    ("B314", &["xxe"]),
    ("B323", &["tls-verify-off"]),
    ("B324", &["weak-hash"]),
    ("B501", &["tls-verify-off"]),
    ("B502", &["ssl-old-proto"]),
    ("B505", &["short-key"]),
    ("B506", &["deserialize-untrusted"]),
    ("B602", &["shell-true", "cmd-injection"]),
    ("B603", &["cmd-injection", "arg-injection"]),
    ("B604", &["shell-true", "cmd-injection"]),
    ("B605", &["shell-true", "cmd-injection"]),
    ("B608", &["sql-injection"]),
    ("B614", &["deserialize-untrusted", "llm-model-untrusted-load"]),
    ("B701", &["xss-reply-html"]),
    ("DL3002", &["dkr-root"]),
    ("DL3004", &["dkr-sudo"]),
    ("DL3006", &["dkr-latest"]),
    ("DL3007", &["dkr-latest"]),
    ("DL3008", &["dkr-apt-unpinned"]),
    ("DL3009", &["dkr-apt-no-clean"]),
    ("DL3013", &["dkr-apt-unpinned"]),
    ("DL3016", &["dkr-apt-unpinned"]),
    ("DL3018", &["dkr-apt-unpinned"]),
    ("DL3020", &["dkr-add-local", "dkr-add-url"]),
    ("DL3025", &["dkr-shell-form"]),
    ("DL3033", &["dkr-apt-unpinned"]),
    ("DL3041", &["dkr-apt-unpinned"]),
    ("DL3057", &["dkr-no-healthcheck"]),
    ("DL4006", &["dkr-curl-pipe", "dkr-pipe-status"]),
];
