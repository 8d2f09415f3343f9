//! What `auditctl plugin test` does with a plugin: its own examples, its self-test, and inputs that nobody meant well.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use wardkit_sandbox::{Capabilities, Ended, Sandbox, Usage};

use super::proposal::{Proposal, Watch};
use crate::{Answer, Error, Grant, Package, PreparedPlugin, Trust, Validator};

/// How the tests of a plugin ended.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TestReport {
    /// Each test.
    pub cases: Vec<Case>,
    /// The most of everything that one call used, and what all of them were denied.
    pub most: Usage,
    /// The most that a call may use.
    pub limits: crate::Most,
    /// The longest output of one call, in bytes.
    pub longest_output: u64,
    /// What the manifest should ask for, by what these tests needed.
    pub proposal: Proposal,
}

impl TestReport {
    /// Returns how many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.cases.iter().filter(|case| case.ended == CaseEnded::Passed).count()
    }

    /// Whether all passed, and there was one.
    #[must_use]
    pub fn is_success(&self) -> bool {
        !self.cases.is_empty() && self.passed() == self.cases.len()
    }
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// How it ended.
    pub ended: CaseEnded,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CaseEnded {
    /// As it should.
    Passed,
    /// Otherwise.
    Failed(String),
}

/// Runs the tests of a plugin under the limits that it asks for.
///
/// # Errors
///
/// When the validator refuses it, or the sandbox cannot prepare it. A test that fails is in the report.
pub fn test(
    package: &Package,
    sandbox: &dyn Sandbox,
    capabilities: &Arc<dyn Capabilities>,
) -> Result<TestReport, Error> {
    let asked = Grant::asked_by(package.manifest());
    let verified = Validator::default().verify(package.clone(), Trust::Unsigned)?;
    let plugin = verified.prepare(sandbox, &asked, &asked, &BTreeMap::new())?;
    let watch = Arc::new(Watch::new(capabilities, package));
    let watching: Arc<dyn Capabilities> = watch.clone();
    let mut run = Run {
        plugin: &plugin,
        capabilities: &watching,
        cases: Vec::new(),
        most: Usage::default(),
        longest_output: 0,
    };
    run.examples(package);
    run.hostile();
    let Run { cases, most, longest_output, .. } = run;
    let denied: Vec<&str> = most.denied.iter().map(|one| one.name.as_str()).collect();
    let proposal = watch.proposal(package, &denied);
    Ok(TestReport { cases, most, limits: asked.limits, longest_output, proposal })
}

struct Run<'a> {
    plugin: &'a PreparedPlugin,
    capabilities: &'a Arc<dyn Capabilities>,
    cases: Vec<Case>,
    most: Usage,
    longest_output: u64,
}

impl Run<'_> {
    fn examples(&mut self, package: &Package) {
        let manifest = package.manifest();
        let health = manifest.health.iter().map(|test| ("self-test", &test.input, &test.output));
        let examples = manifest.docs.examples.iter();
        let examples = examples.map(|one| (one.name.as_str(), &one.input, &one.output));
        let all: Vec<_> = health.chain(examples).collect();
        for (name, input, output) in all {
            let result = match self.call(input.to_string().as_bytes()) {
                Err(error) => Err(chain(&error)),
                Ok(answer) => match (&answer.value, output) {
                    (None, _) => Err(ended(&answer)),
                    (Some(value), Some(known)) if value != known => {
                        Err(format!("it gave {value}, and {known} is right"))
                    }
                    _ => Ok(()),
                },
            };
            self.note(name, result);
        }
    }

    /// A plugin may refuse these, by its schema or by its status; it may not fall over.
    fn hostile(&mut self) {
        let long = format!("\"{}\"", "a".repeat(100_000));
        let deep = "[".repeat(2000) + &"]".repeat(2000);
        let inputs: [(&str, &[u8]); 8] = [
            ("nothing at all", b""),
            ("null", b"null"),
            ("no JSON", b"{\"a\":"),
            ("bytes that are no text", b"\"\xff\xfe\""),
            ("a zero byte", b"\"\\u0000\""),
            ("a long text", long.as_bytes()),
            ("deep nesting", deep.as_bytes()),
            ("a large number", b"1e308"),
        ];
        for (name, input) in inputs {
            let result = match self.call(input) {
                Err(Error::Data { what: "input", .. }) => Ok(()),
                Err(error) => Err(chain(&error)),
                Ok(answer) => match answer.outcome.ended {
                    Ended::Exited(_) => Ok(()),
                    _ => Err(ended(&answer)),
                },
            };
            self.note(&format!("hostile input: {name}"), result);
        }
    }

    fn call(&mut self, input: &[u8]) -> Result<Answer, Error> {
        let answer = self.plugin.call(input, self.capabilities)?;
        let (most, used) = (&mut self.most, &answer.outcome.usage);
        most.cpu = most.cpu.max(used.cpu);
        most.wall = most.wall.max(used.wall);
        most.throttled = most.throttled.max(used.throttled);
        most.peak_memory = most.peak_memory.max(used.peak_memory);
        for denied in &used.denied {
            match most.denied.iter_mut().find(|one| one.name == denied.name) {
                Some(one) => one.count += denied.count,
                None => most.denied.push(denied.clone()),
            }
        }
        self.longest_output = self.longest_output.max(answer.outcome.output.len() as u64);
        Ok(answer)
    }

    fn note(&mut self, name: &str, ended: Result<(), String>) {
        let ended = ended.map_or_else(CaseEnded::Failed, |()| CaseEnded::Passed);
        self.cases.push(Case { name: name.to_owned(), ended });
    }
}

/// An error with its causes.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += ": ";
        text += &cause.to_string();
        source = cause.source();
    }
    text
}

/// How a call ended that gave no answer, and the last of what it said: what an author looks for first.
fn ended(answer: &Answer) -> String {
    let ended = match &answer.outcome.ended {
        Ended::Exited(status) => format!("it ended with status {status}"),
        Ended::Trapped(why) => format!("it trapped: {why}"),
        Ended::Timeout => "it took longer than limits.timeout".to_owned(),
        Ended::OutOfMemory => "it wanted more than limits.memory".to_owned(),
        Ended::CpuBudget => "it used more than limits.cpu of the time it may take".to_owned(),
        Ended::OutputLimit => "its output is longer than limits.output".to_owned(),
        Ended::Killed(signal) => format!("it was ended by signal {signal}"),
        other => format!("it ended with {other:?}"),
    };
    let said = String::from_utf8_lossy(&answer.outcome.errors);
    match said.trim_end().lines().next_back() {
        Some(last) => format!("{ended}; the last that it said: {last}"),
        None => ended,
    }
}
