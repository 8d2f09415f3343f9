//! The rules on events that come with the program.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_core::Severity;

use super::config::EventRuleConfig;

/// Returns the rules on events that come with the program.
#[must_use]
pub fn default_event_rules() -> Vec<EventRuleConfig> {
    EVENT_RULES.iter().map(|(name, about)| about.config(name)).collect()
}

/// A rule on events that comes with the program.
struct OnEvent {
    kind: &'static [&'static str],
    min_severity: Severity,
    resolved_by: &'static [&'static str],
    hours: u64,
    summary: &'static str,
}

impl OnEvent {
    fn config(&self, name: &str) -> EventRuleConfig {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        EventRuleConfig {
            name: name.to_owned(),
            kind: texts(self.kind),
            min_severity: self.min_severity,
            resolved_by: texts(self.resolved_by),
            lasts: Duration::from_hours(self.hours),
            labels: BTreeMap::new(),
            annotations: BTreeMap::from([("description".to_owned(), self.summary.to_owned())]),
        }
    }
}

const EVENT_RULES: &[(&str, OnEvent)] = &[
    (
        "IntegrityViolation",
        OnEvent {
            kind: &[
                "integrity.file.*",
                "integrity.package.changed",
                "integrity.burst.merged",
                "integrity.open.denied",
            ],
            min_severity: Severity::Warning,
            resolved_by: &["integrity.change.accepted"],
            hours: 24,
            summary: "something that is watched is not what it was",
        },
    ),
    (
        "IntegrityNotWatched",
        OnEvent {
            kind: &[
                "integrity.watch.lost",
                "integrity.scan.failed",
                "integrity.baseline.refused",
                "integrity.trust.failed",
            ],
            min_severity: Severity::Warning,
            resolved_by: &["integrity.watch.started", "integrity.scan.finished"],
            hours: 24,
            summary: "changes of what is watched may go unseen",
        },
    ),
    (
        "BackupFailed",
        OnEvent {
            kind: &["backup.failed"],
            min_severity: Severity::Info,
            resolved_by: &["backup.succeeded", "backup.partial"],
            hours: 48,
            summary: "there is no new backup",
        },
    ),
    (
        "BackupPartial",
        OnEvent {
            kind: &["backup.partial"],
            min_severity: Severity::Info,
            resolved_by: &["backup.succeeded"],
            hours: 48,
            summary: "something is missing from the newest backup",
        },
    ),
    (
        "BackupOverdue",
        OnEvent {
            kind: &["backup.overdue"],
            min_severity: Severity::Info,
            resolved_by: &["backup.succeeded"],
            hours: 24 * 30,
            summary: "the newest complete backup is older than it may be",
        },
    ),
    (
        "BackupDamaged",
        OnEvent {
            kind: &["backup.verification.failed"],
            min_severity: Severity::Info,
            resolved_by: &["backup.verification.succeeded"],
            hours: 24 * 30,
            summary: "the repository of backups is damaged, or cannot be read",
        },
    ),
    (
        "BackupReplicaFailed",
        OnEvent {
            kind: &["backup.replica.failed"],
            min_severity: Severity::Info,
            resolved_by: &["backup.replica.succeeded"],
            hours: 48,
            summary: "a replica does not have the newest backup",
        },
    ),
    (
        "BackupReplicaLags",
        OnEvent {
            kind: &["backup.replica.lagging"],
            min_severity: Severity::Info,
            resolved_by: &["backup.replica.succeeded"],
            hours: 24 * 30,
            summary: "a replica is further behind than the newest backup may be old",
        },
    ),
    (
        "BackupCopiesTooFew",
        OnEvent {
            kind: &["backup.copies.too_few"],
            min_severity: Severity::Info,
            resolved_by: &["backup.copies.enough"],
            hours: 24 * 30,
            summary: "the newest backup is in fewer places than it has to be",
        },
    ),
    (
        "BackupPruneRefused",
        OnEvent {
            kind: &["backup.prune.refused", "backup.prune.failed"],
            min_severity: Severity::Info,
            resolved_by: &["backup.prune.succeeded"],
            hours: 24 * 30,
            summary: "nothing is removed from the repository of backups: something is not as it should be",
        },
    ),
    (
        "DrillFailed",
        OnEvent {
            kind: &["backup.drill.failed"],
            min_severity: Severity::Info,
            resolved_by: &["backup.drill.succeeded"],
            hours: 24 * 30,
            summary: "a backup was restored to try it, and is not as it has to be",
        },
    ),
    (
        "HostCheckFailed",
        OnEvent {
            kind: &["audit.check.failed"],
            // What is graver than medium.
            min_severity: Severity::Error,
            resolved_by: &["audit.check.passed"],
            hours: 24 * 30,
            summary: "a check of the host fails that did not before",
        },
    ),
    (
        "CrashLoop",
        OnEvent {
            kind: &["supervise.crash_loop"],
            min_severity: Severity::Info,
            resolved_by: &["supervise.recovered"],
            // It is told once, however long it lasts.
            hours: 24 * 30,
            summary: "a service ends again and again as soon as it is started",
        },
    ),
    (
        "ServiceFailed",
        OnEvent {
            kind: &["supervise.failed"],
            min_severity: Severity::Warning,
            resolved_by: &["supervise.started", "supervise.adopted"],
            hours: 24 * 30,
            summary: "a service does not run, and is not started again by itself",
        },
    ),
    (
        "ServiceUnkillable",
        OnEvent {
            kind: &["supervise.unkillable"],
            min_severity: Severity::Warning,
            resolved_by: &["supervise.exited", "supervise.started"],
            hours: 24 * 30,
            summary: "a service was killed and is still there; nothing is started beside it",
        },
    ),
    (
        "ServiceEscalated",
        OnEvent {
            kind: &["supervise.escalated", "supervise.recovery_failed"],
            min_severity: Severity::Warning,
            resolved_by: &["supervise.recovered", "supervise.ready"],
            hours: 24,
            summary: "a service could not be recovered by what is configured",
        },
    ),
    (
        "SupervisionTrouble",
        OnEvent {
            kind: &[
                "supervise.guardian_failed",
                "supervise.store_failed",
                "supervise.store.damaged",
            ],
            min_severity: Severity::Warning,
            resolved_by: &["supervise.store_recovered"],
            hours: 24,
            summary: "services are not looked after as they should be",
        },
    ),
    (
        "PluginQuarantined",
        OnEvent {
            kind: &["plugins.quarantined"],
            min_severity: Severity::Info,
            resolved_by: &[
                "plugins.activated",
                "plugins.upgraded",
                "plugins.rolled_back",
                "plugins.revoked",
            ],
            hours: 24 * 30,
            summary: "a plugin failed too often, and is not called any more",
        },
    ),
    (
        "PluginErrors",
        OnEvent {
            kind: &["plugins.call.failed", "plugins.call.refused", "plugins.busy"],
            min_severity: Severity::Warning,
            resolved_by: &["plugins.call.succeeded"],
            hours: 24,
            summary: "a plugin does not do what it is there for",
        },
    ),
    (
        "SecurityIncident",
        OnEvent {
            kind: &["security.*", "validation.attack.*"],
            min_severity: Severity::Warning,
            resolved_by: &["security.incident.closed"],
            hours: 24,
            summary: "somebody may try to break in",
        },
    ),
    (
        "PartFailed",
        OnEvent {
            kind: &["part.failed"],
            min_severity: Severity::Warning,
            resolved_by: &[],
            hours: 1,
            summary: "a part of agentd failed and is started again",
        },
    ),
    (
        "HistoryTrouble",
        OnEvent {
            kind: &["history.write.failed", "history.samples.lost", "history.segment.repaired"],
            min_severity: Severity::Warning,
            resolved_by: &["history.write.resumed"],
            hours: 6,
            summary: "the history of metrics is not whole",
        },
    ),
    (
        "AlertStoreTrouble",
        OnEvent {
            kind: &["alerting.store.*"],
            min_severity: Severity::Warning,
            resolved_by: &["alerting.store.recovered"],
            hours: 24,
            summary: "what alerting keeps may be lost with a restart",
        },
    ),
    (
        "AuditTrailTrouble",
        OnEvent {
            kind: &["trail.append.failed", "trail.entries.lost"],
            min_severity: Severity::Warning,
            resolved_by: &["trail.append.resumed"],
            hours: 24,
            summary: "the audit trail is not whole",
        },
    ),
    (
        // How long it lasts, `ConfigurationRefused` says: this one says what is wrong.
        "ReloadRefused",
        OnEvent {
            kind: &["config.refused", "config.watch.failed"],
            min_severity: Severity::Warning,
            resolved_by: &["config.reloaded"],
            hours: 1,
            summary: "what was changed in the configuration is not in force",
        },
    ),
    (
        "ClockJumped",
        OnEvent {
            kind: &["host.clock.jumped"],
            min_severity: Severity::Warning,
            resolved_by: &[],
            hours: 1,
            summary: "the host's clock was set",
        },
    ),
];
