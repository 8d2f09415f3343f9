//! What was answered.

use std::time::Duration;

use wardkit_core::Timestamp;

/// What a host answered: what [`LiveEngine`](crate::LiveEngine) judges by.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Where from: `https://bot.example`.
    pub(crate) origin: String,
    pub(crate) is_loopback: bool,
    pub(crate) is_https: bool,
    pub(crate) at: Timestamp,
    pub(crate) tls: Option<Tls>,
    /// Of each old version whether it is spoken.
    pub(crate) old_tls: Vec<(&'static str, Result<bool, String>)>,
    /// What was asked for, at the path that was given.
    pub(crate) front: Page,
    /// The answer to a page of another origin.
    pub(crate) foreign: Page,
    pub(crate) metrics: Vec<Page>,
    pub(crate) debug: Vec<Page>,
    pub(crate) health: Vec<Page>,
    /// The answers to what is wrong.
    pub(crate) errors: Vec<Page>,
    /// The answer to an update without a secret, when there is a webhook.
    pub(crate) webhook: Option<Page>,
    pub(crate) burst: Burst,
    pub(crate) stores: Vec<Store>,
    pub(crate) slowest: Duration,
}

/// A connection over TLS.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) version: Option<String>,
    /// Why the system would not trust it.
    pub(crate) distrust: Option<String>,
    /// When the certificate ends.
    pub(crate) ends: Option<Timestamp>,
}

/// A path, and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) answer: Result<Answer, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Until the head of the answer was there.
    pub(crate) took: Duration,
}

/// Many requests at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Burst {
    pub(crate) sent: usize,
    /// How many of them at once.
    pub(crate) at_once: usize,
    /// How many were refused because they were too many.
    pub(crate) refused: usize,
    /// How many had no answer at all.
    pub(crate) lost: usize,
    /// How long answers took that came one after the other, sorted.
    pub(crate) took: Vec<Duration>,
}

/// A database beside the bot.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) name: &'static str,
    pub(crate) address: String,
    pub(crate) state: StoreState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreState {
    /// Nobody listens.
    Closed,
    /// It wants to know who asks.
    Guarded,
    /// It does what anybody says.
    Open,
    /// Something else listens, or nothing comes back.
    Unclear(String),
}

impl Page {
    /// Returns the answer if it is a page: not an error, and not a way to another place.
    pub(crate) fn shown(&self) -> Option<&Answer> {
        self.answer.as_ref().ok().filter(|answer| (200..300).contains(&answer.status))
    }
}

impl Answer {
    /// Returns the first value of a field, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
