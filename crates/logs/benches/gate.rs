//! What following a log costs beyond reading it, and what looking for patterns costs on the lines that match none.
//! `gate.toml` holds the limits, as ratios to measurements of the same run.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use regex::Regex;
use wardkit_core::SystemClock;
use wardkit_logs::writer::{Limits, Sync, Writer};
use wardkit_logs::{Config, Line, Pattern, Patterns, Start, Tail};

/// Lines as a bot writes them; one in fifty says something that a pattern looks for.
fn text(lines: u32) -> String {
    let mut text = String::new();
    for line in 0..lines {
        let what =
            if line % 50 == 0 { "answered start in 17 ms" } else { "update received, 3 waiting" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "2026-01-01T12:00:00.{line:06}Z INFO bot::worker chat=1000{line} {what}"
        );
    }
    text
}

fn reading(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("bot.log");
    let text = text(100_000);
    std::fs::write(&path, &text).expect("there is room");
    let mut config = Config::of([&path]);
    config.start = Start::Beginning;
    config.max_bytes_per_poll = 64 << 20;

    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("std_lines", |b| {
        b.iter(|| {
            let file = std::fs::File::open(&path).expect("it is there");
            let mut reader = BufReader::with_capacity(64 << 10, file);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
                length += black_box(line.trim_end()).len();
                line.clear();
            }
            length
        });
    });
    group.bench_function("tail_lines", |b| {
        b.iter(|| {
            let mut tail = Tail::new(&config).expect("the configuration is sound");
            let mut length = 0;
            tail.poll(Duration::ZERO, |line| length += black_box(line.text).len());
            length
        });
    });
    group.finish();
}

fn matching(criterion: &mut Criterion) {
    let regexes = [
        r"answered (?<handler>\w+) in (?<value>\d+) ms",
        r"error (?<code>\d+)",
        r"panicked at (?<place>\S+)",
        r"rate limit of (?<api>\w+)",
        r"queue is (?<value>\d+) long",
        r"retry (?<value>\d+) of",
        r"connection to (?<peer>\S+) lost",
        r"paid (?<value>[\d.]+) EUR",
    ];
    let path = PathBuf::from("/var/log/bot.log");
    let declared = regexes.map(|regex| Pattern { file: path.clone(), regex: regex.to_owned() });
    let patterns = Patterns::compile(&declared).expect("they are sound");
    let one_by_one = regexes.map(|regex| Regex::new(regex).expect("it is sound"));
    let text = text(1000);

    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("eight_regexes_in_turn", |b| {
        b.iter(|| {
            let matches = |line| one_by_one.iter().filter_map(move |regex| regex.captures(line));
            text.lines().flat_map(matches).map(|captures| captures.len()).sum::<usize>()
        });
    });
    group.bench_function("eight_patterns", |b| {
        b.iter(|| {
            let mut count = 0;
            for text in text.lines() {
                let line = Line { path: &path, text, is_cut: false };
                patterns.each_match(&line, |found| count += found.index() + 1);
            }
            count
        });
    });
    group.finish();
}

fn writing(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("there is room");
    let text = text(20_000);
    // As much as comes out of a pipe at a time, cut anywhere.
    let chunk = 4096;
    let mut limits = Limits::default();
    (limits.rate, limits.compress, limits.sync) = (None, false, Sync::Never);

    let mut group = criterion.benchmark_group("gate");
    group.sample_size(20).throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("std_appends", |b| {
        let path = dir.path().join("plain.log");
        b.iter(|| {
            let mut file = std::fs::File::create(&path).expect("there is room");
            for part in text.as_bytes().chunks(chunk) {
                file.write_all(part).expect("there is room");
            }
        });
    });
    group.bench_function("writer_takes", |b| {
        let path = dir.path().join("bot.log");
        b.iter(|| {
            let _ = std::fs::remove_file(&path);
            let mut writer =
                Writer::open(&path, limits.clone(), &SystemClock).expect("there is room");
            let (mut taken, mut seen) = (0, 0);
            while taken < text.len() {
                seen = (seen + chunk).min(text.len());
                let lines = &text.as_bytes()[taken..seen];
                taken += writer.write(&SystemClock, lines).expect("there is room").taken;
            }
        });
    });
    group.finish();
}

criterion_group!(gate, reading, matching, writing);
criterion_main!(gate);
