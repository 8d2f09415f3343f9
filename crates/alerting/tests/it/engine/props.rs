//! The engine against the naive model, over random sequences; and what must hold whatever happens.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::{
    ChannelId, EngineConfig, Fate, IncidentAction, IncidentState, InhibitRule, Input, Kind,
    NotificationKey, Plan, TimeInterval, TimeRange,
};

use super::model::{self, Model, Name, State};
use super::support::{Sim, labels_of, line, matchers, plan, route};

#[derive(Clone, Debug)]
enum Op {
    Post(Name, Option<i64>),
    Resolve(Name),
    Pass(i64),
    Outage(i64),
    Silence(char, i64),
    Act(char, State, Option<i64>),
    SetClock(i64),
    Parent(bool),
    Died(char),
    Crash,
    Reload,
}

fn any_op() -> impl Strategy<Value = Op> {
    let name =
        || (prop::sample::select(vec!['a', 'b', 'c', 'd']), prop::sample::select(vec!['x', 'y']));
    let job = || prop::sample::select(vec!['x', 'y']);
    let states = vec![State::Acked, State::Triggered, State::Snoozed, State::Resolved];
    prop_oneof![
        6 => (name(), prop::option::of(1..90_i64)).prop_map(|(name, lease)| Op::Post(name, lease)),
        4 => name().prop_map(Op::Resolve),
        6 => (1..60_i64).prop_map(Op::Pass),
        1 => (1..200_i64).prop_map(Op::Outage),
        2 => (prop::sample::select(vec!['a', 'b', 'd']), 1..120_i64).prop_map(|(name, time)| Op::Silence(name, time)),
        2 => (job(), prop::sample::select(states), prop::option::of(1..90_i64)).prop_map(act),
        1 => prop::sample::select(vec![-3_600, 3_600]).prop_map(Op::SetClock),
        1 => any::<bool>().prop_map(Op::Parent),
        1 => job().prop_map(Op::Died),
        2 => Just(Op::Crash),
        1 => Just(Op::Reload),
    ]
}

/// Only a snooze needs a time, and only an acknowledgement may have one.
fn act((job, state, seconds): (char, State, Option<i64>)) -> Op {
    let seconds = match state {
        State::Snoozed => Some(seconds.unwrap_or(30)),
        State::Acked => seconds,
        _ => None,
    };
    Op::Act(job, state, seconds)
}

fn small_plan() -> Plan {
    let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    let mut plan = plan();
    let mut below = route("quiet", &["job"]);
    below.matchers = matchers("job=y");
    for route in [&mut plan.route, &mut below] {
        route.group_wait = seconds(model::WAIT);
        route.group_interval = seconds(model::INTERVAL);
        route.repeat_interval = seconds(model::REPEAT);
    }
    let mut hours = TimeInterval::default();
    let minute = |minute: i64| u16::try_from(minute).unwrap();
    hours.times =
        vec![TimeRange::new(minute(model::HOURS.start), minute(model::HOURS.end)).unwrap()];
    plan.intervals = [("hours".to_owned(), vec![hours])].into();
    below.mute_time_intervals = vec!["hours".to_owned()];
    plan.route.routes = vec![below];
    let mut rule = InhibitRule::default();
    rule.source = matchers("alertname=a");
    rule.target = matchers("alertname=b");
    rule.equal = vec!["job".to_owned()];
    plan.inhibit = vec![rule];
    plan.resolve_timeout = Some(seconds(model::TIMEOUT));
    plan
}

fn small_sim() -> Sim {
    let mut config = EngineConfig::default();
    config.ack_timeout = Some(Duration::from_secs(model::ACK.unsigned_abs()));
    config.reopen_within = Duration::from_secs(model::REOPEN.unsigned_abs());
    config.flapping = None;
    Sim::with(small_plan(), config)
}

fn pairs((name, job): Name) -> Vec<(String, String)> {
    let severity = if name == 'c' { "critical" } else { "warning" };
    [("alertname", name.to_string()), ("job", job.to_string()), ("severity", severity.to_owned())]
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec()
}

