use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use wardkit_core::Timestamp;

use super::super::disk::tests::FULL;
use super::super::{
    Aggregate, BlockAt, Commit, Config, Error, Index, IndexError, MemoryIndex, Range, SegmentState,
    Selector, Tier,
};
use super::History;
use crate::{Family, Kind, Samples};

fn one(value: f64) -> Samples {
    let mut samples = Samples::new();
    samples.single(Family { name: "m", help: "", kind: Kind::Gauge }, value);
    samples
}

fn open(dir: &std::path::Path) -> History {
    let mut config = Config::default();
    (config.sync_seconds, config.open_mib) = (3600, 1);
    History::open(dir, config, MemoryIndex::new()).unwrap().0
}

/// Returns the values between two moments of ten seconds each.
fn values(history: &History, from: i64, to: i64) -> Vec<f64> {
    let at = |n: i64| Timestamp::from_unix_seconds(n * 10);
    let range = Range::new(at(from), at(to));
    let step = Duration::from_secs(10);
    let found =
        history.reader().query(&Selector::named("m"), range, step, Aggregate::Last).unwrap();
    found
        .first()
        .map_or(Vec::new(), |series| series.points.iter().map(|point| point.value).collect())
}

/// Of a moment's number, which is small.
fn float(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}

fn numbers(from: i64, to: i64) -> Vec<f64> {
    (from..to).map(float).collect()
}

#[test]
fn a_full_disk_is_told_of_once_and_costs_no_sample() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let mut told = Vec::new();
    // It fills up within the first window, stays so while that ends, and has room again an hour later.
    for n in 0..2000_i64 {
        FULL.set((300..1100).contains(&n));
        if let Err(error) = history.append(Timestamp::from_unix_seconds(n * 10), &one(float(n))) {
            told.push((n, error));
        }
        if n % 97 == 0 {
            assert_eq!(values(&history, 0, n + 1), numbers(0, n + 1));
        }
    }
    assert!(matches!(told[0], (300, Error::Write { .. })), "{told:?}");
    // The journal and the blocks are two things that fail.
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|(_, error)| error.is_transient()));
    let stats = history.reader().stats();
    assert_eq!((stats.samples, stats.lost_samples), (2000, 0));
    assert!(stats.write_failures > 2, "{stats:?}");
    assert_eq!(values(&history, 0, 2000), numbers(0, 2000));
    drop(history);
    assert_eq!(values(&open(dir.path()), 0, 2000), numbers(0, 2000));
}

#[test]
fn a_disk_that_stays_full_bounds_what_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let (mut told, mut seed) = (0, 1_u64);
    FULL.set(true);
    for n in 0..9000_i64 {
        let mut samples = Samples::new();
        samples.family(Family { name: "m", help: "", kind: Kind::Gauge });
        for series in 0..40 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            samples.push(&[("s", &series.to_string())], f64::from_bits(seed >> 2));
        }
        told += u32::from(history.append(Timestamp::from_unix_seconds(n * 10), &samples).is_err());
        assert!(history.reader().stats().open_bytes < 3 << 20);
    }
    FULL.set(false);
    let stats = history.reader().stats();
    assert_eq!((told, stats.samples), (2, 9000 * 40));
    assert!(stats.lost_samples > 0, "{stats:?}");
}

#[test]
fn moments_that_take_more_memory_than_there_is_are_written_and_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let mut samples = one(7.0);
    samples.family(Family { name: "bomb", help: "", kind: Kind::Gauge });
    for user in 0..15_000 {
        samples.push(&[("user", &user.to_string())], f64::from(user));
    }
    for n in 0..3 {
        history.append(Timestamp::from_unix_seconds(n * 10), &samples).unwrap();
    }
    let stats = history.reader().stats();
    assert_eq!((stats.samples, stats.lost_samples), (3 * 15_001, 0));
    assert!(stats.open_bytes < 3 << 20, "{stats:?}");
    assert_eq!(values(&history, 0, 3), [7.0; 3]);
}

