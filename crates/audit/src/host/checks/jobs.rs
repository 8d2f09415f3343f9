//! What starts by itself, and how it is held.

use super::{Answer, Area, Host, Row, known, settled};
use crate::host::facts::{Fact, FileFact, Unit};
use crate::{Effort, Severity};

pub(super) const AREA: Area = Area { component: "Services", rows: &ROWS };

fn cron_scripts(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.cron).map(|jobs| {
        let accounts = host.facts.accounts.known().map(Vec::as_slice).unwrap_or_default();
        let mut bad: Vec<&FileFact> = Vec::new();
        for job in jobs {
            let uid = accounts.iter().find(|one| one.name == job.user).map_or(0, |one| one.uid);
            // Who owns the account of a job owns its files, too.
            let is_foreign =
                |file: &&FileFact| file.mode & 0o022 != 0 || (file.uid != 0 && file.uid != uid);
            bad.extend(job.files.iter().filter(is_foreign));
        }
        bad.sort();
        bad.dedup();
        Answer::files(
            &bad,
            "Others can change what cron runs.",
            "only their owners can change them",
        )
    }))
}

/// Judges the services that the host's owner wrote.
fn units(host: &Host<'_>, judge: impl FnOnce(&[Unit]) -> Answer) -> Answer {
    settled(known(&host.facts.units).map(|units| {
        if units.is_empty() {
            return Answer::not_applicable("no service lies in /etc/systemd/system");
        }
        judge(units)
    }))
}

fn writable_units(host: &Host<'_>) -> Answer {
    units(host, |units| {
        let is_bad = |file: &&FileFact| file.mode & 0o022 != 0 || file.uid != 0;
        let bad: Vec<&FileFact> = units.iter().map(|unit| &unit.file).filter(is_bad).collect();
        Answer::files(&bad, "Others than root can change units.", "root alone can change them")
    })
}

/// Fails with the daemons that something is wrong with.
fn daemons(host: &Host<'_>, current: &str, wrong: &dyn Fn(&Unit) -> Option<String>) -> Answer {
    units(host, |units| {
        let daemons = units.iter().filter(|unit| unit.is_daemon());
        let answer = daemons.fold(Answer::fail(current), |answer, unit| match wrong(unit) {
            Some(seen) => {
                answer.with(&unit.name, format!("{}: {seen}", unit.name)).at(&unit.file.path, 0)
            }
            None => answer,
        });
        if answer.subjects.is_empty() { Answer::pass("none was found") } else { answer }
    })
}

fn exposure(host: &Host<'_>) -> Answer {
    let Some(exposure) = host.exposure else {
        return Answer::unknown("nothing here can judge units");
    };
    daemons(host, "Services can do much more than they need.", &|unit| {
        let Some(tenths) = exposure(&unit.text) else {
            return Some("cannot be read as a unit".to_owned());
        };
        (tenths > EXPOSED).then(|| format!("exposure {}.{}", tenths / 10, tenths % 10))
    })
}

/// systemd itself stops after five starts in ten seconds, which `RestartSec` above two seconds never reaches.
fn restarts(host: &Host<'_>) -> Answer {
    daemons(host, "Services are not restarted, or without an end.", &|unit| {
        match unit.value("Restart") {
            None | Some("no") => return Some("is not restarted when it fails".to_owned()),
            Some(_) => {}
        }
        let is_off = |key: &str| unit.value(key) == Some("0");
        (is_off("StartLimitIntervalSec")
            || is_off("StartLimitInterval")
            || is_off("StartLimitBurst"))
        .then(|| "is restarted without an end".to_owned())
    })
}

fn core_dumps(host: &Host<'_>) -> Answer {
    let judge = || {
        let pattern = match host.facts.sysctl("kernel.core_pattern") {
            Fact::Known(pattern) => pattern,
            Fact::Absent => return Ok(Answer::not_applicable("this kernel writes none")),
            Fact::Unknown(why) => return Err(Answer::unknown(why)),
        };
        if pattern.is_empty() || pattern.starts_with("|/bin/false") {
            return Ok(Answer::pass("no memory is written out"));
        }
        let limit = known(&host.facts.system.core_limit)?;
        if limit == "0" && !pattern.starts_with('|') {
            return Ok(Answer::pass("the limit that services begin with is 0"));
        }
        let seen = format!("kernel.core_pattern = {pattern}, limit {limit}");
        if pattern.starts_with('|') {
            // A handler gets what there is whatever the limit; who may read it then is its own affair.
            let current =
                "A program takes the memory of what fails: look who can read what it keeps.";
            return Ok(Answer::manual(current).seeing(seen));
        }
        Ok(Answer::fail("The memory of a program that fails is written to a file.")
            .with("core", seen)
            .at("/proc/sys/kernel/core_pattern", 0))
    };
    settled(judge())
}

