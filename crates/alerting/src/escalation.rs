//! Who is called, in which order, until somebody takes care.

mod config;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Timestamp;

pub use config::{EscalationConfig, EscalationStepConfig, OnlyIfConfig, PersonConfig};

use crate::{GroupBy, Matchers, Plan, Route, Urgency, Violation};

/// Who is called about the alerts that it takes, in which order, until somebody takes care.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EscalationPolicy {
    /// Its name.
    pub name: String,
    /// Which alerts it takes; no route takes those.
    pub matchers: Matchers,
    /// What makes an incident; none takes over what the root of the tree says.
    pub group_by: Option<GroupBy>,
    /// Its steps, in order.
    pub steps: Vec<EscalationStep>,
    /// How often all steps are gone through again.
    pub repeat: u32,
    /// How long after the last step the first one comes again.
    pub repeat_delay: Duration,
    /// Whether a step that reaches nobody gives way to the next one at once.
    pub skip_if_empty: bool,
}

impl Default for EscalationPolicy {
    fn default() -> Self {
        Self {
            name: String::new(),
            matchers: Matchers::default(),
            group_by: None,
            steps: Vec::new(),
            repeat: 0,
            repeat_delay: Duration::from_mins(15),
            skip_if_empty: true,
        }
    }
}

/// A step of an [`EscalationPolicy`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EscalationStep {
    /// Who is called.
    pub to: Vec<Target>,
    /// How long after the step before it; of the first one, after the incident was opened.
    pub delay: Duration,
    /// When it is taken.
    pub only_if: OnlyIf,
}

/// When a step is taken: all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnlyIf {
    /// One of these times of the plan is.
    pub intervals: Vec<String>,
    /// The incident matters at least that much.
    pub urgency: Option<Urgency>,
    /// So many alerts of the incident began within a time.
    pub at_least: Option<(usize, Duration)>,
}

/// Whom a step calls, as `ops`, `person:ann`, `schedule:primary` or `next:primary`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A receiver, all of whose channels are used.
    Receiver(String),
    /// A person.
    Person(String),
    /// Who is on call by a schedule.
    OnCall(String),
    /// Who is on call next by a schedule.
    NextOnCall(String),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let made: Option<Self> = text.split_once(':').and_then(|(kind, name)| {
            let name = name.to_owned();
            match kind {
                "person" => Some(Self::Person(name)),
                "schedule" => Some(Self::OnCall(name)),
                "next" => Some(Self::NextOnCall(name)),
                _ => None,
            }
        });
        Ok(made.unwrap_or_else(|| Self::Receiver(text.to_owned())))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receiver(name) => f.write_str(name),
            Self::Person(name) => write!(f, "person:{name}"),
            Self::OnCall(name) => write!(f, "schedule:{name}"),
            Self::NextOnCall(name) => write!(f, "next:{name}"),
        }
    }
}

/// Knows who is on call: a schedule, or another program's. The engine asks it when a step is due; it must not block.
pub trait OnCall: fmt::Debug + Send + Sync {
    /// Returns who is on call at a time; nobody in a gap.
    fn who(&self, at: Timestamp) -> Vec<String>;

    /// Returns who is on call after those who are at a time.
    fn next(&self, at: Timestamp) -> Vec<String>;
}

/// Who can be called beside the receivers of a [`Plan`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rota {
    /// The receivers of persons, by name. A person who is not among them is the receiver of the same name.
    pub people: BTreeMap<String, Vec<String>>,
    /// Who is on call.
    pub schedules: BTreeMap<String, Arc<dyn OnCall>>,
}

/// A receiver that a step calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) receiver: String,
    pub(crate) person: Option<String>,
}

