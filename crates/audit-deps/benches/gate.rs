//! What a thousand dependencies cost: to look them up beside reading their lockfile. `gate.toml` holds the limit, as a
//! ratio within one run.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_audit_deps::{Database, Ecosystem, Import, lock};

const DEPENDENCIES: usize = 1_000;

/// One in five packages of the lockfile is known, as with npm.
const KNOWN: usize = 20_000;

fn gate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let index = index(folder.path());
    let text = lockfile();
    let names: Vec<String> = (0..DEPENDENCIES).map(name).collect();
    let asked: Vec<(Ecosystem, &str)> =
        names.iter().map(|name| (Ecosystem::Npm, name.as_str())).collect();
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(10);
    group.throughput(Throughput::Elements(DEPENDENCIES as u64));
    group.bench_function("parse_1000", |bencher| {
        bencher.iter(|| lock::read("package-lock.json", black_box(&text)).map(|read| read.is_ok()));
    });
    group.bench_function("open_and_look_up_1000", |bencher| {
        bencher.iter(|| {
            let database = Database::open(&index).expect("it was written");
            database.look_up(black_box(&asked)).expect("it is whole").len()
        });
    });
    group.finish();
}

fn index(folder: &std::path::Path) -> std::path::PathBuf {
    let from = folder.join("osv");
    fs::create_dir(&from).expect("the folder is new");
    for number in 0..KNOWN {
        let advisory = format!(
            r#"{{"id":"GHSA-{number}","modified":"2026-11-20T00:00:00Z","summary":"prototype pollution",
            "affected":[{{"package":{{"ecosystem":"npm","name":"{}"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"2.0.0"}}]}}]}}]}}"#,
            name(number * 5)
        );
        fs::write(from.join(format!("{number}.json")), advisory).expect("there is room");
    }
    let index = folder.join("osv.index");
    Import::new().from(&from).and_then(|import| import.write(&index)).expect("all are advisories");
    index
}

fn lockfile() -> String {
    let mut text = String::from("{\"packages\": {");
    for number in 0..DEPENDENCIES {
        let (name, comma) = (name(number), if number > 0 { "," } else { "" });
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "{comma}\n\"node_modules/{name}\": {{\n\"version\": \"1.{number}.0\",\n\
             \"resolved\": \"https://registry.example.com/{name}/-/{name}-1.{number}.0.tgz\",\n\
             \"integrity\": \"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"\n}}"
        );
    }
    text + "\n}}"
}

fn name(number: usize) -> String {
    format!("package-{number}")
}

criterion_group!(benches, gate);
criterion_main!(benches);
