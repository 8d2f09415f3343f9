//! What a rule matches and does not mean.

use std::ops::Range;

use super::Pattern;
use super::file;

/// What is not meant.
#[derive(Debug)]
pub(super) struct Allow {
    paths: Vec<Pattern>,
    regexes: Vec<Pattern>,
    stopwords: Vec<String>,
    target: Target,
    needs_all: bool,
    /// The rules that it is for; none for all.
    pub(super) rules: Vec<String>,
}

/// What the patterns of an exception are matched with.
#[derive(Debug)]
enum Target {
    Secret,
    Match,
    Line,
}

/// A match of a rule.
pub(super) struct Hit<'t> {
    pub(super) path: &'t str,
    pub(super) text: &'t str,
    pub(super) whole: Range<usize>,
    pub(super) secret: Range<usize>,
}

impl Allow {
    pub(super) fn new(allow: file::Allow) -> Result<Self, String> {
        if !allow.commits.is_empty() {
            return Err(
                "exceptions by commit are not there: name the paths or the values".to_owned()
            );
        }
        let patterns =
            |all: Vec<String>| all.into_iter().map(Pattern::new).collect::<Result<Vec<_>, _>>();
        let target = match allow.regex_target.as_deref() {
            None | Some("" | "secret") => Target::Secret,
            Some("match") => Target::Match,
            Some("line") => Target::Line,
            Some(other) => {
                return Err(format!("regexTarget {other:?} is none of secret, match, line"));
            }
        };
        let needs_all = match allow.condition.as_deref().map(str::to_ascii_uppercase).as_deref() {
            None | Some("" | "OR" | "||") => false,
            Some("AND" | "&&") => true,
            Some(other) => return Err(format!("condition {other:?} is neither AND nor OR")),
        };
        let stopwords = allow.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect();
        let (paths, regexes) = (patterns(allow.paths)?, patterns(allow.regexes)?);
        Ok(Self { paths, regexes, stopwords, target, needs_all, rules: allow.target_rules })
    }

    pub(super) fn covers(&self, hit: &Hit<'_>) -> bool {
        let secret = &hit.text[hit.secret.clone()];
        let target = match self.target {
            Target::Secret => secret,
            Target::Match => &hit.text[hit.whole.clone()],
            Target::Line => line(hit.text, &hit.whole),
        };
        let lower = secret.to_ascii_lowercase();
        let answers = [
            (!self.paths.is_empty()).then(|| any(&self.paths, hit.path)),
            (!self.regexes.is_empty()).then(|| any(&self.regexes, target)),
            (!self.stopwords.is_empty())
                .then(|| self.stopwords.iter().any(|word| lower.contains(word))),
        ];
        let mut answers = answers.into_iter().flatten().peekable();
        if self.needs_all {
            answers.peek().is_some() && answers.all(|answer| answer)
        } else {
            answers.any(|answer| answer)
        }
    }
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.compiled().is_some_and(|regex| regex.is_match(text.as_bytes())))
}

fn line<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |length| range.end + length);
    &text[start..end]
}
