use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use wardkit_metrics::history::{Error, History, MemoryIndex, Recovery};

use super::{NOON, at, config, moment, open, raw};

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    found.sort();
    found
}

fn reopen(dir: &Path) -> (History, Recovery) {
    History::open(dir, config(), MemoryIndex::new()).unwrap()
}

fn fill(dir: &Path, moments: i64) -> Vec<(i64, f64)> {
    let mut history = open(dir);
    for n in 0..moments {
        history
            .append(at(NOON + n * 10), &moment([("a", n as f64), ("b", n as f64 / 7.0)]))
            .unwrap();
    }
    history.sync().unwrap();
    (0..moments).map(|n| (NOON + n * 10, n as f64)).collect()
}

#[test]
fn a_journal_cut_anywhere_keeps_every_whole_moment() {
    let dir = tempfile::tempdir().unwrap();
    let expected = fill(dir.path(), 20);
    let journal = files(dir.path(), "journal").remove(0);
    let whole = fs::read(&journal).unwrap();
    let mut least = 20;
    for length in (0..whole.len()).rev() {
        fs::write(&journal, &whole[..length]).unwrap();
        let (history, found) = reopen(dir.path());
        let kept = raw(&history.reader(), "a", NOON, NOON + 1000);
        assert_eq!(kept, expected[..kept.len()], "cut at {length}");
        assert!(kept.len() <= least);
        least = kept.len();
        assert_eq!(found.journal_moments, kept.len());
    }
    assert_eq!(least, 0);
}

#[test]
fn a_torn_segment_keeps_every_whole_block_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let expected = fill(dir.path(), 2200);
    let segment = files(dir.path(), "segment").remove(0);
    let whole = fs::read(&segment).unwrap();
    // Without its last byte the last batch lacks its end, and all of its blocks are whole.
    for (cut, kept) in [(1, 2160), (9, 2160), (12, 2160), (whole.len() - 22, 0)] {
        let copy = tempfile::tempdir().unwrap();
        let torn = copy.path().join(segment.file_name().unwrap());
        fs::write(&torn, &whole[..whole.len() - cut]).unwrap();
        let (history, found) = reopen(copy.path());
        assert_eq!(found.damage.len(), 1, "{found:?}");
        assert!(
            found.damage[0].contains("00000001.segment ends before its last blocks do"),
            "{found:?}"
        );
        let found = raw(&history.reader(), "a", NOON, NOON + 30_000);
        assert_eq!(found.len(), kept, "cut {cut}");
        assert_eq!(found, expected[..kept], "cut {cut}");
        drop(history);
        assert_eq!(reopen(copy.path()).1.damage, Vec::<String>::new());
    }
}

#[test]
fn a_damaged_block_is_passed_over_and_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let expected = fill(dir.path(), 2200);
    let segment = files(dir.path(), "segment").remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[120] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let (history, found) = reopen(dir.path());
    assert_eq!(found.damage.len(), 1, "{found:?}");
    let kept = raw(&history.reader(), "a", NOON, NOON + 30_000);
    let kept_b = raw(&history.reader(), "b", NOON, NOON + 30_000);
    assert!(kept == expected && kept_b.len() == 1480 || kept == expected[720..], "{}", kept.len());
}

#[test]
fn what_is_no_segment_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("00000007.segment"), "something else").unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let (mut history, found) = reopen(dir.path());
    assert!(found.damage[0].contains("kept as"), "{found:?}");
    assert_eq!(fs::read(dir.path().join("00000007.damaged")).unwrap(), b"something else");
    history.append(at(NOON), &moment([("a", 1.0)])).unwrap();
    assert_eq!(raw(&history.reader(), "a", NOON, NOON + 1), [(NOON, 1.0)]);
}

#[test]
fn a_directory_that_cannot_be_written_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = History::open(&file.join("history"), config(), MemoryIndex::new()).unwrap_err();
    assert!(matches!(error, Error::Write { .. }));
    assert_eq!(error.to_string(), format!("cannot write {}", file.join("history").display()));
    let mut config = config();
    config.raw_days = 0;
    let error = History::open(dir.path(), config, MemoryIndex::new()).unwrap_err();
    assert_eq!(error.to_string(), "`raw-days` must be 2 to 3660 days");
}

#[test]
fn a_journal_that_somebody_deleted_is_told_of_and_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut often = config();
    often.sync_seconds = 60;
    let (mut history, _) = History::open(dir.path(), often, MemoryIndex::new()).unwrap();
    let told: Vec<String> = (0..30_u8)
        .filter_map(|n| {
            if n == 10 {
                fs::remove_file(&files(dir.path(), "journal")[0]).unwrap();
            }
            let samples = moment([("a", f64::from(n))]);
            let error = history.append(at(NOON + i64::from(n) * 10), &samples).err()?;
            Some(format!("{error}: {}", std::error::Error::source(&error).unwrap()))
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with(".journal: somebody deleted it"), "{told:?}");
    // It ends as a kill does, and nothing is lost.
    drop(history);
    let found = raw(&reopen(dir.path()).0.reader(), "a", NOON, NOON + 300);
    assert_eq!(
        found,
        (0..30_u8).map(|n| (NOON + i64::from(n) * 10, f64::from(n))).collect::<Vec<_>>()
    );
}

