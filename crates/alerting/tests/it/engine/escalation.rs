//! Escalations: who is called when, and what stops it.

use std::sync::Arc;
use std::time::Duration;

use wardkit_alerting::{
    Escalate, EscalationConfig, EscalationPolicy, Fate, IncidentAction, Input, Kind, OnCall, Plan,
    TimeInterval,
};
use wardkit_core::Timestamp;

use super::support::{START, Sim, plan, receiver};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x"), ("severity", "critical")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x"), ("severity", "critical")];
const MINOR: &[(&str, &str)] = &[("alertname", "m"), ("job", "x"), ("severity", "warning")];
const HOUR: Duration = Duration::from_hours(1);

/// `first` at once, `second` after five seconds, `boss` a minute later.
const STEPS: &str = r#"{"name": "page", "matchers": ["severity=~\"critical|warning\""], "steps": [
    {"to": ["first"]}, {"to": ["second"], "delay": "5s"}, {"to": ["boss"], "delay": "1m"}]}"#;

fn policy(text: &str) -> EscalationPolicy {
    let config: EscalationConfig = serde_json::from_str(text).unwrap();
    config.policy().unwrap()
}

fn people() -> Plan {
    let mut plan = plan();
    for name in ["first", "second", "boss", "ann", "bob"] {
        plan.receivers.extend([receiver(name, true)]);
    }
    plan.rota.people.insert("carl".to_owned(), vec!["second".to_owned(), "boss".to_owned()]);
    plan
}

fn with(text: &str) -> Plan {
    let mut plan = people();
    plan.escalate(vec![policy(text)]).unwrap();
    plan
}

fn firing(text: &str) -> Sim {
    let mut sim = Sim::new(with(text));
    sim.fire(A);
    sim
}

/// Whose turn it is by the hour since the start; the third hour is a gap.
#[derive(Debug)]
struct Turns;

impl OnCall for Turns {
    fn who(&self, at: Timestamp) -> Vec<String> {
        match at.duration_since(START).unwrap_or_default().as_secs() / 3600 {
            0 => vec!["ann".to_owned()],
            1 => vec!["carl".to_owned()],
            _ => Vec::new(),
        }
    }

    fn next(&self, at: Timestamp) -> Vec<String> {
        self.who(at.saturating_add(HOUR))
    }
}

#[test]
fn each_step_calls_after_its_delay_and_routes_are_not_asked() {
    let mut sim = firing(STEPS);
    assert_eq!(sim.heard(), ["escalation first a"]);
    sim.seconds(4);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["escalation second a"]);
    sim.seconds(59);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["escalation boss a"]);
    sim.pass(HOUR * 3);
    assert_eq!(sim.heard(), Vec::<String>::new());
    assert!(sim.history.iter().any(|one| one.what == "escalation.ended"));
    sim.fire(&[("alertname", "calm"), ("severity", "info")]);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops calm"]);
}

#[test]
fn an_acknowledgement_stops_the_steps_at_once_and_calls_that_have_not_left() {
    let mut sim = firing(STEPS);
    let id = sim.only_incident();
    sim.seconds(2);
    sim.acknowledge(&id);
    assert_eq!(sim.cancelled, [id.as_str()]);
    sim.heard();
    sim.pass(Duration::from_secs(59 * 60 + 59));
    assert_eq!(sim.heard(), Vec::<String>::new());
    assert_eq!(sim.engine.incident(&id).unwrap().escalation.unwrap().next_at, None);
}

