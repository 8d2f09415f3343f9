//! What cutting costs beside the hash of the same bytes, which every backup pays. `gate.toml` holds the limits, as ratios
//! within one run.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_backup::chunker::{Chunker, End, KeyedFastCdc, Polynomial, Rabin, Sizes};
use wardkit_backup::format::Id;

const LENGTH: usize = 32 << 20;

fn gate(criterion: &mut Criterion) {
    let mut content = vec![0; LENGTH];
    blake3::Hasher::new().finalize_xof().fill(&mut content);
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(LENGTH as u64));
    group.bench_function("sha256_32m", |bencher| bencher.iter(|| Id::of(black_box(&content))));
    let mut fast = KeyedFastCdc::new(&[1; 32], Sizes::default());
    group.bench_function("cut_fastcdc_32m", |bencher| {
        bencher.iter(|| chunks(&mut fast, black_box(&content)));
    });
    let mut rabin = Rabin::new(Polynomial::from_seed(&[1; 32]));
    group.bench_function("cut_rabin_32m", |bencher| {
        bencher.iter(|| chunks(&mut rabin, black_box(&content)));
    });
    group.finish();
}

fn chunks(chunker: &mut dyn Chunker, mut ahead: &[u8]) -> usize {
    let mut chunks = 0;
    while let Some(length) = chunker.next_cut(ahead, End::Reached) {
        ahead = &ahead[length..];
        chunks += 1;
    }
    chunks
}

criterion_group!(benches, gate);
criterion_main!(benches);
