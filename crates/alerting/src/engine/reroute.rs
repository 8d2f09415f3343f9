//! A new plan: alerts, silences and incidents stay, and go where it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use super::group::GroupId;
use super::inhibit::Inhibitor;
use super::time::Timer;
use crate::{Fingerprint, Plan, Router};

impl Engine {
    pub(super) fn reload(&mut self, plan: Plan) {
        self.router = Router::new(&plan.route);
        self.inhibitor = Inhibitor::new(&plan.inhibit);
        self.plan = plan;
        self.reroute();
        let loaded = self.transition("plan.loaded", "", &wardkit_core::Labels::new());
        self.note(loaded);
    }

    /// Puts every alert where the plan says. Who was told what, and who takes care, goes along with alerts whose group
    /// vanishes: a route that got another name does not tell everything again.
    pub(super) fn reroute(&mut self) {
        let mut born: BTreeMap<GroupId, BTreeSet<GroupId>> = BTreeMap::new();
        let alerts: Vec<Fingerprint> = self.alerts.keys().copied().collect();
        for fingerprint in alerts {
            self.move_alert(fingerprint, &mut born);
        }
        for (heir, ancestors) in born {
            let vanished =
                |id: &&GroupId| self.groups.get(*id).is_some_and(|group| group.alerts.is_empty());
            if let Some(&ancestor) = ancestors.iter().find(vanished) {
                self.inherit(heir, ancestor);
            }
        }
        let empty = self.groups.iter().filter(|(_, group)| group.alerts.is_empty());
        let empty: Vec<GroupId> = empty.map(|(&id, _)| id).collect();
        for id in empty {
            if self.groups.get(&id).is_some_and(|group| group.open_incident().is_some()) {
                self.note_incident(id, "incident.closed", "", "its route is gone");
                self.cancel_calls(id, "its route is gone");
                self.forget(id);
            } else if self.node(id).is_none() {
                self.forget(id);
            } else if !self.timers.is_set(Timer::Forget(id)) {
                self.rest(id);
            }
        }
        self.refit_escalations();
    }

    fn move_alert(
        &mut self,
        fingerprint: Fingerprint,
        born: &mut BTreeMap<GroupId, BTreeSet<GroupId>>,
    ) {
        let Some(alert) = self.alerts.get(&fingerprint) else {
            return;
        };
        let labels = Arc::clone(&alert.labels);
        let (firing, left) = (alert.ended_at.is_none(), alert.groups.is_empty());
        let before = alert.groups.clone();
        if firing {
            self.inhibitor.insert(fingerprint, &labels);
        } else if left {
            return;
        }
        let targets = self.targets(&labels);
        let after: Vec<GroupId> = targets.iter().map(|target| target.group).collect();
        for target in targets {
            let is_new = !self.groups.contains_key(&target.group);
            let group = self.group_for(&target);
            group.insert(fingerprint);
            let next = group.next;
            if is_new {
                born.entry(target.group).or_default();
            }
            if let Some(ancestors) = born.get_mut(&target.group) {
                ancestors.extend(&before);
                self.touched.groups.insert(target.group);
            }
            self.timers.set(Timer::Flush(target.group), next);
            self.timers.clear(Timer::Forget(target.group));
        }
        for gone in before.iter().filter(|id| !after.contains(id)) {
            if let Some(group) = self.groups.get_mut(gone) {
                group.remove(fingerprint);
            }
        }
        if before != after {
            self.touched.alerts.insert(fingerprint);
        }
        if let Some(alert) = self.alerts.get_mut(&fingerprint) {
            alert.groups = after;
        }
    }

    fn inherit(&mut self, heir: GroupId, ancestor: GroupId) {
        let Some(old) = self.groups.remove(&ancestor) else {
            return;
        };
        let timers = [Timer::Flush, Timer::Unattended, Timer::Escalate, Timer::Forget];
        for timer in timers.map(|timer| timer(ancestor)) {
            self.timers.clear(timer);
        }
        self.storm.held.remove(&ancestor);
        self.touched.groups.insert(ancestor);
        self.touched.groups.insert(heir);
        let until = old.open_incident().and_then(|incident| incident.until);
        if let Some(incident) = &old.incident {
            self.incidents.insert(incident.id, heir);
        }
        if let Some(group) = self.groups.get_mut(&heir) {
            group.incident = old.incident;
            group.told = old.told;
            group.generation = old.generation;
            group.flushed = old.flushed;
            group.next = old.next;
            let next = group.next;
            self.timers.set(Timer::Flush(heir), next);
        }
        if let Some(until) = until {
            self.timers.set(Timer::Unattended(heir), until);
        }
    }
}
