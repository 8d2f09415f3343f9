//! Logs that rotate themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::{ManualClock, Timestamp};
use wardkit_logs::Error;
use wardkit_logs::writer::{Limits, Rate, Sync, Writer, hold_budget, last_lines};

fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.max_bytes, limits.budget, limits.rate) = (4096, 1 << 20, None);
    limits
}

fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn compress(writer: &Writer) {
    #[cfg(feature = "zstd")]
    while let Some(compression) = writer.compression() {
        compression.run().unwrap();
    }
    #[cfg(not(feature = "zstd"))]
    assert_eq!(writer.compression(), None);
}

/// Lines of 64 bytes, end included.
fn lines(from: usize, to: usize) -> Vec<u8> {
    (from..to).flat_map(|number| format!("{number:063}\n").into_bytes()).collect()
}

#[test]
fn only_whole_lines_are_taken_and_the_rest_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let clock = clock();
    let mut writer = Writer::open(&path, limits(), &clock).unwrap();
    assert_eq!(writer.write(&clock, b"one\ntwo\nthr").unwrap().taken, 8);
    assert_eq!(writer.write(&clock, b"thr").unwrap().taken, 0);
    assert_eq!(writer.write(&clock, b"three\n").unwrap().taken, 6);
    assert_eq!(writer.finish(&clock, b"four").unwrap().taken, 4);
    assert_eq!(writer.finish(&clock, b"").unwrap().taken, 0);
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthree\nfour\n");
}

#[test]
fn what_was_put_aside_stays_when_no_number_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let last = dir.path().join(format!("bot.log.{}", u64::MAX));
    fs::write(&last, "put here by somebody").unwrap();
    let clock = clock();
    let mut writer = Writer::open(&path, limits(), &clock).unwrap();
    writer.write(&clock, &lines(0, 100)).unwrap();
    let error = writer.write(&clock, &lines(100, 200)).unwrap_err();
    assert_eq!(error.to_string(), "no number is left");
    assert_eq!(fs::read(&last).unwrap(), b"put here by somebody");
    assert!(fs::read(&path).unwrap().starts_with(&lines(0, 1)));
}

#[test]
fn line_that_is_too_long_is_written_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    limits.max_line = 256;
    let clock = clock();
    let mut writer = Writer::open(&path, limits, &clock).unwrap();
    assert_eq!(writer.write(&clock, &[b'a'; 255]).unwrap().taken, 0);
    assert_eq!(writer.write(&clock, &[b'a'; 300]).unwrap().taken, 300);
    assert_eq!(writer.write(&clock, b"b\n").unwrap().taken, 2);
    assert_eq!(last_lines(&path, 9).unwrap(), [[vec![b'a'; 300], vec![b'b']].concat()]);
}

#[test]
fn file_that_is_full_is_exchanged_and_only_so_many_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    limits.keep = 2;
    let clock = clock();
    let mut writer = Writer::open(&path, limits, &clock).unwrap();
    let mut rotations = 0;
    for start in (0..320).step_by(16) {
        let written = writer.write(&clock, &lines(start, start + 16)).unwrap();
        rotations += usize::from(written.rotated);
    }
    assert_eq!(rotations, 4);
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.3", "bot.log.4"]);
    assert_eq!(fs::metadata(&path).unwrap().len(), 4096);
    compress(&writer);
    let all = last_lines(&path, 1000).unwrap();
    assert_eq!(all.len(), 192);
    assert_eq!(all[0], format!("{:063}", 128).into_bytes());
    assert_eq!(all[191], format!("{:063}", 319).into_bytes());
    assert_eq!(last_lines(&path, 3).unwrap(), all[189..]);
    assert_eq!(last_lines(&path, 65).unwrap(), all[127..]);
    assert_eq!(last_lines(&path, 0).unwrap(), Vec::<Vec<u8>>::new());
}

