//! What the engine wants done.

use wardkit_core::Event;

use crate::{Kind, Notification, Record, Transition};

/// Something that the engine wants done. All effects of one step belong into one commit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// State to keep.
    Record(Record),
    /// Something to be told.
    Notify(Box<Notification>),
    /// Something that was to be told need not be any more, when it has not left yet.
    Cancel(Cancel),
    /// Something happened, for the history.
    Transition(Transition),
    /// Something happened that others on the host may want to know.
    Event(Event),
    /// What whoever brought the input is to be answered.
    Answer(Answer),
}

/// What need not be told any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// Of which incident.
    pub incident: String,
    /// Which sorts of word.
    pub kinds: Vec<Kind>,
    /// Why, for the history.
    pub why: String,
}

/// What whoever brought an input is answered. Nothing means that it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The silence is set under this name.
    Silence(String),
    /// It was not done. There is one for each alert that was refused; the others of the same input were taken.
    Refused(Refusal),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The alert has no labels.
    #[error("alert {index}: it has no labels")]
    NoLabels {
        /// Which of those brought, from 0 on.
        index: usize,
    },
    /// The alert ends before it starts.
    #[error("alert {index}: it ends before it starts")]
    EndsBeforeStart {
        /// Which of those brought, from 0 on.
        index: usize,
    },
    /// What is said of the alert is more than is kept of one.
    #[error("alert {index}: its annotations are longer than {limit} bytes")]
    TooLong {
        /// Which of those brought, from 0 on.
        index: usize,
        /// The limit.
        limit: usize,
    },
    /// There are as many alerts as are kept.
    #[error("alert {index}: there are {limit} alerts already")]
    TooManyAlerts {
        /// Which of those brought, from 0 on.
        index: usize,
        /// The limit.
        limit: usize,
    },
    /// There are as many silences as are kept.
    #[error("there are {limit} silences already")]
    TooManySilences {
        /// The limit.
        limit: usize,
    },
    /// The silence can not be.
    #[error("silence: {reason}")]
    Silence {
        /// Why.
        reason: &'static str,
    },
    /// There is no such silence.
    #[error("there is no silence {id}")]
    NoSilence {
        /// Its name.
        id: String,
    },
    /// There is no such incident.
    #[error("there is no incident {id}")]
    NoIncident {
        /// Its name.
        id: String,
    },
    /// The incident is over.
    #[error("incident {id} is resolved already")]
    IncidentResolved {
        /// Its name.
        id: String,
    },
    /// The link acknowledged already.
    #[error("the link was used already")]
    LinkUsed,
    /// There is no such receiver.
    #[error("there is no receiver {name}")]
    NoReceiver {
        /// Its name.
        name: String,
    },
}

impl Refusal {
    /// Returns whether the same may be taken later: there was no room.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::TooManyAlerts { .. } | Self::TooManySilences { .. })
    }
}
