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
        let mut page = String::new();
        Exposition::OpenMetrics
            .write([&samples], &mut page, |name| panic!("{name} is there twice"));
        read_by(python("openmetrics.py"), page.as_bytes());
        let mut check = python("ingest.py");
        check.arg("check");
        let said = read_by(check, text.as_bytes());
        assert_eq!(said.trim(), "same 28", "{format}");
    }
}

#[test]
fn whatever_is_taken_leaves_a_page_that_the_strict_parser_reads() {
    let clock = Arc::new(ManualClock::default());
    let store = Ingested::new(IngestConfig::default(), "agentd_", clock.clone());
    let histogram = |lines: &str| format!("# TYPE took_seconds histogram\n{lines}");
    let buckets = |low: &str| {
        format!("took_seconds_bucket{{le=\"{low}\"}} 1\ntook_seconds_bucket{{le=\"inf\"}} 2\n")
    };
    let mut taken = 0;
    for body in [
        "# TYPE a_total counter\na_total -1\n".to_owned(),
        "# TYPE a_total counter\na_total NaN\n".to_owned(),
        "# TYPE a_total counter\na_total 1\n".to_owned(),
        "# TYPE s summary\ns{quantile=\"0.5\"} -1\n".to_owned(),
        "# TYPE s summary\ns{quantile=\"2\"} 1\n".to_owned(),
        "# TYPE s summary\ns_sum NaN\ns_count 0.5\n".to_owned(),
        "# TYPE s summary\ns_sum NaN\ns_count 5\n".to_owned(),
        "# TYPE loose gauge\nloose NaN\nloose_total -1\nloose_count NaN\nloose_bucket 0.5\n"
            .to_owned(),
        histogram("took_seconds_bucket{le=\"1\"} 1\n"),
        histogram("took_seconds_sum 1\ntook_seconds_count 1\n"),
        histogram(&buckets("0.5")),
        histogram(&(buckets("0.5") + "took_seconds_sum 9\ntook_seconds_count 2\n")),
        histogram(&(buckets("0.25") + "took_seconds_sum NaN\ntook_seconds_count 2\n")),
        histogram(&(buckets("-5") + "took_seconds_sum 9\ntook_seconds_count 2\n")),
        histogram(&(buckets("0.5") + "took_seconds_sum 9\ntook_seconds_count 3\n")),
        histogram("took_seconds_bucket{le=\"1\"} 3\ntook_seconds_bucket{le=\"+Inf\"} 2\n"),
    ] {
        clock.advance(std::time::Duration::from_secs(1));
        taken += usize::from(store.push(body.as_bytes()).is_ok());
        let mut samples = Samples::new();
        store.clone().collect(&mut samples).expect("it never fails");
        let mut page = String::new();
        Exposition::OpenMetrics
            .write([&samples], &mut page, |name| panic!("{name} is there twice"));
        read_by(python("openmetrics.py"), page.as_bytes());
    }
    assert_eq!(taken, 7);
}
