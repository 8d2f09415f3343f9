use std::time::Duration;

use wardkit_metrics::history::{Aggregate, Config, History, MemoryIndex, Range, Selector};

use super::{NOON, at, config, moment, open};

const DAY: i64 = 86_400;

/// Takes in a sample a minute for some days: a gauge that is the minute of the day, a counter of it.
fn recorded(dir: &std::path::Path, config: Config, days: i64) -> History {
    let (mut history, _) = History::open(dir, config, MemoryIndex::new()).unwrap();
    for minute in 0..days * 1440 {
        let samples = moment([("g", (minute % 1440) as f64), ("c", (minute * 3) as f64)]);
        history.append(at(NOON + minute * 60), &samples).unwrap();
    }
    history
}

fn ask(
    history: &History,
    name: &str,
    days: (i64, i64),
    step: i64,
    aggregate: Aggregate,
) -> Vec<(i64, f64)> {
    let selector: Selector = format!("m{{s=\"{name}\"}}").parse().unwrap();
    let range = Range::new(at(NOON + days.0 * DAY), at(NOON + days.1 * DAY));
    let step = Duration::from_secs(step.unsigned_abs());
    let found = history.reader().query(&selector, range, step, aggregate).unwrap();
    let points = found.first().map_or(&[][..], |series| &series.points);
    points.iter().map(|point| (point.at.as_unix_seconds() - NOON, point.value)).collect()
}

#[test]
fn rows_outlive_samples_and_say_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    (config.raw_days, config.minute_days) = (2, 15);
    let history = recorded(dir.path(), config, 30);
    // A day of which only rows a quarter are left, one of rows a minute, one of samples: whole hours of each.
    for day in [0, 20, 28] {
        for (aggregate, expected) in [
            (Aggregate::Avg, 29.5),
            (Aggregate::Min, 0.0),
            (Aggregate::Max, 59.0),
            (Aggregate::Sum, 1770.0),
            (Aggregate::Count, 60.0),
            (Aggregate::Last, 59.0),
        ] {
            let found = ask(&history, "g", (day, day + 1), 3600, aggregate);
            assert_eq!(found.len(), 24, "day {day}");
            assert_eq!(found[0], (day * DAY, expected), "day {day}, {aggregate:?}");
        }
        let grown = ask(&history, "c", (day, day + 1), 3600, Aggregate::Increase);
        assert_eq!(grown[1].1, 180.0, "day {day}");
        let rate = ask(&history, "c", (day, day + 1), 3600, Aggregate::Rate);
        assert_eq!(rate[1].1, 0.05, "day {day}");
    }
    // Across all three, without a hole and without an hour twice.
    let all = ask(&history, "g", (0, 30), 3600, Aggregate::Count);
    assert_eq!(all.len(), 30 * 24);
    assert!(all.iter().all(|(_, count)| *count == 60.0));
    // Samples of the first days are gone, their rows are not.
    let fine = ask(&history, "g", (0, 1), 60, Aggregate::Last);
    assert_eq!(fine.len(), 96);
}

#[test]
fn rows_are_made_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let (mut time, mut found) = (0, 0);
    for _ in 0..40 {
        let (mut history, recovery) =
            History::open(dir.path(), config(), MemoryIndex::new()).unwrap();
        assert_eq!(recovery.damage, Vec::<String>::new());
        for _ in 0..100 {
            history
                .append(at(NOON + time * 60), &moment([("g", 1.5), ("h", time as f64)]))
                .unwrap();
            time += 1;
        }
        found =
            ask(&history, "h", (0, 9), 3600, Aggregate::Count).iter().map(|one| one.1 as i64).sum();
        assert_eq!(found, time);
    }
    assert_eq!(found, 4000);
}

#[test]
fn the_oldest_goes_when_there_is_no_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    config.max_mib = 16;
    let (mut history, _) = History::open(dir.path(), config, MemoryIndex::new()).unwrap();
    let names: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    let mut seed = 1_u64;
    for n in 0..4000 {
        let noise = names.iter().map(|name| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (name.as_str(), f64::from_bits(seed >> 2))
        });
        history.append(at(NOON + n * 60 + 7), &moment(noise)).unwrap();
        assert!(history.reader().stats().disk_bytes < 24 << 20);
    }
    // What is left of the first hours are rows, which begin with their minute.
    let found = ask(&history, "7", (0, 3), 1, Aggregate::Count);
    assert_eq!(found.last().unwrap().0, 3999 * 60 + 7);
    assert_eq!(found[0].0 % 60, 0);
}

#[test]
fn what_is_no_number_is_passed_over_in_rows_as_in_samples() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let asked = |history: &History, aggregate| ask(history, "c", (0, 1), 60, aggregate);
    // The last sample of each minute is none, and so is every sample of each tenth minute.
    let value = |n: i64| if n % 6 == 5 || n / 6 % 10 == 9 { f64::NAN } else { n as f64 };
    for n in 0..2 * 8640_i64 {
        history.append(at(NOON + n * 10), &moment([("c", value(n))])).unwrap();
    }
    let expected = |last: i64| {
        (0..1440).filter(|minute| minute % 10 != 9).map(move |n| (n * 60, (n * 6 + last) as f64))
    };
    for (aggregate, last) in [(Aggregate::Last, 4), (Aggregate::Min, 0)] {
        let found = asked(&history, aggregate);
        let wrong = found.iter().zip(expected(last)).find(|(found, expected)| *found != expected);
        assert_eq!((found.len(), wrong), (1296, None), "{aggregate:?}");
    }
    let grown = asked(&history, Aggregate::Increase);
    let wrong = grown[1..].iter().find(|(_, by)| *by != 6.0 && *by != 12.0);
    assert_eq!((grown.len(), wrong), (1296, None));
}

#[test]
fn a_history_that_began_before_the_clock_was_set_ages_by_the_right_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config();
    config.raw_days = 2;
    let (mut history, _) = History::open(dir.path(), config, MemoryIndex::new()).unwrap();
    // Three hours of 1970, and four days of the present, two samples a minute.
    for (start, moments) in [(0, 360), (NOON, 4 * 2880)] {
        for n in 0..moments {
            history.append(at(start + n * 30), &moment([("g", 1.0)])).unwrap();
        }
    }
    // The samples of the first day are gone, and a row a minute is left of them.
    let reader = history.reader();
    assert_eq!(super::raw(&reader, "g", 0, DAY), []);
    assert_eq!(super::raw(&reader, "g", NOON, NOON + DAY).len(), 1440);
    assert_eq!(super::raw(&reader, "g", NOON + 3 * DAY, NOON + 4 * DAY).len(), 2880);
}
