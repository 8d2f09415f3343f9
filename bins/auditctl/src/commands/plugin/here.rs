//! A plugin run where its author is: in the sandbox that hosts have, and with nobody that could be reached.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_cli::{Report, escaped};
use wardkit_plugin::{Broker, Grant, Kind, Package};
use wardkit_sandbox::{
    Capabilities, Guarantee, HostCaps, Input, Native, Outcome, Policy, Prepared, Sandbox,
    SandboxError, Strength,
};
use wardkit_sandbox_wasm::Wasm;

use crate::commands::could_not_run;

/// A store of its own in memory, and no host that could be reached: a test is the same everywhere.
pub(super) fn answers(package: &Package) -> Arc<dyn Capabilities> {
    let manifest = package.manifest();
    Arc::new(Broker::within(manifest.plugin.id.as_str(), Grant::asked_by(manifest)))
}

pub(super) fn sandbox(folder: &Path, package: &Package) -> Result<Box<dyn Sandbox>, Report> {
    let plugin = &package.manifest().plugin;
    if plugin.kind == Kind::Wasm {
        return Ok(Box::new(Wasm::new().map_err(could_not_run)?));
    }
    if !folder.is_dir() {
        let reason = "a native plugin is run from its folder: unpack it first";
        return Err(could_not_run(reason));
    }
    let path = folder.join(plugin.entry.as_str());
    if let Some(interpreter) = missing_interpreter(package.entry().unwrap_or_default()) {
        let what = format!("what runs {} is not installed: {interpreter}", plugin.entry);
        return Err(could_not_run(escaped(&what))
            .with_hint("install it there, or name another one in the first line"));
    }
    Ok(Box::new(Script { native: Arc::new(Native::new()), path }))
}

/// Returns the program that a script's first line names, when the host has none there.
fn missing_interpreter(script: &[u8]) -> Option<String> {
    let line = script.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let program = std::str::from_utf8(line).ok()?.split_whitespace().next()?;
    (!Path::new(program).is_file()).then(|| program.to_owned())
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
