//! What decides who is told what, when. It has no clock, disk or network.

mod config;
mod effect;
mod escalate;
mod flaps;
mod flush;
mod group;
mod incident;
mod ingest;
mod inhibit;
mod input;
mod kept;
mod mute;
mod reroute;
mod restore;
mod show;
mod silences;
mod storm;
mod tally;
mod time;
mod tracked;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wardkit_core::{Event, Labels, Severity, Timestamp};

pub use config::{EngineConfig, Flapping};
pub use effect::{Answer, Cancel, Effect, Refusal};
pub use input::{Escalate, Fate, IncidentAction, Input, SilenceRequest};
pub(crate) use tally::NOISE;
pub use tally::{IncidentTotals, RuleTotals};
pub use view::{
    AlertState, AlertView, EngineStats, EscalationView, GroupView, IncidentState, IncidentView,
    Silence, SilenceState, Suppressor,
};

use crate::{Anchor, Fingerprint, Matchers, Now, Plan, Router, Space, Transition};
use flaps::Flaps;
use group::{Group, GroupId, IncidentId};
use inhibit::Inhibitor;
use silences::Silences;
use storm::Storm;
use tally::Tally;
use time::{Mono, Timer, Timers};
use tracked::Tracked;

/// Decides who is told what, when: a state that takes inputs and returns effects.
///
/// Grouping, repetition and inhibition are Alertmanager's. What differs is in the crate's README.
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    config: EngineConfig,
    router: Router,
    boot_id: String,
    /// When the last step was.
    now: Now,
    alerts: BTreeMap<Fingerprint, Box<Tracked>>,
    groups: BTreeMap<GroupId, Box<Group>>,
    incidents: BTreeMap<IncidentId, GroupId>,
    silences: Silences,
    inhibitor: Inhibitor,
    /// What is down, and what depends on it.
    parents: BTreeMap<String, Matchers>,
    flaps: Flaps,
    storm: Storm,
    timers: Timers,
    touched: Touched,
    /// When it was last written down what time it is.
    anchored: Option<Mono>,
    accepted: u64,
    refused: u64,
    tally: Tally,
    out: Vec<Effect>,
}

/// What has changed in a step and is to be kept.
#[derive(Debug, Default)]
struct Touched {
    alerts: BTreeSet<Fingerprint>,
    groups: BTreeSet<GroupId>,
}

impl Engine {
    /// Creates an engine without alerts. `boot_id` names the run of the host that the boot times belong to.
    #[must_use]
    pub fn new(plan: Plan, config: EngineConfig, boot_id: &str) -> Self {
        Self {
            router: Router::new(&plan.route),
            inhibitor: Inhibitor::new(&plan.inhibit),
            plan,
            config,
            boot_id: boot_id.to_owned(),
            now: Now { wall: Timestamp::UNIX_EPOCH, boot: Duration::ZERO },
            alerts: BTreeMap::new(),
            groups: BTreeMap::new(),
            incidents: BTreeMap::new(),
            silences: Silences::default(),
            parents: BTreeMap::new(),
            flaps: Flaps::default(),
            storm: Storm::default(),
            timers: Timers::default(),
            touched: Touched::default(),
            anchored: None,
            accepted: 0,
            refused: 0,
            tally: Tally::default(),
            out: Vec::new(),
        }
    }

    /// Takes an input in and returns what is to be done, in order.
    ///
    /// The time since the boot must not run backwards; where it does, it counts as standing still. A step that comes
    /// more than half a minute after [`next_wake`](Self::next_wake) says that the host or the program stood still:
    /// nobody could bring alerts then, and so none ends for having not been brought.
    pub fn step(&mut self, now: Now, input: Input) -> Vec<Effect> {
        self.begin(now);
        self.run_due();
        self.take(input);
        self.run_due();
        self.finish()
    }

