//! What forecasts, leaks and profiles cost, next to reading a sample as text and to sorting.

use std::hint::black_box;

use criterion::Criterion;
use wardkit_core::Timestamp;
use wardkit_detect::forecast::{Limit, forecast};
use wardkit_detect::leak::LeakWatch;
use wardkit_detect::profile::Profiles;

pub(crate) fn references(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("parse_number", |b| b.iter(|| black_box("184549376.25").parse::<f64>()));
    let values: Vec<f64> = disk(7).iter().map(|(_, value)| *value).collect();
    group.bench_function("sort_week", |b| {
        b.iter(|| {
            let mut values = black_box(&values).clone();
            values.sort_unstable_by(f64::total_cmp);
            values
        });
    });
    group.finish();
}

pub(crate) fn foresight(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    for (name, days) in [("forecast_week", 7), ("forecast_two_months", 60)] {
        let disk = disk(days);
        group.bench_function(name, |b| b.iter(|| forecast(black_box(&disk), Limit::Above(400.0))));
    }
    let mut watch = LeakWatch::new();
    let mut second = 0;
    group.bench_function("leak_push", |b| {
        b.iter(|| {
            second += 10;
            watch.push(Timestamp::from_unix_seconds(second), black_box(2e8));
        });
    });
    let mut profiles = Profiles::default();
    group.bench_function("profile_observe", |b| {
        b.iter(|| {
            second += 1;
            let actor = ["alice", "bob", "carol"][usize::try_from(second % 3).unwrap_or(0)];
            profiles.observe(black_box(actor), "status", Timestamp::from_unix_seconds(second))
        });
    });
    group.finish();
}

/// Returns a sample a minute of a disk that is filled by logs which are rotated every day.
fn disk(days: u32) -> Vec<(Timestamp, f64)> {
    (0..days * 1440)
        .map(|minute| {
            let day = f64::from(minute) / 1440.0;
            // Wanders a little, the same in each run.
            let noise = f64::from(minute.wrapping_mul(2_654_435_761) % 1000) / 1000.0;
            (
                Timestamp::from_unix_seconds(i64::from(minute) * 60),
                50.0 + 3.0 * day + 4.0 * day.fract() + noise,
            )
        })
        .collect()
}
