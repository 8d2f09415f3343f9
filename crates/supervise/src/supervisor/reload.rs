//! A new configuration: what stays, what comes, what goes.

use std::sync::Arc;

use wardkit_core::{Event, Severity};

use super::Supervisor;
use super::rules::RuleState;
use super::unit::{Phase, Unit};
use crate::graph::Node;
use crate::{Action, Config, Desired, Graph, Reason, Rest, ServiceSpec, Step, graph};

impl Supervisor {
    /// Declares the services of a configuration, when there are none.
    pub(super) fn configure(&mut self, config: Config) {
        self.violations = config.violations(&self.host.parts);
        self.graph = Graph::new(&config);
        let mut wrong = vec![Vec::new(); config.services.len()];
        for (members, violation) in graph::violations(&config) {
            for member in members {
                wrong[member].push(violation.to_string());
            }
        }
        for (number, spec) in config.services.iter().enumerate() {
            let mut unit = Unit::new(spec.clone(), self.now.wall);
            unit.broken.extend(
                (spec.violations(&self.host.parts).into_iter())
                    .map(|one| one.below(&format!("service[{number}]")).to_string()),
            );
            unit.broken.append(&mut wrong[number]);
            self.units.push(unit);
            let name = self.units[number].name.clone();
            // Of two of one name the first counts; the second has no name to be asked by.
            if *self.index.entry(name).or_insert(number) != number {
                self.units[number].is_gone = true;
                self.units[number].is_removed = true;
            }
        }
        self.config = config;
        let all: Vec<usize> = (0..self.units.len()).collect();
        self.first_wishes(&all);
    }

    /// Takes over a new configuration; one with which something is wrong is refused as a whole.
    pub(super) fn reload(&mut self, config: Config) {
        let violations = config.violations(&self.host.parts);
        if let Some(first) = violations.first() {
            let message = format!("the old configuration stays: {first}");
            let event =
                Event::new(self.now.wall, "supervise.reload_refused", Severity::Error, "supervise");
            self.out.push(Action::Publish(event.with_message(message)));
            return;
        }
        let old = std::mem::take(&mut self.units);
        let mut old_index = std::mem::take(&mut self.index);
        let mut old: Vec<Option<Unit>> = old.into_iter().map(Some).collect();
        self.timers.clear();
        self.queue.clear();
        self.probes.starved.clear();
        self.recovering.clear();
        // What changed in this step is all that there is, hereafter.
        self.changes.clear();
        self.graph = Graph::new(&config);
        self.violations = violations;
        let mut fresh = Vec::new();
        for (number, spec) in config.services.iter().enumerate() {
            let known = old_index.remove(spec.name.as_str());
            let known = known.and_then(|at| old[at].take()).filter(|unit| !unit.is_gone);
            let unit = known.map_or_else(
                || {
                    fresh.push(number);
                    Unit::new(spec.clone(), self.now.wall)
                },
                |unit| declared_anew(unit, spec),
            );
            self.index.insert(unit.name.clone(), number);
            self.units.push(unit);
        }
        self.config = config;
        for mut unit in old.into_iter().flatten().filter(|unit| !unit.is_gone) {
            unit.is_removed = true;
            let at = self.add(unit);
            self.end_loop(at, "it is no longer declared");
        }
        self.first_wishes(&fresh);
        for at in 0..self.units.len() {
            let unit = &mut self.units[at];
            (unit.timer, unit.is_queued, unit.is_changed) = (None, false, false);
            unit.waits.clear();
            if unit.is_step_sent && matches!(unit.steps.front(), Some(Step::Task(_))) {
                self.recovering.insert(at);
            }
            self.changed(at);
        }
    }

    /// Adds a service that is not declared.
    pub(super) fn add(&mut self, unit: Unit) -> usize {
        let at = self.units.len();
        self.index.insert(unit.name.clone(), at);
        self.units.push(unit);
        self.graph.nodes.resize_with(at + 1, Node::default);
        at
    }
}

/// Gives a service its new declaration, and has its run end when that is of another program.
fn declared_anew(mut unit: Unit, spec: &ServiceSpec) -> Unit {
    if unit.is_removed {
        // It comes back: what runs of it may be of another program.
        unit.is_removed = false;
        unit.desired = Desired::Up;
    }
    if *unit.spec == *spec {
        return unit;
    }
    let is_other = is_other_program(&unit.spec, spec);
    let has_other_probes = unit.spec.probes != spec.probes;
    unit.rules = vec![RuleState::default(); spec.rules.len()];
    unit.spec = Arc::new(spec.clone());
    unit.broken.clear();
    if matches!(unit.rest, Rest::Failed { .. }) {
        unit.rest = Rest::None;
    }
    let runs = matches!(unit.phase, Phase::Alive(_) | Phase::Spawning | Phase::Finding { .. });
    if runs && (is_other || has_other_probes) {
        unit.stop.get_or_insert(Reason::Reload);
    }
    unit
}

fn is_other_program(old: &ServiceSpec, new: &ServiceSpec) -> bool {
    let key = |spec: &ServiceSpec| {
        (
            (spec.kind, spec.command.clone(), spec.env.clone(), spec.user.clone()),
            (spec.group.clone(), spec.working_directory.clone(), spec.limits.clone()),
            spec.sandbox.clone(),
            (spec.pid_file.clone(), spec.pattern.clone(), spec.cgroup.clone(), spec.unit.clone()),
        )
    };
    key(old) != key(new)
}
