//! What the outbox remembers of a waiting message.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{Condition, Kind, NotificationKey, Urgency};

/// A waiting message. There may be a hundred thousand: names that many share are shared.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: CompactKey,
    pub(super) incident: Arc<str>,
    pub(super) receiver: Arc<str>,
    pub(super) person: Option<Arc<str>>,
    /// Why it is not tried again, when it was called back during an attempt.
    pub(super) called_back: Option<Box<str>>,
    /// The channel that it goes to now.
    pub(super) channel: usize,
    /// The channel that it was for.
    pub(super) origin: usize,
    /// How many of the origin's fallbacks it was handed to.
    pub(super) hops: u8,
    pub(super) kind: Kind,
    pub(super) condition: Condition,
    pub(super) urgency: Urgency,
    pub(super) phase: Phase,
    pub(super) attempts: u32,
    pub(super) queued_at: Timestamp,
    /// By the host's uptime, as the next two.
    pub(super) due: Duration,
    pub(super) expires: Duration,
    /// Since when it is meant for this channel.
    pub(super) since: Duration,
}

impl Entry {
    /// Returns whether `self`, when it comes later in a lane, says all that `older` does.
    pub(super) fn replaces(&self, older: &Self) -> bool {
        self.kind != Kind::Test
            && older.kind != Kind::Test
            && (self.condition == Condition::Resolved || self.kind == older.kind)
    }

    /// What its pauses are drawn from: messages that failed together must not come back together.
    pub(super) fn seed(&self) -> u64 {
        self.key.number()
    }
}

/// A key in half the space.
#[derive(Clone, Debug)]
pub(super) enum CompactKey {
    /// What [`NotificationKey::new`] makes: 32 digits.
    Hash([u8; 16]),
    /// Any other.
    Text(Box<str>),
}

impl CompactKey {
    pub(super) fn new(key: &NotificationKey) -> Self {
        let number = u128::from_str_radix(key.as_str(), 16).ok();
        let hash = number.map(|number| Self::Hash(number.to_be_bytes()));
        // What other texts the number may have had is seen by whether this one comes back.
        let hash = hash.filter(|hash| hash.text() == key.as_str());
        hash.unwrap_or_else(|| Self::Text(key.as_str().into()))
    }

    pub(super) fn key(&self) -> NotificationKey {
        NotificationKey::from_text(self.text())
    }

    pub(super) fn number(&self) -> u64 {
        number_of(&self.text())
    }

    fn text(&self) -> String {
        match self {
            Self::Hash(bytes) => format!("{:032x}", u128::from_be_bytes(*bytes)),
            Self::Text(text) => text.to_string(),
        }
    }
}

/// How far a waiting message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Leased,
    Failed,
}

/// A number of a key: FNV-1a over its text.
pub(super) fn seed_of(key: &NotificationKey) -> u64 {
    number_of(key.as_str())
}

fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
