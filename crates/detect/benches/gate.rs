//! What watching costs. `gate.toml` holds the limits, as ratios to measurements of the same run.

#[path = "gate/anomaly.rs"]
mod anomaly;
#[path = "gate/foresight.rs"]
mod foresight;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, anomaly::anomaly, foresight::references, foresight::foresight);
criterion_main!(benches);
