//! Rules on events.

use std::time::Duration;

use wardkit_alerting::rules::{EventRuleConfig, EventRules, RuleEffect, RulesConfig};
use wardkit_alerting::{Alert, Now, Record};
use wardkit_core::{Event, Severity, Timestamp};

fn at(seconds: i64) -> Now {
    let boot = Duration::from_secs(u64::try_from(seconds).unwrap());
    Now { wall: Timestamp::from_unix_seconds(seconds), boot }
}

fn event(seconds: i64, kind: &'static str, subject: &str) -> Event {
    let event = Event::new(at(seconds).wall, kind, Severity::Warning, "integrity");
    event.with_subject(subject).with_message("it is not what it was")
}

fn alerts(effects: &[RuleEffect]) -> Vec<Alert> {
    let alerts = effects.iter().filter_map(|effect| match effect {
        RuleEffect::Alert(alert) => Some(alert.clone()),
        _ => None,
    });
    alerts.collect()
}

fn records(effects: &[RuleEffect]) -> Vec<Record> {
    let records = effects.iter().filter_map(|effect| match effect {
        RuleEffect::Record(record) => Some(record.clone()),
        _ => None,
    });
    records.collect()
}

fn shipped() -> EventRules {
    EventRules::new(&RulesConfig::default()).unwrap()
}

#[test]
fn an_event_brings_an_alert_that_another_event_ends() {
    let mut rules = shipped();
    let begun = rules.observe(&event(100, "integrity.file.changed", "/bin/ls"), at(100));
    let alert = &alerts(&begun)[0];
    assert_eq!(
        alert.labels.to_string(),
        r#"{alertname="IntegrityViolation",severity="warning",source="integrity",subject="/bin/ls"}"#
    );
    assert_eq!(alert.annotations["summary"], "it is not what it was");
    assert_eq!(alert.ends_at, Some(at(100 + 86_400).wall));
    // It lasts since the first of them.
    let again = rules.observe(&event(200, "integrity.file.changed", "/bin/ls"), at(200));
    assert_eq!(alerts(&again)[0].starts_at, at(100).wall);
    let other = rules.observe(&event(300, "integrity.change.accepted", "/bin/cp"), at(300));
    assert_eq!(alerts(&other), []);
    let ended = rules.observe(&event(400, "integrity.change.accepted", "/bin/ls"), at(400));
    let over = &alerts(&ended)[0];
    assert_eq!((&over.labels, over.ends_at), (&alert.labels, Some(at(400).wall)));
    assert!(rules.records().is_empty());
}

#[test]
fn a_grave_check_of_the_host_is_an_alert_until_it_passes() {
    let mut failed = event(100, "audit.check.failed", "host-ssh-root-login");
    failed.severity = Severity::Error;
    let mut rules = shipped();
    let begun = alerts(&rules.observe(&failed, at(100)));
    assert_eq!(begun.len(), 1);
    assert_eq!(begun[0].labels.value("alertname"), Some("HostCheckFailed"));
    let other = event(200, "audit.check.passed", "host-kernel-kptr");
    assert!(alerts(&rules.observe(&other, at(200))).is_empty());
    let passed = event(300, "audit.check.passed", "host-ssh-root-login");
    assert_eq!(alerts(&rules.observe(&passed, at(300))).len(), 1);
}

