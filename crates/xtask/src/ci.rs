//! `cargo xtask ci`: everything that must be green on main.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::CiOptions;
use crate::exec::{cargo, run as run_program, run_tests};
use crate::report::{Counts, Report, Stopwatch};
use crate::workspace::{EXCLUDED, Workspace};
use crate::{Error, Result, check, docs, tidy};

mod audit;
mod built;
mod deny;
mod gates;
mod languages;
mod outside;
mod suites;
mod tools;

/// What the steps work on.
pub(crate) struct Ci<'a> {
    workspace: &'a Workspace,
    advisory_db: Option<PathBuf>,
    begun: Stopwatch,
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Ci<'_>, &mut Counts) -> Result<()>,
}

/// In this order: what is cheap and fails often comes first, what builds on a step comes after it.
const STEPS: [Step; 17] = [
    Step {
        name: "tools",
        about: "install cargo-deny and the interop peers that are missing",
        run: |ci, _| tools::install(ci.workspace),
    },
    Step { name: "fmt", about: "formatting", run: |ci, _| check::fmt(ci.workspace) },
    Step {
        name: "tidy",
        about: "the rules that need no compiler",
        run: |ci, _| tidy::run(&ci.workspace.root),
    },
    Step {
        name: "clippy",
        about: "lints, warnings denied",
        run: |ci, _| check::clippy(ci.workspace),
    },
    Step {
        name: "test",
        about: "the tests, by the README's command",
        run: |ci, counts| check::test(ci.workspace, counts),
    },
    Step {
        name: "test-features",
        about: "the libraries' tests with every feature",
        run: test_features,
    },
    Step {
        name: "features",
        about: "each feature of each library alone, and none",
        run: |ci, _| features(ci.workspace),
    },
    Step {
        name: "rustdoc",
        about: "the documentation builds without a warning",
        run: |ci, _| check::rustdoc(ci.workspace),
    },
    Step {
        name: "reference",
        about: "docs/reference is what the programs say",
        run: |ci, _| docs::check(ci.workspace),
    },
    Step {
        name: "deny",
        about: "advisories, licences, bans and sources of the dependencies",
        run: deny::run,
    },
    Step { name: "audit", about: "wardkit passes its own audit", run: audit::run },
    Step {
        name: "examples",
        about: "every example runs to its end",
        run: |ci, _| examples(ci.workspace),
    },
    Step { name: "excluded", about: "the crates with lockfiles of their own", run: excluded },
    Step {
        name: "outside",
        about: "a small bot outside the workspace uses each library",
        run: |ci, _| outside::run(ci.workspace),
    },
    Step {
        name: "gates",
        about: "the benches' ratios stay below their limits",
        run: |ci, _| gates::run(ci.workspace),
    },
    Step {
        name: "interop",
        about: "the suites that run other programs",
        run: |ci, counts| suites::interop(ci.workspace, counts),
    },
    Step {
        name: "slow",
        about: "this commit's shard of the slow suites",
        run: |ci, counts| suites::slow(ci.workspace, ci.begun, counts),
    },
];

/// Runs the steps, all or the chosen ones.
///
/// # Errors
///
/// When a chosen step is unknown; a step that fails is reported and becomes the exit code.
pub(crate) fn run(workspace: &Workspace, options: CiOptions) -> Result<ExitCode> {
    if options.list {
        for step in &STEPS {
            println!("{:<14} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(name) =
        options.only.iter().find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        return Err(Error::Usage(format!("no step `{name}`; `cargo xtask ci --list` prints them")));
    }
    let advisory_db = options.advisory_db.or_else(advisory_db_of_the_environment);
    let ci = Ci { workspace, advisory_db, begun: Stopwatch::start() };
    let chosen =
        |step: &&Step| options.only.is_empty() || options.only.iter().any(|name| name == step.name);
    let mut report = Report::default();
    let outcome = STEPS
        .iter()
        .filter(chosen)
        .try_for_each(|step| report.step(step.name, |counts| (step.run)(&ci, counts)));
    Ok(report.finish(&outcome))
}

fn advisory_db_of_the_environment() -> Option<PathBuf> {
    std::env::var_os("WARDKIT_ADVISORY_DB").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// The plain test command unites the features that the members ask of each other; this adds those nobody asks for.
fn test_features(ci: &Ci<'_>, counts: &mut Counts) -> Result<()> {
    let with_features =
        ci.workspace.libraries().filter(|package| package.own_features().next().is_some());
    check::test_with_features(ci.workspace, with_features, counts)
}

fn features(workspace: &Workspace) -> Result<()> {
    for package in workspace.libraries() {
        for feature in std::iter::once("").chain(package.own_features()) {
            println!("{} [{feature}]", package.name);
            let args = ["clippy", "--quiet", "--package", &package.name, "--no-default-features"];
            run_program(cargo(&workspace.root, args).args([
                "--features",
                feature,
                "--",
                "-D",
                "warnings",
            ]))?;
        }
    }
    Ok(())
}

fn examples(workspace: &Workspace) -> Result<()> {
    let package = workspace.package("examples")?;
    let mut examples = package.targets_of("example").peekable();
    if examples.peek().is_none() {
        return Err(Error::found("there is no example"));
    }
    examples.try_for_each(|example| {
        println!("--> {}", example.name);
        run_program(&mut cargo(
            &workspace.root,
            ["run", "--quiet", "-p", &package.name, "--example", &example.name],
        ))
    })
}

fn excluded(ci: &Ci<'_>, counts: &mut Counts) -> Result<()> {
    for dir in EXCLUDED {
        println!("--> {dir}");
        let dir = ci.workspace.root.join(dir);
        run_program(&mut cargo(&dir, ["fmt", "--check"]))?;
        run_program(&mut cargo(
            &dir,
            ["clippy", "--locked", "--all-targets", "--", "-D", "warnings"],
        ))?;
    }
    let adapter = ci.workspace.root.join("crates/retry-backoff");
    run_tests(&mut cargo(&adapter, ["test", "--locked"]), counts)
}
