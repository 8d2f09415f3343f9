//! What is to be told to somebody.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

use crate::{Annotations, ChannelId, Fingerprint};

/// Something to be told on one channel. It holds all that a channel needs, so that a later restart, reload or change of the alerts does not change what is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Tells it from every other one, over retries and restarts.
    pub key: NotificationKey,
    /// What sort of word it is.
    pub kind: Kind,
    /// The receiver that it goes to, by name.
    pub receiver: String,
    /// The channel of the receiver.
    pub channel: ChannelId,
    /// The person that it is for, when an escalation names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The incident that it is about, which is also the thread that it belongs to.
    pub incident: String,
    /// The group of alerts that it is about, as Alertmanager names it: `{}:{alertname="Down"}`.
    pub group_key: String,
    /// The labels that the group was made by.
    pub group_labels: Labels,
    /// The alerts, those that last first.
    pub alerts: Vec<NotifiedAlert>,
    /// How many alerts were left out because there are too many.
    #[serde(default)]
    pub truncated: u64,
    /// How much it matters: the most that any of its alerts does.
    pub urgency: Urgency,
    /// When the engine decided it.
    pub at: Timestamp,
    /// How long it is worth sending.
    pub max_age: Duration,
}

impl Notification {
    /// Returns whether any of the alerts lasts.
    #[must_use]
    pub fn condition(&self) -> Condition {
        if self.alerts.iter().any(|alert| alert.condition == Condition::Firing) {
            Condition::Firing
        } else {
            Condition::Resolved
        }
    }

    /// Returns the labels that all alerts share.
    #[must_use]
    pub fn common_labels(&self) -> Labels {
        let pairs = |alert: &NotifiedAlert| {
            let pairs =
                alert.labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            pairs.collect()
        };
        let shared = shared(self.alerts.iter().map(pairs));
        let pairs = shared.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Labels::from_pairs(pairs).unwrap_or_default()
    }

    /// Returns the annotations that all alerts share.
    #[must_use]
    pub fn common_annotations(&self) -> Annotations {
        shared(self.alerts.iter().map(|alert| alert.annotations.clone()))
    }
}

fn shared(mut maps: impl Iterator<Item = Annotations>) -> Annotations {
    let mut shared = maps.next().unwrap_or_default();
    for map in maps {
        shared.retain(|name, value| map.get(name) == Some(value));
    }
    shared
}

/// An alert as it is told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotifiedAlert {
    /// What tells it from others.
    pub fingerprint: Fingerprint,
    /// Whether it lasts.
    pub condition: Condition,
    /// What it is.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Annotations,
    /// Since when it lasts.
    pub starts_at: Timestamp,
    /// Until when it lasted; none while it lasts.
    pub ends_at: Option<Timestamp>,
    /// Where to look at what brought it.
    pub generator_url: String,
}

/// Whether something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It lasts.
    Firing,
    /// It is over.
    Resolved,
}

/// What sort of word a [`Notification`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// The alerts of a group, as they are.
    Group,
    /// A step of an escalation.
    Escalation,
    /// A reminder: a silence ends, an acknowledged incident lasts.
    Reminder,
    /// One word for something that comes and goes.
    Flapping,
    /// One word for more than anybody can read.
    Digest,
    /// Somebody wants to know whether the channel works.
    Test,
}

impl Kind {
    /// Returns the name, as it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Escalation => "escalation",
            Self::Reminder => "reminder",
            Self::Flapping => "flapping",
            Self::Digest => "digest",
            Self::Test => "test",
        }
    }
}

/// How much a notification matters: what a limit or a storm holds back first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// It can wait: the label `severity` says info or nothing known.
    Info,
    /// The label `severity` says warning, or there is none.
    #[default]
    Warning,
    /// Somebody must act now: the label `severity` says critical, error, page, emergency or fatal.
    Critical,
}

impl Urgency {
    /// Returns what the label `severity` says.
    #[must_use]
    pub fn of(labels: &Labels) -> Self {
        match labels.value("severity") {
            Some("critical" | "error" | "page" | "emergency" | "fatal") => Self::Critical,
            Some("warning" | "warn") | None => Self::Warning,
            Some(_) => Self::Info,
        }
    }
}

/// Tells a notification from every other one; the vendor gets it as the key of idempotency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NotificationKey(String);

impl NotificationKey {
    /// Returns the key of a notification: the same parts make the same key.
    #[must_use]
    pub fn new(parts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        // Half of the hash: short enough for every vendor's field, long enough that no two meet.
        let mut key = hasher.finalize().to_hex().to_string();
        key.truncate(32);
        Self(key)
    }

    /// Takes a text that a key was.
    pub(crate) const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NotificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where whoever gets a notification can say that they take care of it. Each holds a signature: it is a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AckLinks {
    /// A page that asks whether to acknowledge; looking at it changes nothing.
    pub acknowledge: Option<String>,
    /// The token of a button, where a channel has buttons.
    pub token: Option<String>,
}

impl fmt::Debug for AckLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckLinks").finish_non_exhaustive()
    }
}