#[test]
fn in_one_instant_the_step_that_is_due_leaves_before_the_acknowledgement_or_never() {
    let mut sim = firing(STEPS);
    let id = sim.only_incident();
    sim.heard();
    // The host is slow: the acknowledgement is the first input after the step was due.
    sim.skip(Duration::from_secs(5));
    sim.acknowledge(&id);
    assert_eq!(sim.heard(), ["escalation second a"]);
    assert_eq!(sim.cancelled, [id.as_str()], "what the step told is cancelled in the same commit");
    sim.pass(Duration::from_secs(59 * 60 + 59));
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn a_forgotten_acknowledgement_reminds_and_goes_on_with_the_next_step() {
    let mut sim = firing(STEPS);
    let id = sim.only_incident();
    sim.acknowledge(&id);
    sim.heard();
    sim.pass(HOUR);
    assert_eq!(sim.heard(), ["reminder first a"]);
    sim.seconds(5);
    assert_eq!(sim.heard(), ["escalation second a"]);
    sim.act(&id, IncidentAction::Snooze { hold: HOUR, comment: String::new() });
    sim.pass(Duration::from_secs(59 * 60 + 59));
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.act(&id, IncidentAction::Unacknowledge);
    sim.seconds(60);
    assert_eq!(sim.heard(), ["escalation boss a"]);
}

#[test]
fn the_end_is_told_to_those_who_were_called_and_to_nobody_else() {
    let mut sim = firing(STEPS);
    sim.seconds(6);
    sim.resolve(A);
    sim.heard();
    sim.pass(HOUR);
    assert_eq!(sim.heard(), ["group first -a", "group second -a"]);
}

#[test]
fn those_who_were_called_hear_news_of_the_incident() {
    let mut sim = firing(STEPS);
    sim.heard();
    sim.seconds(2);
    sim.fire(B);
    sim.seconds(28);
    assert_eq!(sim.heard(), ["escalation second a b", "group first a b"]);
}

#[test]
fn an_incident_that_comes_back_is_escalated_from_the_first_step_with_new_keys() {
    let mut sim = firing(STEPS);
    let id = sim.only_incident();
    let key = sim.told[0].key.clone();
    sim.acknowledge(&id);
    sim.resolve(A);
    sim.seconds(60);
    sim.heard();
    sim.fire(A);
    assert_eq!(sim.only_incident(), id);
    assert_ne!(sim.told[0].key, key);
    sim.seconds(5);
    assert_eq!(sim.heard(), ["escalation first a", "escalation second a"]);
}

#[test]
fn a_crash_or_a_new_boot_keeps_what_is_left_of_a_wait_and_calls_nobody_twice() {
    let mut sim = firing(STEPS);
    sim.seconds(5);
    sim.heard();
    sim.seconds(20);
    sim.crash();
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(39);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.reboot("boot-2");
    // The wait went on from when it was last written down what time it was: at the crash at the latest.
    sim.seconds(60);
    assert_eq!(sim.heard(), ["escalation boss a"]);
    sim.crash();
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn a_wall_that_is_set_moves_no_step() {
    let mut sim = firing(STEPS);
    sim.heard();
    for hours in [1, 2] {
        sim.now.wall = sim.now.wall.saturating_add(HOUR * hours).saturating_sub(HOUR * (3 - hours));
        sim.step(Input::Tick);
        assert_eq!(sim.heard(), Vec::<String>::new());
    }
    sim.seconds(5);
    assert_eq!(sim.heard(), ["escalation second a"]);
}

#[test]
fn all_steps_are_repeated_as_often_as_is_said() {
    let text = r#"{"name": "page", "matchers": ["severity=\"critical\""], "repeat": 2,
        "repeat-delay": "10m", "steps": [{"to": ["first"]}, {"to": ["second"], "delay": "5s"}]}"#;
    let mut sim = firing(text);
    for _ in 0..3 {
        sim.seconds(5);
        assert_eq!(sim.heard(), ["escalation first a", "escalation second a"]);
        sim.seconds(599);
        assert_eq!(sim.heard(), Vec::<String>::new());
        sim.seconds(1);
    }
    sim.pass(HOUR * 3);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn a_step_calls_who_is_on_call_and_a_gap_gives_way_to_the_next_step() {
    let text = r#"{"name": "page", "matchers": ["severity=\"critical\""], "steps": [
        {"to": ["schedule:turns"]}, {"to": ["next:turns"], "delay": "1m"},
        {"to": ["boss"], "delay": "1h"}]}"#;
    let mut plan = people();
    plan.rota.schedules.insert("turns".to_owned(), Arc::new(Turns));
    plan.escalate(vec![policy(text)]).unwrap();
    let mut sim = Sim::new(plan.clone());
    sim.fire(A);
    assert_eq!(sim.told[0].person.as_deref(), Some("ann"));
    sim.seconds(60);
    assert_eq!(sim.told[1].person.as_deref(), Some("carl"));
    let heard = ["escalation ann a", "escalation second a", "escalation boss a"];
    assert_eq!(sim.heard(), heard);
    let mut sim = Sim::new(plan.clone());
    sim.pass(HOUR * 2);
    sim.fire(A);
    assert_eq!(sim.heard(), ["escalation boss a"]);
    plan.escalations.get_mut("page").unwrap().skip_if_empty = false;
    let mut sim = Sim::new(plan);
    sim.pass(HOUR * 2);
    sim.fire(A);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(60);
    assert_eq!(sim.heard(), ["escalation boss a"]);
}

#[test]
fn where_no_step_reaches_anybody_the_receiver_of_everything_is_told() {
    let text = r#"{"name": "page", "matchers": ["severity=\"critical\""],
        "steps": [{"to": ["schedule:turns"]}, {"to": ["first"], "only-if": {"at-least": 2}}]}"#;
    let mut plan = people();
    plan.rota.schedules.insert("turns".to_owned(), Arc::new(Turns));
    plan.escalate(vec![policy(text)]).unwrap();
    let mut sim = Sim::new(plan);
    sim.pass(HOUR * 2);
    sim.fire(A);
    assert_eq!(sim.heard(), ["escalation ops a"]);
    assert_eq!(sim.events[0].kind.as_str(), "alerting.escalation.nobody");
    sim.resolve(A);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops -a"]);
}

