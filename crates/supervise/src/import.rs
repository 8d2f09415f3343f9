//! Services as other supervisors declare them, taken over.
//!
//! What has no counterpart is not dropped in silence: it is a [`Note`] on the service.

mod compose;
mod ini;
mod js;
mod monit;
mod pm2;
mod procfile;
mod supervisord;
mod systemd;
mod units;
mod words;

use std::fmt;
use std::path::Path;

use crate::ServiceSpec;

/// What was read from a file of another supervisor.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// The services.
    pub services: Vec<ServiceSpec>,
    /// What was left out or has become something else.
    pub notes: Vec<Note>,
}

/// Something that was left out, or that an operator should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The service; empty when it is about the whole file.
    pub service: String,
    /// The key in the file.
    pub key: String,
    /// What became of it.
    pub text: String,
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `supervisord.conf`
    Supervisord,
    /// `monitrc`
    Monit,
    /// A service unit of systemd.
    Systemd,
    /// A `Procfile`.
    Procfile,
    /// `compose.yaml`
    Compose,
    /// An ecosystem file of pm2, as JSON or as a literal in JavaScript.
    Pm2,
}

/// Why a file was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportError {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The section and the key, where they are known.
    pub key: String,
    /// What is wrong.
    pub reason: String,
}

impl Imported {
    /// Reads a file of another supervisor; whose it is, its content says. `path` names services of formats that have
    /// no names.
    ///
    /// # Errors
    ///
    /// When nobody's format is recognised, or something is missing or wrong in it.
    pub fn read(text: &str, path: &Path) -> Result<(Self, Format), ImportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let format = Format::guess(text, path).ok_or_else(|| {
            ImportError::new(
                "",
                "is none of supervisord, monit, a systemd service, a Procfile, a compose file and \
                 an ecosystem file of pm2",
            )
        })?;
        Ok((Self::read_as(format, text, path)?, format))
    }

    /// Reads a file of which it is known whose it is.
    ///
    /// # Errors
    ///
    /// When something is missing or wrong in it.
    pub fn read_as(format: Format, text: &str, path: &Path) -> Result<Self, ImportError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let imported = match format {
            Format::Supervisord => supervisord::read(text, path),
            Format::Monit => monit::read(text),
            Format::Systemd => systemd::read(text, path),
            Format::Procfile => procfile::read(text),
            Format::Compose => compose::read(text),
            Format::Pm2 => pm2::read(text),
        }?;
        if imported.services.is_empty() {
            return Err(ImportError::new("", format!("declares no service ({format})")));
        }
        Ok(imported)
    }

    /// Writes the services as tables of the configuration, each with its notes as comments. Keys that have their
    /// default are left out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for note in self.notes.iter().filter(|note| note.service.is_empty()) {
            comment(&mut text, note);
        }
        for service in &self.services {
            if !text.is_empty() {
                text.push('\n');
            }
            for note in self.notes.iter().filter(|note| note.service == service.name) {
                comment(&mut text, note);
            }
            text += &table_of(service);
        }
        text
    }

    fn note(&mut self, service: &str, key: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note {
            service: service.to_owned(),
            key: one_line(&key.into()),
            text: one_line(&text.into()),
        });
    }
}

impl Format {
    /// Returns whose file it is, by what is in it and, where that says nothing, by its name.
    #[must_use]
    pub fn guess(text: &str, path: &Path) -> Option<Self> {
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let begins = |start: &str| lines().any(|line| line.starts_with(start));
        let first = text.trim_start();
        if first.starts_with(['{', '['])
            && first.contains("apps")
            && !begins("[program:")
            && !begins("[supervisord]")
            || text.contains("module.exports") && text.contains("apps")
        {
            return Some(Self::Pm2);
        }
        if ["[program:", "[supervisord]", "[group:", "[eventlistener:", "[fcgi-program:"]
            .iter()
            .any(|start| begins(start))
        {
            return Some(Self::Supervisord);
        }
        if begins("[Service]") || begins("[Unit]") {
            return Some(Self::Systemd);
        }
        if begins("check process") || begins("check ") && begins("set daemon") {
            return Some(Self::Monit);
        }
        if lines().any(|line| line == "services:" || line.starts_with("services: ")) {
            return Some(Self::Compose);
        }
        let is_procfile = path.file_stem().is_some_and(|name| name == "Procfile")
            || lines().filter(|line| !line.starts_with('#')).all(procfile::is_line);
        (is_procfile && lines().next().is_some()).then_some(Self::Procfile)
    }
}

impl ImportError {
    pub(crate) fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line: None, key: key.into(), reason: reason.into() }
    }

    pub(crate) fn missing(section: &str, key: &str) -> Self {
        Self::new(format!("{section}.{key}"), "is missing")
    }

    pub(crate) fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if self.key.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.key, self.reason)
        }
    }
}

impl std::error::Error for ImportError {}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supervisord => "supervisord",
            Self::Monit => "monit",
            Self::Systemd => "systemd",
            Self::Procfile => "Procfile",
            Self::Compose => "compose",
            Self::Pm2 => "pm2",
        })
    }
}

fn comment(text: &mut String, note: &Note) {
    text.extend(["# ", &note.to_string(), "\n"]);
}

/// A service as a table, without what is as it would be anyway.
fn table_of(service: &ServiceSpec) -> String {
    let (Ok(toml::Value::Table(mut table)), Ok(toml::Value::Table(usual))) =
        (toml::Value::try_from(service), toml::Value::try_from(ServiceSpec::default()))
    else {
        unreachable!("a service is a table of texts, numbers and tables");
    };
    if let Some(probes) = table.get_mut("probes").and_then(toml::Value::as_table_mut) {
        let usual = toml::Value::try_from(crate::ProbeConfig::default());
        for probe in probes.iter_mut().filter_map(|(_, probe)| probe.as_table_mut()) {
            without(probe, usual.as_ref().ok().and_then(toml::Value::as_table));
        }
    }
    without(&mut table, Some(&usual));
    let mut outer = toml::Table::new();
    outer.insert("service".to_owned(), toml::Value::Array(vec![toml::Value::Table(table)]));
    toml::to_string(&outer).unwrap_or_default()
}

fn without(table: &mut toml::Table, usual: Option<&toml::Table>) {
    let Some(usual) = usual else { return };
    table.retain(|key, value| usual.get(key) != Some(value));
    for (key, value) in table.iter_mut() {
        if let (Some(inner), Some(toml::Value::Table(usual))) =
            (value.as_table_mut(), usual.get(key))
        {
            inner.retain(|key, value| usual.get(key) != Some(value));
        }
    }
}

/// What stands in a comment must not begin a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A name that services may have, made of one that they may not have.
fn name_of(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '-' })
        .take(64)
        .collect();
    name
}
