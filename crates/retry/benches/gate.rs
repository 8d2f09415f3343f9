//! What a call pays for its protection when nothing is wrong. `gate.toml` holds the limits, as ratios to
//! measurements of the same run.

use std::future::ready;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_core::{Clock, SystemClock};
use wardkit_retry::{
    Breaker, BreakerConfig, Budget, BudgetConfig, ByTransient, Counters, Idempotency, Retry,
    RetryPolicy,
};

#[expect(clippy::unnecessary_wraps, reason = "a call that could fail and does not")]
fn call(value: u64) -> io::Result<u64> {
    Ok(black_box(value))
}

fn bare(policy: RetryPolicy) -> Retry {
    Retry::new(policy, Idempotency::Safe).expect("presets are sound")
}

fn breaker() -> Arc<Breaker> {
    Arc::new(Breaker::new("target", BreakerConfig::default()).expect("defaults are sound"))
}

fn guarded() -> Retry<ByTransient, SystemClock, Arc<Counters>> {
    let budget = Budget::new(BudgetConfig::default()).expect("defaults are sound");
    bare(RetryPolicy::default())
        .with_observer(Arc::new(Counters::new()))
        .with_budget(Arc::new(budget))
        .with_breaker(breaker())
}

fn references(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("plain_call", |b| b.iter(|| call(black_box(1))));
    group.bench_function("plain_async", |b| {
        let mut context = Context::from_waker(Waker::noop());
        b.iter(|| pin!(async { call(black_box(1)) }).poll(&mut context));
    });
    group.bench_function("clock_read", |b| b.iter(|| SystemClock.uptime()));
    group.finish();
}

fn success(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let retry = bare(RetryPolicy::default());
    group.bench_function("sync_success", |b| {
        b.iter(|| black_box(&retry).run_blocking(|| call(black_box(1))));
    });
    group.bench_function("async_success", |b| {
        let mut context = Context::from_waker(Waker::noop());
        b.iter(|| pin!(black_box(&retry).run(|| ready(call(black_box(1))))).poll(&mut context));
    });
    let guarded = guarded();
    group.bench_function("guarded_success", |b| {
        b.iter(|| black_box(&guarded).run_blocking(|| call(black_box(1))));
    });
    let timed = bare(RetryPolicy::http());
    group.bench_function("timed_success", |b| {
        b.iter(|| black_box(&timed).run_blocking(|| call(black_box(1))));
    });
    group.finish();
}

fn building(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("policy_build", |b| b.iter(RetryPolicy::http));
    group.bench_function("retry_build", |b| b.iter(|| bare(RetryPolicy::http())));
    let policy = RetryPolicy::http();
    group.bench_function("five_delays", |b| {
        b.iter(|| black_box(&policy).delays(black_box(1)).take(5).sum::<Duration>());
    });
    group.finish();
}

fn refusal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let breaker = breaker();
    breaker.pause(&SystemClock, Duration::from_hours(1));
    let retry = bare(RetryPolicy::default()).with_breaker(breaker);
    group.bench_function("open_breaker", |b| {
        b.iter(|| black_box(&retry).run_blocking(|| call(black_box(1))));
    });
    group.finish();
}

criterion_group!(gate, references, success, building, refusal);
criterion_main!(gate);
