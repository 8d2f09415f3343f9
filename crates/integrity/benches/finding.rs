//! How long after a file of 64 KiB was closed it is known to be other than the baseline says: event, hash, comparison.
//! Needs root.
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
use wardkit_integrity::{
    Algorithm, BaselineDir, BaselineHeader, Digest, Field, Finding, Known as _, Notice, Policy,
    ScanOptions, Sentry, SentryOptions, WatchOptions, Watching,
};
use wardkit_tlog::SigningKey;

fn main() {
    // Cargo says so when it benches, and not when it only tries whether a bench still runs.
    let rounds: u32 = if std::env::args().any(|word| word == "--bench") { 2_000 } else { 20 };
    if !rustix::process::geteuid().is_root() {
        println!("finding: needs root");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let mut times = latencies(&dir, rounds);
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "finding/close_to_detected: {rounds} writes of 64 KiB, p50 {:?}, p90 {:?}, p99 {:?}, max {:?}",
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn latencies(dir: &Path, rounds: u32) -> Vec<Duration> {
    let root = dir.join("bot");
    // A file a round: one that keeps changing is looked at less often.
    let file = move |root: &Path, round: u32| root.join(round.to_string());
    fs::create_dir(&root).unwrap();
    for round in 0..rounds {
        fs::write(file(&root, round), content(u32::MAX)).unwrap();
    }
    let mut sentry = sentry(dir, &root);
    sentry.turn(Duration::ZERO).unwrap();
    let (go, wait) = channel::<u32>();
    let (tell, told) = channel();
    let written = root.clone();
    let writer = std::thread::spawn(move || {
        while let Ok(round) = wait.recv() {
            fs::write(file(&written, round), content(round)).unwrap();
            tell.send(SystemClock.uptime()).unwrap();
        }
    });
    let mut times = Vec::new();
    for round in 0..rounds {
        let digest = Algorithm::default().digest(&content(round));
        go.send(round).unwrap();
        let seen = loop {
            let notices = sentry.turn(Duration::from_secs(1)).unwrap();
            let is_it = |notice: &Notice| matches!(notice, Notice::Detected(finding) if has(finding, digest));
            if notices.iter().any(is_it) {
                break SystemClock.uptime();
            }
        };
        times.push(seen.saturating_sub(told.recv().unwrap()));
    }
    drop(go);
    writer.join().unwrap();
    times
}

fn sentry(dir: &Path, root: &Path) -> Sentry {
    let key = SigningKey::from_seed("bench/fim", [7; 32]).unwrap();
    let scan = ScanOptions::new([root]).run().unwrap();
    let header = BaselineHeader::new("bench", [1; 16])
        .with_roots([root])
        .with_scan_started(scan.scan_started());
    let baselines = BaselineDir::new(dir.join("baseline"));
    baselines.init(&header, scan.entries(), &key).unwrap();
    let baseline = Arc::new(baselines.newest([key.verifier()], None).unwrap());
    let source = Watching::best(&WatchOptions::new([root]), SystemClock).source;
    let policy = Arc::new(Policy::everything());
    let clock = Arc::new(SystemClock);
    Sentry::new(baseline, policy, source, SentryOptions::new([root]), clock)
}

fn content(round: u32) -> Vec<u8> {
    round.to_le_bytes().repeat(16 * 1024)
}

fn has(finding: &Finding, digest: Digest) -> bool {
    let content = finding.change.field(Field::Content).and_then(|field| field.new.as_ref());
    content.is_some_and(|content| content.to_string() == digest.to_string())
}
