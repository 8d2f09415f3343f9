//! `cargo xtask check`: what to run before every commit.

use std::process::{Command, ExitCode};

use crate::exec::{cargo, run as run_program, run_tests};
use crate::report::{Counts, Report};
use crate::workspace::{Package, Workspace};
use crate::{Result, docs, tidy};

/// The command that the README shows for the tests.
pub(crate) const TEST: [&str; 2] = ["test", "--workspace"];

/// Checks the workspace, or one crate of it.
///
/// # Errors
///
/// When there is no such crate; a step that fails is reported and becomes the exit code.
pub(crate) fn run(workspace: &Workspace, package: Option<&str>) -> Result<ExitCode> {
    let mut report = Report::default();
    let outcome = match package {
        Some(name) => one(workspace, workspace.package(name)?, &mut report),
        None => all(workspace, &mut report),
    };
    Ok(report.finish(&outcome))
}

fn all(workspace: &Workspace, report: &mut Report) -> Result<()> {
    report.step("fmt", |_| fmt(workspace))?;
    report.step("tidy", |_| tidy::run(&workspace.root))?;
    report.step("clippy", |_| clippy(workspace))?;
    report.step("test", |counts| test(workspace, counts))?;
    report.step("rustdoc", |_| rustdoc(workspace))?;
    report.step("reference", |_| docs::check(workspace))
}

fn one(workspace: &Workspace, package: &Package, report: &mut Report) -> Result<()> {
    let cargo = |args: &[&str]| {
        let mut command = cargo(&workspace.root, args.iter().copied());
        command.args(["--package", &package.name]);
        command
    };
    report.step("fmt", |_| run_program(cargo(&["fmt"]).arg("--check")))?;
    report.step("tidy", |_| tidy::run(&workspace.root))?;
    report.step("clippy", |_| {
        run_program(
            cargo(&["clippy", "--all-targets", "--all-features"]).args(["--", "-D", "warnings"]),
        )
    })?;
    report.step("test", |counts| test_with_features(workspace, [package], counts))?;
    report.step("rustdoc", |_| {
        run_program(deny_doc_warnings(&mut cargo(&["doc", "--no-deps", "--all-features"])))
    })
}

pub(crate) fn fmt(workspace: &Workspace) -> Result<()> {
    run_program(&mut cargo(&workspace.root, ["fmt", "--all", "--check"]))
}

pub(crate) fn clippy(workspace: &Workspace) -> Result<()> {
    let args = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    run_program(&mut cargo(&workspace.root, args))
}

pub(crate) fn test(workspace: &Workspace, counts: &mut Counts) -> Result<()> {
    run_tests(&mut cargo(&workspace.root, TEST), counts)
}

/// Tests packages with every feature but those that gate the suites.
pub(crate) fn test_with_features<'a>(
    workspace: &Workspace,
    packages: impl IntoIterator<Item = &'a Package>,
    counts: &mut Counts,
) -> Result<()> {
    let mut command = cargo(&workspace.root, ["test"]);
    for package in packages {
        command.args(["--package", &package.name]);
        for feature in package.own_features() {
            command.arg("--features").arg(format!("{}/{feature}", package.name));
        }
    }
    run_tests(&mut command, counts)
}

pub(crate) fn rustdoc(workspace: &Workspace) -> Result<()> {
    run_program(deny_doc_warnings(&mut cargo(
        &workspace.root,
        ["doc", "--workspace", "--no-deps", "--all-features"],
    )))
}

fn deny_doc_warnings(command: &mut Command) -> &mut Command {
    command.env("RUSTDOCFLAGS", "-D warnings")
}
