//! Tests of the public API, against servers of our own on loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod http;
mod server;
mod stores;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wardkit_audit::{Audit, Profile, Report, Status};
use wardkit_audit_live::{LiveEngine, Owner, Probe};
use wardkit_core::{ManualClock, SystemClock, Timestamp};

fn probe(url: &str) -> Probe {
    // What a test's server takes is no matter here.
    Probe::new(url, Owner::Unknown).unwrap().with_slowest(Duration::from_secs(4)).with_burst(5)
}

fn report(probe: &Probe) -> Report {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
    let seen = probe.run(Arc::new(SystemClock)).unwrap();
    let audit = Audit::new(&clock).with_engine(LiveEngine::new(seen));
    audit.with_profile(Profile::Full).without_tree().unwrap()
}

/// How each check ended.
fn ended(probe: &Probe) -> BTreeMap<String, Status> {
    let report = report(probe);
    report.checks.into_iter().map(|outcome| (outcome.id, outcome.status)).collect()
}
