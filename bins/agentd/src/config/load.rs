//! From the text of a file to a checked [`Config`], or to all that is wrong with it.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Config, Problem, keys, schema};

/// Reads a configuration file.
///
/// # Errors
///
/// Returns the system's error, and `InvalidData` for a file that cannot be a configuration: too large, not UTF-8.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    // A named pipe without a writer would otherwise keep the daemon waiting for ever.
    let nonblock = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblock).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = line_at(std::str::from_utf8(valid).unwrap_or_default(), valid.len());
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
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problems = errors.iter().map(|error| at(text, error.span(), "", error.message()));
        return Err(readable(problems.collect()));
    }
    let mut table = table.into_inner();
    let mut problems = Vec::new();
    for unknown in keys::take_unknown(&schema(), &mut table) {
        problems.push(at(text, Some(unknown.span), &unknown.path, &unknown.reason));
    }
    let spans = keys::spans(&table);
    let mut sections = Sections { text, table, spans, problems };
    let config = Config {
        log: sections.take("log"),
        listen: sections.take("listen"),
        parts: sections.take("parts"),
        reload: sections.take("reload"),
    };
    let Sections { spans, mut problems, .. } = sections;
    for (key, reason) in config.violations() {
        problems.push(at(text, keys::nearest_span(&spans, &key), &key, &reason));
    }
    if problems.is_empty() { Ok(config) } else { Err(readable(problems)) }
}

/// The sections that are still to be read, and what was wrong so far.
struct Sections<'i> {
    text: &'i str,
    table: DeTable<'i>,
    spans: Vec<keys::KeySpan>,
    problems: Vec<Problem>,
}

impl Sections<'_> {
    /// Takes one section out of the table; a section that is absent or wrong becomes its default.
    fn take<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(value) = self.remove(name) else { return T::default() };
        let whole = value.span();
        T::deserialize(ValueDeserializer::from(value)).unwrap_or_else(|error| {
            let span = error.span().unwrap_or(whole);
            let key = keys::innermost(&self.spans, &span).unwrap_or(name).to_owned();
            self.problems.push(at(self.text, Some(span), &key, error.message()));
            T::default()
        })
    }

    fn remove(&mut self, name: &str) -> Option<Spanned<DeValue<'_>>> {
        self.table.remove(name)
    }
}

fn at(text: &str, span: Option<Range<usize>>, key: &str, reason: &str) -> Problem {
    let line = span.map(|span| line_at(text, span.start));
    Problem { line, key: key.to_owned(), reason: reason.trim().replace('\n', "; ") }
}

/// Brings problems into the order of the file, and keeps as many as an operator can act on.
fn readable(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    if problems.len() > MOST_PROBLEMS {
        let more = problems.split_off(MOST_PROBLEMS).len();
        let reason = format!("... and {more} more");
        problems.push(Problem { line: None, key: String::new(), reason });
    }
    problems
}

/// Returns the line, from 1, that the byte at `index` is on.
fn line_at(text: &str, index: usize) -> usize {
    text.get(..index).unwrap_or(text).matches('\n').count() + 1
}

/// Far above any real configuration; keeps a wrong path such as a device from filling memory.
const MAX_BYTES: u64 = 1 << 20;
/// Whatever the file holds, what is said of it stays short enough for a log line and an event.
const MOST_PROBLEMS: usize = 50;
