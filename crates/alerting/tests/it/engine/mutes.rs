//! What holds alerts back, and that it is always named.

use std::time::Duration;

use wardkit_alerting::{
    Answer, InhibitRule, Input, Plan, Refusal, SilenceState, Suppressor, TimeInterval, TimeRange,
};

use super::support::{Sim, labels_of, matchers, plan};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x")];

const HOUR: Duration = Duration::from_hours(1);

fn names(sim: &Sim) -> Vec<(String, String)> {
    let view = |fingerprint| sim.engine.alert(fingerprint).unwrap();
    let named = sim.engine.suppressed().map(|(fingerprint, by)| {
        let name = view(fingerprint).alert.labels.value("alertname").unwrap_or_default().to_owned();
        let kind = match by {
            Suppressor::Silence(_) => "silence".to_owned(),
            Suppressor::Inhibition(source) => {
                let source = view(source).alert;
                format!("alert {}", source.labels.value("alertname").unwrap_or_default())
            }
            other => other.to_string(),
        };
        (name, kind)
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}

fn inhibiting(rules: &[(&str, &str, &[&str])]) -> Plan {
    let rule = |&(source, target, equal): &(&str, &str, &[&str])| {
        let mut rule = InhibitRule::default();
        rule.source = matchers(source);
        rule.target = matchers(target);
        rule.equal = equal.iter().map(|&name| name.to_owned()).collect();
        rule
    };
    let mut plan = plan();
    plan.inhibit = rules.iter().map(rule).collect();
    plan
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|&(name, by)| (name.to_owned(), by.to_owned())).collect()
}

#[test]
fn a_silenced_alert_is_not_told_until_the_silence_ends_and_the_history_names_the_silence() {
    let mut sim = Sim::new(plan());
    let id = sim.silence("alertname=a", HOUR);
    sim.fire(A);
    sim.fire(B);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops b"]);
    let suppressed: Vec<_> =
        sim.history.iter().filter(|it| it.what == "alert.suppressed").map(|it| &*it.why).collect();
    assert_eq!(suppressed, [format!("silence {id}")]);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), ["group ops a b"]);
    assert_eq!(sim.engine.silence(&id).unwrap().state(sim.now.wall), SilenceState::Expired);
}

#[test]
fn the_end_of_an_alert_that_was_told_before_it_was_silenced_is_told_and_closes_the_incident() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(30);
    sim.silence("alertname=a", HOUR);
    sim.seconds(60);
    sim.resolve(A);
    let incident = sim.only_incident();
    assert_eq!(sim.engine.incident(&incident).unwrap().resolved_at, Some(sim.now.wall));
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a", "group ops -a"]);
}

#[test]
fn an_alert_that_began_and_ended_silenced_is_never_told() {
    let mut sim = Sim::new(plan());
    sim.silence("alertname=a", HOUR);
    sim.fire(A);
    sim.seconds(400);
    sim.resolve(A);
    sim.pass(HOUR * 2);
    assert_eq!(sim.heard(), Vec::<String>::new());
    assert_eq!(sim.engine.stats().groups, 0);
}

#[test]
fn a_silence_until_resolved_ends_with_the_last_of_its_alerts() {
    let mut sim = Sim::new(plan());
    let mut request = sim.request("job=x", HOUR * 24);
    request.until_resolved = true;
    let id = sim.set_silence(request);
    sim.fire(A);
    sim.fire(B);
    sim.resolve(A);
    assert_eq!(sim.engine.silence(&id).unwrap().state(sim.now.wall), SilenceState::Active);
    sim.resolve(B);
    assert_eq!(sim.engine.silence(&id).unwrap().state(sim.now.wall), SilenceState::Expired);
}

