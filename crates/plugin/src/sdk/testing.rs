//! What `auditctl plugin test` does with a plugin: its own examples, its self-test, and inputs that nobody meant well.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use wardkit_sandbox::{Capabilities, Ended, Sandbox, Usage};

use crate::{Answer, Error, Grant, Package, PreparedPlugin, Trust, Validator};

/// How the tests of a plugin ended.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TestReport {
    /// Each test.
    pub cases: Vec<Case>,
    /// The most of everything that one call used.
    pub most: Usage,
    /// The most that a call may use.
    pub limits: crate::Most,
    /// Permissions that the manifest asks for and the module has no import for.
    pub unused: Vec<String>,
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
    let mut run = Run { plugin: &plugin, capabilities, cases: Vec::new(), most: Usage::default() };
    run.examples(package);
    run.hostile();
    let Run { cases, most, .. } = run;
    Ok(TestReport { cases, most, limits: asked.limits, unused: minimal(package) })
}

/// Returns the permissions that a module asks for in its manifest and does not import: they can be left out.
#[must_use]
pub fn minimal(package: &Package) -> Vec<String> {
    let asked = Grant::asked_by(package.manifest());
    let imports = package.entry().map(crate::validate::imports).unwrap_or_default();
    let has = |name: &str| imports.iter().any(|import| import == name);
    let is_wasm = package.manifest().plugin.kind == crate::Kind::Wasm;
    let pairs = [
        ("permissions.log", asked.log, "log"),
        ("permissions.clock", asked.clock, "now"),
        ("permissions.random", asked.random, "random"),
        ("permissions.http", !asked.http.is_empty(), "ask"),
        ("permissions.kv", asked.kv.0 > 0, "ask"),
    ];
    let unused = pairs.into_iter().filter(|(_, is_asked, import)| *is_asked && !has(import));
    unused.filter(|_| is_wasm).map(|(key, ..)| key.to_owned()).collect()
}

struct Run<'a> {
    plugin: &'a PreparedPlugin,
    capabilities: &'a Arc<dyn Capabilities>,
    cases: Vec<Case>,
    most: Usage,
}

impl Run<'_> {
    fn examples(&mut self, package: &Package) {
        let manifest = package.manifest();
        let health = manifest.health.iter().map(|test| ("self-test", &test.input, &test.output));
        let examples = manifest.docs.examples.iter();
        let examples = examples.map(|one| (one.name.as_str(), &one.input, &one.output));
        let all: Vec<_> = health.chain(examples).collect();
        for (name, input, output) in all {
            let ended = match self.call(input.to_string().as_bytes()) {
                Err(error) => Err(error.to_string()),
                Ok(answer) => match (answer.value, output) {
                    (None, _) => Err(format!("it ended with {:?}", answer.outcome.ended)),
                    (Some(value), Some(known)) if value != *known => {
                        Err(format!("it gave {value}, and {known} is right"))
                    }
                    _ => Ok(()),
                },
            };
            self.note(name, ended);
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
            let ended = match self.call(input) {
                Err(Error::Data { what: "input", .. }) => Ok(()),
                Err(error) => Err(error.to_string()),
                Ok(answer) => match answer.outcome.ended {
                    Ended::Exited(_) => Ok(()),
                    other => Err(format!("it ended with {other:?}")),
                },
            };
            self.note(&format!("hostile input: {name}"), ended);
        }
    }

    fn call(&mut self, input: &[u8]) -> Result<Answer, Error> {
        let answer = self.plugin.call(input, self.capabilities)?;
        let (most, used) = (&mut self.most, &answer.outcome.usage);
        most.cpu = most.cpu.max(used.cpu);
        most.wall = most.wall.max(used.wall);
        most.throttled = most.throttled.max(used.throttled);
        most.peak_memory = most.peak_memory.max(used.peak_memory);
        Ok(answer)
    }

    fn note(&mut self, name: &str, ended: Result<(), String>) {
        let ended = ended.map_or_else(CaseEnded::Failed, |()| CaseEnded::Passed);
        self.cases.push(Case { name: name.to_owned(), ended });
    }
}
