//! Clocks that are set, hosts that sleep, programs that die, plans that change, storms and flapping.

use std::time::Duration;

use wardkit_alerting::{
    Answer, EngineConfig, IncidentState, Input, Kind, Plan, Record, Refusal, Space, Urgency,
};
use wardkit_core::Timestamp;

use super::support::{Sim, matchers, plan, route};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x")];
const CRITICAL: &[(&str, &str)] = &[("alertname", "c"), ("job", "x"), ("severity", "critical")];

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn a_wall_that_is_set_ends_no_alert_and_repeats_nothing() {
    for wall in [
        super::support::START.saturating_add(HOUR),
        super::support::START.saturating_sub(HOUR),
        Timestamp::UNIX_EPOCH,
    ] {
        let mut sim = Sim::new(plan());
        let mut alert = sim.alert(A);
        alert.ends_at = Some(sim.now.wall.saturating_add(Duration::from_mins(10)));
        sim.post(vec![alert]);
        sim.seconds(30);
        assert_eq!(sim.heard(), ["group ops a"]);
        sim.now.wall = wall;
        sim.step(Input::Tick);
        sim.seconds(500);
        assert_eq!(sim.heard(), Vec::<String>::new());
        assert_eq!(sim.engine.stats().firing, 1);
        sim.seconds(370);
        assert_eq!(sim.heard(), ["group ops -a"]);
    }
}

#[test]
fn a_wall_that_is_slewed_changes_nothing_of_what_is_told() {
    let told = |nanos_per_second: i64| {
        let mut sim = Sim::new(plan());
        sim.silence("job=y", Duration::from_mins(10));
        sim.fire(A);
        sim.fire(&[("alertname", "b"), ("job", "y")]);
        let mut heard = Vec::new();
        for second in 0..3_600 {
            sim.seconds(1);
            let wall = sim.now.wall.as_unix_nanos() + nanos_per_second;
            sim.now.wall = Timestamp::from_unix_nanos(wall);
            if second == 1_800 {
                sim.resolve(A);
            }
            sim.step(Input::Tick);
            heard.extend(sim.heard());
        }
        heard
    };
    let steady = told(0);
    assert_eq!(steady, ["group ops a", "group ops b", "group ops -a"]);
    // As fast as NTP moves a clock.
    assert_eq!(told(500_000), steady);
    assert_eq!(told(-500_000), steady);
}

#[test]
fn silences_go_by_the_wall() {
    let mut sim = Sim::new(plan());
    sim.silence("job=x", HOUR * 2);
    sim.fire(A);
    assert_eq!(sim.engine.suppressed().count(), 1);
    sim.now.wall = sim.now.wall.saturating_add(HOUR * 3);
    sim.step(Input::Tick);
    assert_eq!(sim.engine.suppressed().count(), 0);
    sim.now.wall = sim.now.wall.saturating_sub(HOUR * 2);
    sim.step(Input::Tick);
    assert_eq!(sim.engine.suppressed().count(), 1);
    let wake = sim.engine.next_wake().unwrap();
    assert!(wake <= sim.now.boot + HOUR);
}

#[test]
fn alerts_do_not_end_because_the_host_slept() {
    let mut sim = Sim::new(plan());
    let mut alert = sim.alert(A);
    alert.ends_at = None;
    sim.post(vec![alert]);
    sim.seconds(60);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.skip(HOUR * 3);
    sim.step(Input::Tick);
    sim.seconds(200);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(400);
    assert_eq!(sim.heard(), ["group ops -a"]);
}

#[test]
fn a_restart_tells_nothing_and_keeps_every_wait() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(20);
    sim.crash();
    sim.seconds(9);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["group ops a"]);
    for _ in 0..5 {
        sim.pass(Duration::from_mins(47));
        sim.crash();
    }
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(5 * 60);
    assert_eq!(sim.heard(), ["group ops a"]);
    let id = sim.only_incident();
    sim.acknowledge(&id);
    sim.crash();
    assert_eq!(sim.engine.incident(&id).unwrap().state, IncidentState::Acked);
}

#[test]
fn a_restart_of_the_host_keeps_every_wait_whatever_its_clock_says() {
    let mut sim = Sim::new(plan());
    sim.fire(CRITICAL);
    sim.seconds(30);
    let id = sim.only_incident();
    sim.acknowledge(&id);
    assert_eq!(sim.heard(), ["group ops c"]);
    sim.pass(Duration::from_mins(20));
    sim.now.wall = Timestamp::UNIX_EPOCH;
    sim.reboot("boot-2");
    sim.crash();
    sim.pass(Duration::from_mins(39));
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.pass(Duration::from_mins(2));
    assert_eq!(sim.heard(), ["reminder ops c"]);
}

#[test]
fn nothing_is_written_while_nothing_changes_but_the_time() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(60);
    sim.writes = 0;
    for _ in 0..10 {
        sim.fire(A);
        sim.seconds(60);
    }
    let twice_a_minute = 20;
    assert!(sim.writes <= twice_a_minute + 1, "{} writes", sim.writes);
}

#[test]
fn a_record_that_cannot_be_read_is_left_out_and_said() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.fire(&[("alertname", "d"), ("job", "z")]);
    let broken = |record: &mut Record| {
        if record.space == Space::Alert {
            record.value = Some(b"{\"labels\":".to_vec());
        }
    };
    sim.records.iter_mut().take(1).for_each(broken);
    sim.crash();
    let kinds: Vec<_> = sim.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["alerting.state.unreadable"]);
    assert_eq!(sim.engine.stats().firing, 1);
}

