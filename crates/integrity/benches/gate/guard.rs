//! What a guard costs over reading a file without one.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use wardkit_integrity::{Algorithm, Guard};

pub(crate) fn gate(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().canonicalize().expect("it is there").join("bot.toml");
    std::fs::write(&path, vec![0x5a; SIZE]).expect("there is space");
    let guard = Guard::pinned(&path).expect("nobody else may write there");

    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Bytes(SIZE as u64));
    group.bench_function("plain_read_64k", |b| b.iter(|| read(&path).len()));
    group.bench_function("read_and_hash_64k", |b| {
        b.iter(|| Algorithm::Blake3.digest(&read(black_box(&path))));
    });
    group.bench_function("guard_read_64k", |b| {
        b.iter(|| guard.read(&path, SIZE as u64).expect("nobody changed it").len());
    });
    group.bench_function("guard_open_64k", |b| {
        b.iter(|| guard.open(&path).expect("nobody changed it"));
    });
    group.bench_function("guard_seal_64k", |b| {
        b.iter(|| guard.seal(&path).expect("nobody changed it"));
    });
    group.finish();
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("it is there")
}

const SIZE: usize = 64 * 1024;
