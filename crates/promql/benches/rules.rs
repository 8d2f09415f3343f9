//! Two hundred rules over ten thousand series, as an interval evaluates them.
//!
//! `cargo bench -p wardkit-promql --bench rules`; the test target `interop` has the same beside a real Prometheus.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_promql::{Expr, Labels, MemorySource, Sample, eval};

const SERIES: u32 = 10_000;
const RULES: u32 = 200;

const NOW_MS: i64 = 1_700_001_200_000;

fn interval(criterion: &mut Criterion) {
    let source = source();
    let shapes = [
        "queue_length > 1000000",
        "rate(queue_length[5m]) > 1000",
        "sum by (job) (rate(queue_length[5m])) > 1e9",
        "avg_over_time(queue_length[5m]) > 1000000",
        "queue_length / queue_length > 2",
    ];
    let expr = |number: u32| {
        let at = usize::try_from(number).unwrap_or(0) % shapes.len();
        Expr::parse(shapes[at]).expect("it is an expression")
    };
    let rules: Vec<Expr> = (0..RULES).map(expr).collect();
    let mut group = criterion.benchmark_group("rules");
    group.sample_size(10).throughput(Throughput::Elements(u64::from(RULES * SERIES)));
    group.bench_function("200_over_10000", |b| {
        b.iter(|| {
            for rule in &rules {
                black_box(eval(rule, &source, NOW_MS).expect("the data fit"));
            }
        });
    });
    group.finish();
}

fn source() -> MemorySource {
    let mut source = MemorySource::new();
    for number in 0..SERIES {
        let (job, instance) = (format!("job-{}", number % 20), format!("host-{number}:9100"));
        let pairs =
            [("__name__", "queue_length"), ("job", job.as_str()), ("instance", instance.as_str())];
        let labels: Labels = pairs.into_iter().collect();
        for step in 0..40 {
            let value = f64::from(number) + f64::from(step);
            source.append(&labels, Sample::new(NOW_MS - i64::from(39 - step) * 15_000, value));
        }
    }
    source
}

criterion_group!(benches, interval);
criterion_main!(benches);
