//! The state for people and programs to look at.

use std::cmp::Reverse;

use wardkit_core::Timestamp;

use super::Engine;
use super::config::EngineConfig;
use super::group::{Group, GroupId, Incident, IncidentId, group_key};
use super::tally::RuleTotals;
use super::time::Mono;
use super::tracked::Tracked;
use super::view::{
    AlertState, AlertView, EngineStats, GroupView, IncidentState, IncidentView, Silence, Suppressor,
};
use crate::{Fingerprint, Plan};

impl Engine {
    /// Returns the plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the limits and manners.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// Returns the alerts, in the order of their fingerprints; those that are over stay until that is told.
    pub fn alerts(&self) -> impl Iterator<Item = AlertView> + '_ {
        self.alerts.iter().map(|(&fingerprint, alert)| self.alert_view(fingerprint, alert))
    }

    /// Returns an alert.
    #[must_use]
    pub fn alert(&self, fingerprint: Fingerprint) -> Option<AlertView> {
        let alert = self.alerts.get(&fingerprint)?;
        Some(self.alert_view(fingerprint, alert))
    }

    /// Returns the alerts that last and are held back, each with the first that does.
    pub fn suppressed(&self) -> impl Iterator<Item = (Fingerprint, Suppressor)> + '_ {
        let lasting = self.alerts.iter().filter(|(_, alert)| alert.ended_at.is_none());
        lasting.filter_map(|(&fingerprint, alert)| Some((fingerprint, self.holder_of(alert)?)))
    }

    /// Returns the groups that have alerts.
    pub fn groups(&self) -> impl Iterator<Item = GroupView> + '_ {
        let filled = self.groups.iter().filter(|(_, group)| !group.alerts.is_empty());
        filled.map(|(&id, group)| GroupView {
            key: self.key_of(id, group),
            labels: (*group.labels).clone(),
            receiver: self.receiver_of(id),
            alerts: group.alerts.clone(),
        })
    }

    /// Returns the incidents: open ones, and those that were resolved a short while ago.
    pub fn incidents(&self) -> impl Iterator<Item = IncidentView> + '_ {
        self.groups.iter().filter_map(|(&id, group)| {
            Some(self.incident_view(id, group, group.incident.as_ref()?))
        })
    }

    /// Returns open incidents, `most` of them: those that nobody takes care of first, then the most urgent, then the
    /// newest. It costs little however many there are.
    #[must_use]
    pub fn open_incidents(&self, most: usize) -> Vec<IncidentView> {
        let open = self.groups.iter().filter_map(|(&id, group)| Some((id, group.open_incident()?)));
        let rank = |(id, incident): (GroupId, &Incident)| {
            let is_held = matches!(incident.state, IncidentState::Acked | IncidentState::Snoozed);
            let newest = Reverse(incident.opened_at);
            (is_held, Reverse(self.urgency(id)), newest, id)
        };
        let mut ranked: Vec<_> = open.map(rank).collect();
        if ranked.len() > most {
            ranked.select_nth_unstable(most);
            ranked.truncate(most);
        }
        ranked.sort_unstable();
        let view = |(.., id): &(_, _, _, GroupId)| {
            let group = self.groups.get(id)?;
            Some(self.incident_view(*id, group, group.incident.as_ref()?))
        };
        ranked.iter().filter_map(view).collect()
    }

    /// Returns an incident.
    #[must_use]
    pub fn incident(&self, id: &str) -> Option<IncidentView> {
        let id = *self.incidents.get(&IncidentId::parse(id)?)?;
        let group = self.groups.get(&id)?;
        Some(self.incident_view(id, group, group.incident.as_ref()?))
    }

    /// Returns the silences, ended ones included while they are kept.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> + '_ {
        self.silences.iter()
    }

    /// Returns a silence.
    #[must_use]
    pub fn silence(&self, id: &str) -> Option<&Silence> {
        self.silences.get(id)
    }

    /// Returns how much there is.
    #[must_use]
    pub fn stats(&self) -> EngineStats {
        let firing = self.alerts.values().filter(|alert| alert.ended_at.is_none()).count();
        let open = self.groups.values().filter(|group| group.open_incident().is_some()).count();
        EngineStats {
            firing,
            resolved: self.alerts.len() - firing,
            groups: self.groups.len(),
            open_incidents: open,
            silences: self.silences.len(),
            flapping: self.alerts.values().filter(|alert| alert.flapping).count(),
            accepted_total: self.accepted,
            refused_total: self.refused,
            incidents: self.tally.incidents,
            storm: self.storm.on,
        }
    }

    /// Returns how often alerts did something since the start, by their names.
    #[must_use]
    pub fn rule_totals(&self) -> Vec<RuleTotals> {
        self.tally.rules()
    }

    fn alert_view(&self, fingerprint: Fingerprint, alert: &Tracked) -> AlertView {
        let suppressed_by = self.holders_of(alert);
        let state = match (alert.ended_at, suppressed_by.is_empty()) {
            (Some(_), _) => AlertState::Resolved,
            (None, true) => AlertState::Active,
            (None, false) => AlertState::Suppressed,
        };
        let nodes = self.router.route(&alert.labels);
        let mut receivers: Vec<_> =
            nodes.into_iter().map(|node| node.route.receiver.clone()).collect();
        receivers.sort();
        receivers.dedup();
        let groups = alert.groups.iter().filter_map(|id| self.groups.get(id));
        let incidents = groups.filter_map(|group| Some(group.incident.as_ref()?.id.key()));
        AlertView {
            fingerprint,
            alert: alert.alert(Some(self.wall_at(alert.expires))),
            updated_at: alert.updated_at,
            state,
            suppressed_by,
            receivers,
            incidents: incidents.collect(),
        }
    }

    fn incident_view(&self, id: GroupId, group: &Group, incident: &Incident) -> IncidentView {
        IncidentView {
            id: incident.id.key(),
            state: incident.state,
            group_key: self.key_of(id, group),
            labels: (*group.labels).clone(),
            receiver: self.receiver_of(id),
            urgency: self.urgency(id),
            opened_at: incident.opened_at,
            resolved_at: incident.resolved_at,
            by: incident.by.clone(),
            until: incident.until.filter(|_| incident.is_open()).map(|until| self.wall_at(until)),
            alerts: group.alerts.clone(),
            escalation: incident.escalation.as_ref().map(|one| self.escalation_view(one)),
        }
    }

    fn key_of(&self, id: GroupId, group: &Group) -> String {
        let route = self.node(id).map_or(group.route.as_str(), |node| node.key.as_str());
        group_key(route, &group.labels)
    }

    fn receiver_of(&self, id: GroupId) -> String {
        self.node(id).map(|node| node.route.receiver.clone()).unwrap_or_default()
    }

    /// Returns what the wall will show at a time since the boot, unless it is set.
    pub(super) fn wall_at(&self, at: Mono) -> Timestamp {
        let now = self.mono();
        self.now.wall.saturating_add(at.since(now)).saturating_sub(now.since(at))
    }
}
