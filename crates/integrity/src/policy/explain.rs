//! Which rule decides, and why.

use std::fmt;
use std::path::{Path, PathBuf};

use wardkit_core::Severity;

use super::{Origin, Policy, Profile, Rule, bytes};
use crate::{EntryKind, Field, Selection as _, Take};

/// Why a path is looked at as it is. Prints as a few lines for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The path.
    pub path: PathBuf,
    /// What it was taken for.
    pub kind: EntryKind,
    /// The rule that decides.
    pub rule: Considered,
    /// How much a change matters.
    pub severity: Severity,
    /// Why the rule is there.
    pub reason: Option<String>,
    /// What is compared.
    pub fields: Vec<Field>,
    /// A scan does not enter it: it is ignored and so is all that lies below.
    pub not_entered: bool,
    /// The rules that cover the path too and stand below the one that decides.
    pub also: Vec<Considered>,
}

/// A rule that covers a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Considered {
    /// Its number, counted from 1; 0 for what stands for paths that no rule covers.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub origin: Origin,
    /// The first of its patterns that covers the path.
    pub pattern: Option<String>,
    /// Its profile.
    pub profile: Profile,
}

impl Policy {
    /// Tells which rule decides about a path, and which others cover it.
    #[must_use]
    pub fn explain(&self, path: &Path, kind: EntryKind) -> Explanation {
        let mut all = self.automaton.all(bytes(path)).into_iter();
        let (winner, rule) = match all.next() {
            Some(number) => (self.considered(number, path), &self.rules[number]),
            None => (rest(&self.rest), &self.rest),
        };
        Explanation {
            path: path.to_owned(),
            kind,
            rule: winner,
            severity: rule.severity(),
            reason: rule.reason().map(str::to_owned),
            fields: rule.fields(kind).iter().collect(),
            not_entered: self.take(path, kind) == Take::Skip,
            also: all.map(|number| self.considered(number, path)).collect(),
        }
    }

    fn considered(&self, number: usize, path: &Path) -> Considered {
        let rule = &self.rules[number];
        let covering = rule.patterns().iter().find(|pattern| pattern.covers(path));
        Considered {
            number: number + 1,
            name: rule.name().to_owned(),
            origin: rule.origin().clone(),
            pattern: covering.map(ToString::to_string),
            profile: rule.profile(),
        }
    }
}

fn rest(rule: &Rule) -> Considered {
    Considered {
        number: 0,
        name: rule.name().to_owned(),
        origin: Origin::Default,
        pattern: None,
        profile: rule.profile(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever may create files chooses names: what would steer a terminal or forge a line is escaped.
        let path = self.path.to_string_lossy();
        writeln!(f, "{} ({})", path.escape_debug(), self.kind)?;
        writeln!(f, "  decided by {}", self.rule)?;
        if let Some(reason) = &self.reason {
            writeln!(f, "  reason     {}", reason.escape_debug())?;
        }
        writeln!(f, "  severity   {}", self.severity)?;
        let names: Vec<_> = self.fields.iter().map(|field| field.as_str()).collect();
        let compared = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        write!(f, "  compared   {compared}")?;
        if self.not_entered {
            write!(
                f,
                "\n  scans skip it{}",
                if self.kind == EntryKind::Directory { " and all below" } else { "" }
            )?;
        }
        for other in &self.also {
            write!(f, "\n  below that {other}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pattern) = &self.pattern else { return write!(f, "no rule: {}", self.profile) };
        write!(f, "rule {} ({}", self.number, self.origin)?;
        // Without a name of its own it is called after a pattern.
        if !self.name.starts_with('/') {
            write!(f, ", {}", self.name.escape_debug())?;
        }
        write!(f, "): {} = {}", pattern.escape_debug(), self.profile)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Explanation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &self.path.to_string_lossy())?;
        map.serialize_entry("kind", self.kind.as_str())?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("severity", self.severity.as_str())?;
        map.serialize_entry("reason", &self.reason)?;
        map.serialize_entry("fields", &self.fields)?;
        map.serialize_entry("not_entered", &self.not_entered)?;
        map.serialize_entry("also", &self.also)?;
        map.end()
    }
}
