//! What an audit tells of the controls that others ask for.

mod oscal;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Check, Error, Report, Status};

pub use oscal::oscal;

/// What an audit tells of the controls that others ask for: evidence, never a judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Compliance {
    /// The frameworks, in the order of the table.
    pub frameworks: Vec<Framework>,
}

/// A framework of controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Framework {
    /// Its name, as programs know it.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Of a hundred things to know about all its controls, how many a machine knew.
    pub percent_machine_checked: usize,
    /// Its controls.
    pub controls: Vec<Control>,
}

/// What is known of a control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Control {
    /// Its name within the framework.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Checks that passed.
    pub evidence_for: Vec<String>,
    /// Checks that failed.
    pub evidence_against: Vec<String>,
    /// What a person has to answer: checks, and a question.
    pub manual: Vec<String>,
    /// Checks that could not look.
    pub not_looked_at: Vec<String>,
}

impl Control {
    /// Returns what is known, in words.
    #[must_use]
    pub fn state(&self) -> &'static str {
        if !self.evidence_against.is_empty() {
            "evidence against"
        } else if !self.evidence_for.is_empty() {
            "evidence for"
        } else if !self.manual.is_empty() {
            "for a person"
        } else {
            "not looked at"
        }
    }

    fn known(&self) -> usize {
        self.evidence_for.len() + self.evidence_against.len()
    }

    fn all(&self) -> usize {
        // What nobody looks at at all is one thing that is not known.
        (self.known() + self.manual.len() + self.not_looked_at.len()).max(1)
    }
}

impl Compliance {
    /// Returns what a report tells of the controls that the table knows.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Settings`] when the table is no table, which its own test rules out.
    pub fn of(report: &Report) -> Result<Self, Error> {
        let framework = |rows: FrameworkRows| {
            let controls: Vec<Control> =
                rows.control.into_iter().map(|row| row.judged(report)).collect();
            let known: usize = controls.iter().map(Control::known).sum();
            let all: usize = controls.iter().map(Control::all).sum();
            Framework {
                id: rows.id,
                title: rows.title,
                percent_machine_checked: known * 100 / all.max(1),
                controls,
            }
        };
        Ok(Self { frameworks: table()?.into_iter().map(framework).collect() })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    framework: Vec<FrameworkRows>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkRows {
    id: String,
    title: String,
    control: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    title: String,
    #[serde(default)]
    owasp: Vec<String>,
    #[serde(default)]
    cwe: BTreeSet<u16>,
    #[serde(default)]
    checks: Vec<String>,
    ask: Option<String>,
}

impl Row {
    fn judged(self, report: &Report) -> Control {
        let mut control = Control { title: self.title.clone(), ..Control::default() };
        for check in report.catalogue.iter().filter(|check| self.tells(check)) {
            let outcome = report.checks.iter().find(|one| check.id == one.id.as_str());
            let list = match outcome.map_or(Status::Unknown, |one| one.status) {
                Status::Pass => &mut control.evidence_for,
                Status::Fail => &mut control.evidence_against,
                Status::Manual => &mut control.manual,
                Status::Unknown => &mut control.not_looked_at,
                Status::NotApplicable => continue,
            };
            list.push(check.id.to_string());
        }
        control.manual.extend(self.ask);
        control.id = self.id;
        control
    }

    /// Whether a check tells something of the control.
    fn tells(&self, check: &Check) -> bool {
        self.owasp.iter().any(|item| check.owasp.contains(&item.as_str()))
            || check.cwe.iter().any(|number| self.cwe.contains(number))
            || self.checks.iter().any(|name| is_named(name, &check.id))
    }
}

fn is_named(name: &str, id: &str) -> bool {
    match name.strip_suffix('*') {
        Some(begin) => id.starts_with(begin),
        None => name == id,
    }
}

fn table() -> Result<Vec<FrameworkRows>, Error> {
    let table: Table = toml::from_str(include_str!("compliance/controls.toml"))
        .map_err(|error| Error::Settings(Box::new(error)))?;
    Ok(table.framework)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "host")]
    fn every_check_that_the_table_names_exists() {
        let mut checks = crate::HostEngine::catalogue();
        checks.extend(crate::Audit::catalogue());
        let mut controls = 0;
        for framework in table().unwrap() {
            let mut ids = BTreeSet::new();
            for row in framework.control {
                let place = format!("{} {}", framework.id, row.id);
                for name in &row.checks {
                    let exists = checks.iter().any(|check| is_named(name, &check.id));
                    assert!(exists, "{place}: {name}");
                }
                let says_nothing = row.checks.is_empty() && row.cwe.is_empty();
                assert!(!says_nothing || !row.owasp.is_empty() || row.ask.is_some(), "{place}");
                assert!(!row.title.contains('\n') && ids.insert(row.id), "{place}");
                controls += 1;
            }
        }
        assert!(controls > 100, "{controls}");
    }

    #[test]
    fn a_star_stands_for_the_rest() {
        assert!(is_named("host-ssh-*", "host-ssh-root-login"));
        assert!(!is_named("host-ssh-*", "host-sudo-wildcard"));
        assert!(!is_named("host-ssh", "host-ssh-root-login"));
    }
}
