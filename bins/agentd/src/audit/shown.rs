//! What scrapes show of checks.

use std::sync::{Arc, Mutex, PoisonError};

use wardkit_audit::Status;
use wardkit_metrics::{Collector, Samples};

use super::Kept;
use crate::telemetry::{float, gauge};

/// What scrapes show of checks. Cloning gives another handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown(Arc<Mutex<Kept>>);

impl Shown {
    pub(crate) fn kept(&self, kept: &Kept) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept.clone();
    }
}

impl Collector for Shown {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(checked) = kept.checked else { return Ok(()) };
        let help = "How many checks of the host ended so.";
        out.family(gauge("agentd_audit_checks", help));
        let all =
            [Status::Fail, Status::Manual, Status::NotApplicable, Status::Pass, Status::Unknown];
        for status in all {
            let count = kept.checks.values().filter(|one| **one == status).count();
            let count = float(u64::try_from(count).unwrap_or(u64::MAX));
            out.push(&[("status", status.as_str())], count);
        }
        let help = "When the host was checked last, as Unix time.";
        let at = float(u64::try_from(checked.as_unix_seconds()).unwrap_or(0));
        out.single(gauge("agentd_audit_last_check_timestamp_seconds", help), at);
        Ok(())
    }
}
