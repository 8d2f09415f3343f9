//! What the part `integrity` tells of itself in the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use wardkit_core::{Clock as _, SystemClock};
use wardkit_integrity::{Baseline, Report, WatchMode};
use wardkit_metrics::Samples;

use crate::telemetry::{counter, float, gauge};

/// What the part `integrity` tells of itself. All zero, and not shown, while it is off.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    mode: Mutex<Option<WatchMode>>,
    generation: AtomicU64,
    entries: AtomicU64,
    detected: AtomicU64,
    reported: AtomicU64,
    lost: AtomicU64,
    denied: AtomicU64,
    scanned_at: AtomicU64,
}

impl Gauges {
    pub(super) fn watching(&self, mode: WatchMode, baseline: &Baseline) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
        self.generation.store(baseline.generation(), Ordering::Relaxed);
        self.entries.store(baseline.len(), Ordering::Relaxed);
    }

    /// Shows nothing any more.
    pub(crate) fn off(&self) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn detected(&self) {
        self.detected.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn denied(&self, count: u64) {
        self.denied.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn reported(&self, report: &Report) {
        match report {
            Report::Finding(_) | Report::Group(_) => {
                self.reported.fetch_add(1, Ordering::Relaxed);
            }
            Report::WatchLost { .. } => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Report::ScanFinished { .. } => {
                let now = u64::try_from(SystemClock.now().as_unix_seconds()).unwrap_or(0);
                self.scanned_at.store(now, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Appends them.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let Some(mode) = *self.mode.lock().unwrap_or_else(PoisonError::into_inner) else { return };
        let (name, help) = ("agentd_integrity_watch_info", "How changes are noticed.");
        out.family(gauge(name, help));
        out.push(&[("mode", &mode.to_string())], 1.0);
        let read = |value: &AtomicU64| float(value.load(Ordering::Relaxed));
        for (name, help, value) in [
            ("agentd_integrity_baseline_generation", "The baseline in force.", &self.generation),
            (
                "agentd_integrity_baseline_entries",
                "How many paths the baseline holds.",
                &self.entries,
            ),
            (
                "agentd_integrity_last_scan_timestamp_seconds",
                "When a scan ended last.",
                &self.scanned_at,
            ),
        ] {
            out.single(gauge(name, help), read(value));
        }
        for (name, help, value) in [
            (
                "agentd_integrity_changes_detected_total",
                "Changes from the baseline.",
                &self.detected,
            ),
            ("agentd_integrity_reports_total", "Reports of changes.", &self.reported),
            (
                "agentd_integrity_watch_lost_total",
                "How often changes may have been missed.",
                &self.lost,
            ),
            ("agentd_integrity_opens_denied_total", "Files that were not opened.", &self.denied),
        ] {
            out.single(counter(name, help), read(value));
        }
    }
}
