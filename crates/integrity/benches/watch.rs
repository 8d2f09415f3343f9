//! How long after a file was closed its change is known, and how fast a full queue empties. Needs root.
//!
//! Percentiles, which criterion does not tell: what matters is the slowest of a hundred.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the report of a bench")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};
use wardkit_integrity::{ChangeSource as _, FanotifyWatch, Touch, WatchOptions};

fn main() {
    // Cargo says so when it benches, and not when it only tries whether a bench still runs.
    let rounds = if std::env::args().any(|word| word == "--bench") { 2_000 } else { 20 };
    if !rustix::process::geteuid().is_root() {
        println!("watch: needs root");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let mut times = latencies(&root, rounds);
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "watch/close_to_event: {rounds} writes, p50 {:?}, p90 {:?}, p99 {:?}, max {:?}",
        at(50),
        at(90),
        at(99),
        at(100)
    );
    drain(&root, rounds);
}

/// Writes files in a thread, and takes the time from each close until the source tells of it.
fn latencies(root: &Path, rounds: usize) -> Vec<Duration> {
    let mut source = FanotifyWatch::new(&WatchOptions::new([root])).unwrap();
    source.next(Duration::ZERO).unwrap();
    let (go, wait) = channel::<()>();
    let (tell, told) = channel();
    let path = Arc::new(root.join("file"));
    let written = Arc::clone(&path);
    let writer = std::thread::spawn(move || {
        while wait.recv().is_ok() {
            fs::write(&*written, "content").unwrap();
            tell.send(SystemClock.uptime()).unwrap();
        }
    });
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        go.send(()).unwrap();
        let seen = loop {
            let batch = source.next(Duration::from_secs(1)).unwrap();
            let is_it = |touch: &wardkit_integrity::Touched| {
                touch.path == *path && touch.what == Touch::Written
            };
            if batch.touched.iter().any(is_it) {
                break SystemClock.uptime();
            }
        };
        times.push(seen.saturating_sub(told.recv().unwrap()));
    }
    drop(go);
    writer.join().unwrap();
    times
}

/// Makes files while nobody reads, and takes the time to read of all of them.
fn drain(root: &Path, rounds: usize) {
    let mut source = FanotifyWatch::new(&WatchOptions::new([root])).unwrap();
    source.next(Duration::ZERO).unwrap();
    for number in 0..rounds * 2 {
        fs::write(root.join(number.to_string()), "").unwrap();
    }
    let start = SystemClock.uptime();
    let mut paths = 0;
    loop {
        let batch = source.next(Duration::ZERO).unwrap();
        if batch.is_empty() {
            break;
        }
        paths += batch.touched.len();
    }
    let took = SystemClock.uptime().saturating_sub(start);
    println!("watch/drain: {paths} paths in {took:?}");
}
