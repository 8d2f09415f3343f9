//! What the tests of a plugin report and propose, over a sandbox whose plugin asks for what it is told to.

use std::sync::Arc;
use std::time::Duration;

use wardkit_plugin::sdk::{CaseEnded, Proposal, TestReport, test};
use wardkit_sandbox::{
    Capabilities, Denied, Ended, HostCaps, Outcome, Policy, Prepared, Report, Sandbox, SandboxError,
};

use crate::{manifest, package};

/// Asks, in each call, for these names with these requests; then it ends as it is told.
struct Asking(&'static [(&'static str, &'static str)], Ended);

impl Sandbox for Asking {
    fn probe(&self) -> HostCaps {
        HostCaps::default()
    }

    fn prepare(&self, _: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        Ok(Box::new(Ready { asks: self.0, ended: self.1.clone(), policy: policy.clone() }))
    }
}

struct Ready {
    asks: &'static [(&'static str, &'static str)],
    ended: Ended,
    policy: Policy,
}

impl Prepared for Ready {
    fn call(
        &self,
        _: &[u8],
        capabilities: &Arc<dyn Capabilities>,
    ) -> Result<Outcome, SandboxError> {
        let mut outcome = Outcome::new(self.ended.clone(), b"\"out\"".to_vec(), Report::default());
        outcome.errors = b"info begun\nerror the disk is full\n".to_vec();
        for (name, request) in self.asks {
            if self.policy.grants.capabilities.contains(*name) {
                // There is no client, and no answer is needed.
                let _ = capabilities.ask(name, request.as_bytes(), Duration::from_secs(1));
            } else {
                outcome.usage.denied.push(Denied::new(*name, 1));
            }
        }
        outcome.usage.peak_memory = 4096;
        Ok(outcome)
    }
}

fn tested(asks: &'static [(&'static str, &'static str)], ended: Ended) -> TestReport {
    let module = wat::parse_str(MODULE).unwrap();
    let manifest = manifest("wasm", "plugin.wasm", MORE);
    let package = package(&[("plugin.toml", manifest.as_bytes()), ("plugin.wasm", &module)]);
    test(&package, &Asking(asks, ended), &(Arc::new(()) as Arc<dyn Capabilities>)).unwrap()
}

fn proposed(asks: &'static [(&'static str, &'static str)]) -> Proposal {
    tested(asks, Ended::Exited(0)).proposal
}

fn keys(proposal: &Proposal) -> Vec<&str> {
    proposal.unused.iter().map(|one| one.key.as_str()).collect()
}

#[test]
fn what_no_test_used_is_left_out_of_the_proposal() {
    let proposal = proposed(&[("log", "")]);
    let unused = [
        "permissions.http: GET api.example.com",
        "permissions.http: POST api.example.com",
        "permissions.kv",
        "permissions.clock",
        "permissions.secrets: token",
    ];
    assert_eq!(keys(&proposal), unused);
    assert_eq!(proposal.to_toml(), "[permissions.log]\nwhy = \"says what it did\"\n");
    assert_eq!(proposal.missing, Vec::<String>::new());
}

#[test]
fn what_was_used_stays_as_it_is_asked_for() {
    let proposal = proposed(&[
        (
            "http",
            r#"{"url": "https://api.example.com/v1", "headers": {"authorization": {"secret": "token"}}}"#,
        ),
        ("kv.get", r#"{"key": "a"}"#),
    ]);
    assert_eq!(keys(&proposal), ["permissions.http: POST api.example.com", "permissions.clock"]);
    let least = toml::from_str::<toml::Table>(&proposal.to_toml()).unwrap();
    let permissions = least["permissions"].as_table().unwrap();
    let names: Vec<&str> = permissions.keys().map(String::as_str).collect();
    assert_eq!(names, ["http", "kv", "log", "secrets"]);
    assert_eq!(permissions["http"][0]["methods"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_tried_and_not_asked_for_is_told() {
    let proposal = proposed(&[
        ("http", r#"{"url": "https://evil.example.net/"}"#),
        ("http", r#"{"method": "DELETE", "url": "https://api.example.com/"}"#),
        ("http", "no request at all"),
        ("random", ""),
    ]);
    let missing =
        ["http GET https://evil.example.net:443", "http DELETE https://api.example.com:443"];
    assert_eq!(proposal.missing, missing);
}

#[test]
fn a_test_that_fails_says_how_the_call_ended_and_what_it_said_last() {
    let report = tested(&[], Ended::Exited(3));
    let failed = report.cases.iter().find(|case| case.name == "self-test").unwrap();
    let why = "it ended with status 3; the last that it said: error the disk is full";
    assert_eq!(failed.ended, CaseEnded::Failed(why.to_owned()));
    assert_eq!((report.most.peak_memory, report.longest_output), (4096, 5));
}

const MODULE: &str = r#"(module
  (import "wardkit" "log" (func (param i32 i32 i32)))
  (import "wardkit" "ask" (func (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 1 1)
  (func (export "wk_alloc") (param i32) (result i32) (i32.const 0))
  (func (export "wk_handle") (param i32 i32) (result i64) (i64.const 0)))"#;

const MORE: &str = r#"
[[permissions.http]]
host = "api.example.com"
methods = ["GET", "POST"]
why = "asks for the weather"

[permissions.kv]
bytes = "64KiB"
why = "remembers the last answer"

[permissions.log]
why = "says what it did"

[permissions.clock]
why = "says when it was"

[[permissions.secrets]]
name = "token"
why = "pays for the weather"

[health]
input = "ok"
"#;
