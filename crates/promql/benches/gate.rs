//! What a rule costs beyond reading its series. `gate.toml` holds the limits, as ratios to measurements of the same run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_promql::{
    Expr, Labels, MatchOp, Matcher, MemorySource, Sample, Selector, Source, Want, Window, eval,
};

const SERIES: u32 = 10_000;

/// Twenty minutes in.
const NOW_MS: i64 = 1_700_001_200_000;

fn reading(criterion: &mut Criterion) {
    let source = source();
    let matcher = Matcher::new(Labels::NAME, MatchOp::Equal, "requests_total");
    let selector = Selector::new(vec![matcher.expect("it is no pattern")]);
    let range = Window::new(NOW_MS - 300_000, NOW_MS);
    let mut latest = range;
    latest.want = Want::Latest;
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("read_latest", |b| {
        b.iter(|| source.select(black_box(&selector), &latest));
    });
    group.bench_function("read_five_minutes", |b| {
        b.iter(|| source.select(black_box(&selector), &range));
    });
    group.finish();
}

fn rules(criterion: &mut Criterion) {
    let source = source();
    let mut group = criterion.benchmark_group("gate");
    for (name, text) in [
        ("threshold", "requests_total > 1e9"),
        ("rate", "rate(requests_total[5m]) > 1e9"),
        ("sum_of_rates", "sum by (job) (rate(requests_total[5m]))"),
        ("ratio", "requests_total / requests_total > 2"),
    ] {
        let expr = Expr::parse(text).expect("it is an expression");
        group.bench_function(name, |b| b.iter(|| eval(black_box(&expr), &source, NOW_MS)));
    }
    group.finish();
}

/// Ten thousand counters with a sample every quarter of a minute.
fn source() -> MemorySource {
    let mut source = MemorySource::new();
    for number in 0..SERIES {
        let (job, instance) = (format!("job-{}", number % 20), format!("host-{number}:9100"));
        let labels: Labels = [
            ("__name__", "requests_total"),
            ("job", job.as_str()),
            ("instance", instance.as_str()),
            ("code", "200"),
        ]
        .into_iter()
        .collect();
        for step in 0..80 {
            let value = f64::from(number) + f64::from(step) * 15.0;
            source.append(&labels, Sample::new(NOW_MS - i64::from(79 - step) * 15_000, value));
        }
    }
    source
}

criterion_group!(gate, reading, rules);
criterion_main!(gate);
