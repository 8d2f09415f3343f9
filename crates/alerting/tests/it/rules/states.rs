//! The states that alerts of rules go through.

use std::time::Duration;

use proptest::prelude::*;
use wardkit_alerting::rules::{
    AlertState, OnNoData, RuleConfig, RuleEffect, RuleGroups, RuleHealth, RulesConfig,
};
use wardkit_alerting::{Alert, Now, Record};
use wardkit_core::Timestamp;
use wardkit_promql::{Labels, MemorySource, Sample, Selector, Series, Source, SourceError, Window};

/// A host with one rule, whose time and data the test decides.
struct Host {
    rules: RuleGroups,
    data: MemorySource,
    wall: i64,
    boot: u64,
    boot_id: String,
    records: Vec<Record>,
    brought: Vec<Alert>,
}

fn config(change: impl FnOnce(&mut RuleConfig)) -> RulesConfig {
    let mut rule = RuleConfig::default();
    "High".clone_into(&mut rule.name);
    "load > 4".clone_into(&mut rule.expr);
    rule.no_data = OnNoData::Resolve;
    change(&mut rule);
    let mut config = RulesConfig::default();
    config.default_rules = false;
    config.rule = vec![rule];
    config
}

impl Host {
    fn new(change: impl FnOnce(&mut RuleConfig)) -> Self {
        let rules = RuleGroups::new(&config(change), "http://host", Vec::new()).unwrap();
        let mut host = Self {
            rules,
            data: MemorySource::new(),
            wall: 1_000_000_000,
            boot: 1000,
            boot_id: "one".to_owned(),
            records: Vec::new(),
            brought: Vec::new(),
        };
        let effects = host.rules.restore("one", &[], host.now());
        host.take(effects);
        host
    }

    fn now(&self) -> Now {
        Now { wall: Timestamp::from_unix_seconds(self.wall), boot: Duration::from_secs(self.boot) }
    }

    fn pass(&mut self, seconds: u64) {
        self.boot += seconds;
        self.wall += i64::try_from(seconds).unwrap();
    }

    fn measure(&mut self, value: f64) {
        let labels: Labels = [("__name__", "load"), ("host", "h")].into_iter().collect();
        self.data.append(&labels, Sample::new(self.wall * 1000, value));
    }

    /// Lets a minute pass, measures and evaluates; returns the state and whether an alert was brought.
    fn minute(&mut self, value: f64) -> (AlertState, bool) {
        self.pass(60);
        self.measure(value);
        self.evaluate()
    }

    fn evaluate(&mut self) -> (AlertState, bool) {
        let before = self.brought.len();
        let effects = self.rules.step(self.now(), &self.data);
        self.take(effects);
        (self.state(), self.brought.len() > before)
    }

    fn state(&self) -> AlertState {
        self.rules.views()[0].rules[0].state
    }

    fn take(&mut self, effects: Vec<RuleEffect>) {
        for effect in effects {
            match effect {
                RuleEffect::Alert(alert) => self.brought.push(alert),
                RuleEffect::Record(record) => {
                    self.records.retain(|known| known.key != record.key);
                    self.records.extend(Some(record).filter(|record| record.value.is_some()));
                }
                _ => {}
            }
        }
    }

    /// Ends the program, lets time pass and starts it again.
    fn restart(&mut self, change: impl FnOnce(&mut RuleConfig), seconds: u64) {
        self.pass(seconds);
        self.rules = RuleGroups::new(&config(change), "http://host", Vec::new()).unwrap();
        let records = self.records.clone();
        let (boot_id, now) = (self.boot_id.clone(), self.now());
        let effects = self.rules.restore(&boot_id, &records, now);
        self.take(effects);
    }
}

fn five_minutes(rule: &mut RuleConfig) {
    rule.hold = Duration::from_mins(5);
}

use AlertState::{Firing, Inactive, Pending, Recovering};

