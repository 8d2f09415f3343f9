//! The suites behind `required-features`: interop, always whole, and the slow ones, a shard for each commit.

use std::process::Command;
use std::time::Duration;

use crate::exec::{capture, cargo, run_tests};
use crate::report::{Counts, Stopwatch};
use crate::workspace::{INTEROP, Package, SLOW, Target, Workspace};
use crate::{Error, Result};

/// After this no further slow test is started.
const SHARD: Duration = Duration::from_mins(15);

/// No slow test may take longer; GNU timeout ends it and its children.
const SLOW_TEST: &str = "600";

pub(crate) fn interop(workspace: &Workspace, counts: &mut Counts) -> Result<()> {
    let suites: Vec<Suite<'_>> = suites(workspace, &[INTEROP]).collect();
    if suites.is_empty() {
        return Err(Error::found("no package has a test target `interop`"));
    }
    suites.iter().try_for_each(|suite| run_tests(&mut cargo(&workspace.root, suite.args()), counts))
}

/// Runs the slow tests one by one, starting at a place that the commit decides, until the time is used up: over
/// the commits each gets its turn.
pub(crate) fn slow(workspace: &Workspace, counts: &mut Counts) -> Result<()> {
    let mut tests = Vec::new();
    for suite in suites(workspace, &SLOW) {
        let list = capture(cargo(&workspace.root, suite.args()).args(["--", "--list"]))?;
        tests.extend(listed(&list).map(|test| (suite, test.to_owned())));
    }
    let commit =
        capture(Command::new("git").current_dir(&workspace.root).args(["rev-parse", "HEAD"]))?;
    let start = place(&commit, tests.len());
    tests.rotate_left(start);

    let watch = Stopwatch::start();
    let mut ran = 0;
    for (suite, test) in tests.iter().take_while(|_| watch.elapsed() < SHARD) {
        let mut command = Command::new("timeout");
        let test_itself = cargo(&workspace.root, suite.args());
        command
            .args(["--kill-after=10", SLOW_TEST])
            .arg(test_itself.get_program())
            .args(test_itself.get_args());
        run_tests(command.current_dir(&workspace.root).args(["--", "--exact", test]), counts)?;
        ran += 1;
    }
    println!("{ran} of {} slow tests ran, from number {start}", tests.len());
    Ok(())
}

#[derive(Clone, Copy)]
struct Suite<'a> {
    package: &'a Package,
    target: &'a Target,
}

impl<'a> Suite<'a> {
    fn args(self) -> impl Iterator<Item = &'a str> {
        let test = ["test", "--package", &self.package.name, "--test", &self.target.name];
        let features =
            self.target.required_features.iter().flat_map(|feature| ["--features", feature]);
        test.into_iter().chain(features)
    }
}

fn suites<'a>(workspace: &'a Workspace, names: &'a [&str]) -> impl Iterator<Item = Suite<'a>> {
    workspace.packages.iter().flat_map(move |package| {
        let chosen = |target: &&Target| names.contains(&target.name.as_str());
        package.targets_of("test").filter(chosen).map(move |target| Suite { package, target })
    })
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
        let found: Vec<Vec<&str>> =
            suites(&workspace, &[INTEROP]).map(|suite| suite.args().collect()).collect();
        assert_eq!(
            found,
            [["test", "--package", "wardkit-agentd", "--test", "interop", "--features", "interop"]]
        );
    }
}
