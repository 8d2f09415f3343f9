//! What is asked of the program about alerts.

use serde::{Deserialize, Serialize};
use wardkit_alerting::Alert;
use wardkit_core::{Labels, Timestamp};

use super::SilenceWish;

/// Something asked about alerts, or brought.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Call {
    /// What runs: answered with a [`ServerStatus`](super::ServerStatus).
    Status,
    /// Who can be told: answered with a list of [`ReceiverName`](super::ReceiverName).
    Receivers,
    /// Which alerts last: answered with a list of [`ShownAlert`](super::ShownAlert).
    Alerts(Query),
    /// The same in groups: answered with a list of [`ShownGroup`](super::ShownGroup).
    Groups(Query),
    /// Alerts that somebody brings. An answer promises that they are kept.
    Post(Vec<Alert>),
    /// Which silences there are: answered with a list of [`ShownSilence`](super::ShownSilence).
    Silences {
        /// Matchers that the silences' own must have.
        filter: Vec<String>,
    },
    /// One silence: answered with a [`ShownSilence`](super::ShownSilence).
    Silence(String),
    /// A silence is made or changed: answered with a [`SilenceId`](super::SilenceId).
    SetSilence(SilenceWish),
    /// A silence is ended.
    ExpireSilence(String),
    /// A command of the control socket: answered as the program likes.
    Command(Command),
}

impl Call {
    /// Returns whether it changes something.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Post(_) | Self::SetSilence(_) | Self::ExpireSilence(_) => true,
            Self::Command(command) => command.writes(),
            Self::Status
            | Self::Receivers
            | Self::Alerts(_)
            | Self::Groups(_)
            | Self::Silences { .. }
            | Self::Silence(_) => false,
        }
    }
}

/// Which alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the foreign format")]
pub struct Query {
    /// Matchers, as they were written; each must match.
    pub filter: Vec<String>,
    /// A regular expression that one of the receivers must match as a whole.
    pub receiver: Option<String>,
    /// Whether those that nothing holds back are wanted.
    pub active: bool,
    /// Whether silenced ones are wanted.
    pub silenced: bool,
    /// Whether inhibited ones are wanted.
    pub inhibited: bool,
    /// Whether those are wanted that nothing was decided about yet.
    pub unprocessed: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            filter: Vec::new(),
            receiver: None,
            active: true,
            silenced: true,
            inhibited: true,
            unprocessed: true,
        }
    }
}

/// A command of the control socket.
///
/// An `id` is that of an incident, or the fingerprint of one of its alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[non_exhaustive]
pub enum Command {
    /// Lists alerts.
    List {
        /// Matchers, each of which must match.
        #[serde(default)]
        filter: Vec<String>,
    },
    /// Lists incidents.
    Incidents {},
    /// Says that somebody takes care.
    Ack {
        /// Of which incident.
        id: String,
        /// For how many seconds; without it, as long as the configuration says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
        /// What they say about it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// Who they are.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Takes that back.
    Unack {
        /// Of which incident.
        id: String,
        /// Who does.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Tells nobody of an incident for a while.
    Snooze {
        /// Which one.
        id: String,
        /// For how many seconds.
        seconds: u64,
        /// Who does not want to hear of it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Says that an incident is over.
    Resolve {
        /// Which one.
        id: String,
        /// Who says so.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Makes a silence.
    Silence(SilenceWish),
    /// Lists silences.
    Silences {},
    /// Ends a silence.
    Expire {
        /// Which one.
        id: String,
    },
    /// Shows what happened, newest first.
    History {
        /// Of which incident or alert; of all, if it does not say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        id: String,
        /// From when on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// How many at most.
        most: u32,
    },
    /// Shows how the alerting itself does: times until somebody took care, noise, deliveries.
    Analytics {
        /// From when on; without it, the thirty days before `to`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// Until when; without it, until now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
    },
    /// Lists what could not be delivered.
    Dead {},
    /// Tries again to deliver what could not be.
    Replay {
        /// The keys of the messages; all, while empty.
        #[serde(default)]
        keys: Vec<String>,
    },
    /// Sends a test to every channel of a receiver, or to one channel.
    Test {
        /// The receiver's name, or the channel's: `team/webhook[0]`.
        channel: String,
    },
    /// Tells where an alert of these labels goes and what holds it back, or the same of an incident.
    Explain {
        /// An incident, or labels: `{alertname="Down",host="a"}`.
        what: String,
    },
    /// Lists the rules, how they are, and when they were asked last.
    Rules {},
    /// Lists the schedules, and who is on call.
    Schedules {},
    /// Shows who is on call when.
    Schedule {
        /// By which schedule.
        name: String,
        /// From when on; from now on, if it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// Until when; a week, if it does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
        /// Whether the answer is a calendar in the format of RFC 5545, a text.
        #[serde(default)]
        calendar: bool,
    },
}

impl Command {
    /// Returns whether it changes something.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Ack { .. }
            | Self::Unack { .. }
            | Self::Snooze { .. }
            | Self::Resolve { .. }
            | Self::Silence(_)
            | Self::Expire { .. }
            | Self::Replay { .. }
            | Self::Test { .. } => true,
            Self::List { .. }
            | Self::Incidents {}
            | Self::Silences {}
            | Self::History { .. }
            | Self::Analytics { .. }
            | Self::Dead {}
            | Self::Explain { .. }
            | Self::Rules {}
            | Self::Schedules {}
            | Self::Schedule { .. } => false,
        }
    }
}

/// Why a call about alerts is not answered.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is none that can be answered, and why.
    Bad(String),
    /// There is nothing of that name.
    NotFound(String),
    /// Not now, whatever it is.
    Unavailable(String),
}

/// What is done with a link that acknowledges.
///
/// Exhaustive on purpose: looking and doing is all that a link can lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckStep {
    /// It is looked at, perhaps by a scanner of mail: nothing changes.
    Look,
    /// Somebody pressed the button.
    Acknowledge,
}

/// What the page behind a link that acknowledges shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckView {
    /// The incident.
    pub incident: String,
    /// What it is about.
    pub labels: Labels,
    /// Since when it lasts.
    pub since: Option<Timestamp>,
    /// How many of its alerts last.
    pub firing: usize,
    /// Who has taken care of it; none while nobody has.
    pub taken_by: Option<String>,
    /// Whether it is over.
    pub is_over: bool,
}

impl AckView {
    /// Shows an incident that nobody has taken care of.
    #[must_use]
    pub fn of(incident: impl Into<String>) -> Self {
        Self { incident: incident.into(), ..Self::default() }
    }
}
