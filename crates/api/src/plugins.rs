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

/// A request to an address of a plugin's own: `/plugins/ID/PATH`.
///
/// Exhaustive on purpose: who answers one tests that with one of its own making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointCall {
    /// The plugin, as it was asked for: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// The path below it, in names of the same letters.
    pub path: String,
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// What stands behind the question mark, decoded, each name once.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether whoever asks may write here. Others come only to what
    /// [`opens_endpoint`](crate::Daemon::opens_endpoint) says.
    pub is_trusted: bool,
}

/// Why a plugin was not called, or gave no answer.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginRefused {
    /// There is no such plugin here, or it is not to be called like this.
    NotFound(String),
    /// It has no endpoint for this method there, but for those that are listed: `GET, POST`.
    Method(String),
    /// It does not answer here without a token.
    NoToken(String),
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
