//! The group `gate`: ratios that hold on any machine.

use criterion::{Criterion, criterion_group, criterion_main};

fn gate(_criterion: &mut Criterion) {}

criterion_group!(benches, gate);
criterion_main!(benches);
