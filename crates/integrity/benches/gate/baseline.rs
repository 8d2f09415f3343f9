//! Opening and comparing baselines, beside hashing each of their entries once.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use wardkit_integrity::{
    Algorithm, Baseline, BaselineDir, BaselineHeader, Entry, EntryKind, Fields, FileTime, Flags,
    diff,
};
use wardkit_tlog::{Hash, SigningKey};

/// A tenth of the tree that is scanned beside other programs.
const ENTRIES: u64 = 20_000;

/// What the leaf of such an entry takes.
const LEAF: [u8; 128] = [b'x'; 128];

pub(crate) fn gate(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let key = SigningKey::from_seed("host.example/fim", [7; 32]).expect("the name is sound");
    let header = BaselineHeader::new("host.example", [9; 16]);
    let entries = (0..ENTRIES).map(entry);
    BaselineDir::new(dir.path()).init(&header, entries, &key).expect("a baseline");
    let file = fs::read(dir.path().join("baseline-1.fim")).expect("the file");
    let note = fs::read(dir.path().join("baseline-1.note")).expect("the note");
    let open = || Baseline::from_bytes(file.clone(), &note, [key.verifier()]).expect("signed");
    let baseline = open();

    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(ENTRIES));
    group.bench_function("leaf_hashes", |b| {
        b.iter(|| (0..ENTRIES).fold(0, |sum, _| sum ^ Hash::leaf(black_box(&LEAF)).as_bytes()[0]));
    });
    group.bench_function("baseline_open", |b| b.iter(open));
    group.bench_function("baseline_directories", |b| {
        b.iter(|| {
            let of = |number| baseline.children(Path::new(&directory(number))).count() as u64;
            assert_eq!((0..ENTRIES / NAMES).map(of).sum::<u64>(), ENTRIES);
        });
    });
    group.bench_function("baseline_diff", |b| {
        b.iter(|| {
            let changes = diff(baseline.entries(), baseline.entries(), |_, _| Fields::ALL);
            assert_eq!(changes.count(), 0);
        });
    });
    group.finish();
}

/// As many names as a directory of the tree has.
const NAMES: u64 = 100;

fn directory(number: u64) -> String {
    format!("/srv/tree/some/where/dir{number:05}")
}

fn entry(number: u64) -> Entry {
    let (of, name) = (number / NAMES, number % NAMES);
    let mut entry = Entry::new(format!("{}/file-{name:04}.dat", directory(of)), EntryKind::File);
    let time = |seconds: i64| FileTime { seconds: seconds + 1_790_000_000, nanos: 123_456_789 };
    entry.mode = 0o644;
    entry.size = number * 37 % 100_000;
    entry.nlink = 1;
    entry.inode = 10_000_000 + number;
    entry.dev = 0x801;
    entry.mtime = time(0);
    entry.ctime = time(1);
    entry.btime = Some(time(0));
    entry.flags = Some(Flags::default());
    entry.content = Some(Algorithm::Blake3.digest(&number.to_le_bytes()));
    entry
}
