//! Scanning, as the options say.

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};

use wardkit_cli::Report;
use wardkit_integrity::{
    Algorithm, Baseline, Outside, Progress, Reuse, ScanOptions, Snapshot, Usage,
};

use super::rules::Loaded;
use super::{Kept, absolute, resolved};
use crate::cli::Effort;
use crate::commands::{could_not_run, note, progress};

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
    let own = kept.own(&task.roots);
    // A scan of nothing would find no change for ever.
    if let Some(root) = task.roots.iter().find(|root| own.iter().any(|own| root.starts_with(own))) {
        let text =
            format!("{} is where wardkit keeps its own, which no scan reads", root.display());
        return Err(could_not_run(text)
            .with_hint("keep baselines and data elsewhere: --baseline DIR, --data-dir DIR"));
    }
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
    let seen = progress.clone();
    let shown = progress::show(move || {
        format!("{} paths, {} MB read", seen.entries(), seen.bytes() / 1_000_000)
    });
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
    chosen.iter().map(|root| plain(root)).collect()
}

/// Returns a root as scans take it: from wherever one is, and without `..`.
fn plain(root: &Path) -> PathBuf {
    let path = absolute(root);
    if !path.components().any(|component| component == Component::ParentDir) {
        return path;
    }
    // What `..` leads to depends on the links before it. The last name stays as it is: a link is only the link.
    match (path.parent(), path.file_name()) {
        (Some(above), Some(name)) => resolved(above).join(name),
        _ => resolved(&path),
    }
}

/// Checks that there is something at the roots. Where they are the policy's some may be missing, and come later; what
/// was named on the command line and was never there is a slip.
pub(super) fn check_roots(
    roots: &[PathBuf],
    are_named: bool,
    is_known: impl Fn(&Path) -> bool,
) -> Result<(), Report> {
    for root in roots {
        match root.symlink_metadata() {
            Ok(data) if data.is_symlink() && !is_known(root) => note(&format!(
                "{} is a symbolic link, and looked at is only the link: name what it points to",
                root.display()
            )),
            Err(error) if error.kind() == ErrorKind::NotFound && !is_known(root) => {
                let missing = format!("there is no {}", root.display());
                if are_named {
                    return Err(could_not_run(missing));
                }
                note(&missing);
            }
            _ => {}
        }
    }
    Ok(())
}