#[test]
fn every_shipped_rule_fires_on_its_events_and_on_no_others() {
    for (kind, expected) in [
        ("integrity.file.removed", "IntegrityViolation"),
        ("integrity.burst.merged", "IntegrityViolation"),
        ("integrity.watch.lost", "IntegrityNotWatched"),
        ("backup.failed", "BackupFailed"),
        ("backup.partial", "BackupPartial"),
        ("backup.overdue", "BackupOverdue"),
        ("backup.verification.failed", "BackupDamaged"),
        ("backup.replica.failed", "BackupReplicaFailed"),
        ("backup.replica.lagging", "BackupReplicaLags"),
        ("backup.copies.too_few", "BackupCopiesTooFew"),
        ("backup.prune.refused", "BackupPruneRefused"),
        ("backup.prune.failed", "BackupPruneRefused"),
        ("backup.drill.failed", "DrillFailed"),
        ("plugins.quarantined", "PluginQuarantined"),
        ("plugins.busy", "PluginErrors"),
        // It is no grave one: its event says so.
        ("audit.check.failed", ""),
        ("audit.check.passed", ""),
        ("backup.drill.report", ""),
        ("supervise.crash_loop", "CrashLoop"),
        ("supervise.failed", "ServiceFailed"),
        ("supervise.unkillable", "ServiceUnkillable"),
        ("supervise.escalated", "ServiceEscalated"),
        ("supervise.store_failed", "SupervisionTrouble"),
        ("supervise.exited", ""),
        ("supervise.held", ""),
        ("security.incident.opened", "SecurityIncident"),
        ("part.failed", "PartFailed"),
        ("history.write.failed", "HistoryTrouble"),
        ("alerting.store.damaged", "AlertStoreTrouble"),
        ("trail.append.failed", "AuditTrailTrouble"),
        ("host.clock.jumped", "ClockJumped"),
        ("config.refused", "ReloadRefused"),
        ("config.reloaded", ""),
        ("integrity.baseline.accepted", ""),
        ("backup.begun", ""),
        ("part.stopped", ""),
    ] {
        let effects = shipped().observe(&event(100, kind, "x"), at(100));
        let alerts = alerts(&effects);
        let names: Vec<_> = alerts.iter().filter_map(|one| one.labels.value("alertname")).collect();
        assert_eq!(names.join(" "), expected, "{kind}");
    }
    let mut mild = event(100, "integrity.file.changed", "x");
    mild.severity = Severity::Info;
    assert!(shipped().observe(&mild, at(100)).is_empty());
}

#[test]
fn a_restart_keeps_what_lasts_so_that_its_end_is_told() {
    let mut rules = shipped();
    let begun = rules.observe(&event(100, "history.write.failed", ""), at(100));
    let mut next = shipped();
    next.restore(&records(&begun));
    let ended = next.observe(&event(200, "history.write.resumed", ""), at(200));
    assert_eq!(alerts(&ended)[0].labels, alerts(&begun)[0].labels);
    assert_eq!(records(&ended)[0].value, None);
    // What ends by itself is forgotten.
    let mut late = shipped();
    late.restore(&records(&begun));
    let effects = late.observe(&event(100_000, "config.reloaded", ""), at(100_000));
    assert_eq!(records(&effects)[0].value, None);
}

#[test]
fn a_storm_of_events_becomes_one_alert_more() {
    let mut rules = shipped();
    for number in 0..2000 {
        let event = event(100, "integrity.file.changed", &format!("/file/{number}"));
        assert_eq!(alerts(&rules.observe(&event, at(100))).len(), 1);
    }
    assert_eq!(rules.records().len(), 501);
}

#[test]
fn a_rule_of_ones_own_is_checked() {
    let check = |change: fn(&mut EventRuleConfig), expected: &str| {
        let mut rule = EventRuleConfig::default();
        (rule.name, rule.kind) = ("Own".to_owned(), vec!["bot.order.*".to_owned()]);
        change(&mut rule);
        let mut config = RulesConfig::default();
        config.event_rule = vec![rule];
        let reason = EventRules::new(&config).map(drop).map_err(|all| all[0].to_string());
        assert_eq!(reason.err().unwrap_or_default(), expected);
    };
    let rule = "group \"events\", rule 1 \"Own\": ";
    check(|_| {}, "");
    check(|rule| rule.kind.clear(), &format!("{rule}kind: it names no event"));
    check(
        |rule| rule.lasts = Duration::ZERO,
        &format!("{rule}lasts: an alert must last for a while"),
    );
    check(
        |rule| rule.kind = vec!["Order Failed".to_owned()],
        &format!("{rule}kind: an event's kind is dotted lower-case words, or * for any word"),
    );
}
