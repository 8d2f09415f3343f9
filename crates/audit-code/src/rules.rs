//! Rules as data.

mod cases;
mod document;
mod embedded;
mod scan;
mod shared;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use wardkit_audit::Check;

use crate::RuleError;
use crate::source::Language;
pub(crate) use document::Rule;
pub(crate) use scan::{Edit, Scan};

/// Rules over syntax trees, ready to judge.
#[derive(Debug, Default)]
pub struct Rules {
    all: Vec<Rule>,
    checks: Vec<Check>,
    digest: blake3::Hasher,
    scans: [OnceLock<Result<Scan, RuleError>>; Language::ALL.len()],
}

impl Rules {
    /// Returns those that are built in. Their own tests are run when this crate is tested.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`] when one cannot be read.
    pub fn built_in() -> Result<Self, RuleError> {
        let mut rules = Self::default();
        for (file, text) in embedded::FILES {
            rules.add(file, text)?;
        }
        rules.settle()?;
        Ok(rules)
    }

    /// Reads rules and runs the tests that they bring; any that fails refuses all.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`] with the file, the key and the reason.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RuleError> {
        let mut rules = Self::default();
        for (file, text) in files {
            rules.add(file, text)?;
        }
        rules.settle()?;
        rules.test()?;
        Ok(rules)
    }

    /// Adds the rules of another set. Names that both have are refused.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`] for a name that is there already.
    pub fn and(mut self, other: Self) -> Result<Self, RuleError> {
        self.digest.update(other.digest().as_bytes());
        self.all.extend(other.all);
        self.settle()?;
        self.scans = Default::default();
        Ok(self)
    }

    /// Runs the tests that the rules bring.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`] for the first that fails.
    pub fn test(&self) -> Result<(), RuleError> {
        for language in Language::ALL {
            let scan = self.scan(language).map_err(RuleError::again)?;
            cases::run(self, scan, language)?;
        }
        Ok(())
    }

    /// Returns the rules, in the order of their files.
    pub fn list(&self) -> impl Iterator<Item = Listed<'_>> {
        let check = |id: &str| self.checks.iter().find(|check| check.id == id);
        self.all.iter().filter_map(move |rule| {
            Some(Listed {
                id: &rule.id,
                check: check(rule.check())?,
                language: rule.language(),
                is_fixable: rule.is_safe_to_fix,
            })
        })
    }

    pub(crate) fn checks(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter()
    }

    /// Returns what stands for the texts of all rules.
    pub(crate) fn digest(&self) -> String {
        self.digest.finalize().to_hex().to_string()
    }

    pub(crate) fn rule(&self, index: usize) -> (&Rule, Option<&Check>) {
        let rule = &self.all[index];
        (rule, self.checks.iter().find(|check| check.id == rule.check()))
    }

    /// Returns the rules for a language, made ready when they are first needed.
    pub(crate) fn scan(&self, language: Language) -> Result<&Scan, &RuleError> {
        let scan = &self.scans[language as usize];
        scan.get_or_init(|| Scan::new(&self.all, language)).as_ref()
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        self.digest.update(blake3::hash(text.as_bytes()).as_bytes());
        let rules = document::read(text).map_err(|error| error.in_file(file))?;
        self.all.extend(rules.into_iter().map(|rule| Rule { file: file.to_owned(), ..rule }));
        Ok(())
    }

    /// Finds the check of each rule.
    fn settle(&mut self) -> Result<(), RuleError> {
        let mut names = HashSet::new();
        let mut checks: HashMap<&str, &Check> = HashMap::new();
        let flow = crate::flow::checks();
        checks.extend(flow.iter().map(|check| (check.id.as_ref(), check)));
        for rule in &self.all {
            if !names.insert(rule.id.as_str()) {
                return Err(rule.error("id", "another rule has this name"));
            }
            if let Some(check) = &rule.data {
                checks.entry(rule.check()).or_insert(check);
            }
        }
        for rule in &self.all {
            if !checks.contains_key(rule.check()) {
                let reason = "no rule of this check says what it is about";
                return Err(rule.error("audit.title", reason));
            }
        }
        let mut checks: Vec<Check> = checks
            .into_iter()
            .filter(|(id, _)| self.all.iter().any(|rule| rule.check() == *id))
            .map(|(_, check)| check.clone())
            .collect();
        checks.sort_by(|a, b| a.id.cmp(&b.id));
        self.checks = checks;
        Ok(())
    }
}

/// A rule, as a list shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Listed<'a> {
    /// Its name.
    pub id: &'a str,
    /// The check that it belongs to.
    pub check: &'a Check,
    /// The language of the sources that it judges.
    pub language: &'static str,
    /// Whether it puts right what it finds.
    pub is_fixable: bool,
}
