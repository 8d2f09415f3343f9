//! Scanning, as the options say.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use wardkit_cli::Report;
use wardkit_integrity::{
    Algorithm, Baseline, Outside, Progress, Reuse, ScanOptions, Snapshot, Usage,
};

use super::rules::Loaded;
use super::{Kept, absolute, progress};
use crate::cli::Effort;
use crate::commands::{could_not_run, note};

/// What is scanned.
pub(super) struct Task<'t> {
    pub(super) roots: Vec<PathBuf>,
    pub(super) loaded: &'t Loaded,
    pub(super) algorithm: Algorithm,
    pub(super) known: Option<(&'t Baseline, Reuse)>,
    pub(super) effort: Effort,
}

/// Scans, and says of the policy what is probably a slip.
pub(super) fn run(kept: &Kept, task: &Task<'_>) -> Result<Snapshot, Report> {
    let usage = Usage::new(&task.loaded.policy);
    let own = kept.own();
    let selection = Outside::new(&usage, &own);
    let progress = Progress::new();
    let mut options = ScanOptions::new(&task.roots)
        .with_algorithm(task.algorithm)
        .with_selection(&selection)
        .with_progress(&progress);
    if let Some((known, reuse)) = task.known {
        options = options.with_known(known, reuse);
    }
    if let Some(threads) = task.effort.threads.and_then(|n| NonZeroUsize::new(usize::from(n))) {
        options = options.with_threads(threads);
    }
    let shown = progress::show(&progress);
    let snapshot = options.run();
    drop(shown);
    let snapshot = snapshot.map_err(could_not_run)?;
    if task.loaded.is_given {
        for shadowed in task.loaded.policy.shadowed() {
            note(&shadowed.to_string());
        }
        for rule in usage.unmatched() {
            note(&format!("{}: no path matched this rule", rule.origin()));
        }
    }
    Ok(snapshot)
}

/// Returns the roots that were named, else the policy's, else those that are given, from wherever one is.
pub(super) fn roots(named: &[PathBuf], loaded: &Loaded, otherwise: &[PathBuf]) -> Vec<PathBuf> {
    let policy = loaded.policy.roots();
    let chosen = match (named, policy) {
        ([], []) => otherwise,
        ([], policy) => policy,
        (named, _) => named,
    };
    chosen.iter().map(|root| absolute(root)).collect()
}