#[cfg(feature = "zstd")]
#[test]
fn compression_that_was_cut_off_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let clock = clock();
    let mut writer = Writer::open(&path, limits(), &clock).unwrap();
    writer.write(&clock, &lines(0, 64)).unwrap();
    writer.write(&clock, &lines(64, 65)).unwrap();
    let compression = writer.compression().unwrap();
    assert_eq!(compression.path(), dir.path().join("bot.log.1"));
    fs::write(dir.path().join("bot.log.1.zst.unfinished"), b"half").unwrap();
    drop(writer);
    let writer = Writer::open(&path, limits(), &clock).unwrap();
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.1"]);
    compress(&writer);
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.1.zst"]);
    assert!(fs::metadata(dir.path().join("bot.log.1.zst")).unwrap().len() < 2048);
    // It died after the compressed file was whole and before the other was removed.
    fs::write(dir.path().join("bot.log.1"), lines(0, 64)).unwrap();
    drop(writer);
    drop(Writer::open(&path, limits(), &clock).unwrap());
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.1.zst"]);
    assert_eq!(last_lines(&path, 1000).unwrap().len(), 65);
    // One that was removed meanwhile does not come back.
    assert!(compression.run().is_err());
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.1.zst"]);
}

#[cfg(feature = "zstd")]
#[test]
fn reader_finds_every_line_once_while_files_are_exchanged_and_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    (limits.keep, limits.budget, limits.sync) = (1000, 1 << 30, Sync::Never);
    std::thread::scope(|scope| {
        let writes = scope.spawn(|| {
            let clock = clock();
            let mut writer = Writer::open(&path, limits, &clock).unwrap();
            for start in (0..6_400).step_by(32) {
                writer.write(&clock, &lines(start, start + 32)).unwrap();
            }
        });
        let log = &path;
        let compresses = scope.spawn(move || {
            while !writes.is_finished() {
                if let Some(waiting) = wardkit_logs::writer::next_compression(log) {
                    waiting.run().unwrap();
                }
            }
        });
        let mut before = 0;
        while !compresses.is_finished() {
            let all = last_lines(&path, usize::MAX).unwrap();
            let number = |line: usize| format!("{line:063}").into_bytes();
            let is_whole = all.iter().enumerate().all(|(at, line)| *line == number(at));
            assert!(is_whole, "of {} lines some are missing or there twice", all.len());
            assert!(all.len() >= before);
            before = all.len();
        }
    });
    assert_eq!(last_lines(&path, usize::MAX).unwrap().len(), 6_400);
}

#[test]
fn budget_takes_the_oldest_and_never_the_current_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    (limits.keep, limits.budget) = (100, 10_000);
    let clock = clock();
    let mut writer = Writer::open(&path, limits.clone(), &clock).unwrap();
    for start in (0..640).step_by(64) {
        writer.write(&clock, &lines(start, start + 64)).unwrap();
    }
    // One more than fits is there until the next exchange.
    assert_eq!(writer.hold().unwrap(), 1);
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.9"]);
    let other = dir.path().join("other.log");
    let mut second = Writer::open(&other, limits, &clock).unwrap();
    second.write(&clock, &lines(0, 64)).unwrap();
    second.write(&clock, &lines(0, 64)).unwrap();
    let removed = hold_budget(&[path, other], 12_288).unwrap();
    assert_eq!(removed, [dir.path().join("bot.log.9")]);
    assert_eq!(files(dir.path()), ["bot.log", "other.log", "other.log.1"]);
}

#[test]
fn old_file_is_exchanged_at_a_tick() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    limits.max_age = Some(Duration::from_hours(1));
    limits.sync = Sync::Every(Duration::from_secs(1));
    let clock = clock();
    let mut writer = Writer::open(&path, limits, &clock).unwrap();
    clock.advance(Duration::from_hours(2));
    assert!(!writer.tick(&clock).unwrap(), "an empty file has no age");
    writer.write(&clock, b"a\n").unwrap();
    assert!(writer.tick(&clock).unwrap());
    assert_eq!(files(dir.path()), ["bot.log", "bot.log.1"]);
    writer.write(&clock, b"b\n").unwrap();
    clock.advance(Duration::from_secs(3599));
    assert!(!writer.tick(&clock).unwrap());
    clock.set_wall(Timestamp::UNIX_EPOCH);
    assert!(!writer.tick(&clock).unwrap(), "a clock that is set back makes nothing old");
}

