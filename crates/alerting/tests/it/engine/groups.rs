//! Grouping, repetition and ends, as Alertmanager has them.

use std::time::Duration;

use super::support::{Sim, plan};

const A: &[(&str, &str)] = &[("alertname", "a"), ("job", "x")];
const B: &[(&str, &str)] = &[("alertname", "b"), ("job", "x")];
const CRITICAL: &[(&str, &str)] = &[("alertname", "c"), ("job", "x"), ("severity", "critical")];
const OTHER: &[(&str, &str)] = &[("alertname", "a"), ("job", "y")];

#[test]
fn a_new_group_waits_for_more_of_its_alerts_and_tells_them_together() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(20);
    sim.fire(B);
    sim.fire(OTHER);
    sim.seconds(9);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["group ops a b"]);
    sim.seconds(20);
    assert_eq!(sim.heard(), ["group ops a"]);
}

#[test]
fn news_of_a_group_waits_for_its_interval_but_critical_news_only_as_long_as_a_new_group() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(40);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.fire(B);
    sim.seconds(289);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["group ops a b"]);
    sim.fire(CRITICAL);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops a b c"]);
}

#[test]
fn the_same_is_told_again_after_the_repeat_interval_only() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(30);
    assert_eq!(sim.heard(), ["group ops a"]);
    sim.seconds(4 * 3_600 - 1);
    assert_eq!(sim.heard(), Vec::<String>::new());
    sim.seconds(1);
    assert_eq!(sim.heard(), ["group ops a"]);
}

#[test]
fn an_alert_that_nobody_brings_any_more_ends_after_the_resolve_timeout() {
    let mut sim = Sim::new(plan());
    let mut alert = sim.alert(A);
    alert.ends_at = None;
    sim.post(vec![alert.clone()]);
    sim.seconds(200);
    sim.post(vec![alert]);
    sim.seconds(299);
    assert_eq!(sim.engine.stats().firing, 1);
    sim.seconds(1);
    assert_eq!(sim.engine.stats().firing, 0);
    sim.seconds(300);
    assert_eq!(sim.heard(), ["group ops a", "group ops -a"]);
    assert_eq!(sim.engine.stats().resolved, 0);
}

#[test]
fn an_alert_that_ends_before_it_was_told_is_not_told() {
    let mut sim = Sim::new(plan());
    sim.fire(A);
    sim.seconds(10);
    sim.resolve(A);
    sim.pass(Duration::from_hours(1));
    assert_eq!(sim.heard(), Vec::<String>::new());
    assert_eq!(sim.engine.stats().groups, 0);
}

#[test]
fn an_alert_older_than_the_wait_of_a_group_is_told_at_once() {
    let mut sim = Sim::new(plan());
    let mut alert = sim.alert(A);
    alert.starts_at = alert.starts_at.saturating_sub(Duration::from_secs(30));
    sim.post(vec![alert]);
    assert_eq!(sim.heard(), ["group ops a"]);
}
