//! What the engine is told.

use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{AckToken, Alert, ChannelId, Kind, Matchers, NotificationKey, Plan};

/// Something that the engine is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Time has passed; the least that the driver brings when [`Engine::next_wake`](crate::Engine::next_wake) says so.
    Tick,
    /// Somebody brings alerts. Each is taken or refused on its own: see [`Answer::Refused`](crate::Answer::Refused).
    Alerts {
        /// Who brings them: `api`, `rules`, `events`.
        source: String,
        /// The alerts.
        alerts: Vec<Alert>,
    },
    /// Somebody sets a silence or changes one.
    SetSilence(SilenceRequest),
    /// Somebody ends a silence early.
    ExpireSilence {
        /// Which one.
        id: String,
        /// Who.
        by: String,
    },
    /// Somebody takes care of an incident, or no longer does.
    Incident {
        /// Which one.
        id: String,
        /// Who.
        by: String,
        /// What is to be done.
        action: IncidentAction,
    },
    /// Somebody uses a link or a button that acknowledges, each of which does so once.
    Acknowledge {
        /// What it carries.
        token: AckToken,
        /// Who.
        by: String,
    },
    /// Something that other things depend on is down: the alerts of those are held back until it is up.
    ParentDown {
        /// Its name, which the alerts held back will show.
        parent: String,
        /// Which alerts are held back. Those that match an alert about the parent itself should not be among them.
        children: Matchers,
    },
    /// It is up again, or nothing depends on it any more.
    ParentUp {
        /// Its name.
        parent: String,
    },
    /// An escalation wants people to be told of an incident.
    Escalate(Escalate),
    /// What became of a notification in the end.
    Delivered {
        /// Which one.
        key: NotificationKey,
        /// The incident that it was about.
        incident: String,
        /// The channel that it was for.
        channel: ChannelId,
        /// What sort of word it was.
        kind: Kind,
        /// What became of it.
        fate: Fate,
    },
    /// There is a new plan. Alerts, silences and incidents stay.
    Reload(Box<Plan>),
}

/// What becomes of a notification in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The other side has it.
    Sent,
    /// Another channel has it in its place.
    Rerouted(ChannelId),
    /// It was called back before it left.
    Cancelled,
    /// It will never arrive.
    Dead,
}

/// What to do with an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IncidentAction {
    /// Somebody takes care: nothing is repeated and no escalation goes on.
    Acknowledge {
        /// For how long; without it as long as the configuration says for its urgency.
        hold: Option<Duration>,
        /// What they say.
        comment: String,
    },
    /// Nobody takes care any more.
    Unacknowledge,
    /// Nobody wants to hear of it for a while.
    Snooze {
        /// For how long.
        hold: Duration,
        /// What they say.
        comment: String,
    },
    /// It is over. Alerts of it that are still brought count as over until they end and start anew.
    Resolve {
        /// What they say.
        comment: String,
    },
}

/// What somebody asks of a silence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilenceRequest {
    /// The silence to change; without it, a new one.
    pub id: Option<String>,
    /// Which alerts it silences.
    pub matchers: Matchers,
    /// From when on; the past counts as now.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Whether it ends early, once none of the alerts that it silences lasts.
    pub until_resolved: bool,
    /// How long before its end those who would hear of its alerts are told that it ends.
    pub remind_before: Option<Duration>,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// What an escalation wants to be told to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalate {
    /// The incident that it is about; one that is acknowledged, snoozed or resolved is not escalated.
    pub incident: String,
    /// The receiver, all of whose channels are used.
    pub receiver: String,
    /// The person that it is for.
    pub person: Option<String>,
    /// Names the step among all of the incident, so that the same step makes the same key: `primary/0/2`.
    pub step: String,
}
