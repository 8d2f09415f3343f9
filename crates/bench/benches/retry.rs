//! The cases of the report under criterion, measured in CPU time.

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_bench::cases::topics;

fn retry(criterion: &mut Criterion) {
    for topic in topics() {
        let mut group = criterion.benchmark_group(topic.name);
        for mut case in topic.cases {
            group.bench_function(case.name(), |bencher| {
                bencher.iter_custom(|times| case.time(times));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, retry);
criterion_main!(benches);
