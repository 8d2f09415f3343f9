//! Who carries a notification out.

use std::pin::Pin;
use std::time::Duration;

use crate::{AckLinks, Notification};

/// A boxed future, so that a trait with asynchronous methods can be a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way to tell somebody: a mailbox, a chat room, a pager.
///
/// The service calls [`send`](Self::send) from one task per channel, one notification at a time or as many as
/// [`Capabilities::parallel`] says, each until its outcome is known or its deadline drops the future. It may be called
/// again with the same key after a crash: the key goes to the other side wherever that has a field for it.
pub trait Channel: Send + Sync {
    /// Returns what the channel is able to do.
    fn capabilities(&self) -> Capabilities;

    /// Carries a notification out.
    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome>;
}

/// What a channel is able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// How many notifications may be under way at a time.
    pub parallel: usize,
    /// Whether what was sent can be changed by a later notification of the same incident, by its receipt.
    pub edits: bool,
    /// How long one attempt may take.
    pub timeout: Duration,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { parallel: 1, edits: false, timeout: Duration::from_secs(30) }
    }
}

/// A notification on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What is to be told.
    pub notification: Notification,
    /// Which attempt it is, from 1 on.
    pub attempt: u32,
    /// Where the other side can acknowledge it.
    pub links: AckLinks,
    /// What the other side called the last notification of the same incident, where it said so.
    pub receipt: Option<String>,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The other side has taken it.
    Sent {
        /// What it calls it, for changing it later.
        receipt: Option<String>,
    },
    /// It may succeed later.
    Retry {
        /// Not before, when the other side says so.
        after: Option<Duration>,
        /// Why, in one line without secrets.
        reason: String,
    },
    /// It will never succeed like this.
    Permanent {
        /// Why, in one line without secrets.
        reason: String,
    },
}
