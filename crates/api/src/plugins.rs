//! Plugins that the program runs: what is shown of them, and why one was not called.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::status_text::Shown;

/// A plugin that the program runs.
///
/// Exhaustive for the same reason as [`Status`](crate::Status).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginLine {
    /// Its name.
    pub id: String,
    /// The version that is called, or was last; empty when none is installed.
    pub version: String,
    /// How it is, as one word: `active`, `quarantined`.
    pub state: String,
    /// Why it is so.
    pub why: String,
    /// Whether somebody should look.
    pub is_amiss: bool,
    /// How often it was called since the program started.
    pub calls: u64,
    /// How many of these calls, and of those that were refused, went wrong.
    pub errors: u64,
}

impl fmt::Display for PluginLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, version, state, why, calls, errors, .. } = self;
        let (id, version, state) = (Shown(id), Shown(version), Shown(state));
        write!(f, "{id} {version} {state}, calls: {calls}, errors: {errors}: {}", Shown(why))
    }
}

/// Why a plugin was not called, or gave no answer.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginRefused {
    /// There is no such plugin here, or it is not to be called like this.
    NotFound(String),
    /// What it was called with is not what it takes.
    BadInput(String),
    /// It is not active: quarantined, revoked, not installed.
    Inactive(String),
    /// It was called as often as it may.
    TooOften(String),
    /// It was called, and did not answer as it should.
    Failed(String),
    /// Not now, whatever it is: too many calls wait already.
    Unavailable(String),
}
