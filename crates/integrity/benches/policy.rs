//! What a policy costs for each path of a scan. The budget is 300 ns with the presets: a scan spends ten times that on
//! opening and reading a small file.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_integrity::{EntryKind, Policy, Selection as _, TextDiff};

/// Paths as a host has them, most of them below /usr.
fn paths() -> Vec<PathBuf> {
    let path = |number: usize| {
        let (package, file) = (number / 20, number % 20);
        PathBuf::from(match number % 10 {
            0 => format!("/etc/app{package}/conf.d/{file:02}-settings.conf"),
            1 => format!("/srv/bot/node_modules/package-{package}/dist/module{file}.js"),
            2 => format!("/var/log/app{package}.log.{file}"),
            3..=6 => format!("/usr/share/doc/package-{package}/html/page-{file}.html"),
            _ => format!("/usr/lib/python3/dist-packages/package{package}/module_{file}.py"),
        })
    };
    (0..10_000).map(path).collect()
}

fn take(criterion: &mut Criterion) {
    let presets =
        "include = [\"debian\", \"secrets\"]\n[[preset]]\nname = \"bot-node\"\nroot = \"/srv/bot\"";
    let thousand: Vec<String> =
        (0..1_000).map(|number| format!("\"/etc/app{number}/**\"")).collect();
    let thousand = format!("[[rule]]\nmatch = [{}]\nprofile = \"config\"", thousand.join(","));
    let hostile: Vec<String> = (0..1_000).map(|number| format!("\"/**/*a*{number}*\"")).collect();
    let hostile = format!("[[rule]]\nmatch = [{}]\nprofile = \"config\"", hostile.join(","));
    let paths = paths();
    let mut group = criterion.benchmark_group("policy/take");
    group.throughput(Throughput::Elements(10_000));
    let texts =
        [("empty", ""), ("presets", presets), ("thousand", &thousand), ("hostile", &hostile)];
    for (name, text) in texts {
        let policy = Policy::parse(text).expect("a sound policy");
        if name == "hostile" {
            group.sample_size(10);
        }
        group.bench_function(name, |b| {
            b.iter(|| {
                paths
                    .iter()
                    .filter(|path| {
                        black_box(policy.take(path, EntryKind::File))
                            == wardkit_integrity::Take::Skip
                    })
                    .count()
            });
        });
    }
    group.finish();
    let policy = Policy::parse(presets).expect("a sound policy");
    criterion
        .bench_function("policy/parse/presets", |b| b.iter(|| Policy::parse(black_box(presets))));
    black_box(policy.digest());
}

fn diff(criterion: &mut Criterion) {
    let lines = |word: &str| {
        (0..10_000).map(|number| format!("{word} {}\n", number % 700)).collect::<Vec<_>>()
    };
    let (old, mut few) = (lines("line"), lines("line"));
    for line in few.iter_mut().step_by(500) {
        line.insert(0, '#');
    }
    let (old, few, all) = (old.concat(), few.concat(), lines("other").concat());
    criterion
        .bench_function("text_diff/few", |b| b.iter(|| TextDiff::between(&old, black_box(&few))));
    criterion
        .bench_function("text_diff/all", |b| b.iter(|| TextDiff::between(&old, black_box(&all))));
}

criterion_group!(benches, take, diff);
criterion_main!(benches);
