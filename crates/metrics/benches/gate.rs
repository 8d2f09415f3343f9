//! What counting and scraping cost beside the `prometheus` crate in the same run. `gate.toml` holds the limits.

#[cfg(all(feature = "host", target_os = "linux"))]
#[path = "gate/host.rs"]
mod host;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use prometheus::{Encoder as _, IntCounterVec, Opts, TextEncoder};
use wardkit_core::ManualClock;
use wardkit_metrics::ingest::{IngestConfig, Ingested, parse};
use wardkit_metrics::{Exposition, Registry};

/// As many as a bot has: some chats, kinds of messages, and what became of them.
const CHATS: [&str; 4] = ["-1001234567890", "-1009876543210", "1234567", "7654321"];
const KINDS: [&str; 4] = ["text", "photo", "callback_query", "command"];
const OUTCOMES: [&str; 3] = ["answered", "failed", "ignored"];

const LABELS: [&str; 3] = ["chat", "kind", "outcome"];

/// Returns the label values in an order in which no two that follow each other are alike.
fn label_values() -> Vec<[&'static str; 3]> {
    let all = CHATS.iter().flat_map(|chat| {
        KINDS
            .iter()
            .flat_map(move |kind| OUTCOMES.iter().map(move |outcome| [*chat, *kind, *outcome]))
    });
    let all: Vec<_> = all.collect();
    (0..all.len()).map(|at| all[at * 17 % all.len()]).collect()
}

fn counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let values = label_values();
    let registry = Registry::new("bot").expect("a sound prefix");
    let ours = registry.counter("messages_total", "Messages.", LABELS).expect("it is new");
    let options = Opts::new("messages_total", "Messages.");
    let theirs = IntCounterVec::new(options, &LABELS).expect("it is sound");
    group.bench_function("add_by_labels", |b| {
        b.iter(|| {
            for values in black_box(&values) {
                ours.with(*values).add(1);
            }
        });
    });
    group.bench_function("prometheus_add_by_labels", |b| {
        b.iter(|| {
            for values in black_box(&values) {
                theirs.with_label_values(values).inc();
            }
        });
    });
    let ours = ours.with(values[0]).clone();
    let theirs = theirs.with_label_values(&values[0]);
    group.bench_function("add_to_handle", |b| b.iter(|| black_box(&ours).add(1)));
    group.bench_function("prometheus_add_to_handle", |b| b.iter(|| black_box(&theirs).inc()));
    group.finish();
}

fn scraping(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let registry = Registry::new("").expect("no prefix is a prefix");
    let ours = registry.counter("messages_total", "Messages.", LABELS).expect("it is new");
    let options = Opts::new("messages_total", "Messages.");
    let theirs = IntCounterVec::new(options, &LABELS).expect("it is sound");
    for number in 0..SERIES {
        let chat = number.to_string();
        let values = [&*chat, KINDS[0], OUTCOMES[0]];
        ours.with(values).add(number);
        theirs.with_label_values(&values).inc_by(number);
    }
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(theirs)).expect("it is new");
    let mut page = String::new();
    group.bench_function("scrape", |b| {
        b.iter(|| {
            page.clear();
            registry.write(Exposition::Text, &[], &mut page);
        });
    });
    let mut bytes = Vec::new();
    group.bench_function("prometheus_scrape", |b| {
        b.iter(|| {
            bytes.clear();
            TextEncoder::new().encode(&foreign.gather(), &mut bytes)
        });
    });
    group.finish();
}

/// Reads back what a scrape wrote, and sets the values again, as each push of a bot does.
fn ingesting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let registry = Registry::new("").expect("no prefix is a prefix");
    let messages = registry.counter("messages_total", "Messages.", LABELS).expect("it is new");
    for number in 0..SERIES {
        messages.with([&*number.to_string(), KINDS[0], OUTCOMES[0]]).add(number);
    }
    let mut body = String::new();
    registry.write(Exposition::Text, &[], &mut body);
    let limits = IngestConfig::default();
    group.bench_function("utf8_and_lines", |b| {
        b.iter(|| {
            let text = std::str::from_utf8(black_box(body.as_bytes())).expect("it is text");
            let words = |line: &str| line.split([' ', ',', '=', '"']).map(str::len).sum::<usize>();
            text.lines().map(words).sum::<usize>()
        });
    });
    group.bench_function("ingest_parse", |b| {
        b.iter(|| parse(black_box(body.as_bytes()), &limits));
    });
    let store = Ingested::new(limits.clone(), "bot_", Arc::new(ManualClock::default()));
    group.bench_function("ingest_push", |b| {
        b.iter(|| store.push(black_box(body.as_bytes())));
    });
    group.finish();
}

const SERIES: u64 = 10_000;

#[cfg(all(feature = "host", target_os = "linux"))]
criterion_group!(gate, counting, scraping, ingesting, host::host);
#[cfg(not(all(feature = "host", target_os = "linux")))]
criterion_group!(gate, counting, scraping, ingesting);
criterion_main!(gate);
