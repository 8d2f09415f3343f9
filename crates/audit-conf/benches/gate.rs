//! What files cost by their length. `gate.toml` holds the limits, as ratios within one run.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_audit_conf::ConfEngine;

/// Writes one part of a file, by its number.
type Part = fn(&mut String, usize);

fn gate(criterion: &mut Criterion) {
    let files: [(&str, &str, &str, Part); 3] = [
        ("dockerfile", "Dockerfile", "FROM python:3.13-slim\n", |text, index| {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "RUN apt-get update && apt-get install -y libpq{index}=1.0 \\\n  && rm -rf /var/lib/apt/lists/*"
            );
        }),
        ("compose", "compose.yaml", "services:\n", |text, index| {
            let _ = writeln!(
                text,
                "  bot{index}:\n    image: bot:1\n    mem_limit: 1g\n    environment:\n      LOG: info"
            );
        }),
        ("sql", "migrations/1.sql", "", |text, index| {
            let _ = writeln!(text, "CREATE TABLE t{index} (id bigint PRIMARY KEY, name text);");
        }),
    ];
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20);
    for (name, path, head, part) in files {
        for count in [100, 1000] {
            let mut text = head.to_owned();
            (0..count).for_each(|index| part(&mut text, index));
            group.bench_function(format!("{name}_{count}"), |bencher| {
                bencher.iter(|| ConfEngine::new().findings(path, black_box(&text)).len());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);
