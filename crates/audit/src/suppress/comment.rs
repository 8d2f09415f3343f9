//! Comments that say that a finding is not to be told.

use memchr::memmem;

use super::peers;
use crate::{Day, EngineKind, Finding};

/// A comment that says that findings of a line are not to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) path: String,
    /// Where it stands.
    pub(crate) line: u32,
    /// The line that it is for.
    pub(crate) covered: u32,
    pub(crate) checks: Named,
    pub(crate) reason: String,
    pub(crate) until: Option<Day>,
    /// Why it does not count.
    pub(crate) problem: Option<&'static str>,
    /// Its words, for the fingerprint of what is wrong with it.
    pub(crate) text: String,
}

/// The checks that a comment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Ours.
    Ours(Vec<String>),
    /// Those that stand for a peer's.
    Peers(Vec<&'static str>),
    /// A peer's comment for everything that the peer looks for: sources.
    Sources,
}

impl Comment {
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        let Some(place) = finding.files.first() else { return false };
        let Some(first) = place.line else { return false };
        let last = place.end_line.unwrap_or(first).max(first);
        place.path == self.path
            && (first..=last).contains(&self.covered)
            && match &self.checks {
                Named::Ours(ids) => ids.contains(&finding.id),
                Named::Peers(ids) => ids.iter().any(|id| peers::stands_for(id, &finding.id)),
                Named::Sources => matches!(
                    finding.engine,
                    EngineKind::Ast | EngineKind::Flow | EngineKind::Secrets
                ),
            }
    }

    /// Whether it is in our words: only then it is ours to judge.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.checks, Named::Ours(_))
    }

    /// Whether it names checks, and all of them ran.
    pub(super) fn names(&self, did_run: &dyn Fn(&str) -> bool) -> bool {
        matches!(&self.checks, Named::Ours(ids) if ids.iter().all(|id| did_run(id)))
    }
}

/// Returns the comments of a file that suppress something.
pub(crate) fn in_file(path: &str, text: &str) -> Vec<Comment> {
    let has = |word: &str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if !has(OURS) && !peers::MARKS.iter().any(|mark| has(mark)) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut comments = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some((before, words)) = split(line) else { continue };
        let Some(mut comment) = ours(words).or_else(|| peers::comment(words)) else { continue };
        path.clone_into(&mut comment.path);
        comment.line = number(index);
        comment.covered =
            number(if before.trim().is_empty() { next(&lines, index) } else { index });
        words.trim().clone_into(&mut comment.text);
        comments.push(comment);
    }
    comments
}

/// Splits a line at the last mark of a comment that a suppression follows.
fn split(line: &str) -> Option<(&str, &str)> {
    let is_suppression = |words: &&str| {
        let words = words.trim_start();
        words.starts_with(OURS) || peers::MARKS.iter().any(|mark| words.starts_with(mark))
    };
    for mark in MARKS {
        for (at, _) in line.match_indices(mark) {
            let words = &line[at + mark.len()..];
            if is_suppression(&words) {
                return Some((&line[..at], words));
            }
        }
    }
    None
}

/// Returns the first line below that is more than a comment.
fn next(lines: &[&str], index: usize) -> usize {
    let is_comment = |line: &str| {
        let line = line.trim_start();
        line.is_empty() || MARKS.iter().any(|mark| line.starts_with(mark))
    };
    let below = lines.iter().enumerate().skip(index + 1);
    below.filter(|(_, line)| !is_comment(line)).map(|(at, _)| at).next().unwrap_or(index)
}

fn ours(words: &str) -> Option<Comment> {
    let rest = words.trim_start().strip_prefix(OURS)?.trim_start();
    let mut comment = blank(Named::Ours(Vec::new()));
    let Some((ids, rest)) = rest.strip_prefix("allow(").and_then(|rest| rest.split_once(')'))
    else {
        // Prose may begin with the word; only what is meant as a suppression is judged.
        return None;
    };
    let ids: Vec<String> = ids.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.iter().any(|id| id.is_empty() || id == "*") {
        comment.problem = Some("is for every check at once");
    }
    comment.checks = Named::Ours(ids);
    match quoted(rest, "reason=") {
        Some(reason) if !reason.trim().is_empty() => reason.clone_into(&mut comment.reason),
        _ => comment.problem = comment.problem.or(Some("has no reason")),
    }
    if let Some((_, until)) = rest.rsplit_once("until=") {
        let until: String = until.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
        comment.until = until.parse().ok();
        if comment.until.is_none() {
            comment.problem = comment.problem.or(Some("has no day after until="));
        }
    }
    Some(comment)
}

/// Returns the text in double quotes after a key.
fn quoted<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(key)?;
    rest.strip_prefix('"')?.split_once('"').map(|(value, _)| value)
}

pub(super) fn blank(checks: Named) -> Comment {
    Comment {
        path: String::new(),
        line: 0,
        covered: 0,
        checks,
        reason: String::new(),
        until: None,
        problem: None,
        text: String::new(),
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

const OURS: &str = "audit:";

/// What begins a comment in the languages that are audited.
const MARKS: [&str; 7] = ["#", "//", "--", "/*", "<!--", ";", "*"];

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Comment {
        let mut found = in_file("bot.py", text);
        assert_eq!(found.len(), 1, "{text}");
        found.remove(0)
    }

    #[test]
    fn a_comment_covers_its_line_or_the_next_code() {
        let beside = one("x\nrun(c)  # audit: allow(a, b) reason=\"ours\" until=2027-01-31\n");
        assert_eq!((beside.line, beside.covered), (2, 2));
        assert_eq!(beside.checks, Named::Ours(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((beside.reason.as_str(), beside.problem), ("ours", None));
        assert_eq!(beside.until.unwrap().to_string(), "2027-01-31");
        let above = one("  // audit: allow(a) reason=\"x\"\n  // more\n\n  run(c)\n");
        assert_eq!((above.line, above.covered), (1, 4));
    }

    #[test]
    fn what_hides_too_much_does_not_count() {
        let problem = |text| one(text).problem;
        assert_eq!(problem("# audit: allow(a)"), Some("has no reason"));
        assert_eq!(problem("# audit: allow(a) reason=\" \""), Some("has no reason"));
        assert_eq!(problem("# audit: allow(*) reason=\"x\""), Some("is for every check at once"));
        assert_eq!(problem("# audit: allow() reason=\"x\""), Some("is for every check at once"));
        assert_eq!(
            problem("# audit: allow(a) reason=\"x\" until=soon"),
            Some("has no day after until=")
        );
    }

    #[test]
    fn prose_and_strings_are_no_suppressions() {
        for text in ["# audit: this is prose", "say('audit: allow(a)')", "# see audit: allow(a)"] {
            assert_eq!(in_file("bot.py", text), [], "{text}");
        }
    }

    #[test]
    fn comments_of_peers_are_understood() {
        assert_eq!(one("run(c)  # nosec").checks, Named::Sources);
        assert_eq!(
            one("run(c)  # nosec B602, B608 - ours").checks,
            Named::Peers(vec!["B602", "B608"])
        );
        assert_eq!(one("run(c)  # noqa: E501, S602").checks, Named::Peers(vec!["B602"]));
        assert_eq!(one("run(c)  // nosemgrep: x.y.z").checks, Named::Sources);
        let docker = one("# hadolint ignore=DL3007,DL9999\nFROM x\n");
        assert_eq!((docker.checks, docker.covered), (Named::Peers(vec!["DL3007"]), 2));
        assert_eq!(in_file("bot.py", "x = 1  # noqa: E501\ny = 2  # noqa\n"), []);
    }
}
