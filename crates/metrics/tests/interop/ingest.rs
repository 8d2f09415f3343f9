//! What bots with the Prometheus client for Python push.

use std::sync::Arc;

use wardkit_core::ManualClock;
use wardkit_metrics::ingest::{IngestConfig, Ingested};
use wardkit_metrics::{Collector, Exposition, Samples};

use crate::{python, read_by};

#[test]
fn what_pythons_client_pushes_comes_out_the_same() {
    for format in ["text", "openmetrics"] {
        let mut write = python("ingest.py");
        write.args(["write", format]);
        let body = read_by(write, b"");
        let clock = Arc::new(ManualClock::default());
        let mut store = Ingested::new(IngestConfig::default(), "agentd_", clock);
        let taken = store.push(body.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{body}"));
        assert_eq!((taken.overflowed, taken.reserved, taken.conflicting), (0, 0, 0), "{body}");
        let mut samples = Samples::new();
        store.collect(&mut samples).expect("it never fails");
        let mut text = String::new();
        Exposition::Text.write([&samples], &mut text, |name| panic!("{name} is there twice"));
        let mut check = python("ingest.py");
        check.arg("check");
        let said = read_by(check, text.as_bytes());
        assert_eq!(said.trim(), "same 28", "{format}");
    }
}