fn brought(sim: &Sim, name: Name) -> wardkit_alerting::Alert {
    let pairs = pairs(name);
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| (&**key, &**value)).collect();
    let mut alert = sim.alert(&pairs);
    alert.labels = labels_of(&pairs);
    alert
}

fn apply(sim: &mut Sim, model: &mut Model, op: &Op) {
    let duration = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
    match *op {
        Op::Post(name, lease) => {
            let mut alert = brought(sim, name);
            alert.ends_at = lease.map(|lease| sim.now.wall.saturating_add(duration(lease)));
            sim.post(vec![alert]);
            model.post(name, lease);
        }
        Op::Resolve(name) => {
            let mut alert = brought(sim, name);
            alert.ends_at = Some(sim.now.wall);
            sim.post(vec![alert]);
            model.resolve(name);
        }
        Op::Pass(seconds) => {
            pass(sim, seconds);
            model.pass(seconds);
        }
        Op::Outage(seconds) => {
            let due = sim.engine.next_wake().map(|due| due.as_secs().cast_signed());
            sim.skip(duration(seconds));
            sim.step(Input::Tick);
            model.outage(seconds, due);
        }
        Op::Silence(name, seconds) => {
            sim.silence(&format!("alertname={name}"), duration(seconds));
            model.silence(name, seconds);
        }
        Op::Act(job, state, seconds) => {
            act_on(sim, job, state, seconds.map(duration));
            model.act(job, state, seconds);
        }
        Op::SetClock(seconds) => {
            sim.now.wall = if seconds < 0 {
                sim.now.wall.saturating_sub(duration(seconds))
            } else {
                sim.now.wall.saturating_add(duration(seconds))
            };
            sim.step(Input::Tick);
            model.wall += seconds;
        }
        Op::Parent(down) => {
            sim.step(parent(down));
            model.down = down;
        }
        Op::Died(job) => {
            died(sim, job);
            model.died(job);
        }
        Op::Crash => crash(sim, model),
        Op::Reload => {
            let before = sim.told.len();
            sim.step(Input::Reload(Box::new(small_plan())));
            assert_eq!(sim.told.len(), before, "the same plan tells nothing");
        }
    }
}

fn parent(down: bool) -> Input {
    let parent = "gateway".to_owned();
    if down {
        Input::ParentDown { parent, children: matchers("alertname=d") }
    } else {
        Input::ParentUp { parent }
    }
}

/// A restart tells nothing but what is critical and would be told within the interval anyway: its hours are over.
fn crash(sim: &mut Sim, model: &mut Model) {
    let before = sim.told.len();
    sim.crash();
    sim.step(Input::Tick);
    model.crash();
    for word in &sim.told[before..] {
        assert_eq!(word.urgency, wardkit_alerting::Urgency::Critical);
        model.tells_early(if word.receiver == "quiet" { 'y' } else { 'x' });
    }
}

fn died(sim: &mut Sim, job: char) {
    let of_job = |labels: &wardkit_core::Labels| labels.value("job") == Some(&job.to_string());
    let incident = sim.engine.incidents().find(|incident| of_job(&incident.labels));
    if let Some(incident) = incident {
        let receiver = if job == 'y' { "quiet" } else { "ops" };
        sim.step(Input::Delivered {
            key: NotificationKey::new(&["died"]),
            incident: incident.id,
            channel: ChannelId::new(receiver, "webhook", 0),
            kind: Kind::Group,
            fate: Fate::Dead,
        });
    }
}

fn act_on(sim: &mut Sim, job: char, state: State, hold: Option<Duration>) {
    let comment = String::new();
    let open = sim.engine.incidents().find(|incident| {
        incident.labels.value("job") == Some(&job.to_string())
            && incident.state != IncidentState::Resolved
    });
    if let Some(incident) = open {
        let action = match state {
            State::Acked => IncidentAction::Acknowledge { hold, comment },
            State::Snoozed => IncidentAction::Snooze { hold: hold.unwrap(), comment },
            State::Resolved => IncidentAction::Resolve { comment },
            _ => IncidentAction::Unacknowledge,
        };
        sim.act(&incident.id, action);
    }
}

