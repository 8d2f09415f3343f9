//! What a drill found, for whoever did not see it.

use serde::{Deserialize, Serialize};
use wardkit_tlog::{Note, SigningKey, VerifierKey};

use super::{DrillError, StepReport, Verdict};
use crate::format::Id;

/// What a drill found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillReport {
    /// The version of this form, 1.
    pub version: u32,
    /// The host that held the drill.
    pub host: String,
    /// The repository's own name of itself.
    pub repository: String,
    /// The snapshot that was restored.
    pub snapshot: String,
    /// When the snapshot was taken, as it says.
    pub taken: String,
    /// When the drill began, as RFC 3339.
    pub began: String,
    /// How long the restore took until every byte was proven and on disk, in milliseconds.
    pub restore_millis: u64,
    /// How many files were restored.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were compared with what was read when the backup was made.
    pub compared: u64,
    /// What a program that was started was kept in, as `its own account, limits`.
    pub isolation: String,
    /// What was wrong with files, the first of them.
    pub failures: Vec<String>,
    /// How many more were wrong.
    pub more_failures: u64,
    /// What was asked, and the answers.
    pub probes: Vec<Checked>,
    /// The steps of the runbook, in their order: which ran, which were only checked, and how they went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// The SHA-256 of the signed report before this one.
    pub previous: Option<String>,
}

/// A probe and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Which probe.
    pub probe: String,
    /// Its answer.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A report with the signature of who held the drill: a signed note, whose text is one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReport {
    note: Note,
}

impl DrillReport {
    /// How many failures are told one by one.
    pub const MOST_FAILURES: usize = 100;

    /// Adds something that was wrong.
    pub fn fail(&mut self, what: impl Into<String>) {
        if self.failures.len() < Self::MOST_FAILURES {
            self.failures.push(shorten(what.into()));
        } else {
            self.more_failures += 1;
        }
    }

    /// Whether everything was as it has to be. A probe that could not be run is no proof.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.failures.is_empty()
            && self.more_failures == 0
            && self.probes.iter().all(|checked| checked.verdict.is_passed())
            && self.steps.iter().all(|step| step.verdict.is_passed())
    }

    /// Signs it.
    ///
    /// # Errors
    ///
    /// When it is too long for a note.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedReport, DrillError> {
        // Through a map whose keys are sorted, so that the same report is the same text.
        let mut text = serde_json::to_value(self)?.to_string();
        text.push('\n');
        Ok(SignedReport { note: Note::sign(text, key)? })
    }
}

impl SignedReport {
    /// Reads a report that anybody may have written.
    ///
    /// # Errors
    ///
    /// When it is no signed note.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DrillError> {
        Ok(Self { note: Note::from_bytes(bytes)? })
    }

    /// Returns the report, if one of these keys signed it.
    ///
    /// # Errors
    ///
    /// When none of them did, it was changed since, or it is the report of something else.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<DrillReport, DrillError> {
        let verified = self.note.verify(keys)?;
        Ok(serde_json::from_str(verified.text())?)
    }

    /// What the next report calls this one.
    #[must_use]
    pub fn id(&self) -> Id {
        Id::of(self.note.to_string().as_bytes())
    }
}

impl std::fmt::Display for SignedReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.note.fmt(f)
    }
}

/// Holds a line within what a note has room for; control characters are none of a note's.
pub(super) fn shorten(text: String) -> String {
    let whole = text.chars().count() <= MOST_CHARS && !text.contains(char::is_control);
    if whole {
        return text;
    }
    let clean =
        text.chars().map(|one| if one.is_control() { char::REPLACEMENT_CHARACTER } else { one });
    let mut short: String = clean.take(MOST_CHARS).collect();
    if text.chars().count() > MOST_CHARS {
        short.push('…');
    }
    short
}

/// A path that is as long as paths may be, twice over, is no help to anybody.
const MOST_CHARS: usize = 500;
