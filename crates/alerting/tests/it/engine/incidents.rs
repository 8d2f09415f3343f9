//! Incidents: who takes care, until when, and what comes back.

use std::time::Duration;

use wardkit_alerting::{
    Answer, Escalate, Fate, GroupBy, IncidentAction, IncidentState, Input, Kind, Refusal,
};

use super::support::{Sim, plan, route};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x")];
const CRITICAL: &[(&str, &str)] = &[("alertname", "c"), ("job", "x"), ("severity", "critical")];

const HOUR: Duration = Duration::from_hours(1);

fn state(sim: &Sim, id: &str) -> IncidentState {
    sim.engine.incident(id).unwrap().state
}

fn told(labels: &[(&str, &str)]) -> (Sim, String) {
    let mut sim = Sim::new(plan());
    sim.fire(labels);
    sim.seconds(30);
    assert_eq!(sim.heard().len(), 1);
    let incident = sim.only_incident();
    (sim, incident)
}

#[test]
fn an_acknowledged_incident_is_not_repeated_but_its_news_and_its_end_are_told() {
    let (mut sim, id) = told(A);
    sim.acknowledge(&id);
    sim.pass(HOUR * 9);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.fire(B);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a b"]);
    assert_eq!(state(&sim, &id), IncidentState::Acked);
    sim.resolve(A);
    sim.resolve(B);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops -a -b"]);
    assert_eq!(state(&sim, &id), IncidentState::Resolved);
}

#[test]
fn a_critical_incident_that_somebody_took_and_forgot_comes_back_after_an_hour() {
    let (mut sim, id) = told(CRITICAL);
    sim.acknowledge(&id);
    let view = sim.engine.incident(&id).unwrap();
    assert_eq!((view.by.as_str(), view.until), ("ann", Some(sim.now.wall.saturating_add(HOUR))));
    sim.pass(HOUR);
    assert_eq!(sim.heard(), ["reminder ops c"]);
    assert_eq!(state(&sim, &id), IncidentState::Triggered);
}

#[test]
fn a_snoozed_incident_is_quiet_until_its_time_but_for_its_end() {
    let (mut sim, id) = told(A);
    let snooze = || IncidentAction::Snooze { hold: HOUR, comment: String::new() };
    sim.act(&id, snooze());
    sim.fire(B);
    sim.seconds(3_599);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["reminder ops a b"]);
    sim.act(&id, snooze());
    sim.resolve(A);
    sim.seconds(300);
    assert_eq!(sim.heard(), Vec::<String>::new(), "one alert of it still lasts");
    sim.resolve(B);
    sim.seconds(300);
    assert_eq!(sim.heard().len(), 1);
}

#[test]
fn an_incident_that_comes_back_soon_is_reopened_and_later_a_new_one() {
    let (mut sim, id) = told(A);
    sim.resolve(A);
    sim.seconds(300);
    sim.fire(A);
    assert_eq!(sim.only_incident(), id);
    assert_eq!(state(&sim, &id), IncidentState::Reopened);
    sim.resolve(A);
    sim.pass(HOUR);
    assert_eq!(sim.engine.incidents().count(), 0);
    sim.fire(A);
    assert_ne!(sim.only_incident(), id);
}

#[test]
fn an_incident_that_somebody_resolved_stays_so_until_its_alerts_end_and_start_anew() {
    let (mut sim, id) = told(A);
    let alert = sim.alert(A);
    sim.act(&id, IncidentAction::Resolve { comment: "false alarm".to_owned() });
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops -a"]);
    sim.post(vec![{
        let mut again = alert;
        again.starts_at = super::support::START;
        again
    }]);
    sim.crash();
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.fire(A);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops a"]);
}

