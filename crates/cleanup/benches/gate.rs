//! What a look at a directory costs beside a bare walk over it. `gate.toml` holds the limit, as a ratio to a measurement
//! of the same run.

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_cleanup::{Cleaner, Config, Rule};
use wardkit_core::SystemClock;

/// More files than the descriptors of all processes, which are looked at once a run whatever is there.
const FILES: usize = 20_000;

fn looks(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().canonicalize().expect("it is there");
    for index in 0..FILES {
        let directory = path.join(format!("{}", index % 20));
        std::fs::create_dir_all(&directory).expect("there is room");
        std::fs::write(directory.join(format!("{index}.tmp")), "x").expect("there is room");
    }
    let mut rule = Rule::new(&path);
    rule.older_than = Some(Duration::from_hours(24));
    rule.depth = 1;
    let mut config = Config::default();
    config.rules.push(rule);
    let cleaner = Cleaner::new(config, Vec::new()).expect("it is sound");
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(10);
    group.bench_function("bare_walk", |b| b.iter(|| walk(&path)));
    group.bench_function("plan", |b| b.iter(|| cleaner.plan(&SystemClock, &|| false)));
    group.finish();
}

/// Looks at each file's data, as anybody does who asks how old it is.
fn walk(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).expect("it is there").flatten();
    entries
        .map(|entry| {
            let about = entry.metadata().expect("it is there");
            if about.is_dir() { walk(&entry.path()) } else { about.len() }
        })
        .sum()
}

criterion_group!(gate, looks);
criterion_main!(gate);