#[test]
fn an_alert_waits_fires_and_resolves() {
    let mut host = Host::new(|rule| rule.hold = Duration::from_mins(2));
    assert_eq!(host.minute(1.0), (Inactive, false));
    assert_eq!(host.minute(5.0), (Pending, false));
    assert_eq!(host.minute(5.0), (Pending, false));
    assert_eq!(host.minute(5.0), (Firing, true));
    let alert = &host.brought[0];
    assert_eq!(alert.labels.to_string(), r#"{alertname="High",host="h"}"#);
    assert_eq!(alert.starts_at, host.now().wall);
    assert_eq!(alert.ends_at, Some(host.now().wall.saturating_add(Duration::from_mins(4))));
    assert_eq!(alert.generator_url, "http://host/graph?g0.expr=load+%3E+4&g0.tab=1");
    assert_eq!(host.minute(1.0), (Inactive, true));
    assert_eq!(host.brought[1].ends_at, Some(host.now().wall));
    assert_eq!(host.records.len(), 0, "{:?}", host.records);
    // What is over is told for a quarter of an hour, each time after the delay.
    let told = (0..30).filter(|_| host.minute(1.0).1).count();
    assert_eq!(told, 7);
}

#[test]
fn an_alert_that_lasts_is_brought_after_the_delay() {
    let mut host = Host::new(|_| {});
    assert_eq!(host.minute(5.0), (Firing, true));
    let told: Vec<bool> = (0..4).map(|_| host.minute(5.0).1).collect();
    // More than the delay must have passed, as in Prometheus.
    assert_eq!(told, [false, true, false, true]);
}

#[test]
fn an_alert_that_is_no_longer_found_fires_on_for_a_while() {
    let mut host = Host::new(|rule| rule.keep_firing_for = Duration::from_mins(3));
    assert_eq!(host.minute(5.0).0, Firing);
    assert_eq!(
        [1.0, 1.0, 5.0, 1.0].map(|value| host.minute(value).0),
        [Recovering, Recovering, Firing, Recovering]
    );
    assert_eq!(
        [1.0, 1.0, 1.0].map(|value| host.minute(value).0),
        [Recovering, Recovering, Inactive]
    );
}

#[test]
fn hysteresis_holds_what_fires_and_nothing_else() {
    let mut host = Host::new(|rule| rule.resolve_below = Some(2.0));
    assert_eq!(
        [3.0, 5.0, 3.0, 2.0, 1.9, 3.0].map(|value| host.minute(value).0),
        [Inactive, Firing, Firing, Firing, Inactive, Inactive]
    );
}

#[test]
fn what_fails_resolves_nothing_and_is_brought_on() {
    struct Broken;
    impl Source for Broken {
        fn select(&self, _: &Selector, _: &Window) -> Result<Vec<Series>, SourceError> {
            Err(SourceError::new("the disk is gone"))
        }
    }
    let mut host = Host::new(|_| {});
    host.minute(5.0);
    for _ in 0..20 {
        host.pass(60);
        let effects = host.rules.step(host.now(), &Broken);
        host.take(effects);
    }
    assert_eq!(host.state(), Firing);
    assert_eq!(host.brought.len(), 11);
    let view = &host.rules.views()[0].rules[0];
    let reason = "the data cannot be read: the disk is gone".to_owned();
    assert_eq!(view.health, RuleHealth::Error(reason));
    assert_eq!(host.minute(1.0).0, Inactive);
}

#[test]
fn data_that_end_keep_an_alert_or_resolve_it() {
    for (no_data, state) in [(OnNoData::Keep, Firing), (OnNoData::Resolve, Inactive)] {
        let mut host = Host::new(|rule| rule.no_data = no_data);
        host.minute(5.0);
        for _ in 0..10 {
            host.pass(60);
            host.evaluate();
        }
        assert_eq!(host.state(), state);
        assert!(host.rules.views()[0].rules[0].no_data);
    }
}

#[test]
fn a_restart_keeps_what_is_left_to_wait() {
    let mut host = Host::new(five_minutes);
    for _ in 0..4 {
        assert_eq!(host.minute(5.0).0, Pending);
    }
    // Three minutes are behind it, and half an hour of nothing adds none.
    host.restart(five_minutes, 1800);
    host.measure(5.0);
    assert_eq!(host.evaluate().0, Pending);
    assert_eq!(host.minute(5.0).0, Pending);
    assert_eq!(host.minute(5.0), (Firing, true));
}

#[test]
fn a_restart_leaves_what_fires_firing_even_before_there_are_data() {
    let mut host = Host::new(five_minutes);
    while host.state() != Firing {
        host.minute(5.0);
    }
    let since = host.brought[0].starts_at;
    host.restart(five_minutes, 1800);
    assert_eq!(host.state(), Firing);
    assert_eq!(host.evaluate().0, Firing);
    assert_eq!(host.minute(5.0).0, Firing);
    assert!(host.brought.iter().all(|alert| alert.starts_at == since));
    assert_eq!(host.minute(1.0), (Inactive, true));
}

#[test]
fn after_a_long_outage_an_alert_waits_again_and_its_end_is_told() {
    let mut host = Host::new(five_minutes);
    while host.state() != Firing {
        host.minute(5.0);
    }
    host.restart(five_minutes, 7200);
    assert_eq!(host.state(), Pending);
    host.measure(5.0);
    // It is brought on: whoever was told must not hear that it is over.
    assert_eq!(host.evaluate(), (Pending, true));
    assert!(host.brought.last().unwrap().ends_at > Some(host.now().wall));
    assert_eq!(host.minute(1.0), (Inactive, true));
}

#[test]
fn a_reboot_keeps_what_is_left_to_wait() {
    let mut host = Host::new(five_minutes);
    for _ in 0..4 {
        host.minute(5.0);
    }
    host.boot_id = "two".to_owned();
    host.wall += 300;
    host.boot = 20;
    host.restart(five_minutes, 0);
    host.measure(5.0);
    assert_eq!(host.evaluate().0, Pending);
    assert_eq!(host.minute(5.0).0, Pending);
    assert_eq!(host.minute(5.0).0, Firing);
}

#[test]
fn a_set_clock_brings_no_alert_nearer_and_resolves_none() {
    for jump in [3600, -3600, -900_000_000] {
        let mut host = Host::new(five_minutes);
        host.minute(5.0);
        host.wall += jump;
        // What was measured before is far away now, or in the future.
        assert_eq!(host.evaluate().0, Pending, "{jump}");
        for _ in 0..4 {
            assert_eq!(host.minute(5.0).0, Pending, "{jump}");
        }
        assert_eq!(host.minute(5.0).0, Firing, "{jump}");
        host.wall += jump;
        host.pass(60);
        assert_eq!(host.evaluate().0, Firing, "{jump}");
    }
}

#[test]
fn after_being_suspended_it_evaluates_once_and_old_data_fire_nothing() {
    let mut host = Host::new(five_minutes);
    host.minute(5.0);
    host.minute(5.0);
    host.pass(8 * 3600);
    assert_eq!(host.evaluate(), (Pending, false));
    assert!(host.rules.views()[0].rules[0].no_data);
    assert!(host.rules.next_wake().unwrap() > Duration::from_secs(host.boot));
    for _ in 0..3 {
        assert_eq!(host.minute(5.0).0, Pending);
    }
    assert_eq!(host.minute(5.0).0, Firing);
}

#[test]
fn a_reload_keeps_the_alerts_of_rules_that_stay_and_ends_the_others() {
    let mut host = Host::new(|_| {});
    host.minute(5.0);
    let changed = config(|rule| rule.expr = "load > 3".to_owned());
    let new = RuleGroups::new(&changed, "", Vec::new()).unwrap();
    let effects = host.rules.replace(new, host.now());
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(host.minute(3.5).0, Firing);
    let gone = config(|rule| rule.name = "Other".to_owned());
    let new = RuleGroups::new(&gone, "", Vec::new()).unwrap();
    let effects = host.rules.replace(new, host.now());
    host.take(effects);
    assert_eq!(host.brought.last().unwrap().ends_at, Some(host.now().wall));
    assert!(host.records.iter().all(|record| !record.key.starts_with("alert/")));
}

#[test]
fn what_is_wrong_with_a_rule_names_it_and_the_key() {
    let check = |change: fn(&mut RuleConfig), expected: &str| {
        let problems = RuleGroups::new(&config(change), "", Vec::new()).unwrap_err();
        assert_eq!(problems[0].to_string(), expected);
    };
    let rule = "group \"native\", rule 1 \"High\": ";
    check(
        |rule| rule.resolve_below = Some(5.0),
        &format!("{rule}resolve-below: 5 is on the wrong side of 4"),
    );
    check(
        |rule| rule.resolve_above = Some(5.0),
        &format!("{rule}resolve-above: the expression ends in > 4: use resolve-below"),
    );
    check(|rule| rule.name.clear(), "group \"native\", rule 1: name: an alert needs a name");
    check(
        |rule| rule.expr = "load[5m]".to_owned(),
        &format!("{rule}expr: it comes to a range vector, not an instant vector"),
    );
}

proptest! {
    /// Whatever happens to the program and the clock: nothing fires before it was found for its whole `for` while
    /// somebody looked, and what was brought as firing is brought as over before it may begin anew.
    #[test]
    fn no_alert_fires_before_its_time(steps in proptest::collection::vec((0_u8..7, any::<bool>()), 1..60)) {
        let mut host = Host::new(five_minutes);
        let mut looked = 0_u64;
        for (what, high) in steps {
            let was = host.state();
            match what {
                0 => host.restart(five_minutes, 600),
                1 => host.wall += 3600,
                2 => host.wall -= 3600,
                3 => host.pass(4 * 3600),
                _ => {
                    host.minute(if high { 5.0 } else { 1.0 });
                    looked = if high { looked + 60 } else { 0 };
                    if host.state() == Firing && was != Firing {
                        prop_assert!(looked >= 300, "{looked}");
                    }
                    if !high {
                        prop_assert_ne!(host.state(), Firing);
                    }
                }
            }
        }
    }
}