#[test]
fn what_is_too_much_is_left_out_counted_and_marked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let mut limits = limits();
    limits.max_line = 256;
    limits.rate = Some(Rate { bytes: 64, burst: 256 });
    let clock = clock();
    let mut writer = Writer::open(&path, limits, &clock).unwrap();
    let written = writer.write(&clock, &lines(0, 10)).unwrap();
    assert_eq!((written.taken, written.left_out), (640, 6));
    clock.advance(Duration::from_millis(500));
    assert_eq!(writer.write(&clock, &lines(10, 11)).unwrap().left_out, 1);
    clock.advance(Duration::from_millis(500));
    assert_eq!(writer.write(&clock, &lines(11, 12)).unwrap().left_out, 0);
    let text = fs::read_to_string(&path).unwrap();
    let found: Vec<&str> = text.lines().collect();
    assert_eq!(found.len(), 6);
    assert_eq!(
        found[4],
        "wardkit: 7 lines of 448 bytes are left out here: more than its limit a second"
    );
    assert_eq!(found[5], format!("{:063}", 11));
}

#[test]
fn what_was_given_up_is_marked_where_the_file_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let clock = clock();
    let mut writer = Writer::open(&path, limits(), &clock).unwrap();
    writer.skip(b"one\ntwo\nthr", "no space left on device");
    writer.write(&clock, b"four\n").unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "wardkit: 3 lines of 11 bytes are left out here: no space left on device\nfour\n"
    );
}

#[test]
fn file_that_is_taken_away_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bot.log");
    let clock = clock();
    let mut writer = Writer::open(&path, limits(), &clock).unwrap();
    writer.write(&clock, b"a\n").unwrap();
    fs::rename(&path, dir.path().join("taken")).unwrap();
    writer.tick(&clock).unwrap();
    writer.write(&clock, b"b\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"b\n");
    fs::write(&path, b"").unwrap();
    writer.tick(&clock).unwrap();
    writer.write(&clock, b"c\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"c\n");
}

#[test]
fn links_pipes_and_directories_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    fs::write(dir.path().join("target"), b"").unwrap();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path().join("target"), &link).unwrap();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    for path in [link, fifo, dir.path().to_owned(), dir.path().join("no/such")] {
        let error = Writer::open(&path, limits(), &clock).unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{}: {error}", path.display());
    }
}

#[test]
fn limits_that_make_no_sense_are_named() {
    let mut limits = Limits::default();
    assert_eq!(limits.violations(), []);
    (limits.max_bytes, limits.budget, limits.max_line) = (1, 0, 1);
    (limits.max_age, limits.rate) = (Some(Duration::ZERO), Some(Rate { bytes: 0, burst: 0 }));
    let violations = limits.violations();
    let keys: Vec<&str> = violations.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["max-bytes", "max-age", "budget", "max-line", "rate"]);
    let path = PathBuf::from("/nowhere/bot.log");
    let error = Writer::open(&path, limits, &clock()).unwrap_err();
    assert_eq!(error.to_string(), "max-bytes: 1 is less than 4096");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_line_is_there_once_and_in_order_however_it_comes_and_dies(
        sizes in prop::collection::vec(0_usize..300, 1..80),
        cuts in prop::collection::vec(1_usize..700, 1..120),
        deaths in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        compressed in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot.log");
        let clock = clock();
        let mut limits = limits();
        (limits.max_bytes, limits.max_line, limits.keep) = (4096, 1024, 1000);
        let sent: Vec<Vec<u8>> = sizes.iter().enumerate()
            .map(|(number, size)| format!("{number} {}", "x".repeat(*size)).into_bytes()).collect();
        let stream = sent.iter().flat_map(|line| [line.as_slice(), b"\n"].concat());
        let stream: Vec<u8> = stream.collect();
        let deaths: Vec<usize> = deaths.iter().map(|death| death.index(cuts.len())).collect();
        let mut writer = Writer::open(&path, limits.clone(), &clock).unwrap();
        let (mut taken, mut seen) = (0, 0);
        for (turn, cut) in cuts.iter().enumerate() {
            seen = (seen + cut).min(stream.len());
            taken += writer.write(&clock, &stream[taken..seen]).unwrap().taken;
            if deaths.contains(&turn) {
                writer = Writer::open(&path, limits.clone(), &clock).unwrap();
            }
            if compressed {
                compress(&writer);
            }
        }
        taken += writer.finish(&clock, &stream[taken..]).unwrap().taken;
        prop_assert_eq!(taken, stream.len());
        prop_assert_eq!(last_lines(&path, usize::MAX).unwrap(), sent);
    }
}