#[test]
fn all_that_is_kept_can_be_written_anew() {
    let mut sim = Sim::new(plan());
    sim.silence("job=q", HOUR);
    sim.fire(A);
    sim.seconds(30);
    sim.step(Input::ParentDown { parent: "router".to_owned(), children: matchers("job=z") });
    let key = |record: &Record| (record.space, record.key.clone());
    let mut written: Vec<_> = sim.records.iter().map(key).collect();
    let mut anew: Vec<_> = sim.engine.records().iter().map(key).collect();
    written.sort();
    anew.sort();
    assert_eq!(written, anew);
}

fn renamed(name: &str) -> Plan {
    let mut plan = plan();
    let mut below = route("ops", &["job"]);
    below.matchers = matchers(name);
    plan.route.routes = vec![below];
    plan
}

#[test]
fn a_route_that_gets_another_name_tells_nothing_again_and_keeps_who_takes_care() {
    let mut sim = Sim::new(renamed("job=x"));
    sim.fire(A);
    sim.seconds(30);
    let id = sim.only_incident();
    sim.acknowledge(&id);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.step(Input::Reload(Box::new(renamed("job=~\"x|y\""))));
    assert_eq!(sim.only_incident(), id);
    sim.crash_with(renamed("job!=q"));
    assert_eq!(sim.only_incident(), id);
    assert_eq!(sim.engine.incident(&id).unwrap().state, IncidentState::Acked);
    sim.pass(HOUR);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.resolve(A);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops -a"]);
}

#[test]
fn a_reload_that_takes_a_route_away_hands_its_alerts_to_the_next_one() {
    let mut below = renamed("job=x");
    below.route.routes[0].receiver = "dev".to_owned();
    let mut sim = Sim::new(below);
    sim.fire(A);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group dev a"]);
    sim.step(Input::Reload(Box::new(plan())));
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.resolve(A);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops -a"]);
}

#[test]
fn an_alert_that_comes_and_goes_is_told_of_once_and_again_when_it_is_calm() {
    let mut sim = Sim::new(plan());
    for _ in 0..60 {
        sim.fire(A);
        sim.seconds(1);
        sim.resolve(A);
        sim.seconds(1);
    }
    assert_eq!(sim.heard(), ["flapping ops a"]);
    assert_eq!(sim.engine.stats().flapping, 1);
    sim.crash();
    assert_eq!(sim.engine.stats().flapping, 1);
    sim.fire(A);
    sim.pass(Duration::from_mins(40));
    assert_eq!(sim.heard(), ["group ops a"]);
    assert_eq!(sim.engine.stats().flapping, 0);
}

#[test]
fn a_storm_is_told_in_digests_and_what_is_critical_by_itself() {
    let mut config = EngineConfig::default();
    config.storm_alerts_per_minute = 50;
    let mut plan = plan();
    plan.route.group_by = wardkit_alerting::GroupBy::All;
    let mut sim = Sim::with(plan, config);
    for number in 0..200 {
        sim.fire(&[("alertname", &format!("n{number}")), ("job", "x")]);
    }
    sim.fire(CRITICAL);
    assert!(sim.engine.stats().storm);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops c"]);
    sim.seconds(30);
    let told = std::mem::take(&mut sim.told);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].kind, told[0].alerts.len(), told[0].truncated), (Kind::Digest, 100, 100));
    sim.pass(Duration::from_mins(30));
    assert!(!sim.engine.stats().storm);
    assert_eq!(sim.heard(), Vec::<String>::new(), "what a digest told is told");
}

#[test]
fn there_is_room_for_so_many_alerts_and_the_last_of_it_is_for_critical_ones() {
    let mut config = EngineConfig::default();
    config.max_alerts = 20;
    let mut sim = Sim::with(plan(), config);
    for number in 0..30 {
        sim.fire(&[("alertname", &format!("n{number}")), ("job", "x")]);
    }
    assert_eq!(sim.engine.stats().firing, 18);
    assert_eq!(sim.answers.len(), 12);
    let full = Refusal::TooManyAlerts { index: 0, limit: 20 };
    assert_eq!(sim.answers[0], Answer::Refused(full));
    assert_eq!(sim.events.len(), 1, "the host is told once a minute");
    sim.answers.clear();
    sim.fire(CRITICAL);
    assert_eq!(sim.answers, []);
    assert_eq!(Urgency::of(&super::support::labels_of(CRITICAL)), Urgency::Critical);
}

#[test]
fn an_alert_that_says_too_much_or_nothing_is_refused_and_the_others_are_taken() {
    let mut sim = Sim::new(plan());
    let mut loud = sim.alert(A);
    loud.annotations.insert("summary".to_owned(), "x".repeat(1 << 20));
    let nameless = sim.alert(&[]);
    let mut backwards = sim.alert(A);
    backwards.ends_at = Some(backwards.starts_at.saturating_sub(HOUR));
    let good = sim.alert(B);
    sim.post(vec![loud, nameless, backwards, good]);
    assert_eq!(
        sim.answers,
        [
            Answer::Refused(Refusal::TooLong { index: 0, limit: 16 * 1024 }),
            Answer::Refused(Refusal::NoLabels { index: 1 }),
            Answer::Refused(Refusal::EndsBeforeStart { index: 2 }),
        ]
    );
    assert_eq!(sim.engine.stats().firing, 1);
}