#[test]
fn those_who_would_hear_of_silenced_alerts_are_reminded_once_before_the_silence_ends() {
    let mut sim = Sim::new(plan());
    let mut request = sim.request("job=x", HOUR);
    request.remind_before = Some(Duration::from_mins(10));
    sim.set_silence(request);
    sim.fire(A);
    sim.fire(B);
    sim.pass(Duration::from_mins(50));
    assert_eq!(sim.heard(), ["reminder ops a b"]);
    // The clock is set back over the reminder.
    sim.now.wall = sim.now.wall.saturating_sub(Duration::from_mins(30));
    sim.step(Input::Tick);
    sim.pass(Duration::from_mins(35));
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn a_silence_is_changed_replaced_and_ended_as_alertmanager_does() {
    let mut sim = Sim::new(plan());
    let id = sim.silence("job=x", HOUR);
    let mut longer = sim.request("job=x", HOUR * 2);
    longer.id = Some(id.clone());
    assert_eq!(sim.set_silence(longer), id);
    let mut other = sim.request("job=y", HOUR);
    other.id = Some(id.clone());
    let new = sim.set_silence(other);
    assert_ne!(new, id);
    assert_eq!(sim.engine.silence(&id).unwrap().state(sim.now.wall), SilenceState::Expired);
    sim.step(Input::ExpireSilence { id: new.clone(), by: "ann".to_owned() });
    assert_eq!(sim.engine.silence(&new).unwrap().state(sim.now.wall), SilenceState::Expired);
    sim.step(Input::ExpireSilence { id: "none".to_owned(), by: "ann".to_owned() });
    assert_eq!(sim.answers, [Answer::Refused(Refusal::NoSilence { id: "none".to_owned() })]);
    sim.pass(Duration::from_hours(121));
    assert_eq!(sim.engine.silences().count(), 0);
}

#[test]
fn a_silence_that_would_silence_everything_or_nothing_is_refused() {
    let mut sim = Sim::new(plan());
    for (matchers, seconds) in [("job=~\".*\"", 60), ("{}", 60), ("job=x", 0)] {
        let request = sim.request(matchers, Duration::from_secs(seconds));
        sim.step(Input::SetSilence(request));
        assert!(
            matches!(sim.answers.pop(), Some(Answer::Refused(Refusal::Silence { .. }))),
            "{matchers}"
        );
    }
}

#[test]
fn an_alert_silences_those_that_a_rule_names_and_that_share_its_labels() {
    let plan = inhibiting(&[("severity=critical", "severity=warning", &["job"])]);
    let mut sim = Sim::new(plan);
    sim.fire(&[("alertname", "up"), ("job", "x"), ("severity", "critical")]);
    sim.fire(&[("alertname", "slow"), ("job", "x"), ("severity", "warning")]);
    sim.fire(&[("alertname", "slow2"), ("job", "y"), ("severity", "warning")]);
    assert_eq!(names(&sim), pairs(&[("slow", "alert up")]));
    sim.resolve(&[("alertname", "up"), ("job", "x"), ("severity", "critical")]);
    assert_eq!(names(&sim), []);
}

#[test]
fn an_alert_does_not_silence_itself_nor_does_one_of_both_sides_silence_another() {
    let plan = inhibiting(&[("job=x", "job=x", &[])]);
    let mut sim = Sim::new(plan);
    sim.fire(A);
    sim.fire(B);
    assert_eq!(names(&sim), []);
    // One that is a source alone silences both.
    let plan = inhibiting(&[("job=~\"x|y\"", "job=x", &[])]);
    let mut sim = Sim::new(plan);
    sim.fire(A);
    sim.fire(&[("alertname", "c"), ("job", "y")]);
    assert_eq!(names(&sim), pairs(&[("a", "alert c")]));
}

#[test]
fn alerts_that_silence_each_other_are_all_silenced() {
    let plan = inhibiting(&[
        ("alertname=a", "alertname=b", &[]),
        ("alertname=b", "alertname=c", &[]),
        ("alertname=c", "alertname=a", &[]),
    ]);
    let mut sim = Sim::new(plan);
    sim.fire(A);
    sim.fire(B);
    sim.fire(&[("alertname", "c"), ("job", "x")]);
    assert_eq!(names(&sim), pairs(&[("a", "alert c"), ("b", "alert a"), ("c", "alert b")]));
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn what_depends_on_something_that_is_down_is_held_back_also_after_a_restart() {
    let mut sim = Sim::new(plan());
    let down = Input::ParentDown { parent: "gateway".to_owned(), children: matchers("job=x") };
    sim.step(down);
    sim.fire(A);
    assert_eq!(names(&sim), pairs(&[("a", "parent gateway")]));
    sim.crash();
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.step(Input::ParentUp { parent: "gateway".to_owned() });
    sim.crash();
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a"]);
}

#[test]
fn nothing_is_told_in_the_hours_of_a_route_and_what_happened_is_told_after_them() {
    let mut plan = plan();
    let mut night = TimeInterval::default();
    // The test starts at 22:13:20.
    night.times = vec![TimeRange::new(22 * 60, 23 * 60).unwrap()];
    plan.intervals = [("night".to_owned(), vec![night])].into();
    plan.route.mute_time_intervals = vec!["night".to_owned()];
    let mut sim = Sim::new(plan);
    sim.fire(A);
    sim.seconds(60);
    let fingerprint = wardkit_alerting::Fingerprint::of(&labels_of(A));
    let held = sim.engine.alert(fingerprint).unwrap().suppressed_by;
    assert_eq!(held, [Suppressor::Hours("night".to_owned())]);
    sim.pass(Duration::from_mins(45));
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a"]);
}
