//! What a check says of itself.

use wardkit_core::{Health, Timestamp};

use crate::{Record, State};

/// What is known of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CheckStatus {
    /// Its name.
    pub name: String,
    /// The kind of its target: `http`.
    pub kind: &'static str,
    /// Whether the whole is not ready without it.
    pub critical: bool,
    /// What it says.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub state: State,
    /// Since when it says so.
    pub since: Timestamp,
    /// Whether it changes its state too often to be believed.
    pub flapping: bool,
    /// How many runs there were.
    pub runs: u64,
    /// How many of them failed.
    pub failures: u64,
    /// The last run.
    pub last: Option<Record>,
}

impl CheckStatus {
    /// Returns what it contributes to the health of the whole.
    ///
    /// A check that is not critical takes nothing down: it degrades. While it has not said anything it is not waited
    /// for.
    #[must_use]
    pub fn health(&self) -> Health {
        match (&self.state, self.critical) {
            (State::Starting, true) => Health::Starting,
            (State::Down { reason }, true) => Health::down(reason.as_str()),
            (State::Blocked { .. }, true) => Health::down(self.state.to_string()),
            (State::Blocked { .. }, false) => Health::degraded(self.state.to_string()),
            (State::Down { reason }, false) | (State::Degraded { reason }, _) => {
                Health::degraded(reason.as_str())
            }
            (State::Up | State::Starting, _) if self.flapping => {
                Health::degraded("changes its state too often")
            }
            (State::Up | State::Starting, _) => Health::Up,
        }
    }
}
