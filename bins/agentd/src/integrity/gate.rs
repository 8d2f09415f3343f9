//! Keeping files from being opened that are other than the baseline says.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use wardkit_core::{Clock as _, Event, Severity, SystemClock};
use wardkit_integrity::{Answer, Baseline, EnforceOptions, Enforcer, Error, Question};

use super::Gauges;
use crate::config::{IntegrityConfig, OnTimeout};

/// The gate, as long as it stands.
pub(super) struct Gate {
    enforcer: Option<Enforcer>,
    shared: Arc<Shared>,
}

struct Shared {
    baseline: RwLock<Arc<Baseline>>,
    /// Who was refused since it was told last: how often, by path and process.
    denied: Mutex<BTreeMap<PathBuf, (u64, u32)>>,
    gauges: Arc<Gauges>,
}

/// Starts the gate, where the configuration names directories.
pub(super) fn start(
    config: &IntegrityConfig,
    baseline: &Arc<Baseline>,
    gauges: &Arc<Gauges>,
) -> Result<Gate, Error> {
    let shared = Arc::new(Shared {
        baseline: RwLock::new(Arc::clone(baseline)),
        denied: Mutex::default(),
        gauges: Arc::clone(gauges),
    });
    if config.enforce.is_empty() {
        return Ok(Gate { enforcer: None, shared });
    }
    let late = match config.enforce_timeout {
        OnTimeout::Allow => Answer::Allow,
        OnTimeout::Deny => Answer::Deny,
    };
    let options = EnforceOptions::new(config.enforce.iter().cloned()).with_timeout(LIMIT, late);
    let asked = Arc::clone(&shared);
    let gate = move |question: &Question<'_>| asked.check(question);
    Ok(Gate { enforcer: Some(Enforcer::start(&options, Arc::new(gate))?), shared })
}

impl Gate {
    /// Goes by another baseline from now on.
    pub(super) fn rebase(&self, baseline: &Arc<Baseline>) {
        *self.shared.baseline.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::clone(baseline);
        if let Some(enforcer) = &self.enforcer {
            enforcer.forget();
        }
    }

    /// Tells who was refused since the last call: once for each file, however often.
    pub(super) fn tell(&self, tell: &dyn Fn(Event)) {
        let denied = std::mem::take(&mut *self.shared.denied());
        for (path, (count, pid)) in denied {
            let event = Event::new(
                SystemClock.now(),
                "integrity.open.denied",
                Severity::Error,
                "integrity",
            );
            tell(
                event
                    .with_subject(path.to_string_lossy())
                    .with_detail("count", count)
                    .with_detail("last_pid", pid),
            );
        }
    }
}

impl Shared {
    fn check(&self, question: &Question<'_>) -> Answer {
        if self.is_as_listed(question).unwrap_or(false) {
            return Answer::Allow;
        }
        self.gauges.denied(1);
        let mut denied = self.denied();
        if denied.len() < MOST_TOLD || denied.contains_key(question.path) {
            let entry = denied.entry(question.path.to_owned()).or_default();
            *entry = (entry.0 + 1, question.pid);
        }
        Answer::Deny
    }

    /// Tells whether a file has the content that the baseline lists; `None` when it lists none or cannot be read.
    fn is_as_listed(&self, question: &Question<'_>) -> Option<bool> {
        let baseline = Arc::clone(&self.baseline.read().unwrap_or_else(PoisonError::into_inner));
        let listed = baseline.entry(question.path)?.content?;
        let file = File::from(question.file.try_clone_to_owned().ok()?);
        Some(baseline.algorithm().digest_of(file).ok()? == listed)
    }

    fn denied(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, (u64, u32)>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever opens a file waits no longer.
const LIMIT: Duration = Duration::from_secs(2);

/// How many files are told of between two turns; the counter counts all.
const MOST_TOLD: usize = 1_000;
