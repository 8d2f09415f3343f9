//! `auditctl sandbox run`.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report};
use wardkit_sandbox::{
    Ended, Guarantee, Input, Native, Outcome, Policy, SandboxError, Sink, Strength,
};

use super::could_not_run;
use crate::cli::SandboxRun;
use crate::commands::note;

/// Runs a program and ends as it ended.
pub(super) fn launch(common: &Common, run: &SandboxRun) -> Result<ExitCode, Report> {
    let policy = policy(run)?;
    let (name, arguments) =
        run.program.split_first().ok_or_else(|| could_not_run("there is no program to run"))?;
    let program = find(name)?;
    let stdin = io::stdin();
    let input = Input::Open(stdin.as_fd());
    let outcome = Native::once().run(&program, arguments, &policy, input, &mut Through);
    let outcome = outcome.map_err(refused)?;
    match common.format {
        Format::Text => tell(&outcome, &policy),
        // Nobody can be told that standard error is gone.
        Format::Json => drop(writeln!(io::stderr(), "{}", data(&outcome))),
    }
    Ok(ExitCode::from(status(&outcome.ended)))
}

/// Passes on what a program gives.
struct Through;

impl Sink for Through {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(part)?;
        out.flush()
    }

    fn errors(&mut self, part: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(part)
    }
}

fn policy(run: &SandboxRun) -> Result<Policy, Report> {
    let mut policy = if let Some(file) = &run.policy {
        let named = |reason: String| could_not_run(format!("{}: {reason}", file.display()));
        let text = wardkit_cli::read_small_text(file).map_err(|error| named(error.to_string()))?;
        Policy::from_toml(&text).map_err(|error| named(error.to_string()))?
    } else {
        let mut policy = Policy::default();
        policy.limits.tasks = USUAL_TASKS;
        policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Approximate)).into();
        policy
    };
    let limits = &mut policy.limits;
    limits.memory = run.memory.unwrap_or(limits.memory);
    limits.cpu = run.cpu.unwrap_or(limits.cpu);
    limits.timeout = run.timeout.map_or(limits.timeout, |span| span.0);
    limits.output = run.output.unwrap_or(limits.output);
    limits.tasks = run.tasks.unwrap_or(limits.tasks);
    Ok(policy)
}

/// Finds a program that is named without a path where a shell would, but first among those that the sandbox shows with
/// all that they need: a version manager's wrapper in a home would find nothing of what it wraps.
fn find(name: &OsStr) -> Result<PathBuf, Report> {
    if name.as_bytes().contains(&b'/') {
        return Ok(name.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    let is_program = |path: &Path| {
        path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
    };
    let found = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found: Vec<PathBuf> = found.filter(|path| is_program(path)).collect();
    let is_shown = |path: &&PathBuf| SHOWN.iter().any(|shown| path.starts_with(shown));
    found
        .iter()
        .find(is_shown)
        .or(found.first())
        .cloned()
        .ok_or_else(|| could_not_run(format!("{}: there is no such program", name.display())))
}

fn refused(error: SandboxError) -> Report {
    let remedy = match &error {
        SandboxError::Unenforceable { guarantee, .. } => Some(format!(
            "a policy says where less will do: [at-least] {guarantee} = \"approximate\""
        )),
        _ => None,
    };
    could_not_run(error).with_hints(remedy)
}

/// Says what a user must know: what was kept only nearly, and why the program did not end by itself.
fn tell(outcome: &Outcome, policy: &Policy) {
    for (guarantee, found) in outcome.report.iter() {
        if found.strength < Strength::Enforced {
            note(&format!("{guarantee} is {}: {}", found.strength, found.mechanism));
        }
    }
    let limits = &policy.limits;
    match &outcome.ended {
        Ended::Timeout => note(&format!("ended after {}", wardkit_sandbox::Span(limits.timeout))),
        Ended::OutOfMemory => note(&format!("ended: it wanted more than {}", limits.memory)),
        Ended::CpuBudget => note(&format!("ended: it used {} of all its time", limits.cpu)),
        Ended::OutputLimit => note(&format!("ended: it wrote more than {}", limits.output)),
        Ended::Killed(signal) => note(&format!("ended by signal {signal}")),
        _ => {}
    }
}

fn data(outcome: &Outcome) -> serde_json::Value {
    let usage = &outcome.usage;
    json!({
        "ended": outcome.ended,
        "cpu_seconds": usage.cpu.as_secs_f64(),
        "throttled_seconds": usage.throttled.as_secs_f64(),
        "wall_seconds": usage.wall.as_secs_f64(),
        "peak_memory": usage.peak_memory,
        "denied": usage.denied,
        "guarantees": outcome.report,
    })
}

fn status(ended: &Ended) -> u8 {
    match ended {
        Ended::Exited(status) => *status,
        Ended::Timeout => TIMEOUT,
        Ended::Killed(signal) => u8::try_from(128 + signal).unwrap_or(LIMIT),
        _ => LIMIT,
    }
}

/// As `timeout` of coreutils.
const TIMEOUT: u8 = 124;

/// As a shell tells of SIGKILL.
const LIMIT: u8 = 137;

/// Enough for scripts and for programs with threads.
const USUAL_TASKS: u32 = 16;

/// Folders of programs that the grant `runtime` shows.
const SHOWN: [&str; 3] = ["/usr", "/bin", "/sbin"];

const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
