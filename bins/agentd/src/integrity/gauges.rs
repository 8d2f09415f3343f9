//! What the part `integrity` tells of itself in the metrics.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use wardkit_core::{Clock as _, SystemClock};
use wardkit_integrity::{Baseline, Report, WatchMode};

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

    /// Appends them in Prometheus's text format.
    pub(crate) fn write_metrics(&self, out: &mut String) {
        let Some(mode) = *self.mode.lock().unwrap_or_else(PoisonError::into_inner) else { return };
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "# HELP agentd_integrity_watch_info How changes are noticed.\n\
             # TYPE agentd_integrity_watch_info gauge\n\
             agentd_integrity_watch_info{{mode=\"{mode}\"}} 1"
        );
        let all = [
            ("baseline_generation", "gauge", "The baseline in force.", &self.generation),
            ("baseline_entries", "gauge", "How many paths the baseline holds.", &self.entries),
            ("changes_detected_total", "counter", "Changes from the baseline.", &self.detected),
            ("reports_total", "counter", "Reports of changes.", &self.reported),
            ("watch_lost_total", "counter", "How often changes may have been missed.", &self.lost),
            ("opens_denied_total", "counter", "Files that were not opened.", &self.denied),
            ("last_scan_timestamp_seconds", "gauge", "When a scan ended last.", &self.scanned_at),
        ];
        for (name, kind, help, value) in all {
            let _ = write!(
                out,
                "# HELP agentd_integrity_{name} {help}\n# TYPE agentd_integrity_{name} {kind}\n\
                 agentd_integrity_{name} {}\n",
                value.load(Ordering::Relaxed)
            );
        }
    }
}
