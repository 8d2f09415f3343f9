//! How long one durable entry takes, at the median and at the 99th percentile, which a mean does not show.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

use std::time::Duration;

use wardkit_auditlog::{Durability, Entry, LogOptions, Verifier};
use wardkit_core::{Clock, SystemClock};
use wardkit_tlog::SigningKey;

fn entry(number: usize) -> Entry {
    let detail = "x".repeat(180);
    Entry::new("test.happened", format!("/srv/bot/data/{number}")).with("text", detail).unwrap()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = SystemClock.uptime();
    let result = work();
    (result, SystemClock.uptime().saturating_sub(started))
}

fn rate(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000_000 / took.as_micros().max(1)
}

fn main() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let key = SigningKey::from_seed("bench/trail", [7; 32]).unwrap();
    let trusted = key.verifier().clone();
    let log = LogOptions::new(key).open(dir.path()).unwrap();
    for (name, durability) in [("synced", Durability::Synced), ("sealed", Durability::Sealed)] {
        let mut times: Vec<Duration> = (0..SINGLE)
            .map(|number| timed(|| log.append(entry(number), durability).unwrap()).1)
            .collect();
        times.sort_unstable();
        let at = |percent: usize| times[times.len() * percent / 100].as_micros();
        println!("one {name} entry: p50 {} us, p90 {} us, p99 {} us", at(50), at(90), at(99));
    }
    for group in [64, 1024] {
        let ((), took) = timed(|| {
            for start in (0..GROUPED).step_by(group) {
                log.append_all((start..start + group).map(entry), Durability::Synced).unwrap();
            }
        });
        println!("{group} synced together: {} entries a second", rate(GROUPED as u64, took));
    }
    log.seal().unwrap();
    let (verdict, took) = timed(|| Verifier::new(trusted).verify(dir.path()).unwrap());
    assert!(verdict.is_intact());
    let size = verdict.head.size;
    println!("verified {size} entries: {} a second", rate(size, took));
}

const SINGLE: usize = 2_000;
const GROUPED: usize = 512 * 1024;