/// Passes whole seconds, so that each word has its time.
fn pass(sim: &mut Sim, seconds: i64) {
    for _ in 0..seconds {
        sim.seconds(1);
    }
}

fn agree(sim: &Sim, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(sim.engine.stats().firing, model.firing());
    let state = |state| match state {
        IncidentState::Triggered => State::Triggered,
        IncidentState::Acked => State::Acked,
        IncidentState::Snoozed => State::Snoozed,
        IncidentState::Resolved => State::Resolved,
        _ => State::Reopened,
    };
    let mut incidents: Vec<_> = sim
        .engine
        .incidents()
        .map(|it| {
            let job = it.labels.value("job").and_then(|job| job.chars().next()).unwrap();
            (job, state(it.state))
        })
        .collect();
    incidents.sort_by_key(|&(job, _)| job);
    prop_assert_eq!(incidents, model.incidents());
    Ok(())
}

/// What holds of everything that was told, in order: no key twice, no end before its beginning, nothing without history.
fn sound(sim: &Sim) -> Result<(), TestCaseError> {
    let mut keys = BTreeSet::new();
    let mut begun = BTreeSet::new();
    for word in &sim.told {
        prop_assert!(keys.insert(word.key.clone()), "{} twice", line(word));
        let channel = word.channel.as_str();
        let known = word.alerts.iter().any(|it| begun.contains(&(channel, it.fingerprint)));
        let fires = word.alerts.iter().any(|alert| alert.ends_at.is_none());
        prop_assert!(fires || known, "{} ends what never began", line(word));
        begun.extend(word.alerts.iter().map(|alert| (channel, alert.fingerprint)));
        let noted = sim.history.iter().any(|it| it.subject == word.key.as_str());
        prop_assert!(noted, "{} is not in the history", line(word));
    }
    for (fingerprint, by) in sim.engine.suppressed() {
        let view = sim.engine.alert(fingerprint).unwrap();
        prop_assert!(view.suppressed_by.contains(&by));
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_engine_does_what_the_model_says(ops in prop::collection::vec(any_op(), 1..60)) {
        let mut sim = small_sim();
        let wall = super::support::START.as_unix_seconds();
        let mut model = Model::at(1_000, wall);
        for (number, op) in ops.iter().enumerate() {
            let before = sim.told.len();
            apply(&mut sim, &mut model, op);
            let boot = |word: &wardkit_alerting::Notification| {
                // The wall may have been set between; the distance to now has not.
                let now = sim.now.boot.as_secs().cast_signed();
                now - (sim.now.wall.as_unix_seconds() - word.at.as_unix_seconds())
            };
            let mut told: Vec<_> = sim.told[before..]
                .iter()
                .map(|word| format!("{} {}", boot(word), line(word)))
                .collect();
            let mut expected = std::mem::take(&mut model.told);
            told.sort();
            expected.sort();
            prop_assert_eq!(told, expected, "after {} {:?}", number, op);
            agree(&sim, &model)?;
        }
        sound(&sim)?;
    }

    #[test]
    fn whatever_lasts_is_told_or_something_that_has_a_name_holds_it_back(
        ops in prop::collection::vec(any_op(), 1..60),
    ) {
        let mut sim = small_sim();
        let mut model = Model::at(1_000, super::support::START.as_unix_seconds());
        for op in &ops {
            apply(&mut sim, &mut model, op);
        }
        // Whatever was held back for a while is told within an interval after.
        let mut held = BTreeSet::new();
        for _ in 0..model::INTERVAL + model::WAIT {
            held.extend(sim.engine.alerts().filter(|it| !it.suppressed_by.is_empty()).map(|it| it.fingerprint));
            pass(&mut sim, 1);
        }
        for view in sim.engine.alerts().filter(|view| view.alert.ends_at.is_some()) {
            let told = sim.told.iter().any(|word| {
                word.alerts.iter().any(|alert| alert.fingerprint == view.fingerprint)
            });
            let held = held.contains(&view.fingerprint);
            let over = view.state == wardkit_alerting::AlertState::Resolved;
            prop_assert!(told || held || over, "{}", view.alert.labels);
        }
    }
}
