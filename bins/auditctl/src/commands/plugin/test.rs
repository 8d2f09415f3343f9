//! `auditctl plugin test` and `bench`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wardkit_cli::{Format, Report, escaped};
use wardkit_plugin::sdk::{self, CaseEnded, TestReport};
use wardkit_plugin::{Broker, Grant, Kind, Package, Trust, Validator};
use wardkit_sandbox::{
    Capabilities, Guarantee, HostCaps, Input, Native, Outcome, Policy, Prepared, Sandbox,
    SandboxError, Strength,
};
use wardkit_sandbox_wasm::Wasm;

use super::{opened, project};
use crate::commands::{could_not_run, print};

/// Builds a plugin and runs its tests under the limits that it asks for. Ends with 1 when one fails.
pub(super) fn test(format: Format, folder: &Path) -> Result<ExitCode, Report> {
    project::build(folder)?;
    let package = opened(folder)?;
    let sandbox = sandbox(folder, &package)?;
    let tested = sdk::test(&package, &*sandbox, &answers(&package)).map_err(could_not_run)?;
    print(&match format {
        Format::Text => text(&tested),
        Format::Json => format!(
            "{}\n",
            json!({"passed": tested.passed(), "ok": tested.is_success(), "report": tested})
        ),
    })?;
    Ok(ExitCode::from(u8::from(!tested.is_success())))
}

/// Calls a plugin many times with its first example, and tells how long a call takes.
pub(super) fn bench(format: Format, folder: &Path, calls: u32) -> Result<ExitCode, Report> {
    project::build(folder)?;
    let package = opened(folder)?;
    let manifest = package.manifest();
    let health = manifest.health.as_ref().map(|test| &test.input);
    let input = manifest.docs.examples.first().map(|example| &example.input).or(health);
    let input = input
        .ok_or_else(|| could_not_run("there is no example and no self-test to call it with"))?;
    let input = input.to_string();
    let sandbox = sandbox(folder, &package)?;
    let (asked, answers) = (Grant::asked_by(manifest), answers(&package));
    let verified = Validator::default().verify(package.clone(), Trust::Unsigned);
    let plugin = verified.and_then(|plugin| {
        plugin.prepare(&*sandbox, &asked, &asked, &std::collections::BTreeMap::new())
    });
    let plugin = plugin.map_err(could_not_run)?;
    let (mut walls, mut memory) = (Vec::new(), 0);
    for _ in 0..calls.max(1) {
        let answer = plugin.call(input.as_bytes(), &answers).map_err(could_not_run)?;
        walls.push(answer.outcome.usage.wall);
        memory = memory.max(answer.outcome.usage.peak_memory);
    }
    walls.sort_unstable();
    let at = |share: usize| walls[(walls.len() - 1) * share / 100].as_micros();
    let (half, most) = (at(50), at(99));
    print(&match format {
        Format::Text => {
            format!("{} calls: p50 {half} us, p99 {most} us, {memory} bytes at most\n", walls.len())
        }
        Format::Json => format!(
            "{}\n",
            json!({"calls": walls.len(), "p50_us": half, "p99_us": most, "peak_memory_bytes": memory})
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(tested: &TestReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    for case in &tested.cases {
        let name = escaped(&case.name);
        let _ = match &case.ended {
            CaseEnded::Failed(reason) => writeln!(text, "FAILED  {name}: {}", escaped(reason)),
            _ => writeln!(text, "ok      {name}"),
        };
    }
    let (most, limits) = (&tested.most, &tested.limits);
    let millis = |time: Duration| time.as_millis();
    let _ = writeln!(
        text,
        "used at most: {} of {} bytes, {} of {} ms, {} ms of a processor",
        most.peak_memory,
        limits.memory.0,
        millis(most.wall),
        millis(limits.deadline()),
        millis(most.cpu)
    );
    for key in &tested.unused {
        let _ = writeln!(text, "{key} is asked for and not imported: leave it out");
    }
    let failed = tested.cases.len() - tested.passed();
    if failed > 0 {
        let _ = writeln!(text, "{failed} failed");
    }
    let _ = writeln!(text, "{} passed", tested.passed());
    text
}

/// A store of its own in memory, and no host that could be reached: a test is the same everywhere.
fn answers(package: &Package) -> Arc<dyn Capabilities> {
    let manifest = package.manifest();
    Arc::new(Broker::within(manifest.plugin.id.as_str(), Grant::asked_by(manifest)))
}

fn sandbox(folder: &Path, package: &Package) -> Result<Box<dyn Sandbox>, Report> {
    let plugin = &package.manifest().plugin;
    if plugin.kind == Kind::Wasm {
        return Ok(Box::new(Wasm::new().map_err(could_not_run)?));
    }
    if !folder.is_dir() {
        let reason = "a native plugin is run from its folder: unpack it first";
        return Err(could_not_run(reason));
    }
    Ok(Box::new(Script {
        native: Arc::new(Native::new()),
        path: folder.join(plugin.entry.as_str()),
    }))
}

/// Runs a script of the host, since a script is run by its path.
struct Script {
    native: Arc<Native>,
    path: PathBuf,
}

impl Sandbox for Script {
    fn probe(&self) -> HostCaps {
        self.native.probe()
    }

    /// What the host can only come near to is near enough for an author's own test.
    fn prepare(&self, program: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        let is_same = fs::read(&self.path).is_ok_and(|bytes| bytes == program);
        if !is_same {
            let what = self.path.display().to_string();
            return Err(SandboxError::Invalid { what, reason: "it was changed meanwhile".into() });
        }
        let mut policy = policy.clone();
        for guarantee in Guarantee::ALL {
            policy.at_least.insert(guarantee, Strength::Approximate);
        }
        let (native, path) = (Arc::clone(&self.native), self.path.clone());
        Ok(Box::new(ReadyScript { native, path, policy }))
    }
}

struct ReadyScript {
    native: Arc<Native>,
    path: PathBuf,
    policy: Policy,
}

impl Prepared for ReadyScript {
    fn call(&self, input: &[u8], _: &Arc<dyn Capabilities>) -> Result<Outcome, SandboxError> {
        let mut given = (Vec::new(), Vec::new());
        let input = Input::Bytes(input);
        let mut outcome = self.native.run(&self.path, &[], &self.policy, input, &mut given)?;
        (outcome.output, outcome.errors) = given;
        Ok(outcome)
    }
}
