//! What an entry and its proof cost. `gate.toml` holds the limits, as ratios to hashing the same lines in the same run;
//! the group `durable` shows what the disk adds.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_auditlog::{Durability, Entry, Log, LogOptions, Verifier};
use wardkit_tlog::{Frontier, Hash, SigningKey};

fn key() -> SigningKey {
    SigningKey::from_seed("example.com/trail", [1; 32]).expect("a sound name")
}

fn open(dir: &Path) -> Log {
    LogOptions::new(key()).open(dir).expect("a new log opens")
}

/// Lines of about 322 bytes, as they are typical.
fn entries(count: u64) -> Vec<Entry> {
    let entry = |number| {
        let detail = "rule etc-static matched, writer dpkg, package openssl 3.5.1-1 to 3.5.4-1, content equals the package";
        Entry::new(
            "integrity.file.changed",
            format!("/usr/lib/x86_64-linux-gnu/engines-3/{number:08}.so"),
        )
        .with("note", detail)
        .and_then(|entry| entry.with("digest", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"))
        .expect("texts are JSON")
        .by("apt-get (pid 4711, uid 0)")
    };
    (0..count).map(entry).collect()
}

fn gate(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let log = open(dir.path());
    log.append_all(entries(VERIFIED), Durability::Sealed).expect("there is space");
    let text = std::fs::read(dir.path().join("000000000000.jsonl")).expect("it was written");
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();

    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(VERIFIED));
    group.bench_function("tree_alone", |b| {
        b.iter(|| {
            let mut tree = Frontier::new();
            for line in &lines {
                black_box(tree.append(Hash::leaf(line)));
            }
            tree.root()
        });
    });
    group.bench_function("verify", |b| {
        let verifier = Verifier::new(key().verifier().clone());
        b.iter(|| verifier.verify(dir.path()).expect("it can be read").is_intact());
    });
    let appended = tempfile::tempdir().expect("a temporary folder");
    let options = LogOptions::new(key()).with_checkpoints(u64::MAX, Duration::MAX);
    let log = options.open(appended.path()).expect("a new log opens");
    let batch = entries(VERIFIED);
    group.bench_function("append_written", |b| {
        b.iter_with_setup(|| batch.clone(), |batch| log.append_all(batch, Durability::Written));
    });
    group.finish();
}

fn durable(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("durable");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let log = open(dir.path());
    for size in [1, 64, 1024] {
        let batch = entries(size);
        group.throughput(Throughput::Elements(size));
        group.bench_function(format!("group_of_{size}"), |b| {
            b.iter_with_setup(|| batch.clone(), |batch| log.append_all(batch, Durability::Synced));
        });
    }
    group.finish();
}

const VERIFIED: u64 = 10_000;

criterion_group!(benches, gate, durable);
criterion_main!(benches);
