//! `cargo xtask bench`: criterion's benches against the saved baseline.

use std::fs;
use std::path::Path;

use crate::exec::{cargo, run as run_program};
use crate::workspace::{Package, Workspace};
use crate::{Error, Result};

/// The name under which criterion keeps the results to compare with.
const BASELINE: &str = "main";

/// Runs the benches of one crate, or of all; criterion prints what changed.
///
/// # Errors
///
/// When there is no such crate, it has no bench, or a bench fails.
pub(crate) fn run(workspace: &Workspace, package: Option<&str>, save: bool) -> Result<()> {
    let packages: Vec<&Package> = match package {
        Some(name) => vec![workspace.package(name)?],
        None => workspace.packages.iter().collect(),
    };
    // The targets are named one by one: libtest would take criterion's options for its own and refuse them.
    let benches: Vec<(&Package, &str)> = packages
        .into_iter()
        .flat_map(|package| {
            package.targets_of("bench").map(move |bench| (package, bench.name.as_str()))
        })
        .collect();
    if benches.is_empty() {
        return Err(Error::found("there is no bench"));
    }
    let option = if save || !has_baseline(&workspace.target.join("criterion")) {
        println!("saving the baseline `{BASELINE}`");
        "--save-baseline"
    } else {
        // Lenient: a new bench has nothing to be compared with yet.
        "--baseline-lenient"
    };
    benches.into_iter().try_for_each(|(package, bench)| {
        let args = [
            "bench",
            "--package",
            &package.name,
            "--all-features",
            "--bench",
            bench,
            "--",
            option,
            BASELINE,
        ];
        run_program(&mut cargo(&workspace.root, args))
    })
}

/// Criterion keeps `GROUP/BENCH/BASELINE` folders, groups nested as deep as they like.
fn has_baseline(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .any(|path| path.file_name().is_some_and(|name| name == BASELINE) || has_baseline(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_baseline_is_found_at_any_depth() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!has_baseline(&dir.path().join("criterion")));
        fs::create_dir_all(dir.path().join("gate/plain/new")).unwrap();
        assert!(!has_baseline(dir.path()));
        fs::create_dir_all(dir.path().join("gate/plain/main")).unwrap();
        assert!(has_baseline(dir.path()));
    }
}
