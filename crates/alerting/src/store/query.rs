//! What may be asked of the history.

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use crate::{ChannelId, MessageState, Transition};

/// Which part of the history is wanted. The default is the newest hundred rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryQuery {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// Only of this incident.
    pub incident: Option<String>,
    /// Only of this alert, silence or notification.
    pub subject: Option<String>,
    /// Only what begins like this: `delivery.`.
    pub what: Option<String>,
    /// Only older than this row: the last one of the page before.
    pub before: Option<u64>,
    /// How many rows at most; never more than 10 000.
    pub limit: u32,
}

impl HistoryQuery {
    /// The most rows of one answer.
    pub const MAX: u32 = 10_000;

    /// Returns whether a row is asked for, but for `limit`.
    #[must_use]
    pub fn matches(&self, row: &HistoryRow) -> bool {
        let of = &row.transition;
        self.from.is_none_or(|from| of.at >= from)
            && self.to.is_none_or(|to| of.at <= to)
            && self.incident.as_ref().is_none_or(|incident| of.incident == *incident)
            && self.subject.as_ref().is_none_or(|subject| of.subject == *subject)
            && self.what.as_ref().is_none_or(|what| of.what.starts_with(what.as_str()))
            && self.before.is_none_or(|before| row.number < before)
    }
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            incident: None,
            subject: None,
            what: None,
            before: None,
            limit: 100,
        }
    }
}

/// A row of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Its number: a later one is larger.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub transition: Transition,
}

/// Which messages are wanted. The default is the newest hundred.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageQuery {
    /// Only in one of these states; in any when empty.
    pub states: Vec<MessageState>,
    /// Only on this channel.
    pub channel: Option<ChannelId>,
    /// Only of this incident.
    pub incident: Option<String>,
    /// Only queued at or after.
    pub from: Option<Timestamp>,
    /// Only queued at or before.
    pub to: Option<Timestamp>,
    /// Only older than this one: the last one of the page before.
    pub before: Option<u64>,
    /// How many at most; never more than 10 000.
    pub limit: u32,
}

impl MessageQuery {
    /// Returns whether a message is asked for, but for `limit`.
    #[must_use]
    pub fn matches(&self, head: &crate::MessageHead) -> bool {
        (self.states.is_empty() || self.states.contains(&head.state))
            && self.channel.as_ref().is_none_or(|channel| head.channel == *channel)
            && self.incident.as_ref().is_none_or(|incident| head.incident == *incident)
            && self.from.is_none_or(|from| head.queued_at >= from)
            && self.to.is_none_or(|to| head.queued_at <= to)
            && self.before.is_none_or(|before| head.sequence < before)
    }
}

impl Default for MessageQuery {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            channel: None,
            incident: None,
            from: None,
            to: None,
            before: None,
            limit: 100,
        }
    }
}
