//! A message on its way to a channel.

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use crate::{ChannelId, Condition, Kind, Notification, NotificationKey, Urgency};

/// A message, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// What tells it from others and how far it is.
    pub head: MessageHead,
    /// What it says.
    pub notification: Notification,
}

/// A message without what it says: what decides when it leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageHead {
    /// Its place in the order of all messages, from 1 on; never given twice.
    pub sequence: u64,
    /// Tells it from every other one, for the other side.
    pub key: NotificationKey,
    /// The channel it goes to now; another than [`origin`](Self::origin) once it was rerouted.
    pub channel: ChannelId,
    /// The channel it was for.
    pub origin: ChannelId,
    /// The receiver that it is for.
    pub receiver: String,
    /// The person that it is for, when an escalation names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The incident that it is about.
    pub incident: String,
    /// What sort of word it is.
    pub kind: Kind,
    /// Whether what it tells of lasts.
    pub condition: Condition,
    /// How much it matters.
    pub urgency: Urgency,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it is not worth sending any more.
    pub expires_at: Timestamp,
    /// How far it is.
    pub state: MessageState,
    /// How often it was tried on this channel.
    pub attempts: u32,
    /// When its state began, or, when the state is failed, ends.
    pub at: Timestamp,
    /// Why it is in this state, in one line; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageState {
    /// It waits for its first attempt.
    Queued,
    /// An attempt is under way, or was when the program died.
    Leased,
    /// It waits for another attempt.
    Failed,
    /// The other side has taken it.
    Sent,
    /// No channel took it; somebody should look.
    Dead,
    /// It was called back: the incident was acknowledged, or its receiver is gone.
    Cancelled,
    /// A newer one says it.
    Superseded,
}

impl MessageState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Leased,
        Self::Failed,
        Self::Sent,
        Self::Dead,
        Self::Cancelled,
        Self::Superseded,
    ];

    /// Returns whether it is not decided yet what becomes of the message.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Queued | Self::Leased | Self::Failed)
    }

    /// Returns the word: `queued`, `leased`, `failed`, `sent`, `dead`, `cancelled` or `superseded`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageUpdate {
    /// Which one.
    pub sequence: u64,
    /// The channel it goes to from now on.
    pub channel: ChannelId,
    /// How far it is.
    pub state: MessageState,
    /// How often it was tried on this channel.
    pub attempts: u32,
    /// When its state began, or, when the state is failed, ends.
    pub at: Timestamp,
    /// When it is not worth sending any more.
    pub expires_at: Timestamp,
    /// Why, in one line; empty when there is nothing to say.
    pub reason: String,
    /// What the other side calls it, when it has taken it and said so.
    pub receipt: Option<String>,
    /// The message that says it now, when it is superseded.
    pub superseded_by: Option<u64>,
}
