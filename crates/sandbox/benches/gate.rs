//! What all walls cost beside a start without any: the same static program from its start to its end. `gate.toml` holds
//! the limits, as ratios within one run.

#[path = "../tests/support/tiny.rs"]
#[expect(dead_code, reason = "one of its programs is not measured here")]
mod tiny;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_sandbox::{Capabilities, Ended, Guarantee, Native, Policy, Sandbox as _, Strength};

fn gate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a folder for it");
    let path = folder.path().join("nothing");
    fs::write(&path, tiny::nothing()).expect("it can be written");
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it is ours");
    let nobody: Arc<dyn Capabilities> = Arc::new(());
    let mut policy = Policy::default();
    // What the host lacks costs nothing: the limits hold on any.
    policy.at_least = Guarantee::ALL.map(|one| (one, Strength::Absent)).into();
    let native = Native::new();
    let prepared = native.prepare(&tiny::nothing(), &policy).expect("it is a program");
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(50);
    group.bench_function("plain_start", |bencher| {
        bencher.iter(|| {
            assert!(Command::new(&path).status().expect("it can be started").success());
        });
    });
    group.bench_function("sandboxed_start", |bencher| {
        bencher.iter(|| {
            let outcome = prepared.call(b"", &nobody).expect("it can be started");
            assert_eq!(outcome.ended, Ended::Exited(0));
        });
    });
    group.bench_function("prepare", |bencher| {
        bencher.iter(|| native.prepare(&tiny::nothing(), &policy).expect("it is a program"));
    });
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);
