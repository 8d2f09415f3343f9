//! What a profile costs beside the reading of the trace that it is made of. `gate.toml` holds the limits, as ratios
//! within one run.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_harden::{Subject, Trace, Unit, apparmor, exposure, seccomp, selinux};

const CALLS: usize = 20_000;

fn gate(criterion: &mut Criterion) {
    let text = trace();
    let needs = Trace::read(text.as_bytes()).expect("it is a trace").needs;
    let subject = Subject::new("/srv/bot/bot").expect("it is a path");
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("lines_20k", |bencher| {
        bencher.iter(|| black_box(&text).lines().filter(|line| line.contains("O_RDONLY")).count());
    });
    group.bench_function("trace_20k", |bencher| {
        bencher.iter(|| Trace::read(black_box(text.as_bytes())).map(|trace| trace.calls));
    });
    group.bench_function("apparmor", |bencher| {
        bencher.iter(|| apparmor(&subject, black_box(&needs)));
    });
    group
        .bench_function("selinux", |bencher| bencher.iter(|| selinux(&subject, black_box(&needs))));
    group.bench_function("seccomp", |bencher| bencher.iter(|| seccomp(black_box(&needs))));
    let unit = Unit::parse("[Service]\nExecStart=/srv/bot/bot\nUser=bot\n").expect("it is a unit");
    group.bench_function("unit", |bencher| {
        bencher.iter(|| {
            let hardened = unit.hardened(black_box(&needs));
            Unit::parse(&hardened.text).map(|unit| exposure(&unit).tenths)
        });
    });
    group.finish();
}

/// A bot that opens a thousand files again and again, as strace writes it.
fn trace() -> String {
    let mut text = String::new();
    for index in 0..CALLS / 4 {
        let (file, process) = (index % 1000, 100 + index % 7);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{process} openat(AT_FDCWD</srv/bot>, \"lib/m{file}.py\", O_RDONLY|O_CLOEXEC) = 3</srv/bot/lib/m{file}.py>\n\
             {process} read(3</srv/bot/lib/m{file}.py>, \"import os, sys\\n\"..., 4096) = 4096\n\
             {process} mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</srv/bot/lib/m{file}.py>, 0) = 0x7f0000000000\n\
             {process} connect(4<socket:[7]>, {{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr(\"10.0.0.1\")}}, 16) = 0"
        );
    }
    text
}

criterion_group!(benches, gate);
criterion_main!(benches);
