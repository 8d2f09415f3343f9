//! From the text of a file to a checked [`Config`], or to all that is wrong with it.

use std::io;
use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Config, Problem, keys, schema};
use crate::regular_file;

/// Reads a configuration file.
///
/// # Errors
///
/// Returns the system's error, and `InvalidData` for a file that cannot be a configuration: too large, not UTF-8.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    String::from_utf8(regular_file::read_trusted(path)?).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = Lines::of(valid).at(valid.len());
        io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8 text: line {line}"))
    })
}

/// Parses and checks the text of a configuration file.
///
/// # Errors
///
/// Returns every syntax error; or, when there is none, every unknown key and broken rule and the first wrong type
/// of each section.
pub(crate) fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    let lines = Lines::of(text.as_bytes());
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // In the order of the file, so that those beyond the first need not be made.
        let said = errors.iter().take(MOST_PROBLEMS);
        let problems = said.map(|error| lines.problem(error.span(), "", error.message())).collect();
        return Err(readable(problems, errors.len().saturating_sub(MOST_PROBLEMS)));
    }
    let mut table = table.into_inner();
    let mut problems = Vec::new();
    for unknown in keys::take_unknown(&schema(), &mut table) {
        problems.push(lines.problem(Some(unknown.span), &unknown.path, &unknown.reason));
    }
    let spans = keys::spans(&table);
    let mut sections = Sections { lines: &lines, table, spans, problems };
    let config = Config {
        metrics: sections.take("metrics"),
        history: sections.take("history"),
        detect: sections.take("detect"),
        probe: sections.take("probe"),
        otlp: sections.take("otlp"),
        integrity: sections.take("integrity"),
        log: sections.take("log"),
        listen: sections.take("listen"),
        parts: sections.take("parts"),
        reload: sections.take("reload"),
    };
    let Sections { spans, mut problems, .. } = sections;
    for (key, reason) in config.violations() {
        problems.push(lines.problem(keys::nearest_span(&spans, &key), &key, &reason));
    }
    if problems.is_empty() { Ok(config) } else { Err(readable(problems, 0)) }
}

/// The sections that are still to be read, and what was wrong so far.
struct Sections<'i> {
    lines: &'i Lines,
    table: DeTable<'i>,
    spans: Vec<keys::KeySpan>,
    problems: Vec<Problem>,
}

impl Sections<'_> {
    /// Takes one section out of the table; a section that is absent or wrong becomes its default.
    fn take<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(value) = self.remove(name) else { return T::default() };
        let whole = value.span();
        // An array of the values in their order would pass for a table.
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            self.problems.push(self.lines.problem(Some(whole), name, "must be a table"));
            return T::default();
        }
        T::deserialize(ValueDeserializer::from(value)).unwrap_or_else(|error| {
            let span = error.span().unwrap_or(whole);
            let key = keys::innermost(&self.spans, &span).unwrap_or(name).to_owned();
            self.problems.push(self.lines.problem(Some(span), &key, error.message()));
            T::default()
        })
    }

    fn remove(&mut self, name: &str) -> Option<Spanned<DeValue<'_>>> {
        self.table.remove(name)
    }
}

/// Where the lines of a text end. Counting them anew for each of many problems would take minutes.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        Self(ends.map(|(index, _)| index).collect())
    }

    /// Returns the line, from 1, that the byte at `index` is on.
    fn at(&self, index: usize) -> usize {
        self.0.partition_point(|&end| end < index) + 1
    }

    fn problem(&self, span: Option<Range<usize>>, key: &str, reason: &str) -> Problem {
        Problem {
            line: span.map(|span| self.at(span.start)),
            key: short(key),
            reason: short(&reason.trim().replace('\n', "; ")),
        }
    }
}

/// Returns the text's beginning, without what would break a line or steer a terminal.
pub(super) fn short(text: &str) -> String {
    let mut shown = String::new();
    for (index, letter) in text.chars().enumerate() {
        match letter {
            _ if index == LONGEST_TEXT => {
                shown.push('…');
                break;
            }
            letter if letter.is_control() => shown.extend(letter.escape_default()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Brings problems into the order of the file, and keeps as many as an operator can act on, out of these and
/// `unsaid` later ones.
fn readable(mut problems: Vec<Problem>, unsaid: usize) -> Vec<Problem> {
    problems.sort();
    let more = unsaid + problems.len().saturating_sub(MOST_PROBLEMS);
    problems.truncate(MOST_PROBLEMS);
    if more > 0 {
        let reason = format!("... and {more} more");
        problems.push(Problem { line: None, key: String::new(), reason });
    }
    problems
}

/// Whatever the file holds, what is said of it stays short enough for a log line and an event.
const MOST_PROBLEMS: usize = 50;
/// Room for the longest list of valid keys.
const LONGEST_TEXT: usize = 300;