#[test]
fn a_kill_on_a_full_disk_loses_what_did_not_fit_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    for n in 0..200_i64 {
        FULL.set(n >= 100);
        let _ = history.append(Timestamp::from_unix_seconds(n * 10), &one(float(n)));
    }
    FULL.set(false);
    drop(history);
    assert_eq!(values(&open(dir.path()), 0, 200), numbers(0, 100));
}

/// An index that can be made to answer nothing.
#[derive(Clone, Debug, Default)]
struct Sulking(Arc<(MemoryIndex, AtomicBool)>);

impl Sulking {
    fn answer(&self) -> Result<&MemoryIndex, IndexError> {
        if self.0.1.load(Relaxed) { Err(IndexError::new("not now")) } else { Ok(&self.0.0) }
    }
}

impl Index for Sulking {
    fn commit(&self, commit: &Commit<'_>) -> Result<(), IndexError> {
        self.answer()?.commit(commit)
    }
    fn forget(&self, segment: u32) -> Result<(), IndexError> {
        self.answer()?.forget(segment)
    }
    fn segments(&self) -> Result<Vec<SegmentState>, IndexError> {
        self.answer()?.segments()
    }
    // The number of a series is found: what fails is what comes after its blocks were written.
    fn numbers(&self, keys: &[&str]) -> Result<Vec<Option<u32>>, IndexError> {
        self.0.0.numbers(keys)
    }
    fn largest_number(&self) -> Result<Option<u32>, IndexError> {
        self.answer()?.largest_number()
    }
    fn series(&self, name: Option<&str>) -> Result<Vec<(u32, String)>, IndexError> {
        self.answer()?.series(name)
    }
    fn blocks(&self, series: u32, from: i64, to: i64) -> Result<Vec<BlockAt>, IndexError> {
        self.answer()?.blocks(series, from, to)
    }
    fn present(&self, tier: Tier, from: i64, to: i64) -> Result<Vec<(u32, String)>, IndexError> {
        self.answer()?.present(tier, from, to)
    }
}

#[test]
fn an_index_that_does_not_answer_is_told_later_or_at_the_next_start() {
    for (hours, whole_at_once) in [(5, true), (40, false)] {
        let dir = tempfile::tempdir().unwrap();
        let index = Sulking::default();
        let config = Config { sync_seconds: 3600, ..Config::default() };
        let (mut history, _) = History::open(dir.path(), config, index.clone()).unwrap();
        let moments = (hours + 10) * 360;
        let mut told = 0;
        for n in 0..moments {
            index.0.1.store((1000..1000 + hours * 360).contains(&n), Relaxed);
            let at = Timestamp::from_unix_seconds(n * 10);
            told += u32::from(history.append(at, &one(float(n))).is_err());
        }
        assert!((1..=2).contains(&told), "{told}");
        assert_eq!(values(&history, 0, moments).len() == numbers(0, moments).len(), whole_at_once);
        drop(history);
        assert_eq!(values(&open(dir.path()), 0, moments), numbers(0, moments));
    }
}

#[test]
fn a_question_that_reads_too_much_is_refused_however_short_its_answer() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    for n in 0..2000_i64 {
        history.append(Timestamp::from_unix_seconds(n * 10), &one(float(n))).unwrap();
    }
    let range = Range::new(Timestamp::UNIX_EPOCH, Timestamp::from_unix_seconds(20_000));
    let ask = |most| {
        let (step, all) = (Duration::from_secs(20_001), Selector::all());
        history.reader().query_within(most, &all, range, step, Aggregate::Count)
    };
    assert!(matches!(ask(1999), Err(Error::TooMuch { limit: 1999, .. })));
    let found = ask(2000).unwrap();
    assert_eq!(found[0].points.first().map(|point| point.value), Some(2000.0));
}