#[test]
fn a_step_that_does_not_apply_takes_its_time_and_calls_nobody() {
    let text = r#"{"name": "page", "matchers": ["severity=~\"critical|warning\""], "steps": [
        {"to": ["first"]},
        {"to": ["second"], "delay": "1m", "only-if": {"severity": "critical"}},
        {"to": ["ann"], "delay": "1m", "only-if": {"at-least": 2, "within": "10m"}},
        {"to": ["bob"], "delay": "1m", "only-if": {"intervals": ["never"]}},
        {"to": ["boss"], "delay": "1m", "only-if": {"intervals": ["never", "always"]}}]}"#;
    let mut plan = people();
    let mut never = TimeInterval::default();
    never.years = vec![1999..=1999];
    plan.intervals.insert("never".to_owned(), vec![never]);
    plan.intervals.insert("always".to_owned(), vec![TimeInterval::default()]);
    plan.escalate(vec![policy(text)]).unwrap();
    let mut sim = Sim::new(plan.clone());
    sim.fire(MINOR);
    sim.seconds(239);
    assert_eq!(sim.heard(), ["escalation first m"]);
    sim.seconds(1);
    assert_eq!(sim.heard(), ["escalation boss m"]);
    let mut sim = Sim::new(plan);
    sim.post(vec![sim.alert(A), sim.alert(B)]);
    sim.seconds(239);
    let heard = ["escalation first a b", "escalation second a b", "escalation ann a b"];
    assert_eq!(sim.heard(), heard);
}

#[test]
fn what_is_held_back_calls_nobody_until_it_no_longer_is() {
    let mut sim = firing(STEPS);
    sim.heard();
    let id = sim.silence("{alertname=\"a\"}", HOUR);
    sim.pass(Duration::from_mins(30));
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.step(Input::ExpireSilence { id, by: "ann".to_owned() });
    sim.seconds(10);
    assert_eq!(sim.heard(), ["escalation second a"]);
}

#[test]
fn a_new_plan_keeps_a_policy_under_way_begins_a_new_one_and_ends_one_that_is_gone() {
    let mut sim = firing(STEPS);
    sim.heard();
    sim.step(Input::Reload(Box::new(with(STEPS))));
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(5);
    assert_eq!(sim.heard(), ["escalation second a"]);
    let other = STEPS.replace("\"page\"", "\"other\"").replace("first", "bob");
    sim.step(Input::Reload(Box::new(with(&other))));
    assert_eq!(sim.heard(), ["escalation bob a"]);
    sim.step(Input::Reload(Box::new(people())));
    sim.seconds(600);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.step(Input::Reload(Box::new(with(STEPS))));
    sim.seconds(5);
    assert_eq!(sim.heard(), ["escalation first a", "escalation second a"]);
}

#[test]
fn who_was_not_reached_by_a_call_is_not_told_the_end_alone() {
    let mut sim = firing(STEPS);
    let word = sim.told.remove(0);
    sim.step(Input::Delivered {
        key: word.key,
        incident: word.incident,
        channel: word.channel,
        kind: Kind::Escalation,
        fate: Fate::Dead,
    });
    sim.resolve(A);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn somebody_can_be_called_by_hand_beside_a_policy() {
    let mut sim = firing(STEPS);
    sim.heard();
    sim.step(Input::Escalate(Escalate {
        incident: sim.only_incident(),
        receiver: "boss".to_owned(),
        person: None,
        step: "by hand".to_owned(),
    }));
    assert_eq!(sim.heard(), ["escalation boss a"]);
}

#[test]
fn what_a_policy_names_must_be_there() {
    let mut plan = people();
    let wrong = r#"{"name": "page", "matchers": ["a=\"b\""], "repeat": 11, "steps": [{"to": []},
        {"to": ["nobody", "person:ann", "schedule:none", "next:none"],
         "only-if": {"intervals": ["nights"]}}]}"#;
    let empty = r#"{"name": "page", "matchers": ["a=\"b\""]}"#;
    let found = plan.escalate(vec![policy(wrong), policy(empty)]).unwrap_err();
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "escalation[0].repeat: must be 10 at most",
            "escalation[0].steps[0].to: must name somebody",
            "escalation[0].steps[1].to: there is no receiver \"nobody\"",
            "escalation[0].steps[1].to: there is no schedule \"none\"",
            "escalation[0].steps[1].to: there is no schedule \"none\"",
            "escalation[0].steps[1].only-if.intervals: there is no time \"nights\"",
            "escalation[1].name: there are two of the name \"page\"",
            "escalation[1].steps: must have at least one step",
        ]
    );
    assert!(plan.escalations.is_empty() && plan.route.routes.is_empty());
    let config: EscalationConfig = serde_json::from_str(
        r#"{"matchers": ["=", "a"], "repeat-delay": "8d", "steps": [{"delay": "8d"}]}"#,
    )
    .unwrap();
    let keys: Vec<_> = config.policy().unwrap_err().into_iter().map(|one| one.path).collect();
    assert_eq!(keys, ["matchers", "repeat-delay", "steps[0].delay"]);
}
