//! What changed in a text, line by line, with its secrets masked.

mod edits;
mod redact;
mod secrets;
mod store;

pub use redact::Redact;
pub use secrets::UsualSecrets;
pub use store::{Kept, TextStore};

use std::fmt;
use std::ops::Range;

use edits::{Edit, edits};

/// What changed in a text, line by line. Prints as a unified diff; what would steer a terminal is escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TextDiff {
    /// The places that changed, with a few lines around each.
    pub hunks: Vec<Hunk>,
    /// How many lines there were beyond the most that a report has.
    pub left_out: usize,
}

/// A place that changed, with a few lines around it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Hunk {
    /// The number of its first line in the old text, counted from 1.
    pub old_start: usize,
    /// The number of its first line in the new text, counted from 1.
    pub new_start: usize,
    /// The lines, with their ends.
    pub lines: Vec<Line>,
}

/// A line of a [`Hunk`]. It is in the old text, in the new one, or in both; there is no fourth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth")]
pub enum Line {
    /// In both.
    Same(String),
    /// In the old one.
    Removed(String),
    /// In the new one.
    Added(String),
}

impl TextDiff {
    /// Compares two texts. Both are compared as they are: mask them first.
    ///
    /// Finds the shortest list of changes where there are few, and where there are many says that everything between
    /// the first and the last was replaced.
    #[must_use]
    pub fn between(old: &str, new: &str) -> Self {
        let (old, new): (Vec<_>, Vec<_>) =
            (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
        let mut diff = Self::default();
        let mut room = MOST_LINES;
        for group in groups(&edits(&old, &new)) {
            let before = group.first().map_or(0, |edit| edit.old.start.min(CONTEXT));
            let mut hunk = Hunk {
                old_start: group.first().map_or(1, |edit| edit.old.start - before + 1),
                new_start: group.first().map_or(1, |edit| edit.new.start - before + 1),
                lines: lines(group, &old, &new),
            };
            diff.left_out += hunk.lines.len().saturating_sub(room);
            hunk.lines.truncate(room);
            room -= hunk.lines.len();
            if !hunk.lines.is_empty() {
                diff.hunks.push(hunk);
            }
        }
        diff
    }

    /// Tells whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hunks.is_empty()
    }
}

impl fmt::Display for TextDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hunk in &self.hunks {
            let count =
                |side: fn(&Line) -> bool| hunk.lines.iter().filter(|line| side(line)).count();
            let old = count(|line| !matches!(line, Line::Added(_)));
            let new = count(|line| !matches!(line, Line::Removed(_)));
            writeln!(f, "@@ -{},{old} +{},{new} @@", hunk.old_start, hunk.new_start)?;
            hunk.lines.iter().try_for_each(|line| line.fmt(f))?;
        }
        if self.left_out > 0 {
            writeln!(f, "({} lines more)", self.left_out)?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, text) = match self {
            Self::Same(text) => (' ', text),
            Self::Removed(text) => ('-', text),
            Self::Added(text) => ('+', text),
        };
        let (line, end) = match text.strip_suffix('\n') {
            Some(line) => (line, ""),
            None => (text.as_str(), "\\ no newline at the end\n"),
        };
        write!(f, "{sign}")?;
        for character in line.chars() {
            match character {
                '\t' | '"' | '\'' | '\\' => write!(f, "{character}")?,
                other => write!(f, "{}", other.escape_debug())?,
            }
        }
        write!(f, "\n{end}")
    }
}

/// Puts edits together that stand so near each other that their surroundings touch.
fn groups(edits: &[Edit]) -> impl Iterator<Item = &[Edit]> {
    edits.chunk_by(|left, right| right.old.start - left.old.end <= 2 * CONTEXT)
}

/// Returns the lines of a group with those around it.
fn lines(group: &[Edit], old: &[&str], new: &[&str]) -> Vec<Line> {
    let mut lines = Vec::new();
    let same = |range: Range<usize>, lines: &mut Vec<Line>| {
        lines.extend(old[range].iter().map(|line| Line::Same(shortened(line))));
    };
    let mut at = group.first().map_or(0, |edit| edit.old.start.saturating_sub(CONTEXT));
    for edit in group {
        same(at..edit.old.start, &mut lines);
        lines.extend(old[edit.old.clone()].iter().map(|line| Line::Removed(shortened(line))));
        lines.extend(new[edit.new.clone()].iter().map(|line| Line::Added(shortened(line))));
        at = edit.old.end;
    }
    same(at..old.len().min(at + CONTEXT), &mut lines);
    lines
}

/// A line that does not fill the screen.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…\n", &line[..end]),
        None => line.to_owned(),
    }
}

/// As in every unified diff.
const CONTEXT: usize = 3;

/// More nobody reads in a report.
const MOST_LINES: usize = 400;

/// Longer lines are made by programs.
const LONGEST_LINE: usize = 400;
