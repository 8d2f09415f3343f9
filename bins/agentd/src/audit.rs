//! Checks of the host: what is looked at, what is remembered, and what is told when it changes.

mod kept;
mod shown;

use std::path::Path;

use wardkit_audit::{Audit, Collector, HostEngine, Outcome, Profile, Report, Settings, Status};
use wardkit_core::{Event, Health, Severity, SystemClock, Timestamp};

use crate::config::AuditConfig;

pub(crate) use kept::Kept;
pub(crate) use shown::Shown;

/// Why the host was not checked.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Checks the host, on a thread that gives way to all others.
pub(crate) async fn checked(config: AuditConfig) -> Result<Report, Error> {
    let (tell, told) = tokio::sync::oneshot::channel();
    // Niceness is a thread's for good, so it is a thread of its own.
    std::thread::Builder::new().name("audit".to_owned()).spawn(move || {
        // Where it is not allowed, it runs as others do.
        let _ = rustix::process::nice(NICENESS);
        let report = check(&config);
        wardkit_process::release_unused_memory();
        // Nobody waits any more when agentd ends.
        let _ = tell.send(report);
    })?;
    told.await?
}

fn check(config: &AuditConfig) -> Result<Report, Error> {
    let settings = settings(&config.settings)?;
    if !config.root.is_dir() {
        return Err(format!("{} is no folder", config.root.display()).into());
    }
    let facts = Collector::new(&config.root).collect(&SystemClock);
    let engine =
        HostEngine::new(facts).with_settings(settings.host.clone()).with_exposure(exposure);
    let audit = Audit::new(&SystemClock).with_engine(engine).with_settings(settings);
    Ok(audit.with_profile(Profile::Host).without_tree()?)
}

fn settings(file: &Path) -> Result<Settings, Error> {
    if file.as_os_str().is_empty() {
        return Ok(Settings::default());
    }
    let named = |error: Error| format!("{}: {error}", file.display());
    let text = wardkit_cli::read_small_text(file).map_err(|error| named(error.into()))?;
    Ok(Settings::parse(&text).map_err(|error| named(error.into()))?)
}

/// Judges a unit as `systemd-analyze security` does.
fn exposure(unit: &str) -> Option<u64> {
    let unit = wardkit_harden::Unit::parse(unit).ok()?;
    Some(wardkit_harden::exposure(&unit).tenths)
}

/// Returns what is to be told of a report after what is known: checks that end otherwise than before, and in what.
pub(crate) fn changes(report: &Report, before: &Kept, now: Timestamp) -> Vec<Event> {
    let told = report.checks.iter().filter_map(|check| {
        let before = before.checks.get(&check.id).copied();
        let event = change(report, check, before, now)?;
        let was = before.map_or("never checked", Status::as_str);
        Some(event.with_subject(check.id.clone()).with_detail("before", was))
    });
    told.collect()
}

fn change(
    report: &Report,
    check: &Outcome,
    before: Option<Status>,
    now: Timestamp,
) -> Option<Event> {
    if before == Some(check.status) {
        return None;
    }
    let event = |kind, severity| Event::new(now, kind, severity, "audit");
    match (check.status, before) {
        (Status::Fail, _) => {
            let finding = report.findings.iter().find(|finding| finding.id == check.id)?;
            let message = format!("{}: {}", finding.title, finding.current);
            let event = event("audit.check.failed", severity(finding.severity));
            Some(event.with_message(message).with_detail("do", finding.recommendation.clone()))
        }
        // What was never known has not changed; how much that is, the summary says.
        (_, None) | (Status::Manual, _) => None,
        (Status::Unknown, Some(_)) => {
            let message = check.evidence.first().cloned().unwrap_or_default();
            let message = format!("it can no longer be looked at: {message}");
            Some(event("audit.check.unknown", Severity::Warning).with_message(message))
        }
        (Status::Pass | Status::NotApplicable, Some(_)) => {
            let message = "it is as it should be";
            Some(event("audit.check.passed", Severity::Notice).with_message(message))
        }
    }
}

/// Returns how a host is by the checks that it failed.
pub(crate) fn health(report: &Report) -> Health {
    let grave = |finding: &&wardkit_audit::Finding| {
        finding.status == Status::Fail && finding.severity >= wardkit_audit::Severity::High
    };
    let failed: Vec<&str> =
        report.findings.iter().filter(grave).map(|finding| finding.id.as_str()).collect();
    if failed.is_empty() {
        return Health::Up;
    }
    let first = failed[..failed.len().min(SHOWN)].join(", ");
    let more = if failed.len() > SHOWN { ", ..." } else { "" };
    Health::degraded(format!(
        "{} grave checks of the host fail: {first}{more}; `auditctl host` tells more",
        failed.len()
    ))
}

fn severity(severity: wardkit_audit::Severity) -> Severity {
    match severity {
        wardkit_audit::Severity::Critical => Severity::Critical,
        wardkit_audit::Severity::High => Severity::Error,
        wardkit_audit::Severity::Medium => Severity::Warning,
        wardkit_audit::Severity::Low => Severity::Notice,
    }
}

/// As far as one may give way.
const NICENESS: i32 = 19;
/// A line of a status is read at a glance.
const SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of a host on which root may sign in with a password, or may not, or of which nothing is known.
    fn report(sshd: Option<&str>) -> Report {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("etc/ssh")).unwrap();
        if let Some(text) = sshd {
            std::fs::write(root.path().join("etc/ssh/sshd_config"), text).unwrap();
        }
        let config =
            AuditConfig { root: root.path().to_owned(), enabled: true, ..AuditConfig::default() };
        check(&config).unwrap()
    }

    fn told(report: &Report, before: &Kept) -> Vec<(String, String, Severity)> {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let events = changes(report, before, now).into_iter();
        let told = events.map(|event| (event.kind.to_string(), event.subject, event.severity));
        told.filter(|(_, subject, _)| subject == "host-ssh-root-login").collect()
    }

    #[test]
    fn only_what_changed_is_told() {
        let (bad, good) =
            (report(Some("PermitRootLogin yes\n")), report(Some("PermitRootLogin no\n")));
        let id = "host-ssh-root-login".to_owned();
        let failed = [("audit.check.failed".to_owned(), id.clone(), Severity::Error)];
        assert_eq!(told(&bad, &Kept::default()), failed);
        assert_eq!(told(&good, &Kept::default()), []);
        let at = Timestamp::from_unix_seconds(1);
        let (known_bad, known_good) = (Kept::of(&bad, at), Kept::of(&good, at));
        assert_eq!(told(&bad, &known_bad), []);
        assert_eq!(told(&bad, &known_good), failed);
        assert_eq!(
            told(&good, &known_bad),
            [("audit.check.passed".to_owned(), id, Severity::Notice)]
        );
    }

    #[test]
    fn health_names_what_fails_and_only_what_is_grave() {
        let bad = health(&report(Some("PermitRootLogin yes\n")));
        assert!(format!("{bad:?}").contains("host-ssh-root-login"), "{bad:?}");
        assert_eq!(health(&report(None)), Health::Up);
    }

    #[test]
    fn settings_that_cannot_be_read_are_an_error_with_the_file() {
        let config = AuditConfig { settings: "/missing.toml".into(), ..AuditConfig::default() };
        let error = check(&config).unwrap_err().to_string();
        assert!(error.starts_with("/missing.toml: "), "{error}");
    }
}
