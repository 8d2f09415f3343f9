//! The suites behind `required-features`: interop, always whole, and the slow ones, a shard for each commit.

use std::process::Command;
use std::time::Duration;

use super::built::{self, Built};
use crate::exec::{capture, run_tests};
use crate::report::{Counts, Stopwatch};
use crate::workspace::{INTEROP, SLOW, Target, Workspace};
use crate::{Error, Result};

/// After this no further slow test is started.
const SHARD: Duration = Duration::from_mins(15);

/// Nor after this since the whole run began, which may take 90 minutes.
const WHOLE: Duration = Duration::from_mins(75);

/// No slow test may take longer; GNU timeout ends it and its children.
const SLOW_TEST: &str = "600";

pub(crate) fn interop(workspace: &Workspace, counts: &mut Counts) -> Result<()> {
    let suites = build(workspace, &[INTEROP])?;
    suites.iter().try_for_each(|suite| {
        println!("--> {}", suite.package.name);
        run_tests(&mut suite.command(), counts)
    })
}

/// Runs the slow tests one by one, starting at a place that the commit decides, until the time is used up: over
/// the commits each gets its turn.
pub(crate) fn slow(workspace: &Workspace, begun: Stopwatch, counts: &mut Counts) -> Result<()> {
    let suites = build(workspace, &SLOW)?;
    let mut tests = Vec::new();
    for suite in &suites {
        let list = capture(suite.command().arg("--list"))?;
        tests.extend(listed(&list).map(|test| (suite, test.to_owned())));
    }
    let commit =
        capture(Command::new("git").current_dir(&workspace.root).args(["rev-parse", "HEAD"]))?;
    let start = place(&commit, tests.len());
    tests.rotate_left(start);

    let watch = Stopwatch::start();
    let shard = SHARD.min(WHOLE.saturating_sub(begun.elapsed()));
    let mut ran = 0;
    for (suite, test) in tests.iter().take_while(|_| watch.elapsed() < shard) {
        println!("--> {}, {}", suite.package.name, suite.target);
        run_tests(suite.command_within(SLOW_TEST).args(["--exact", test]), counts)?;
        ran += 1;
    }
    println!("{ran} of {} slow tests ran, from number {start}", tests.len());
    Ok(())
}

/// Builds the test targets with these names, with the features that they require.
fn build<'a>(workspace: &'a Workspace, names: &[&str]) -> Result<Vec<Built<'a>>> {
    let args = arguments(workspace, names);
    let suites = built::build(workspace, "test", args.iter().map(String::as_str))?;
    if suites.is_empty() {
        return Err(Error::found(format!("no package has a test target {}", names.join(", "))));
    }
    Ok(suites)
}

fn arguments(workspace: &Workspace, names: &[&str]) -> Vec<String> {
    let mut args = vec!["test".to_owned(), "--workspace".to_owned()];
    for name in names {
        args.extend(["--test".to_owned(), (*name).to_owned()]);
    }
    for package in &workspace.packages {
        let chosen = |target: &&Target| names.contains(&target.name.as_str());
        for feature in package.targets_of("test").filter(chosen).flat_map(|t| &t.required_features)
        {
            args.extend(["--features".to_owned(), format!("{}/{feature}", package.name)]);
        }
    }
    args
}

/// Returns the names in the output of a test binary's `--list`.
fn listed(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter_map(|line| line.strip_suffix(": test"))
}

/// Returns where in a list of `length` tests a commit starts.
fn place(commit: &str, length: usize) -> usize {
    // Fifteen hex digits always fit.
    let digits = commit.trim().get(..15).unwrap_or_default();
    let number = usize::from_str_radix(digits, 16).unwrap_or(0);
    number.checked_rem(length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_tests_are_listed_and_nothing_else() {
        let output = "kill::a_killed_daemon_starts_again: test\ndisk::full: test\nspeed: benchmark\n\n2 tests, 1 benchmark\n";
        assert_eq!(
            listed(output).collect::<Vec<_>>(),
            ["kill::a_killed_daemon_starts_again", "disk::full"]
        );
    }

    #[test]
    fn commits_start_at_different_places_within_the_list() {
        assert_eq!(place("000000000000007ffffffffffffffffffffffff0\n", 5), 2);
        assert_eq!(place("ffffffffffffffffffffffffffffffffffffffff", 10), 5);
        assert_eq!(place("ffffffffffffffffffffffffffffffffffffffff", 0), 0);
        assert_eq!(place("no commit", 3), 0);
    }

    #[test]
    fn a_suite_brings_the_features_it_requires() {
        let workspace: Workspace = serde_json::from_value(serde_json::json!({
            "workspace_root": "/w", "target_directory": "/t", "packages": [{
                "name": "wardkit-agentd", "manifest_path": "/w/bins/agentd/Cargo.toml", "features": {}, "publish": null,
                "targets": [
                    {"name": "it", "kind": ["test"]},
                    {"name": "interop", "kind": ["test"], "required-features": ["interop"]},
                    {"name": "interop", "kind": ["bench"]},
                ]}]
        }))
        .unwrap();
        assert_eq!(
            arguments(&workspace, &[INTEROP]),
            ["test", "--workspace", "--test", "interop", "--features", "wardkit-agentd/interop"]
        );
    }
}
