//! From the text of a file to a checked [`Config`], or to all that is wrong with it.

use std::io;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::{Config, Problem, Profile, keys, sandbox, schema};
use crate::alerting::LookedAt;
use crate::regular_file;
use crate::supervision::host_problems;

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

/// A configuration that can be used, and what is wrong with services in it.
pub(crate) struct Parsed {
    pub config: Config,
    /// What keeps services from running; the others do.
    pub services: ServiceProblems,
}

/// What keeps services from running.
#[derive(Debug, Default)]
pub(crate) struct ServiceProblems {
    /// What is wrong with what the file says of them.
    pub declared: Vec<Problem>,
    /// What this host lacks, by the service's name.
    pub host: Vec<(String, Problem)>,
}

impl ServiceProblems {
    /// Returns all of them, in the order of the file.
    pub(crate) fn all(&self) -> Vec<Problem> {
        let host = self.host.iter().map(|(_, problem)| problem);
        readable(self.declared.iter().chain(host).cloned().collect(), 0)
    }
}

/// Returns which parts the text of a configuration file asks for, before anything of it is checked.
pub(crate) fn profile(text: &str) -> Profile {
    let (mut table, _) = DeTable::parse_recoverable(text);
    let value = table.get_mut().remove("profile");
    let profile = value.map(|value| Profile::deserialize(ValueDeserializer::from(value)));
    profile.and_then(Result::ok).unwrap_or_default()
}

/// Parses and checks the text of a configuration file in this folder, with the policies of services.
///
/// # Errors
///
/// Returns every syntax error; or, when there is none, every unknown key and broken rule and the first wrong type
/// of each section.
pub(crate) fn parse(
    text: &str,
    folder: &Path,
    looked: &mut LookedAt,
) -> Result<Parsed, Vec<Problem>> {
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
    let mut config = Config {
        profile: sections.value("profile", Profile::default()),
        max_probes: sections.value("max_probes", Config::default().max_probes),
        logs_budget: sections.value("logs_budget", Config::default().logs_budget),
        metrics: sections.take("metrics"),
        history: sections.take("history"),
        detect: sections.take("detect"),
        probe: sections.take("probe"),
        otlp: sections.take("otlp"),
        alerting: sections.take("alerting"),
        integrity: sections.take("integrity"),
        audit: sections.take("audit"),
        cleanup: sections.take("cleanup"),
        backup: sections.take("backup"),
        plugins: sections.take("plugins"),
        log: sections.take("log"),
        listen: sections.take("listen"),
        parts: sections.take("parts"),
        reload: sections.take("reload"),
        service: sections.list("service"),
        service_group: sections.list("service_group"),
    };
    let Sections { spans, mut problems, .. } = sections;
    for (key, reason) in config.violations() {
        problems.push(lines.problem(keys::nearest_span(&spans, &key), &key, &reason));
    }
    let problem =
        |key: &str, reason: &str| lines.problem(keys::nearest_span(&spans, key), key, reason);
    let declared = config.service_violations();
    let declared = declared.into_iter().map(|(key, reason)| problem(&key, &reason)).collect();
    let host = config.service.iter_mut().enumerate().flat_map(|(index, service)| {
        let sandbox = sandbox::read(service, folder, looked).map(|reason| ("sandbox", reason));
        host_problems(service).into_iter().chain(sandbox).map(move |(key, reason)| {
            (service.name.clone(), problem(&format!("service[{index}].{key}"), &reason))
        })
    });
    let services = ServiceProblems { declared, host: host.collect::<Vec<_>>() };
    if problems.is_empty() {
        return Ok(Parsed { config, services });
    }
    problems.extend(services.all());
    Err(readable(problems, 0))
}

/// The sections that are still to be read, and what was wrong so far.
struct Sections<'i> {
    lines: &'i Lines,
    table: DeTable<'i>,
    spans: Vec<keys::KeySpan>,
    problems: Vec<Problem>,
}

impl<'i> Sections<'i> {
    /// Takes one section out of the table; a section that is absent or wrong becomes its default.
    fn take<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let Some(value) = self.remove(name) else { return T::default() };
        let whole = value.span();
        // An array of the values in their order would pass for a table.
        if !matches!(value.get_ref(), DeValue::Table(_)) {
            self.problems.push(self.lines.problem(Some(whole), name, "must be a table"));
            return T::default();
        }
        self.read(value, name).unwrap_or_default()
    }

    /// Takes one value out of the table that is no section.
    fn value<T: DeserializeOwned>(&mut self, name: &str, usual: T) -> T {
        let Some(value) = self.remove(name) else { return usual };
        self.read(value, name).unwrap_or(usual)
    }

    /// Takes tables of one name out of the table; those that are wrong are left out.
    fn list<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let Some(value) = self.remove(name) else { return Vec::new() };
        let whole = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            let reason = format!("must be tables: [[{name}]]");
            self.problems.push(self.lines.problem(Some(whole), name, &reason));
            return Vec::new();
        };
        let mut list = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let key = format!("{name}[{index}]");
            if matches!(item.get_ref(), DeValue::Table(_)) {
                list.extend(self.read(item, &key));
            } else {
                let reason = format!("must be a table: [[{name}]]");
                self.problems.push(self.lines.problem(Some(item.span()), &key, &reason));
            }
        }
        list
    }

    fn read<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'_>>, name: &str) -> Option<T> {
        let whole = value.span();
        let read = T::deserialize(ValueDeserializer::from(value));
        read.map_err(|error| {
            let span = error.span().unwrap_or(whole);
            let key = keys::innermost(&self.spans, &span, name).unwrap_or(name).to_owned();
            self.problems.push(self.lines.problem(Some(span), &key, error.message()));
        })
        .ok()
    }

    fn remove(&mut self, name: &str) -> Option<Spanned<DeValue<'i>>> {
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
