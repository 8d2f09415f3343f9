//! What masking costs: lines without anything to mask, lines of which some have, and the worst known ones.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wardkit_validation::Masker;

fn mask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    let texts = [
        ("clean_lines", lines(&CLEAN, 64 * 1024)),
        ("dirty_lines", lines(&[&CLEAN[..], &CLEAN, &CLEAN, &DIRTY].concat(), 64 * 1024)),
        ("names_alone", lines(&["password="], 64 * 1024).replace('\n', "")),
        ("names_and_values", lines(&["token=a1 b, "], 64 * 1024).replace('\n', "")),
        ("digits", lines(&["4539 5787 6362 1487 "], 64 * 1024).replace('\n', "")),
        ("beginnings", lines(&HOSTILE, 64 * 1024).replace('\n', "")),
    ];
    for (name, text) in texts {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let masker = Masker::default();
        group.bench_function(name, |b| {
            b.iter(|| {
                for line in text.split_inclusive('\n') {
                    black_box(masker.mask(line));
                }
            });
        });
    }
    group.finish();
}

/// Repeats lines up to a length.
fn lines(lines: &[&str], length: usize) -> String {
    let mut text = String::new();
    for line in lines.iter().cycle() {
        if text.len() + line.len() + 1 > length {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

const CLEAN: [&str; 6] = [
    r#"{"time":"2026-11-21T10:15:00.123Z","level":"info","target":"shop_bot::orders","message":"order accepted","order":471142,"chat":-1001234567890,"took_ms":12.5}"#,
    r#"{"time":"2026-11-21T10:15:01.004Z","level":"debug","target":"shop_bot::http","method":"GET","path":"/v1/items/83/photos?size=640","status":200,"bytes":48211}"#,
    "2026-11-21T10:15:02.771Z  INFO shop_bot::queue: batch of 32 written in 4.1 ms, 0 left, oldest 00:00:03 ago",
    "2026-11-21T10:15:03.000Z  WARN shop_bot::upstream: answered 503 Service Unavailable, trying again in 1.25 s (2 of 5)",
    r#"10.1.7.23 - - [21/Nov/2026:10:15:04 +0000] "GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.31" 0.001"#,
    "Nov 21 10:15:05 bot-1 systemd[1]: Started shop-bot.service - The bot of the shop.",
];

const DIRTY: [&str; 2] = [
    r#"{"time":"2026-11-21T10:15:06.123Z","level":"info","message":"logged in","user":"bob","password":"correct horse","attempt":1}"#,
    "2026-11-21T10:15:07.771Z  WARN shop_bot::upstream: https://bob:s3cr3t@example.org/orders answered 401, for a@b.org",
];

/// What begins like a secret and is none.
const HOSTILE: [&str; 9] = [
    "eyJhbGciOiJ",
    "api_key:\"",
    "AKIA",
    "123456:",
    "-----BEGIN ",
    "x://a:@",
    "DE89 3704",
    "Bearer a",
    "pass,key,token ",
];

criterion_group!(benches, mask);
criterion_main!(benches);
