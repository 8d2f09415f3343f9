//! What a start in safety costs beyond a bare one, and what an identity costs beyond the number. `gate.toml` holds the
//! limits, as ratios to measurements of the same run.

use std::hint::black_box;
use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_process::{Identity, Launch, Process, Procfs};

fn starts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("command", |b| {
        b.iter(|| {
            let mut child =
                Command::new("/bin/true").stdin(Stdio::null()).spawn().expect("it is there");
            child.wait().expect("it is a child")
        });
    });
    group.bench_function("launch", |b| {
        b.iter(|| {
            let child = Launch::new(["/bin/true"]).start().expect("it is there");
            child.wait(None).expect("it is held");
            child.state().expect("it is held")
        });
    });
    group.finish();
}

fn identities(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let child = Launch::new(["sleep", "100000"]).start().expect("it is there");
    let kept = child.identity().clone();
    group.bench_function("read_identity", |b| {
        b.iter(|| Identity::read(&Procfs::default(), black_box(kept.pid)));
    });
    group.bench_function("open", |b| b.iter(|| Process::open(black_box(&kept))));
    child.signal(wardkit_process::Signal::KILL).expect("it is held");
    group.finish();
}

criterion_group!(gate, starts, identities);
criterion_main!(gate);
