//! From a package to calls, over a sandbox that tells what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wardkit_core::{ManualClock, Timestamp};
use wardkit_plugin::{CallQuota, Error, Grant, PreparedPlugin, Trust, Validator};
use wardkit_sandbox::{
    Capabilities, Ended, HostCaps, Outcome, Policy, Prepared, Report, Sandbox, SandboxError,
};

use crate::{manifest, package};

/// Gives back what it is handed, or ends as it is told by the input.
struct Echo;

impl Prepared for Echo {
    fn call(&self, input: &[u8], _: &Arc<dyn Capabilities>) -> Result<Outcome, SandboxError> {
        let ended = match input {
            b"\"trap\"" => Ended::Trapped("unreachable".to_owned()),
            _ => Ended::Exited(0),
        };
        Ok(Outcome::new(ended, input.to_vec(), Report::default()))
    }
}

#[derive(Default)]
pub(crate) struct Host(Mutex<Vec<Policy>>);

impl Sandbox for Host {
    fn probe(&self) -> HostCaps {
        HostCaps::default()
    }

    fn prepare(&self, _: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError> {
        self.0.lock().unwrap().push(policy.clone());
        Ok(Box::new(Echo))
    }
}

fn prepared(more: &str, operator: &str, host: &Host) -> PreparedPlugin {
    let text = manifest("native", "hello.py", more);
    let schema = br#"{"type": "string"}"#;
    let files = [("plugin.toml", text.as_bytes()), ("hello.py", b""), ("s.json", schema)];
    let plugin = Validator::default().verify(package(&files), Trust::Unsigned).unwrap();
    let mut operator: Grant = toml::from_str(operator).unwrap();
    operator.native = true;
    plugin.prepare(host, &operator, &operator, &BTreeMap::new()).unwrap()
}

fn nothing() -> Arc<dyn Capabilities> {
    Arc::new(())
}

const IO: &str = "[io]\ninput-schema = \"s.json\"\noutput-schema = \"s.json\"\n";

#[test]
fn both_sides_are_held_to_their_schemas() {
    let plugin = prepared(IO, "[limits]\ninput = \"16\"", &Host::default());
    let answer = plugin.call(b"\"hi\"", &nothing()).unwrap();
    assert_eq!(answer.value, Some("hi".into()));
    for input in [&b"5"[..], b"nonsense", b"", b"\"longer than sixteen\""] {
        let error = plugin.call(input, &nothing()).unwrap_err();
        assert!(matches!(error, Error::Data { what: "input", .. }), "{error}");
    }
    let only_in = "[io]\noutput-schema = \"s.json\"\n";
    let plugin = prepared(only_in, "", &Host::default());
    let error = plugin.call(b"5", &nothing()).unwrap_err();
    assert!(matches!(error, Error::Data { what: "output", .. }), "{error}");
    assert_eq!(plugin.call(b"\"trap\"", &nothing()).unwrap().value, None);
}

#[test]
fn the_sandbox_is_asked_for_what_everybody_grants() {
    let host = Host::default();
    let asked = "[permissions.log]\nwhy = \"says what it does\"\n[permissions.clock]\nwhy = \"tells the time\"\n\
                 [limits]\nmemory = \"80MB\"\ntimeout = \"1s\"";
    prepared(asked, "log = true\nrandom = true\n[limits]\nmemory = \"60MB\"", &host);
    let policies = host.0.lock().unwrap();
    assert_eq!(policies[0].grants.capabilities, ["log".to_owned()].into());
    assert_eq!(policies[0].limits.memory.0, 60_000_000);
    assert_eq!(policies[0].limits.timeout, Duration::from_secs(1));
}

#[test]
fn a_self_test_proves_its_answer() {
    let test = |health: &str| prepared(health, "", &Host::default()).self_test(&nothing());
    assert!(test("[health]\ninput = \"a\"\noutput = \"a\"").is_ok());
    assert!(test("[health]\ninput = \"a\"").is_ok());
    assert!(test("[health]\ninput = \"a\"\noutput = \"b\"").is_err());
    assert!(test("[health]\ninput = \"trap\"").is_err());
}

#[test]
fn calls_are_counted_by_the_minute() {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let quota = CallQuota::new(Arc::clone(&clock));
    let plugin = prepared("", "[limits]\ncalls-per-minute = 3", &Host::default());
    for _ in 0..3 {
        quota.take(&plugin).unwrap();
    }
    assert!(matches!(quota.take(&plugin), Err(Error::Quota { .. })));
    clock.advance(Duration::from_mins(1));
    assert!(quota.take(&plugin).is_ok());
    let never = prepared("", "[limits]\ncalls-per-minute = 0", &Host::default());
    assert!(quota.take(&never).is_err());
}
