//! What a check of a host answers.

use crate::host::facts::FileFact;
use crate::{Location, Status};

/// What a check of a host answers.
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) current: String,
    pub(super) evidence: Vec<String>,
    pub(super) places: Vec<Location>,
    /// What is wrong, by names that do not change by themselves.
    pub(super) subjects: Vec<String>,
}

impl Answer {
    pub(super) fn pass(seen: impl Into<String>) -> Self {
        Self::new(Status::Pass, String::new()).seeing(seen)
    }

    pub(super) fn not_applicable(why: impl Into<String>) -> Self {
        Self::new(Status::NotApplicable, String::new()).seeing(why)
    }

    pub(super) fn unknown(why: impl AsRef<str>) -> Self {
        let why = why.as_ref();
        Self::new(Status::Unknown, format!("It could not be looked at: {why}.")).seeing(why)
    }

    pub(super) fn manual(current: impl Into<String>) -> Self {
        Self::new(Status::Manual, current.into())
    }

    pub(super) fn fail(current: impl Into<String>) -> Self {
        Self::new(Status::Fail, current.into())
    }

    fn new(status: Status, current: String) -> Self {
        Self { status, current, evidence: Vec::new(), places: Vec::new(), subjects: Vec::new() }
    }

    /// Adds a fact that was seen.
    pub(super) fn seeing(mut self, seen: impl Into<String>) -> Self {
        self.evidence.push(seen.into());
        self
    }

    /// Adds what is wrong: its name, and what was seen of it.
    pub(super) fn with(mut self, subject: impl Into<String>, seen: impl Into<String>) -> Self {
        self.subjects.push(subject.into());
        self.seeing(seen)
    }

    pub(super) fn at(mut self, path: &str, line: u32) -> Self {
        self.places.push(if line == 0 { Location::file(path) } else { Location::line(path, line) });
        self
    }

    /// Fails with files, or passes when there are none.
    pub(super) fn files(found: &[&FileFact], current: &str, well: &str) -> Self {
        if found.is_empty() {
            return Self::pass(well);
        }
        let first = found.iter().take(MOST_SHOWN).fold(Self::fail(current), |answer, file| {
            answer.with(&file.path, file.shown()).at(&file.path, 0)
        });
        match found.len().checked_sub(MOST_SHOWN) {
            Some(more) if more > 0 => first.seeing(format!("and {more} more")),
            _ => first,
        }
    }

    /// Says that something could not be looked at: what passed has not, and what failed stays so.
    pub(super) fn with_gaps(mut self, gaps: &[String]) -> Self {
        if gaps.is_empty() {
            return self;
        }
        if self.status == Status::Pass {
            self = Self::unknown(gaps.join("; "));
        } else {
            self.evidence.extend(gaps.iter().cloned());
        }
        self
    }
}

/// A person puts ten of a kind right, then looks again.
const MOST_SHOWN: usize = 50;