#[test]
fn a_clock_set_back_a_little_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    for (n, time) in (0..).zip([100, 110, 120, 60, 120, 119, 130]) {
        history.append(at(NOON + time), &moment([("a", f64::from(n))])).unwrap();
    }
    let expected = [(NOON + 100, 0.0), (NOON + 110, 1.0), (NOON + 120, 2.0), (NOON + 130, 6.0)];
    assert_eq!(raw(&history.reader(), "a", NOON, NOON + 200), expected);
    assert_eq!(history.reader().stats().refused_samples, 3);
}

#[test]
fn a_clock_that_was_wrong_for_a_while_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let year = 365 * 86_400;
    let mut expected = Vec::new();
    // Five hours, an hour ten years ahead, an hour a day back, and on.
    let spans = [(0, 1800), (10 * year, 360), (-86_400, 360), (18_000, 1800)];
    let mut value = 0.0;
    for (start, moments) in spans {
        for n in 0..moments {
            value += 1.0;
            let time = NOON + start + n * 10;
            history.append(at(time), &moment([("a", value)])).unwrap();
            if start < year {
                expected.push((time, value));
            }
        }
    }
    expected.sort_by_key(|(time, _)| *time);
    let reader = history.reader();
    assert_eq!(raw(&reader, "a", NOON - 86_400, NOON + 86_400), expected);
    assert_eq!(raw(&reader, "a", NOON + 10 * year, NOON + 10 * year + 3600).len(), 360);
    assert_eq!(reader.stats().refused_samples, 0);
    drop(history);
    assert_eq!(raw(&open(dir.path()).reader(), "a", NOON - 86_400, NOON + 86_400), expected);
}

#[test]
fn a_time_that_comes_twice_has_the_later_value() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    for (round, value) in [(0, 1.0), (1, 2.0)] {
        // Six hours, back to the begin, and again.
        for n in 0..2160 + round {
            history.append(at(NOON + n * 10), &moment([("a", value)])).unwrap();
        }
    }
    let found = raw(&history.reader(), "a", NOON, NOON + 30_000);
    assert_eq!(found.len(), 2161);
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(found.iter().all(|(_, value)| *value == 2.0));
}

#[test]
fn series_beyond_the_most_are_counted_and_the_rest_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    config.max_series = 100;
    let (mut history, _) = History::open(dir.path(), config, MemoryIndex::new()).unwrap();
    let names: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    for n in 0..10 {
        let values = names.iter().map(|name| (name.as_str(), 1.0));
        history.append(at(NOON + n), &moment(values)).unwrap();
    }
    let stats = history.reader().stats();
    assert_eq!((stats.open_series, stats.samples, stats.overflow_samples), (100, 1000, 9000));
    let long = "x".repeat(10_000);
    history.append(at(NOON + 10), &moment([(long.as_str(), 1.0), ("0", 2.0)])).unwrap();
    assert_eq!(raw(&history.reader(), "0", NOON + 10, NOON + 11), [(NOON + 10, 2.0)]);
}

#[test]
fn memory_stays_bounded_by_blocks_that_end_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    config.open_mib = 1;
    let (mut history, _) = History::open(dir.path(), config, MemoryIndex::new()).unwrap();
    let names: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    for n in 0..100 {
        let values = names
            .iter()
            .enumerate()
            .map(|(k, name)| (name.as_str(), (n * 31 + k as i64) as f64 / 3.0));
        history.append(at(NOON + n), &moment(values)).unwrap();
        let open = history.reader().stats().open_bytes;
        assert!(open < 1_300_000, "{open}");
    }
    let found = raw(&history.reader(), "1999", NOON, NOON + 300);
    assert_eq!(found.len(), 100);
    assert_eq!(found[99].1, (99 * 31 + 1999) as f64 / 3.0);
}

/// Names and contents.
type Files = Vec<(OsString, Vec<u8>)>;

/// The files of a history with 900 moments, and the samples.
static RECORDED: LazyLock<(Files, Vec<(i64, f64)>)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let expected = fill(dir.path(), 900);
    let found = fs::read_dir(dir.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name(), fs::read(entry.path()).unwrap())
    });
    (found.collect(), expected)
});

proptest! {
    #[test]
    fn no_damage_to_any_file_makes_it_panic_or_invent(
        ending in prop::sample::select(vec!["segment", "journal"]),
        place in any::<prop::sample::Index>(),
        change in prop_oneof![Just(None), (1..=255_u8).prop_map(Some)],
    ) {
        let (files_of, expected) = &*RECORDED;
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files_of {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let path = files(dir.path(), ending).remove(0);
        let mut bytes = fs::read(&path).unwrap();
        let place = place.index(bytes.len());
        match change {
            Some(flip) => bytes[place] ^= flip,
            None => bytes.truncate(place),
        }
        fs::write(&path, &bytes).unwrap();
        let (mut history, _) = reopen(dir.path());
        let found = raw(&history.reader(), "a", NOON, NOON + 10_000);
        prop_assert!(found.iter().all(|one| expected.contains(one)), "{found:?}");
        history.append(at(NOON + 20_000), &moment([("a", 5.0)])).unwrap();
        let found = raw(&history.reader(), "a", NOON + 20_000, NOON + 20_001);
        prop_assert_eq!(found, [(NOON + 20_000, 5.0)]);
    }
}
