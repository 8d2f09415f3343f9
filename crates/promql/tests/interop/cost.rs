//! What rules cost here and in Prometheus.
//!
//! `cargo test --release -p wardkit-promql --features interop --test interop ten_thousand -- --nocapture` tells the
//! processor time of both; a build without optimisation says nothing of it.

use std::collections::BTreeMap;

use wardkit_promql::{Expr, Labels, MemorySource, Sample, eval};

use crate::answer::Answer;
use crate::prometheus::{Prometheus, processor_seconds};

const SERIES: u32 = 10_000;
/// Few where nothing is measured.
const RULES: usize = if cfg!(debug_assertions) { 10 } else { 200 };
const NOW_MS: i64 = 1_700_001_200_000;

/// Few elements or none come of each, so that Prometheus is not measured writing them down.
const SHAPES: [&str; 5] = [
    "queue_length > 1000000",
    "rate(queue_length[5m]) > 1000",
    "sum by (job) (rate(queue_length[5m])) > 1e9",
    "avg_over_time(queue_length[5m]) > 1000000",
    "queue_length / queue_length > 2",
];

#[test]
fn rules_over_ten_thousand_series_come_to_the_same() {
    let series = series();
    let mut source = MemorySource::new();
    for (labels, samples) in &series {
        for sample in samples {
            source.append(labels, *sample);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut prometheus = Prometheus::start(dir.path());
    prometheus.write(&series);
    let rules: Vec<&str> = SHAPES.into_iter().cycle().take(RULES).collect();

    let before = prometheus.processor_seconds();
    let theirs: Vec<_> = rules.iter().map(|rule| prometheus.instant(rule, NOW_MS)).collect();
    let their_seconds = prometheus.processor_seconds() - before;

    let before = processor_seconds("self");
    let ours: Vec<_> = rules
        .iter()
        .map(|rule| eval(&Expr::parse(rule).unwrap(), &source, NOW_MS).unwrap())
        .collect();
    let our_seconds = processor_seconds("self") - before;

    for ((rule, ours), theirs) in rules.iter().zip(ours).zip(&theirs) {
        assert!(Answer::of_value(ours, NOW_MS).agrees(theirs, 1e-12), "{rule}");
    }
    tell(our_seconds, their_seconds);
}

#[expect(clippy::print_stdout, reason = "that is what the command is for")]
fn tell(ours: f64, theirs: f64) {
    let ratio = ours / theirs;
    println!(
        "{RULES} rules over {SERIES} series: {ours:.2} s here, {theirs:.2} s there, {ratio:.2}x"
    );
}

fn series() -> BTreeMap<Labels, Vec<Sample>> {
    let sample = |number: u32, step: u32| {
        let at_ms = NOW_MS - i64::from(39 - step) * 15_000;
        Sample::new(at_ms, f64::from(number) + f64::from(step))
    };
    let one = |number: u32| {
        let (job, instance) = (format!("job-{}", number % 20), format!("host-{number}:9100"));
        let pairs =
            [("__name__", "queue_length"), ("job", job.as_str()), ("instance", instance.as_str())];
        let samples = (0..40).map(|step| sample(number, step));
        (pairs.into_iter().collect(), samples.collect())
    };
    (0..SERIES).map(one).collect()
}
