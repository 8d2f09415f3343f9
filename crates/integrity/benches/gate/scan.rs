//! Scanning: how close reading and hashing comes to hashing alone, and what the fast path saves.

use std::fs;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use wardkit_core::{Clock as _, ManualClock, SystemClock};
use wardkit_integrity::{Algorithm, Reuse, ScanOptions};

pub(crate) fn gate(criterion: &mut Criterion) {
    large(criterion);
    small(criterion);
}

/// A file that is much larger than a buffer. Read into a buffer that is not aligned it takes about twice as long.
fn large(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let content = vec![b'x'; LARGE];
    fs::write(dir.path().join("large"), &content).expect("there is space");
    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Bytes(LARGE as u64));
    group.bench_function("hash_16m", |b| b.iter(|| Algorithm::Blake3.digest(black_box(&content))));
    group.bench_function("scan_16m", |b| b.iter(|| options(dir.path()).run()));
    group.finish();
}

/// Many small files in a few directories.
fn small(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for number in 0..SMALL {
        let directory = dir.path().join(format!("{}", number / 100));
        fs::create_dir_all(&directory).expect("there is space");
        fs::write(directory.join(format!("{number}")), vec![b'x'; 4_500]).expect("there is space");
    }
    // So late that every file is old enough to be trusted.
    let clock = ManualClock::at(SystemClock.now().saturating_add(Duration::from_mins(1)));
    let known = options(dir.path()).with_clock(&clock).run().expect("it can be scanned");
    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(SMALL));
    group.bench_function("scan_2000_files", |b| b.iter(|| options(dir.path()).run()));
    group.bench_function("rescan_2000_files", |b| {
        b.iter(|| options(dir.path()).with_known(&known, Reuse::Unchanged).run());
    });
    group.finish();
}

/// With one thread: how many processors there are must not matter.
fn options(root: &Path) -> ScanOptions<'_> {
    ScanOptions::new([root]).with_threads(NonZeroUsize::MIN)
}

const LARGE: usize = 16 << 20;
const SMALL: u64 = 2_000;
