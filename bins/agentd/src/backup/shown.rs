//! What scrapes show of backups and drills.

use std::sync::{Arc, Mutex, PoisonError};

use wardkit_core::{Clock as _, SystemClock, Timestamp};
use wardkit_metrics::{Collector, Samples};

use super::Kept;
use super::job::{Verified, age};
use crate::telemetry::{float, gauge};

/// What scrapes show of backups and drills. Cloning gives another handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Arc<Mutex<Numbers>>);

#[derive(Clone, Debug, Default)]
struct Numbers {
    kept: Kept,
    unproven: Option<u64>,
    oldest_seconds: Option<f64>,
    added_bytes: Option<u64>,
    is_running: bool,
}

impl Shown {
    pub(crate) fn kept(&self, kept: &Kept) {
        self.change(|numbers| numbers.kept = kept.clone());
    }

    pub(crate) fn running(&self, is_running: bool) {
        self.change(|numbers| numbers.is_running = is_running);
    }

    pub(crate) fn added(&self, bytes: u64) {
        self.change(|numbers| numbers.added_bytes = Some(bytes));
    }

    pub(crate) fn verified(&self, verified: &Verified) {
        self.change(|numbers| {
            numbers.unproven = Some(verified.unproven);
            numbers.oldest_seconds = Some(verified.oldest.as_secs_f64());
        });
    }

    fn change(&self, change: impl FnOnce(&mut Numbers)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Collector for Shown {
    fn name(&self) -> &'static str {
        "backup"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = &numbers.kept;
        let running = if numbers.is_running { 1.0 } else { 0.0 };
        let help = "Whether a backup or a drill is running.";
        out.single(gauge("agentd_backup_running", help), running);
        times(kept, out);
        if let Some(at) = kept.backup_complete {
            let help =
                "The age of the newest complete backup: what is lost if everything is lost now.";
            let seconds = age(SystemClock.now(), at).as_secs_f64();
            out.single(gauge("agentd_backup_rpo_seconds", help), seconds);
        }
        if let Some(millis) = kept.restore_millis {
            let help = "How long the restore of the last drill took.";
            out.single(gauge("agentd_backup_rto_seconds", help), float(millis) / 1000.0);
        }
        if let Some(bytes) = numbers.added_bytes {
            let help = "What the last backup added to the repository.";
            out.single(gauge("agentd_backup_added_bytes", help), float(bytes));
        }
        if let Some(bytes) = numbers.unproven {
            let help = "Packs of the repository that were never read again since they were stored.";
            out.single(gauge("agentd_backup_unverified_bytes", help), float(bytes));
        }
        if let Some(seconds) = numbers.oldest_seconds {
            let help = "How long the pack has waited to be read again that waits longest.";
            out.single(gauge("agentd_backup_oldest_unread_seconds", help), seconds);
        }
        replicas(kept, out);
        Ok(())
    }
}

fn times(kept: &Kept, out: &mut Samples) {
    let times = [
        (
            "agentd_backup_last_success_timestamp_seconds",
            "When the newest complete backup began, as Unix time.",
            kept.backup_complete,
        ),
        (
            "agentd_backup_last_try_timestamp_seconds",
            "When the last backup began, whatever became of it, as Unix time.",
            kept.backup_tried,
        ),
        (
            "agentd_backup_drill_last_success_timestamp_seconds",
            "When the newest drill began that proved everything, as Unix time.",
            kept.drill_green,
        ),
        (
            "agentd_backup_copies_last_success_timestamp_seconds",
            "When the newest backup began that is in as many places as it has to be, as Unix time.",
            kept.copies_enough,
        ),
        (
            "agentd_backup_prune_last_success_timestamp_seconds",
            "When what is not to stay was removed last, as Unix time.",
            kept.pruned,
        ),
    ];
    for (name, help, at) in times {
        if let Some(at) = at {
            out.single(gauge(name, help), unix(at));
        }
    }
}

fn replicas(kept: &Kept, out: &mut Samples) {
    if kept.replicas.is_empty() {
        return;
    }
    let now = SystemClock.now();
    let help =
        "For how long there has been a backup that the replica does not have; 0 where it has all.";
    out.family(gauge("agentd_backup_replica_lag_seconds", help));
    for (name, replica) in &kept.replicas {
        let lag = replica.behind_since.map_or(0.0, |since| age(now, since).as_secs_f64());
        out.push(&[("replica", name)], lag);
    }
    let help = "When the newest backup began that the replica has, as Unix time.";
    out.family(gauge("agentd_backup_replica_last_success_timestamp_seconds", help));
    for (name, replica) in &kept.replicas {
        if let Some(holds) = replica.holds {
            out.push(&[("replica", name)], unix(holds));
        }
    }
}

fn unix(at: Timestamp) -> f64 {
    float(u64::try_from(at.as_unix_seconds()).unwrap_or(0))
}
