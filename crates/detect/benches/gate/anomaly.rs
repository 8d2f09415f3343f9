//! What scoring a sample costs.

use std::f64::consts::TAU;
use std::hint::black_box;

use criterion::Criterion;
use wardkit_core::Timestamp;
use wardkit_detect::anomaly::{Detector, Profile};

pub(crate) fn anomaly(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let window: Vec<f64> = (0..1000).map(value).collect();
    group.bench_function("deviation_of_1000", |b| b.iter(|| deviation(black_box(&window))));
    for (name, profile) in [("score_small", Profile::Small), ("score_full", Profile::Full)] {
        let mut detector = Detector::new(profile);
        let mut sample = 0;
        let mut push = || {
            sample += 1;
            let at = Timestamp::from_unix_seconds(i64::from(sample) * 300);
            detector.push(Some(at), value(sample)).value
        };
        // Two weeks of one every five minutes: everything is filled.
        (0..4032).for_each(|_| {
            push();
        });
        group.bench_function(name, |b| b.iter(&mut push));
    }
    group.finish();
}

/// A day's course with some disorder.
fn value(sample: u32) -> f64 {
    let disorder = sample.wrapping_mul(2_654_435_761) >> 16;
    50.0 + 20.0 * (f64::from(sample % 288) / 288.0 * TAU).sin() + f64::from(disorder) / 8192.0
}

fn deviation(window: &[f64]) -> f64 {
    let samples = window.iter().fold(0.0, |samples, _| samples + 1.0);
    let mean = window.iter().sum::<f64>() / samples;
    (window.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / samples).sqrt()
}
