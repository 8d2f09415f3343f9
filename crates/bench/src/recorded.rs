//! What the history takes on the disk for samples that a machine told.
//!
//! A recording is a text: lines `# moment SECONDS`, each followed by a scrape of that time in Prometheus's format.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use wardkit_core::Timestamp;
use wardkit_metrics::history::{Config, History};
use wardkit_metrics::{Family, Kind, Samples};
use wardkit_sqlite::HistoryIndex;

use crate::report::METRICS;

/// Replays a recording and returns a table of the bytes that a sample takes, and what the goal says of it.
///
/// # Errors
///
/// When the recording cannot be read or replayed.
#[expect(clippy::cast_precision_loss, reason = "files and counts are small")]
pub fn section(recording: Option<&Path>) -> Result<String, Box<dyn Error>> {
    let Some(path) = recording else {
        return Ok("No recording was given, so what a sample takes was not measured.".to_owned());
    };
    let mut text =
        "| every | moments | series | of them constant | samples | segments, B/sample | \
                    index, B/sample | journal, B/sample |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
    let mut largest = 0.0_f64;
    for every in [1, 10] {
        let found = replay(path, every)?;
        let per_sample = |bytes: u64| bytes as f64 / found.samples as f64;
        largest = largest.max(per_sample(found.segments));
        writeln!(
            text,
            "| {:.0} s | {} | {} | {} | {} | {:.2} | {:.2} | {:.2} |",
            found.seconds,
            found.moments,
            found.series,
            found.constant,
            found.samples,
            per_sample(found.segments),
            per_sample(found.index),
            per_sample(found.journal),
        )?;
    }
    let verdict = if largest <= GOAL { "met" } else { "**not met**" };
    write!(
        text,
        "\nGoal for {METRICS}: at most {GOAL} bytes a sample. Measured {largest:.2}: {verdict}."
    )?;
    Ok(text)
}

/// What became of a recording.
#[derive(Default)]
struct Replayed {
    /// Between two moments.
    seconds: f64,
    moments: u64,
    series: usize,
    constant: usize,
    samples: u64,
    segments: u64,
    index: u64,
    journal: u64,
}

/// Takes every `every`th moment in, as though the first were the begin of a window.
#[expect(clippy::cast_precision_loss, reason = "there are some thousand moments")]
fn replay(path: &Path, every: u64) -> Result<Replayed, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let (index, _) = HistoryIndex::open(&dir.path().join("index"))?;
    let kept = dir.path().join("history");
    let (mut history, _) = History::open(&kept, Config::default(), index)?;
    let (mut found, mut begun, mut last) = (Replayed::default(), None, 0.0);
    // The first value of each series, and whether there was another.
    let mut series: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    let mut number = 0;
    read(path, |at, samples| {
        number += 1;
        if (number - 1) % every != 0 {
            return Ok(());
        }
        last = at - *begun.get_or_insert(at);
        found.moments += 1;
        found.samples += samples.len() as u64;
        for sample in samples.families().flat_map(|family| family.samples()) {
            let bits = sample.value.to_bits();
            match series.get_mut(sample.series) {
                Some((first, changed)) => *changed |= *first != bits,
                None => drop(series.insert(sample.series.to_owned(), (bits, false))),
            }
        }
        Ok(history.append(time(last), samples)?)
    })?;
    if found.samples == 0 {
        return Err("the recording holds no sample".into());
    }
    found.seconds = last / (found.moments.max(2) - 1) as f64;
    found.series = series.len();
    found.constant = series.values().filter(|(_, changed)| !changed).count();
    found.journal = bytes_of(&kept, "journal")?;
    // Another window: that of the recording becomes blocks.
    history.append(time(last + WINDOW), &Samples::new())?;
    found.segments = bytes_of(&kept, "segment")?;
    found.index = bytes_of(dir.path(), "index")?;
    Ok(found)
}

/// Gives each moment of a recording and what was told then to `take`.
fn read(
    path: &Path,
    mut take: impl FnMut(f64, &Samples) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (mut samples, mut at) = (Samples::new(), None);
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        if let Some(seconds) = line.strip_prefix("# moment ") {
            if let Some(at) = at.replace(seconds.trim().parse()?) {
                take(at, &samples)?;
            }
            samples.clear();
        } else if let Some((key, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))
        {
            let (name, labels) = key.split_at(key.find('{').unwrap_or(key.len()));
            samples.family(Family { name, help: "", kind: Kind::Untyped });
            samples.push_text(labels, value.parse()?);
        }
    }
    at.map_or(Ok(()), |at| take(at, &samples))
}

/// Returns how long the files are whose names contain a word.
fn bytes_of(dir: &Path, word: &str) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in dir.read_dir()? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() && entry.file_name().to_string_lossy().contains(word) {
            bytes += metadata.len();
        }
    }
    Ok(bytes)
}

#[expect(clippy::cast_possible_truncation, reason = "a recording is some hours long")]
fn time(seconds: f64) -> Timestamp {
    Timestamp::from_unix_nanos(BEGIN + (seconds * 1e9) as i64)
}

/// In bytes a sample.
const GOAL: f64 = 2.0;
/// A Thursday at noon, when a window begins; in nanoseconds.
const BEGIN: i64 = 1_700_136_000_000_000_000;
/// Seconds.
const WINDOW: f64 = 7200.0;
