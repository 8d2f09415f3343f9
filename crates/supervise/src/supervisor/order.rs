//! Who may run, and who waits for whom.

use super::Supervisor;
use super::unit::{Face, Phase};
use crate::{Desired, Kind, Reason, Rest, WaitFor};

impl Supervisor {
    /// Returns whether a service is to run, as far as it itself goes.
    pub(super) fn is_wanted(&self, at: usize) -> bool {
        let unit = &self.units[at];
        unit.desired == Desired::Up
            && !self.is_shutdown
            && !unit.is_removed
            && unit.broken.is_empty()
    }

    /// Weighs how a service stands with regard to those that it needs.
    pub(super) fn weigh(&mut self, at: usize) {
        let needs = &self.graph.nodes[at].needs;
        let is_cut = |other: &usize| {
            let unit = &self.units[*other];
            let is_done = unit.spec.kind == Kind::Task && unit.is_ready();
            !is_done && (!self.is_wanted(*other) || unit.cut.is_some())
        };
        let cut = needs.iter().copied().find(is_cut);
        let unit = &self.units[at];
        let is_idle = unit.phase.is_idle();
        let is_hopeless = !self.is_wanted(at)
            || cut.is_some()
            || is_idle
                && (matches!(unit.rest, Rest::Failed { .. } | Rest::CrashLoop { .. })
                    || unit.maintenance.is_some() && !unit.is_asked
                    || needs.iter().any(|other| self.units[*other].is_hopeless));
        let is_hopeless = is_hopeless && !unit.is_ready();
        let unit = &mut self.units[at];
        (unit.cut, unit.is_hopeless) = (cut, is_hopeless);
    }

    /// Returns what others see of a service.
    pub(super) fn face(&self, at: usize) -> Face {
        let unit = &self.units[at];
        Face {
            phase: unit.phase.number(),
            is_ready: unit.is_ready(),
            is_wanted: self.is_wanted(at),
            is_cut: unit.cut.is_some(),
            is_hopeless: unit.is_hopeless,
            is_cycling: unit.is_cycling,
            must_stop: unit.stop.is_some(),
        }
    }

    /// Returns for whom a service waits before it starts.
    pub(super) fn gate(&self, at: usize) -> Vec<(usize, WaitFor)> {
        let node = &self.graph.nodes[at];
        // One that is ready and about to end is of no use.
        let is_going =
            |other: usize| self.units[other].stop.is_some() || self.units[at].cut == Some(other);
        let unready = |other: &&usize| !self.units[**other].is_ready() || is_going(**other);
        let mut waits: Vec<(usize, WaitFor)> =
            node.needs.iter().filter(unready).map(|other| (*other, WaitFor::Readiness)).collect();
        let is_awaited = |other: &&usize| !self.units[**other].is_hopeless && unready(other);
        let is_done = |other: &usize| {
            let unit = &self.units[*other];
            unit.phase.is_idle() && unit.rest == Rest::Finished
        };
        let after = node.after.iter().filter(is_awaited).filter(|other| !is_done(other));
        waits.extend(after.map(|other| (*other, WaitFor::Readiness)));
        let cycling = node.group.iter().filter(|other| self.units[**other].is_cycling);
        waits.extend(cycling.map(|other| (*other, WaitFor::End)));
        let running = |other: &&usize| !self.units[**other].phase.is_idle();
        waits.extend(node.conflicts.iter().filter(running).map(|other| (*other, WaitFor::End)));
        waits.sort_unstable();
        waits.dedup();
        waits
    }

    /// Returns why the present run of a service must end, if it must.
    pub(super) fn must_stop(&self, at: usize) -> Option<Reason> {
        let unit = &self.units[at];
        if self.is_shutdown {
            return Some(Reason::Shutdown);
        }
        if unit.is_removed || !unit.broken.is_empty() {
            return Some(Reason::Reload);
        }
        if unit.desired == Desired::Down {
            return Some(unit.down_by.clone());
        }
        let on = |other: usize| Reason::Dependency { on: self.units[other].name.to_string() };
        if let Some(other) = unit.cut {
            return Some(on(other));
        }
        let lost = |other: &&usize| self.units[**other].is_lost();
        if let Some(other) = self.graph.nodes[at].binds_to.iter().find(lost) {
            return Some(on(*other));
        }
        unit.stop.clone()
    }

    /// Returns whether those are down that must go down before a service does.
    pub(super) fn may_stop(&self, at: usize, why: &Reason) -> bool {
        let node = &self.graph.nodes[at];
        let runs = |other: &usize| {
            let unit = &self.units[*other];
            !unit.phase.is_idle() && unit.broken.is_empty() && !unit.is_removed
        };
        // One that is started again takes nobody down with it but those that are bound to it, once it has gone.
        if let Reason::Group { .. } = why {
            let cycles = |other: &usize| self.units[*other].is_cycling && runs(other);
            return !node.before.iter().any(cycles);
        }
        let is_restart = self.is_wanted(at) && self.units[at].cut.is_none();
        if self.units[at].spec.kind == Kind::Task || is_restart {
            return true;
        }
        let is_free = !node.needed_by.iter().any(runs);
        is_free && (*why != Reason::Shutdown || !node.before.iter().any(runs))
    }

    /// Returns whether a service waits for nothing but time.
    pub(super) fn is_resting(&self, at: usize) -> bool {
        let unit = &self.units[at];
        let (Rest::Backoff { until } | Rest::CrashLoop { until }) = unit.rest else {
            return false;
        };
        matches!(unit.phase, Phase::Idle) && !unit.is_asked && until > self.now.boot
    }
}