#[test]
fn an_acknowledgement_stops_calls_that_have_not_left_and_those_that_come_late() {
    let (mut sim, id) = told(CRITICAL);
    let call = |sim: &mut Sim, step: &str| {
        sim.step(Input::Escalate(Escalate {
            incident: id.clone(),
            receiver: "dev".to_owned(),
            person: Some("bob".to_owned()),
            step: step.to_owned(),
        }));
    };
    call(&mut sim, "primary/0");
    call(&mut sim, "primary/0");
    let keys: Vec<_> = sim.told.iter().map(|word| word.key.clone()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1], "the same step has the same key");
    assert_eq!(sim.heard(), ["escalation dev c", "escalation dev c"]);
    sim.acknowledge(&id);
    assert_eq!(sim.cancelled, [id.as_str()]);
    call(&mut sim, "primary/1");
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn a_channel_that_was_not_reached_is_told_again_after_an_hour_and_never_of_an_end_alone() {
    let (mut sim, id) = told(A);
    let channel = plan().receivers["ops"].channels[0].id.clone();
    let dead = |sim: &mut Sim| {
        sim.step(Input::Delivered {
            key: wardkit_alerting::NotificationKey::new(&["any"]),
            incident: id.clone(),
            channel: channel.clone(),
            kind: Kind::Group,
            fate: Fate::Dead,
        });
    };
    dead(&mut sim);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), ["group ops a"]);
    dead(&mut sim);
    sim.resolve(A);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn what_is_done_to_an_incident_that_is_not_or_no_longer_there_is_refused() {
    let (mut sim, id) = told(A);
    sim.acknowledge("0123456789abcdef");
    sim.acknowledge("nonsense \u{1f4a3}");
    sim.resolve(A);
    sim.acknowledge(&id);
    let refused = |id: &str| Refusal::NoIncident { id: id.to_owned() };
    assert_eq!(
        sim.answers,
        [
            Answer::Refused(refused("0123456789abcdef")),
            Answer::Refused(refused("nonsense \u{1f4a3}")),
            Answer::Refused(Refusal::IncidentResolved { id }),
        ]
    );
}

#[test]
fn a_receiver_without_ends_hears_every_spell_of_an_alert() {
    let mut plan = plan();
    plan.route = route("quiet", &["job"]);
    let mut sim = Sim::new(plan);
    sim.fire(A);
    sim.seconds(30);
    sim.resolve(A);
    sim.seconds(10);
    sim.fire(A);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group quiet a", "group quiet a"]);
    sim.resolve(A);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn open_incidents_that_matter_most_come_first() {
    let mut plan = plan();
    plan.route.group_by = GroupBy::All;
    let mut sim = Sim::new(plan);
    for labels in [A, CRITICAL, B] {
        sim.fire(labels);
        sim.seconds(1);
    }
    let shown = |sim: &Sim, most| -> Vec<String> {
        let open = sim.engine.open_incidents(most);
        open.iter().map(|one| one.labels.value("alertname").unwrap().to_owned()).collect()
    };
    assert_eq!(shown(&sim, 9), ["c", "b", "a"]);
    assert_eq!(shown(&sim, 2), ["c", "b"]);
    let critical = sim.engine.open_incidents(1).remove(0).id;
    sim.acknowledge(&critical);
    assert_eq!(shown(&sim, 3), ["b", "a", "c"]);
    sim.resolve(B);
    assert_eq!(shown(&sim, 3), ["a", "c"]);
    assert_eq!(shown(&sim, 0), [""; 0]);
}

#[test]
fn news_of_more_groups_than_one_step_tells_are_told_by_the_next_steps_and_all_of_them() {
    let mut plan = plan();
    plan.route.group_by = GroupBy::All;
    let mut sim = Sim::new(plan);
    for number in 0..1_000 {
        sim.fire(&[("alertname", "a"), ("number", &number.to_string())]);
    }
    sim.skip(Duration::from_secs(30));
    sim.step(Input::Tick);
    assert!((1..1_000).contains(&sim.told.len()));
    sim.seconds(0);
    assert_eq!(sim.told.len(), 1_000);
}
