//! Fixes that keep what the code does.

use std::fmt::Write as _;
use std::ops::Range;

use crate::rules::{Edit, Rules};
use crate::source::{Language, Parsed};

/// What the fixes of rules would make of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixes {
    language: Language,
    text: String,
    all: Vec<Fix>,
}

/// One fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// The check whose finding it puts right.
    pub check: String,
    /// The line, from one, that the finding has.
    pub line: u32,
    /// What is replaced, in bytes of the text.
    pub range: Range<usize>,
    /// What it becomes.
    pub replacement: String,
}

impl Fixes {
    /// Looks for what the rules can put right in a file. Nothing is found in what cannot be parsed as a whole.
    #[must_use]
    pub fn of(rules: &Rules, path: &str, text: &str) -> Option<Self> {
        let language = Language::of(path)?;
        let parsed = Parsed::parse(language, text, &|| false).ok()?;
        if parsed.has_errors() {
            return None;
        }
        let line = |offset: usize| 1 + text[..offset].matches('\n').count();
        let fix = |edit: Edit| Fix {
            line: u32::try_from(line(edit.at)).unwrap_or(u32::MAX),
            check: edit.check,
            range: edit.range,
            replacement: edit.replacement,
        };
        let edits = rules.scan(language).ok()?.edits(rules, &parsed).ok()?;
        let mut fixes: Vec<Fix> = edits.into_iter().map(fix).collect();
        fixes.sort_by_key(|fix| (fix.range.start, fix.range.end));
        // Of two that meet the first stays; the other is found again afterwards.
        let mut free = 0;
        fixes.retain(|fix| {
            let is_free = fix.range.start >= free;
            if is_free {
                free = fix.range.end;
            }
            is_free
        });
        Some(Self { language, text: text.to_owned(), all: fixes })
    }

    /// Leaves those that are wanted.
    #[must_use]
    pub fn only(mut self, is_wanted: impl FnMut(&Fix) -> bool) -> Self {
        self.all.retain(is_wanted);
        self
    }

    /// Returns them, in the order of their places.
    #[must_use]
    pub fn list(&self) -> &[Fix] {
        &self.all
    }

    /// Applies them, from the end to the beginning. Nothing is returned when there is nothing to do, or when what comes out
    /// cannot be parsed.
    #[must_use]
    pub fn apply(&self) -> Option<String> {
        if self.all.is_empty() {
            return None;
        }
        let mut text = self.text.clone();
        for fix in self.all.iter().rev() {
            text.replace_range(fix.range.clone(), &fix.replacement);
        }
        let parsed = Parsed::parse(self.language, &text, &|| false).ok()?;
        (!parsed.has_errors()).then_some(text)
    }

    /// Returns what they change as a unified diff.
    #[must_use]
    pub fn diff(&self, path: &str) -> String {
        let starts: Vec<usize> = std::iter::once(0)
            .chain(self.text.match_indices('\n').map(|(at, _)| at + 1))
            .filter(|start| *start < self.text.len())
            .collect();
        let line_of = |offset: usize| starts.partition_point(|start| *start <= offset).max(1) - 1;
        let mut hunks: Vec<Hunk<'_>> = Vec::new();
        for fix in &self.all {
            let lines = line_of(fix.range.start)..line_of(fix.range.end.max(1) - 1) + 1;
            match hunks.last_mut() {
                Some(hunk) if lines.start < hunk.lines.end + 2 * CONTEXT => {
                    hunk.lines.end = lines.end.max(hunk.lines.end);
                    hunk.fixes.push(fix);
                }
                _ => hunks.push(Hunk { lines, fixes: vec![fix] }),
            }
        }
        let mut diff = format!("--- a/{path}\n+++ b/{path}\n");
        let mut shift = 0_isize;
        for hunk in &hunks {
            self.print(hunk, &starts, &mut shift, &mut diff);
        }
        diff
    }

    fn print(&self, hunk: &Hunk<'_>, starts: &[usize], shift: &mut isize, diff: &mut String) {
        let byte = |line: usize| starts.get(line).copied().unwrap_or(self.text.len());
        let around =
            hunk.lines.start.saturating_sub(CONTEXT)..(hunk.lines.end + CONTEXT).min(starts.len());
        let (start, end) = (byte(hunk.lines.start), byte(hunk.lines.end));
        let mut new = self.text[start..end].to_owned();
        for fix in hunk.fixes.iter().rev() {
            new.replace_range(fix.range.start - start..fix.range.end - start, &fix.replacement);
        }
        let grown = new.lines().count().cast_signed() - hunk.lines.len().cast_signed();
        // Writing to a String cannot fail.
        let _ = writeln!(
            diff,
            "@@ -{},{} +{},{} @@",
            around.start + 1,
            around.len(),
            (around.start + 1).saturating_add_signed(*shift),
            around.len().saturating_add_signed(grown),
        );
        *shift += grown;
        let mut lines = |sign: char, text: &str| {
            for line in text.split_inclusive('\n') {
                let end =
                    if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
                let _ = write!(diff, "{sign}{line}{end}");
            }
        };
        lines(' ', &self.text[byte(around.start)..start]);
        lines('-', &self.text[start..end]);
        lines('+', &new);
        lines(' ', &self.text[end..byte(around.end)]);
    }
}

/// Lines that change together.
struct Hunk<'a> {
    lines: Range<usize>,
    fixes: Vec<&'a Fix>,
}

/// The lines around a change that other tools show.
const CONTEXT: usize = 3;
