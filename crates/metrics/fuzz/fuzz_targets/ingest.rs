//! A body that is taken keeps within the limits, and what is shown of it is taken again as the same.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use wardkit_core::ManualClock;
use wardkit_metrics::ingest::{IngestConfig, Ingested};
use wardkit_metrics::{Collector, Exposition, Samples};

fuzz_target!(|body: &[u8]| {
    let Some(first) = shown(body) else { return };
    let second = shown(first.as_bytes()).expect("what is shown is a body");
    assert_eq!(first, second);
});

/// Returns what is shown of a body, without the store's own metrics.
fn shown(body: &[u8]) -> Option<String> {
    let mut limits = IngestConfig::default();
    (limits.max_series_per_family, limits.max_series, limits.max_families) = (4, 9, 5);
    let mut store = Ingested::new(limits, "agentd_", Arc::new(ManualClock::default()));
    store.push(body).ok()?;
    assert!(store.len() <= 9);
    let mut samples = Samples::new();
    store.collect(&mut samples).expect("it never fails");
    let mut text = String::new();
    Exposition::Text.write([&samples], &mut text, |name| panic!("{name} is there twice"));
    let mut shown = String::new();
    for line in text.lines() {
        let named = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        if !named.starts_with("agentd_ingest_") {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    Some(shown)
}
