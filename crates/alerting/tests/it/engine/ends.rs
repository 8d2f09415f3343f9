//! Who is told the end of what, and who is not.

use std::time::Duration;

use wardkit_alerting::{
    ChannelId, Condition, EngineConfig, EscalationConfig, Fate, Input, Kind, NotificationKey,
    SilenceRequest,
};

use super::support::{Sim, plan, receiver};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x"), ("severity", "critical")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x"), ("severity", "warning")];
const HOUR: Duration = Duration::from_hours(1);

/// Says what became of the last word to a receiver.
fn becomes(sim: &mut Sim, receiver: &str, kind: Kind, fate: Fate) {
    let incident = sim.engine.incidents().next().unwrap().id;
    let channel = ChannelId::new(receiver, "webhook", 0);
    let key = NotificationKey::new(&["any"]);
    sim.step(Input::Delivered { key, incident, channel, kind, fate });
}

fn called_after_a_minute() -> Sim {
    let mut plan = plan();
    plan.receivers.extend([receiver("first", true)]);
    let text =
        r#"{"name": "page", "matchers": ["job=x"], "steps": [{"to": ["first"], "delay": "1m"}]}"#;
    let config: EscalationConfig = serde_json::from_str(text).unwrap();
    plan.escalate(vec![config.policy().unwrap()]).unwrap();
    Sim::new(plan)
}

#[test]
fn who_heard_of_it_is_told_the_end_though_a_repetition_died() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(40);
    sim.fire(B);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a", "group ops a b"]);
    becomes(&mut sim, "ops", Kind::Group, Fate::Dead);
    sim.crash();
    sim.resolve(A);
    sim.resolve(B);
    sim.seconds(301);
    assert_eq!(sim.heard(), ["group ops -a -b"]);
}

#[test]
fn who_was_told_in_place_of_a_channel_is_told_the_end_too() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(40);
    let by = ChannelId::new("dev", "webhook", 0);
    becomes(&mut sim, "ops", Kind::Group, Fate::Rerouted(by.clone()));
    sim.crash();
    sim.told.clear();
    sim.resolve(A);
    sim.seconds(301);
    let told: Vec<_> = sim.told.iter().map(|word| word.channel.clone()).collect();
    assert_eq!(told, [ChannelId::new("ops", "webhook", 0), by]);
    assert!(sim.told.iter().all(|word| word.condition() == Condition::Resolved));
    assert_ne!(sim.told[0].key, sim.told[1].key);
}

#[test]
fn whose_call_was_called_back_is_not_told_the_end() {
    let mut sim = called_after_a_minute();
    sim.fire(A);
    sim.seconds(60);
    assert_eq!(sim.heard(), ["escalation first a"]);
    let incident = sim.engine.incidents().next().unwrap().id;
    sim.acknowledge(&incident);
    becomes(&mut sim, "first", Kind::Escalation, Fate::Cancelled);
    sim.resolve(A);
    sim.seconds(301);
    assert_eq!(sim.heard(), Vec::<String>::new());
}

#[test]
fn what_comes_and_goes_calls_people_and_counts_as_lasting() {
    let mut sim = called_after_a_minute();
    for _ in 0..6 {
        sim.fire(A);
        sim.seconds(2);
        sim.resolve(A);
        sim.seconds(2);
    }
    assert_eq!(sim.engine.stats().flapping, 1);
    sim.seconds(60);
    let calls: Vec<_> = sim.told.iter().filter(|word| word.kind == Kind::Escalation).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].condition(), Condition::Firing);
}

#[test]
fn what_came_and_went_in_a_snooze_takes_no_room() {
    let mut sim = Sim::with(plan(), EngineConfig::default());
    sim.fire(A);
    sim.seconds(40);
    let incident = sim.engine.incidents().next().unwrap().id;
    let comment = String::new();
    sim.act(&incident, wardkit_alerting::IncidentAction::Snooze { hold: HOUR, comment });
    for number in 0..10 {
        let name = format!("short {number}");
        let short = [("alertname", &*name), ("job", "x"), ("severity", "warning")];
        sim.fire(&short);
        sim.resolve(&short);
    }
    sim.seconds(301);
    assert_eq!(sim.engine.stats().resolved, 0);
}

#[test]
fn a_reminder_of_a_silence_belongs_to_no_incident() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(40);
    let request = SilenceRequest {
        remind_before: Some(Duration::from_mins(1)),
        ..sim.request("alertname=a", Duration::from_mins(5))
    };
    let id = sim.set_silence(request);
    sim.told.clear();
    sim.seconds(241);
    let reminded: Vec<_> = sim.told.iter().map(|word| (word.kind, &*word.incident)).collect();
    assert_eq!(reminded, [(Kind::Reminder, &*format!("silence-{id}"))]);
}
