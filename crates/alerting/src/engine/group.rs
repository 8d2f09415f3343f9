//! A group of alerts, its incident, and what was told of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

use super::escalate::Escalation;
use super::time::Mono;
use super::view::{IncidentState, Suppressor};
use crate::matcher::quoted;
use crate::{ChannelId, Fingerprint, GroupBy, RouteId};

/// Names a group: a hash of its route and labels, the same after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct GroupId(u64);

impl GroupId {
    pub(super) fn of(route: &RouteId, labels: &Labels) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(route.as_str().as_bytes());
        for (name, value) in labels.iter() {
            for part in [name, value] {
                hasher.update(&[0xff]).update(part.as_bytes());
            }
        }
        Self(first_bytes(&hasher))
    }

    pub(super) fn key(self) -> String {
        format!("{:016x}", self.0)
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        u64::from_str_radix(key, 16).ok().map(Self)
    }
}

/// Names an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct IncidentId(u64);

impl IncidentId {
    /// Names an incident by its group, when it was opened, and how much its group had told before: two that are
    /// opened at one time, after the clock was set back, differ. `attempt` makes another name of a taken one.
    ///
    /// Names begin with the time, so that what a store keeps of incidents that are opened together lies together.
    pub(super) fn of(group: GroupId, opened_at: Timestamp, generation: u32, attempt: u32) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&group.0.to_le_bytes());
        hasher.update(&opened_at.as_unix_nanos().to_le_bytes());
        hasher.update(&generation.to_le_bytes());
        hasher.update(&attempt.to_le_bytes());
        let millis = opened_at.as_unix_nanos().div_euclid(1_000_000).cast_unsigned();
        Self(millis << RANDOM_BITS | first_bytes(&hasher) >> (64 - RANDOM_BITS))
    }

    pub(super) fn key(self) -> String {
        format!("{:016x}", self.0)
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        let well_formed = key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        well_formed.then(|| u64::from_str_radix(key, 16).ok().map(Self)).flatten()
    }
}

fn first_bytes(hasher: &blake3::Hasher) -> u64 {
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A group of alerts.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) route: RouteId,
    pub(super) labels: Arc<Labels>,
    /// In order.
    pub(super) alerts: Vec<Fingerprint>,
    /// Whether it has waited for its first alerts.
    pub(super) flushed: bool,
    /// When it tells its news.
    pub(super) next: Mono,
    /// What of the last two was kept last.
    pub(super) kept: Option<(bool, Mono)>,
    /// How often it told anything.
    pub(super) generation: u32,
    pub(super) told: Vec<Told>,
    /// What the history knows to hold all of it back.
    pub(super) held_by: Option<Box<Suppressor>>,
    pub(super) incident: Option<Incident>,
}

impl Group {
    pub(super) fn new(route: RouteId, labels: Arc<Labels>, next: Mono) -> Self {
        Self {
            route,
            labels,
            alerts: Vec::new(),
            flushed: false,
            next,
            kept: None,
            generation: 0,
            told: Vec::new(),
            held_by: None,
            incident: None,
        }
    }

    pub(super) fn insert(&mut self, fingerprint: Fingerprint) {
        if let Err(at) = self.alerts.binary_search(&fingerprint) {
            self.alerts.insert(at, fingerprint);
        }
    }

    pub(super) fn remove(&mut self, fingerprint: Fingerprint) {
        if let Ok(at) = self.alerts.binary_search(&fingerprint) {
            self.alerts.remove(at);
        }
    }

    pub(super) fn told(&self, channel: &ChannelId) -> Option<&Told> {
        self.told.iter().find(|told| told.channel == *channel)
    }

    pub(super) fn open_incident(&self) -> Option<&Incident> {
        self.incident.as_ref().filter(|incident| incident.is_open())
    }

    /// Returns the incident's name; before there is one, the empty text.
    pub(super) fn incident_key(&self) -> String {
        self.incident.as_ref().map(|incident| incident.id.key()).unwrap_or_default()
    }
}