fn journal(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.system.is_journal_kept).map(|is_kept| {
        if *is_kept {
            return Answer::pass("the journal is kept");
        }
        Answer::fail("The journal is gone after a restart.")
            .with("journal", "Storage is not persistent, and there is no /var/log/journal")
            .at("/etc/systemd/journald.conf", 0)
    }))
}

fn profiles(host: &Host<'_>) -> Answer {
    settled(known(&host.facts.system.enforcers).map(|enforcers| {
        if enforcers.is_empty() {
            return Answer::fail("Neither AppArmor nor SELinux enforces anything.")
                .with("enforcers", "no enforcer is on")
                .at("/sys/kernel/security", 0);
        }
        Answer::pass(format!("{} is on", enforcers.join(", ")))
    }))
}

/// `systemd-analyze security` calls what is above medium or exposed.
const EXPOSED: u64 = 50;

const ROWS: [Row; 7] = [
    Row {
        id: "host-job-cron-writable",
        title: "Others can change what cron runs",
        severity: Severity::High,
        effort: Effort::Small,
        description: "Who can write to a script that cron runs as root is root within the minute.",
        expected: "What cron runs belongs to root or to the job's account, and nobody else may write.",
        recommendation: "`chown root:root FILE && chmod go-w FILE`.",
        cwe: &[732],
        judge: cron_scripts,
    },
    Row {
        id: "host-job-unit-writable",
        title: "Others than root can change a unit",
        severity: Severity::High,
        effort: Effort::Small,
        description: "The unit says what runs, and as whom.",
        expected: "Units belong to root with the mode 0644.",
        recommendation: "`chown root:root UNIT && chmod 0644 UNIT && systemctl daemon-reload`.",
        cwe: &[732],
        judge: writable_units,
    },
    Row {
        id: "host-job-unit-exposure",
        title: "A service can do much more than it needs",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "What takes over the bot can do what the unit lets it: read other homes, change the kernel, write everywhere.",
        expected: "`systemd-analyze security UNIT` says 5.0 or less.",
        recommendation: "`auditctl harden systemd --unit UNIT` prints the unit with what it lacks, each line with its reason.",
        cwe: &[250],
        judge: exposure,
    },
    Row {
        id: "host-job-restart",
        title: "A service is not restarted, or without an end",
        severity: Severity::Low,
        effort: Effort::Small,
        description: "A bot that fails stays away until somebody looks; one that fails at once for ever fills the log and the processor.",
        expected: "Restart=on-failure with a limit.",
        recommendation: "`Restart=on-failure`, `RestartSec=5` in [Service]; `StartLimitIntervalSec=300`, `StartLimitBurst=10` in [Unit].",
        cwe: &[770],
        judge: restarts,
    },
    Row {
        id: "host-job-core-dumps",
        title: "The memory of a program that fails is written out",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "The bot's token and what its users wrote are in its memory, and then in a file.",
        expected: "No memory is written out, or a handler keeps it for root alone.",
        recommendation: "`LimitCORE=0` in the bot's unit, or `echo 'kernel.core_pattern=|/bin/false' > /etc/sysctl.d/60-core.conf && sysctl --system`.",
        cwe: &[528],
        judge: core_dumps,
    },
    Row {
        id: "host-job-journal-volatile",
        title: "The journal is gone after a restart",
        severity: Severity::Medium,
        effort: Effort::Small,
        description: "What happened before the host went down cannot be found out any more.",
        expected: "Storage=persistent, or /var/log/journal exists.",
        recommendation: "`mkdir -p /var/log/journal && systemctl restart systemd-journald`.",
        cwe: &[778],
        judge: journal,
    },
    Row {
        id: "host-job-no-enforcer",
        title: "No profile holds any program",
        severity: Severity::Low,
        effort: Effort::Medium,
        description: "With AppArmor or SELinux a program that was taken over stays within what its profile names.",
        expected: "AppArmor or SELinux is on.",
        recommendation: "`apt-get install apparmor apparmor-utils`, restart; `auditctl harden apparmor --program PROGRAM` prints a profile.",
        cwe: &[1188],
        judge: profiles,
    },
];
