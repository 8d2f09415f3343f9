//! Measures how well anomalies are found, and prints tables for `docs/benchmarks/detect.md`.
//!
//! `detect CORPUS`: a checkout of the Numenta Anomaly Benchmark, or any folder with `data/*/*.csv` and
//! `labels/combined_windows.json` as it has them.

mod corpus;
mod scorer;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wardkit_core::Timestamp;
use wardkit_detect::anomaly::{DEFAULT_THRESHOLD, Detector, Profile};

use corpus::Series;
use scorer::{Outcome, Weights};

#[expect(clippy::print_stdout, reason = "the tables are the program's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: detect CORPUS")?;
    let corpus = corpus::read(Path::new(&folder))?;
    let rows: usize = corpus.iter().map(|series| series.rows.len()).sum();
    let windows: usize = corpus.iter().map(|series| series.windows.len()).sum();
    println!("{} series, {rows} rows, {windows} windows\n", corpus.len());
    println!(
        "| profile | threshold | standard | low FP | low FN | windows hit | FP rows | us a sample, CPU | bytes |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (name, profile) in [("small", Profile::Small), ("full", Profile::Full)] {
        let (scores, micros) = scores(&corpus, profile);
        for fixed in [None, Some(DEFAULT_THRESHOLD)] {
            let score = |weights| scorer::score(&corpus, &scores, weights, fixed);
            let standard: Outcome = score(Weights::STANDARD);
            let (precise, complete) = (score(Weights::LOW_FP), score(Weights::LOW_FN));
            println!(
                "| {name} | {} {:.3} | {:.1} | {:.1} | {:.1} | {} | {} | {micros:.2} | {} |",
                if fixed.is_some() { "default" } else { "best" },
                standard.threshold,
                standard.score,
                precise.score,
                complete.score,
                standard.hits,
                standard.false_rows,
                Detector::new(profile).memory(),
            );
        }
    }
    Ok(())
}

/// Scores every series, and returns how long a sample took.
fn scores(corpus: &[Series], profile: Profile) -> (Vec<Vec<f64>>, f64) {
    let before = cpu();
    let mut rows = 0_u32;
    let scores = corpus
        .iter()
        .map(|series| {
            let mut detector = Detector::new(profile);
            let mut score = |(seconds, value): &(i64, f64)| {
                rows += 1;
                detector.push(Some(Timestamp::from_unix_seconds(*seconds)), *value).value
            };
            series.rows.iter().map(&mut score).collect()
        })
        .collect();
    (scores, cpu().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(rows))
}

/// Returns the CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), nanos.unwrap_or(0))
}
