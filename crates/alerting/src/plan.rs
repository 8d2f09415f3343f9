//! What is to be done with alerts: the part of a configuration that the engine goes by.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{EscalationPolicy, Matchers, Rota, TimeInterval};

/// Who is told what, when. Made from an Alertmanager configuration, from native tables, or by a program.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The tree that decides where an alert goes; its root takes everything.
    pub route: Route,
    /// Who can be told, by name.
    pub receivers: BTreeMap<String, Receiver>,
    /// Which alerts silence others.
    pub inhibit: Vec<InhibitRule>,
    /// Times that routes name; any of the intervals of a name will do.
    pub intervals: BTreeMap<String, Vec<TimeInterval>>,
    /// How long an alert lasts that nobody brings any more.
    pub resolve_timeout: Option<Duration>,
    /// Who is called about what the routes that name them take. [`Plan::escalate`] puts them in.
    pub escalations: BTreeMap<String, EscalationPolicy>,
    /// Who can be called beside the receivers.
    pub rota: Rota,
}

/// A node of the tree. What it takes over from the node above is written out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Route {
    /// What an alert's labels must be like; the root's are not looked at.
    pub matchers: Matchers,
    /// Who is told.
    pub receiver: String,
    /// What makes a group.
    pub group_by: GroupBy,
    /// Whether the nodes beside this one are asked, too.
    pub continues: bool,
    /// How long a new group waits for more of its alerts.
    pub group_wait: Duration,
    /// How long a group that was told of waits before news of it is told.
    pub group_interval: Duration,
    /// After how long a group that lasts is told of again.
    pub repeat_interval: Duration,
    /// Nothing is told while one of these times of the plan is.
    pub mute_time_intervals: Vec<String>,
    /// Where there are any, nothing is told unless one of these times of the plan is.
    pub active_time_intervals: Vec<String>,
    /// The escalation of the plan that tells people in place of the receiver.
    pub escalation: Option<String>,
    /// The nodes below; the first that matches takes the alert.
    pub routes: Vec<Route>,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            matchers: Matchers::default(),
            receiver: String::new(),
            group_by: GroupBy::Labels(Vec::new()),
            continues: false,
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_mins(5),
            repeat_interval: Duration::from_hours(4),
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            escalation: None,
            routes: Vec::new(),
        }
    }
}

/// What makes a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// The values of these labels.
    Labels(Vec<String>),
    /// All labels: each alert is its own group.
    All,
}

/// Which alerts silence others.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InhibitRule {
    /// What an alert that silences must be like.
    pub source: Matchers,
    /// What an alert that is silenced must be like.
    pub target: Matchers,
    /// The labels that both must have alike.
    pub equal: Vec<String>,
}

/// Somebody who can be told, on one channel or several.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Receiver {
    /// The channels, all of which are used.
    pub channels: Vec<ReceiverChannel>,
}

/// A channel of a receiver, as the engine sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceiverChannel {
    /// Which one.
    pub id: ChannelId,
    /// Whether the end of alerts is told.
    pub send_resolved: bool,
}

impl ReceiverChannel {
    /// Creates one that is told of ends.
    #[must_use]
    pub const fn new(id: ChannelId) -> Self {
        Self { id, send_resolved: true }
    }
}

/// Names a channel: the receiver, the kind, and which of that kind, as `team-x/webhook[0]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelId(String);

impl ChannelId {
    /// Names a channel.
    #[must_use]
    pub fn new(receiver: &str, kind: &str, index: usize) -> Self {
        Self(format!("{receiver}/{kind}[{index}]"))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