/// Returns the labels that make the group of an alert.
pub(super) fn group_labels(by: &GroupBy, labels: &Arc<Labels>) -> Arc<Labels> {
    match by {
        GroupBy::All => Arc::clone(labels),
        GroupBy::Labels(names) => {
            let pairs = names.iter().filter_map(|name| Some((name.as_str(), labels.value(name)?)));
            Arc::new(Labels::from_pairs(pairs).unwrap_or_default())
        }
    }
}

/// Returns the name of a group as Alertmanager writes it.
pub(super) fn group_key(route_key: &str, labels: &Labels) -> String {
    let mut key = format!("{route_key}:{{");
    for (index, (name, value)) in labels.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(key, "{comma}{name}=");
        let _ = quoted(&mut key, value);
    }
    key.push('}');
    key
}

/// What a channel was last told of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) channel: ChannelId,
    /// What it believes to last, in order.
    pub(super) firing: Vec<u64>,
    /// What it was last told the end of, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) resolved: Vec<u64>,
    pub(super) at: Mono,
    /// Whether it never arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) dead: bool,
    /// Whether a word before this one arrived, or may have: it is told the end whatever became of this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) heard: bool,
    /// The channel that took a word in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by: Option<ChannelId>,
}

impl Told {
    pub(super) const fn of(channel: ChannelId) -> Self {
        Self {
            channel,
            firing: Vec::new(),
            resolved: Vec::new(),
            at: Mono::ZERO,
            dead: false,
            heard: false,
            by: None,
        }
    }

    /// Returns what a channel knows that was told something before.
    #[must_use]
    pub(super) fn after(self, before: &Self) -> Self {
        let lasts = !before.firing.is_empty();
        let heard = lasts && (before.heard || !before.dead);
        let by = before.by.clone().filter(|_| lasts && !self.firing.is_empty());
        Self { heard, by, ..self }
    }
}

/// What there is to tell a channel.
#[derive(Debug)]
pub(super) struct News {
    pub(super) firing: BTreeSet<u64>,
    pub(super) resolved: BTreeSet<u64>,
    pub(super) send_resolved: bool,
    /// After how long the same is told again; none while somebody takes care.
    pub(super) repeat: Option<Duration>,
}

impl News {
    /// Returns whether a channel wants to hear it: Alertmanager's rules, but for what never arrived.
    pub(super) fn is_wanted(&self, told: Option<&Told>, now: Mono) -> bool {
        let Some(told) = told else {
            return !self.firing.is_empty();
        };
        let known = |list: &[u64], hash: &u64| list.binary_search(hash).is_ok();
        if self.firing.iter().any(|hash| !known(&told.firing, hash)) {
            return true;
        }
        if self.firing.is_empty() {
            return (!told.dead || told.heard)
                && self.resolved.iter().any(|hash| known(&told.firing, hash));
        }
        if self.send_resolved && self.resolved.iter().any(|hash| !known(&told.resolved, hash)) {
            return true;
        }
        let Some(repeat) = self.repeat else {
            return false;
        };
        let repeat = if told.dead { repeat.min(AFTER_DEATH) } else { repeat };
        now.since(told.at) >= repeat
    }
}

/// An incident: a group from its first alert on until all are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Incident {
    pub(super) id: IncidentId,
    pub(super) state: IncidentState,
    pub(super) opened_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resolved_at: Option<Timestamp>,
    /// Until when it can be reopened, or somebody takes care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Mono>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) escalation: Option<Escalation>,
    /// The links that acknowledged it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) used: Vec<u64>,
}

impl Incident {
    pub(super) fn is_open(&self) -> bool {
        self.state != IncidentState::Resolved
    }
}

/// The rest is of the time: four hours and a half of milliseconds.
const RANDOM_BITS: u32 = 40;
/// What never arrived is told again earlier than what did, but not with every news: a dead mailbox stays dead.
const AFTER_DEATH: Duration = Duration::from_hours(1);