    /// Returns the time since the boot at which the next [`Input::Tick`] is due. After the wall's clock was set, a tick
    /// is due at once, as it is while more groups have news than one step tells.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        let by_wall = self.silences.first_due().map(|at| {
            self.now.boot.saturating_add(at.duration_since(self.now.wall).unwrap_or_default())
        });
        [self.timers.first().map(Mono::boot), by_wall].into_iter().flatten().min()
    }

    fn begin(&mut self, now: Now) {
        // What was due before the last step, as after a restart, does not say that anything stood still since.
        let due = self.next_wake().map(|due| due.max(self.now.boot));
        let boot = now.boot.max(self.now.boot);
        if now.wall < self.now.wall {
            self.silences.rearm(self.config.silence_retention);
        }
        self.now = Now { wall: now.wall, boot };
        if let Some(late) = due.and_then(|due| boot.checked_sub(due))
            && late > STANDSTILL
        {
            self.put_off_ends(late);
        }
    }

    fn run_due(&mut self) {
        while let Some((due, id)) = self.silences.pop_due(self.now.wall) {
            self.silence_due(due, &id);
        }
        let mut flushes = 0;
        while let Some(timer) = self.timers.pop(self.mono()) {
            match timer {
                Timer::Expire(alert) => self.expire(alert),
                Timer::Flush(group) if flushes == MOST_FLUSHES => {
                    self.timers.set(Timer::Flush(group), self.mono());
                    break;
                }
                Timer::Flush(group) => {
                    self.flush(group);
                    flushes += 1;
                }
                Timer::Unattended(group) => self.unattended(group),
                Timer::Escalate(group) => self.escalation_due(group),
                Timer::Forget(group) => self.forget(group),
                Timer::Flap(alert) => self.look_at_flapping(alert),
                Timer::Digest => self.digest(),
                Timer::Anchor => self.anchored = None,
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Tick => {}
            Input::Alerts { source, alerts } => self.take_alerts(&source, alerts),
            Input::SetSilence(request) => self.set_silence(request),
            Input::ExpireSilence { id, by } => self.expire_silence(&id, &by),
            Input::Incident { id, by, action } => self.act(&id, &by, action),
            Input::Acknowledge { token, by } => self.acknowledge(token, &by),
            Input::ParentDown { parent, children } => self.parent_down(parent, children),
            Input::ParentUp { parent } => self.parent_up(&parent),
            Input::Escalate(wish) => self.escalate(&wish),
            Input::Delivered { incident, channel, kind, fate, .. } => {
                self.delivered(&incident, &channel, kind, fate);
            }
            Input::Reload(plan) => self.reload(*plan),
        }
    }

    fn finish(&mut self) -> Vec<Effect> {
        self.end_idle_silences();
        self.keep_touched();
        self.keep_anchor();
        std::mem::take(&mut self.out)
    }

    fn keep_touched(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        for fingerprint in touched.alerts {
            let alert = self.alerts.get(&fingerprint).map(Box::as_ref);
            let ring = self.flaps.ring(fingerprint);
            self.out.push(Effect::Record(kept::alert_record(fingerprint, alert, ring)));
        }
        for id in touched.groups {
            let group = self.groups.get_mut(&id).map(|group| {
                group.kept = Some((group.flushed, group.next));
                &**group
            });
            self.out.push(Effect::Record(kept::group_record(id, group)));
        }
    }

    /// Writes down what time it is: with what is written anyway, but not each time, and at rest while alerts last.
    fn keep_anchor(&mut self) {
        let now = self.mono();
        let writes = self.out.iter().any(|effect| matches!(effect, Effect::Record(_)));
        let idle = self.alerts.is_empty();
        let due = match self.anchored {
            None => writes || !idle,
            Some(at) => writes && now.since(at) >= ANCHOR_WITH_OTHERS,
        };
        if due {
            self.out.push(Effect::Record(self.anchor_record()));
            self.anchored = Some(now);
        }
        if idle {
            self.timers.clear(Timer::Anchor);
        } else if due || !self.timers.is_set(Timer::Anchor) {
            self.timers.set(Timer::Anchor, now.plus(ANCHOR_AT_REST));
        }
    }

    fn anchor_record(&self) -> crate::Record {
        let Now { wall, boot } = self.now;
        let anchor = Anchor { boot_id: self.boot_id.clone(), wall, boot };
        kept::record(Space::Meta, kept::ANCHOR, Some(&anchor))
    }

    fn mono(&self) -> Mono {
        Mono::of(self.now.boot)
    }

    fn note(&mut self, transition: Transition) {
        self.out.push(Effect::Transition(transition));
    }

    fn transition(&self, what: &str, subject: impl Into<String>, labels: &Labels) -> Transition {
        Transition {
            at: self.now.wall,
            what: what.to_owned(),
            subject: subject.into(),
            incident: String::new(),
            by: String::new(),
            why: String::new(),
            labels: labels.clone(),
        }
    }

    fn say(&mut self, kind: &'static str, severity: Severity, subject: &str, message: String) {
        let event = Event::new(self.now.wall, kind, severity, "alerting");
        self.out.push(Effect::Event(event.with_subject(subject).with_message(message)));
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.out.push(Effect::Answer(Answer::Refused(refusal)));
    }
}

/// How many groups tell their news at a time: who brings alerts meanwhile waits for that at most.
const MOST_FLUSHES: usize = 256;
/// A driver that comes so late was not slow: the host was suspended or the program stopped.
const STANDSTILL: Duration = Duration::from_secs(30);
/// After the host was started anew, waits go on from the last anchor: this is how much longer they may become.
const ANCHOR_AT_REST: Duration = Duration::from_secs(30);
const ANCHOR_WITH_OTHERS: Duration = Duration::from_secs(5);
