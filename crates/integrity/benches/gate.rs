//! What must not get slower. `gate.toml` holds the limits, as ratios within one run.

#[path = "gate/baseline.rs"]
mod baseline;
#[path = "gate/guard.rs"]
mod guard;
#[path = "gate/scan.rs"]
mod scan;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, baseline::gate, guard::gate, scan::gate);
criterion_main!(benches);
