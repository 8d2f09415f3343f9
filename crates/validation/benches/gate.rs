//! What a harmless message pays for being judged, a log line for being masked, and a key for being counted. `gate.toml` holds the limits, as ratios to measurements of the same
//! run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_core::{Clock, SystemClock};
use wardkit_validation::{Masker, Policy, Quota, RateLimiter, Sink};

fn references(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("clock_read", |b| b.iter(|| SystemClock.uptime()));
    let prose = PROSE.repeat(LONG / PROSE.len());
    // A chain of multiplications, each waiting for the one before: no compiler makes it faster or slower.
    group.bench_function("hash_bytes", |b| {
        b.iter(|| {
            black_box(&prose).bytes().fold(OFFSET, |h, b| (h ^ u64::from(b)).wrapping_mul(PRIME))
        });
    });
    group.finish();
}

fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let policy = Policy::default();
    let prose = PROSE.repeat(LONG / PROSE.len());
    let hostile = HOSTILE.repeat(LONG / HOSTILE.len());
    for (name, text) in [
        ("chat_message", CHAT),
        ("foreign_message", FOREIGN),
        ("prose", prose.as_str()),
        ("hostile", hostile.as_str()),
    ] {
        group.bench_function(name, |b| b.iter(|| policy.check(black_box(text))));
    }
    let policy = Policy::for_sink(Sink::Sql);
    group.bench_function("sql_value", |b| b.iter(|| policy.check(black_box(NAME))));
    group.finish();
}

fn masking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let masker = Masker::default();
    let log = LOG_LINE.repeat(LONG / LOG_LINE.len());
    group.bench_function("mask_clean_lines", |b| {
        b.iter(|| {
            for line in log.split_inclusive('\n') {
                black_box(masker.mask(line));
            }
        });
    });
    let limiter = RateLimiter::<u64>::new(Quota::per_second(1_000_000));
    let mut key = 0_u64;
    group.bench_function("rate_limit", |b| {
        b.iter(|| {
            key = (key + 1) % 10_000;
            limiter.check(&key)
        });
    });
    group.finish();
}

/// FNV-1a's own numbers.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

const LONG: usize = 16 * 1024;

const CHAT: &str = "Hi all, could someone please look at the printer on floor 3? Thanks, Eva";

const FOREIGN: &str = "L'été dernier, ils ont dû déménager; à présent, tout va bien (ou presque).";

const PROSE: &str = "The meeting moved to Thursday; please bring the figures (all of them), and tell Jonas that it's in the old room. ";

const HOSTILE: &str =
    "1' or 'a'='a <img src=x onerror=y> ;cat ../../x | {{7*7}} http://a.b.c.d/ %0d%0a eval(";

const NAME: &str = "Siobhan O'Connor-Nowak";

const LOG_LINE: &str = "2026-11-21T10:15:02.771Z  INFO shop_bot::queue: batch of 32 written in 4.1 ms, 0 left, oldest 00:00:03 ago\n";

criterion_group!(gate, references, judging, masking);
criterion_main!(gate);
