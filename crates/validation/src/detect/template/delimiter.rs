//! Where expressions begin and end.

use std::ops::Range;

/// What an engine makes of an expression between such delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{…}}`: a value is put here.
    Value,
    /// `{%…%}`, `<%…%>`: a statement runs here.
    Statement,
    /// `<#…>`: a directive.
    Angle,
    /// `[=…]`: a value.
    Square,
    /// `#…(…)`: a directive.
    Directive,
    /// `${…}`: a value; also what shells and scripts write for a variable.
    Dollar,
    /// `#{…}`: a value.
    Hash,
    /// `*{…}`, `~{…}`, `@{…}`, `%{…}`: a value, for some engines.
    Marked,
    /// `@(…)`.
    At,
    /// `[[…]]`.
    Brackets,
    /// `{…}`.
    Brace,
}

/// An expression with its delimiters.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) kind: Kind,
    /// What stands between them, or its start where that is long.
    pub(super) inside: &'t [u8],
    /// What stands before.
    pub(super) before: Option<u8>,
    pub(super) span: Range<usize>,
}

/// The expressions of a text, the outer before the inner.
pub(super) struct Delimiters<'t> {
    text: &'t [u8],
    at: usize,
    /// Where each kind of end comes next, so that a text of beginnings alone costs no more than one pass for each.
    ends: [Option<usize>; CLOSERS.len()],
}

impl<'t> Delimiters<'t> {
    pub(super) const fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, ends: [Some(0); CLOSERS.len()] }
    }

    /// Returns where the next such end begins.
    fn end(&mut self, closer: usize, from: usize) -> Option<usize> {
        let known = self.ends[closer]?;
        if known < from || known == 0 {
            let rest = self.text.get(from..).unwrap_or_default();
            self.ends[closer] = memchr::memmem::find(rest, CLOSERS[closer]).map(|at| from + at);
        }
        self.ends[closer]
    }
}

impl<'t> Iterator for Delimiters<'t> {
    type Item = Found<'t>;

    fn next(&mut self) -> Option<Found<'t>> {
        while let Some(step) =
            self.text.get(self.at..)?.iter().position(|byte| STARTS.contains(byte))
        {
            let start = self.at + step;
            self.at = start + 1;
            let rest = &self.text[start..];
            let Some((opener, kind, closer)) =
                OPENERS.iter().find(|(opener, ..)| rest.starts_with(opener))
            else {
                continue;
            };
            let from = start + opener.len();
            let Some(end) = self.end(*closer, from) else {
                continue;
            };
            self.at = start + if opener.len() > 1 { 2 } else { 1 };
            let inside = &self.text[from..end.min(from + LONGEST)];
            let before = start.checked_sub(1).map(|before| self.text[before]);
            let span = start..end + CLOSERS[*closer].len();
            return Some(Found { kind: *kind, inside, before, span });
        }
        None
    }
}

/// Returns where the beginnings of several engines stand side by side, as in a text that tries them all at once.
pub(super) fn polyglot(text: &[u8]) -> Option<Range<usize>> {
    const BEGINNINGS: &[&[u8]] =
        &[b"${", b"{{", b"<%", b"#{", b"{%", b"[%", b"{#", b"@{", b"*{", b"@("];
    let mut at = 0;
    while let Some(step) = text.get(at..)?.iter().position(|byte| STARTS.contains(byte)) {
        at += step;
        let window = &text[at..text.len().min(at + WINDOW)];
        let kinds = window.windows(2).fold(0_u16, |kinds, pair| {
            let kind = BEGINNINGS.iter().position(|beginning| *beginning == pair);
            kind.map_or(kinds, |kind| kinds | 1 << kind)
        });
        if kinds.count_ones() >= 3 {
            return Some(at..at + window.len());
        }
        at += 4;
    }
    None
}

/// Beginnings stand this close together where all engines are tried at once.
const WINDOW: usize = 14;

/// Longer expressions are judged by their start.
const LONGEST: usize = 384;

const STARTS: &[u8] = b"{$#*~@%<[";

const CLOSERS: &[&[u8]] = &[b"}}", b"%}", b"%>", b"}", b")", b"]]", b">", b"]"];

/// The longer before the shorter that they begin with.
const OPENERS: &[(&[u8], Kind, usize)] = &[
    (b"{{", Kind::Value, 0),
    (b"{%", Kind::Statement, 1),
    (b"<%", Kind::Statement, 2),
    (b"${", Kind::Dollar, 3),
    (b"#{", Kind::Hash, 3),
    (b"*{", Kind::Marked, 3),
    (b"~{", Kind::Marked, 3),
    (b"@{", Kind::Marked, 3),
    (b"%{", Kind::Marked, 3),
    (b"@(", Kind::At, 4),
    (b"[[", Kind::Brackets, 5),
    (b"[(", Kind::Brackets, 4),
    (b"{", Kind::Brace, 3),
    (b"<#", Kind::Angle, 6),
    (b"[#", Kind::Angle, 7),
    (b"[=", Kind::Square, 7),
    (b"#", Kind::Directive, 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        Delimiters::of(text.as_bytes())
            .map(|found| (found.kind, std::str::from_utf8(found.inside).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn expressions_are_found_between_their_delimiters() {
        assert_eq!(found("a {{ b }} c").first(), Some(&(Kind::Value, " b ")));
        assert_eq!(
            found("{% if x %}{% endif %}"),
            [(Kind::Statement, " if x "), (Kind::Statement, " endif ")]
        );
        assert_eq!(found("${a}#{b}"), [(Kind::Dollar, "a"), (Kind::Hash, "b")]);
        assert_eq!(found("{{ never closed"), []);
        assert_eq!(found("{{}"), [(Kind::Brace, "")]);
        assert_eq!(found(""), []);
    }

    #[test]
    fn beginnings_side_by_side_are_a_probe() {
        assert!(polyglot(b"x ${{<%[%'\"}}%\\").is_some());
        assert!(polyglot(b"{{a}} and then ${b} or <%c%>").is_none());
    }
}