impl Plan {
    /// Lets policies take what they match: they come before every route, the first one first.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with them, each by the key `escalation[N]…`: a receiver, person, schedule or time that
    /// there is not, a policy without steps, two of one name.
    pub fn escalate(&mut self, policies: Vec<EscalationPolicy>) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        for (index, policy) in policies.iter().enumerate() {
            let twin = policies[..index].iter().any(|other| other.name == policy.name);
            self.judge(&format!("escalation[{index}]"), policy, twin, &mut found);
        }
        for (name, receivers) in &self.rota.people {
            for receiver in receivers.iter().filter(|&one| !self.receivers.contains_key(one)) {
                let reason = format!("{name:?}: there is no receiver {receiver:?}");
                found.push(Violation::new("person", reason));
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let routes: Vec<Route> = policies.iter().map(|policy| self.route_of(policy)).collect();
        self.route.routes.splice(0..0, routes);
        let named = policies.into_iter().map(|policy| (policy.name.clone(), policy));
        self.escalations.extend(named);
        Ok(())
    }

    fn route_of(&self, policy: &EscalationPolicy) -> Route {
        let receiver = policy.steps.iter().flat_map(|step| &step.to).find_map(|to| match to {
            Target::Receiver(name) => Some(name.clone()),
            _ => None,
        });
        Route {
            matchers: policy.matchers.clone(),
            // What is shown of it; who is told, the steps decide.
            receiver: receiver.unwrap_or_else(|| self.route.receiver.clone()),
            group_by: policy.group_by.clone().unwrap_or_else(|| self.route.group_by.clone()),
            group_wait: self.route.group_wait,
            group_interval: self.route.group_interval,
            repeat_interval: self.route.repeat_interval,
            escalation: Some(policy.name.clone()),
            ..Route::default()
        }
    }

    fn judge(&self, key: &str, policy: &EscalationPolicy, twin: bool, found: &mut Vec<Violation>) {
        let mut refuse = |key: String, reason: String| found.push(Violation::new(key, reason));
        if policy.name.is_empty() {
            refuse(format!("{key}.name"), "is needed".to_owned());
        }
        if twin || self.escalations.contains_key(&policy.name) {
            refuse(format!("{key}.name"), format!("there are two of the name {:?}", policy.name));
        }
        if policy.steps.is_empty() {
            refuse(format!("{key}.steps"), "must have at least one step".to_owned());
        }
        if policy.repeat > MOST_REPEATS {
            refuse(format!("{key}.repeat"), format!("must be {MOST_REPEATS} at most"));
        }
        for (number, step) in policy.steps.iter().enumerate() {
            let key = format!("{key}.steps[{number}]");
            if step.to.is_empty() {
                refuse(format!("{key}.to"), "must name somebody".to_owned());
            }
            for target in &step.to {
                if let Some(reason) = self.unknown(target) {
                    refuse(format!("{key}.to"), reason);
                }
            }
            for name in
                step.only_if.intervals.iter().filter(|&name| !self.intervals.contains_key(name))
            {
                refuse(format!("{key}.only-if.intervals"), format!("there is no time {name:?}"));
            }
        }
    }

    fn unknown(&self, target: &Target) -> Option<String> {
        let (what, name, is_known) = match target {
            Target::Receiver(name) => ("receiver", name, self.receivers.contains_key(name)),
            Target::Person(name) => {
                let is_known = self.rota.people.contains_key(name);
                ("person", name, is_known || self.receivers.contains_key(name))
            }
            Target::OnCall(name) | Target::NextOnCall(name) => {
                ("schedule", name, self.rota.schedules.contains_key(name))
            }
        };
        (!is_known).then(|| format!("there is no {what} {name:?}"))
    }

    /// Returns whom a step calls at a time, each receiver once.
    pub(crate) fn calls(&self, step: &EscalationStep, at: Timestamp) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        let mut call = |receiver: &str, person: Option<&str>| {
            let is_there = self.receivers.get(receiver).is_some_and(|one| !one.channels.is_empty());
            if is_there && !calls.iter().any(|call| call.receiver == receiver) {
                calls.push(Call {
                    receiver: receiver.to_owned(),
                    person: person.map(str::to_owned),
                });
            }
        };
        for target in &step.to {
            let schedule = |name: &String| self.rota.schedules.get(name);
            let people = match target {
                Target::Receiver(name) => {
                    call(name, None);
                    continue;
                }
                Target::Person(name) => vec![name.clone()],
                Target::OnCall(name) => schedule(name).map(|one| one.who(at)).unwrap_or_default(),
                Target::NextOnCall(name) => {
                    schedule(name).map(|one| one.next(at)).unwrap_or_default()
                }
            };
            for person in people {
                match self.rota.people.get(&person) {
                    Some(receivers) => {
                        for receiver in receivers {
                            call(receiver, Some(&person));
                        }
                    }
                    None => call(&person, Some(&person)),
                }
            }
        }
        calls
    }
}

/// Who does not hear it ten times will not hear it.
const MOST_REPEATS: u32 = 10;
