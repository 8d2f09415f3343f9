//! Where the state, the messages and the history are kept.

mod memory;
mod message;
mod query;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use memory::MemoryStore;
pub use message::{Message, MessageHead, MessageState, MessageUpdate};
pub use query::{HistoryQuery, HistoryRow, MessageQuery};

use crate::{Condition, Notification, Record, Transition};

/// Where the state, the messages and the history are kept.
///
/// The service calls it from one thread, which does nothing else while it waits. What an error leaves behind is what
/// was there before; the caller keeps the batch and brings it again, alone or together with what came since.
pub trait Store: Send {
    /// Returns all that holds: once, before anything else.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Keeps all of a batch or nothing of it. Several times a second, many times while alerts pour in.
    ///
    /// A batch may come again after an error: what was kept of it already must not be there twice.
    ///
    /// # Errors
    ///
    /// When nothing of it was kept: the disk is full, read-only or broken, or somebody else holds the database.
    fn commit(&mut self, batch: &Batch, durability: Durability) -> Result<(), StoreError>;

    /// Returns what a message says, before each attempt. None when there is no such message. Of what it superseded,
    /// the newest [`MOST_SUPERSEDED`] are enough.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn payload(&mut self, sequence: u64) -> Result<Option<Payload>, StoreError>;

    /// Returns messages, waiting or done, the newest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn messages(&mut self, query: &MessageQuery) -> Result<Vec<MessageHead>, StoreError>;

    /// Returns what happened, the newest first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, StoreError>;

    /// Forgets what happened before a moment, and the messages that were done before it; at most `limit` rows of each
    /// at a time. Returns how many there were: as many as the limit when there are more. Waiting messages stay.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn prune(&mut self, before: wardkit_core::Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Puts its own things in order: nothing else is to do at the moment. What fails is tried at the next rest.
    fn rest(&mut self) {}

    /// Puts what is there aside and begins anew with what is brought, after [`StoreError::is_damaged`].
    ///
    /// Returns what became of the old one, for people. A store that cannot be damaged has nothing to put aside.
    ///
    /// # Errors
    ///
    /// When the new one cannot be written.
    fn rebuild(&mut self, running: &Batch) -> Result<String, StoreError>;
}

/// What is kept in one commit: the state and what must be told of it, together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// State. The last one of a space and key holds.
    pub records: Vec<Record>,
    /// New messages.
    pub messages: Vec<Message>,
    /// What became of messages, in order; those of this batch, too.
    pub updates: Vec<MessageUpdate>,
    /// What happened.
    pub transitions: Vec<Transition>,
}

impl Batch {
    /// Returns whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.messages.is_empty()
            && self.updates.is_empty()
            && self.transitions.is_empty()
    }
}

/// When a commit must survive a loss of power. It survives the death of the program either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Once the call returns.
    Full,
    /// When a later one does.
    Relaxed,
}

/// All that holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// State.
    pub records: Vec<Record>,
    /// The messages that are not done, in order.
    pub messages: Vec<MessageHead>,
    /// The largest sequence number ever given to a message; zero when there was none.
    pub last_sequence: u64,
    /// What was wrong with the store and what became of it: an event is due.
    pub damage: Option<String>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// What is to be told, as it was decided.
    pub notification: Notification,
    /// What it superseded, the newest first.
    pub superseded: Vec<Notification>,
    /// What the channel called the last message of the same incident that it took, where it said so.
    pub receipt: Option<String>,
}

impl Payload {
    /// Creates the payload of a message that superseded nothing.
    #[must_use]
    pub const fn of(notification: Notification) -> Self {
        Self { notification, superseded: Vec::new(), receipt: None }
    }

    /// Returns what is to be told, with the alerts that ended in what it superseded and that it does not speak of:
    /// nobody was told of their end.
    #[must_use]
    pub fn merged(self) -> Notification {
        let mut notification = self.notification;
        let mut known: BTreeSet<_> =
            notification.alerts.iter().map(|alert| alert.fingerprint).collect();
        for older in self.superseded {
            let ended = older.alerts.into_iter().filter(|alert| {
                alert.condition == Condition::Resolved && known.insert(alert.fingerprint)
            });
            notification.alerts.extend(ended);
        }
        notification
    }
}

/// Why a store could not do something.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StoreError {
    what: String,
    damaged: bool,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// Creates an error: what could not be done, and why.
    #[must_use]
    pub fn new(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what: what.into(), damaged: false, source: Some(source.into()) }
    }

    /// Creates an error without a cause below it.
    #[must_use]
    pub fn message(what: impl Into<String>) -> Self {
        Self { what: what.into(), damaged: false, source: None }
    }

    /// Says that what is kept is damaged, so that no repetition helps.
    #[must_use]
    pub fn damaged(mut self) -> Self {
        self.damaged = true;
        self
    }

    /// Returns whether what is kept is damaged: [`Store::rebuild`] is due. Anything else passes.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.damaged
    }
}

/// How many superseded messages a newer one is put together from at most.
pub const MOST_SUPERSEDED: usize = 64;
