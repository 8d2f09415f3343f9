//! What happened, for the history.

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

/// A change of an alert, an incident, a silence or a delivery. Nothing has an effect without one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// What, dotted and in the past tense: `alert.fired`, `incident.acknowledged`, `delivery.sent`.
    pub what: String,
    /// Of which alert (its fingerprint), incident, silence or notification (its key).
    pub subject: String,
    /// The incident it belongs to; empty when none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub incident: String,
    /// Who did it; empty when the engine did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why: the suppressor, the error, the comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The alert's labels, or the group's.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl Transition {
    /// Creates a transition without incident, author, reason and labels.
    #[must_use]
    pub fn new(at: Timestamp, what: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
            subject: subject.into(),
            incident: String::new(),
            by: String::new(),
            why: String::new(),
            labels: Labels::new(),
        }
    }
}
