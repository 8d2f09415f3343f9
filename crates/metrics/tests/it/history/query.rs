use std::time::Duration;

use wardkit_metrics::history::{
    Aggregate, Combine, Error, Point, Range, Selector, Series, combine, top,
};

use super::{NOON, at, config, moment, open, raw};

fn points(found: &[Series]) -> Vec<(i64, f64)> {
    found[0].points.iter().map(|point| (point.at.as_unix_seconds() - NOON, point.value)).collect()
}

#[test]
fn what_was_taken_in_is_answered_before_and_after_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let expected: Vec<(i64, f64)> =
        (0..2000).map(|n| (NOON + n * 10, ((n * 7919) % 1000) as f64 / 10.0)).collect();
    for (time, value) in &expected {
        history.append(at(*time), &moment([("a", *value), ("b", -value)])).unwrap();
    }
    let reader = history.reader();
    assert_eq!(raw(&reader, "a", NOON, NOON + 20_000), expected);
    assert_eq!(raw(&reader, "a", NOON + 100, NOON + 130), expected[10..13]);
    let before = history.reader().stats();
    assert_eq!((before.samples, before.open_series, before.segments), (4000, 2, 1));
    drop(history);
    let (history, found) = wardkit_metrics::history::History::open(
        dir.path(),
        config(),
        wardkit_metrics::history::MemoryIndex::new(),
    )
    .unwrap();
    assert_eq!(found.damage, Vec::<String>::new());
    assert_eq!(raw(&history.reader(), "a", NOON, NOON + 20_000), expected);
    assert_eq!(
        history.reader().series(&Selector::named("m")).unwrap(),
        ["m{s=\"a\"}", "m{s=\"b\"}"]
    );
}

#[test]
fn series_come_and_go_and_times_need_not_be_regular() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for n in 0..1500_i64 {
        let time = NOON + n * 10 + (n * n) % 4;
        let mut now = vec![("always", 1.0)];
        if n % 7 != 3 {
            now.push(("a", n as f64));
            a.push((time, n as f64));
        }
        if (200..900).contains(&n) || n > 1400 {
            now.push(("b", n as f64 / 3.0));
            b.push((time, n as f64 / 3.0));
        }
        history.append(at(time), &moment(now)).unwrap();
    }
    let reader = history.reader();
    assert_eq!(raw(&reader, "a", NOON, NOON + 15_100), a);
    assert_eq!(raw(&reader, "b", NOON, NOON + 15_100), b);
    assert_eq!(raw(&reader, "c", NOON, NOON + 15_100), []);
}

#[test]
fn each_aggregate_says_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    // Two minutes, every ten seconds; the counter starts over once in each, and one sample is no number.
    let gauge = [1.0, 2.0, f64::NAN, 4.0, 5.0, 6.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0];
    let counter = [5.0, 7.0, 9.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 3.0, 3.0, 5.0];
    for (n, (gauge, counter)) in (0..).zip(gauge.into_iter().zip(counter)) {
        history.append(at(NOON + n * 10), &moment([("g", gauge), ("c", counter)])).unwrap();
    }
    let reader = history.reader();
    let check = |name: &str, aggregate, expected: [f64; 2]| {
        let selector: Selector = format!("m{{s=\"{name}\"}}").parse().unwrap();
        let range = Range::new(at(NOON), at(NOON + 120));
        let minute = Duration::from_mins(1);
        let found = reader.query(&selector, range, minute, aggregate).unwrap();
        assert_eq!(points(&found), [(0, expected[0]), (60, expected[1])], "{aggregate:?}");
    };
    check("g", Aggregate::Avg, [3.6, 35.0]);
    check("g", Aggregate::Min, [1.0, 10.0]);
    check("g", Aggregate::Max, [6.0, 60.0]);
    check("g", Aggregate::Sum, [18.0, 210.0]);
    check("g", Aggregate::Count, [5.0, 6.0]);
    check("g", Aggregate::Last, [6.0, 60.0]);
    check("g", Aggregate::Quantile(0.5), [4.0, 35.0]);
    check("g", Aggregate::Quantile(1.0), [6.0, 60.0]);
    // 5 to 9, over to 2, to 6; then from 6 to 12, over to 3, to 5.
    check("c", Aggregate::Increase, [4.0 + 2.0 + 4.0, 6.0 + 3.0 + 2.0]);
    check("c", Aggregate::Rate, [10.0 / 50.0, 11.0 / 60.0]);
}

#[test]
fn a_question_without_sense_or_bounds_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    history.append(at(NOON), &moment([("a", 1.0)])).unwrap();
    let reader = history.reader();
    let ask = |from, to, step| {
        let range = Range::new(at(from), at(to));
        reader.query(&Selector::all(), range, step, Aggregate::Avg)
    };
    let second = Duration::from_secs(1);
    assert!(matches!(ask(NOON, NOON, second), Err(Error::EmptyRange)));
    assert!(matches!(ask(NOON, NOON + 9, Duration::ZERO), Err(Error::EmptyRange)));
    assert!(matches!(ask(0, NOON, second), Err(Error::TooMuch { .. })));
    assert_eq!(ask(i64::MIN, i64::MAX, Duration::MAX).unwrap()[0].points[0].value, 1.0);
}

fn series(key: &str, values: &[f64]) -> Series {
    let points = (0..).zip(values).map(|(n, value)| Point { at: at(n), value: *value }).collect();
    Series { key: key.to_owned(), points }
}

#[test]
fn series_combine_by_their_labels() {
    let all = [
        series("m{h=\"a\",c=\"0\"}", &[1.0, 2.0]),
        series("m{h=\"a\",c=\"1\"}", &[3.0]),
        series("m{h=\"b\",c=\"0\"}", &[10.0, 20.0]),
    ];
    assert_eq!(
        combine(&all, &["h"], Combine::Sum),
        [series("{h=\"a\"}", &[4.0, 2.0]), series("{h=\"b\"}", &[10.0, 20.0])]
    );
    assert_eq!(combine(&all, &[], Combine::Avg), [series("{}", &[14.0 / 3.0, 11.0])]);
    assert_eq!(combine(&all, &[], Combine::Min), [series("{}", &[1.0, 2.0])]);
    assert_eq!(combine(&all, &[], Combine::Max), [series("{}", &[10.0, 20.0])]);
    assert_eq!(combine(&all, &[], Combine::Count), [series("{}", &[3.0, 2.0])]);
    let first: Vec<String> = top(all.to_vec(), 2).into_iter().map(|one| one.key).collect();
    assert_eq!(first, ["m{h=\"b\",c=\"0\"}", "m{h=\"a\",c=\"1\"}"]);
}

#[test]
fn samples_are_handed_out_as_they_were_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut history = open(dir.path());
    for n in 0..2000 {
        let values = [("a", n as f64), ("b", -(n as f64))];
        history.append(at(NOON + n * 10), &moment(values)).unwrap();
    }
    let reader = history.reader();
    let range = Range::new(at(NOON + 20), at(NOON + 50));
    let wants = |key: &str| key.contains("\"a\"");
    let found = reader.samples(Some("m"), wants, range, 3).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "m{s=\"a\"}");
    assert_eq!(points(&found), [(20, 2.0), (30, 3.0), (40, 4.0)]);
    assert_eq!(reader.samples(None, |_| true, range, 6).unwrap().len(), 2);
    assert_eq!(reader.samples(Some("other"), |_| true, range, 6).unwrap(), []);
    let refused = reader.samples(None, |_| true, range, 5).unwrap_err();
    assert!(matches!(refused, Error::TooMuch { limit: 5, .. }), "{refused:?}");
    // In blocks, across the end of the last, and in the window alone.
    for (from, to) in [(0, 10), (7_000, 7_400), (0, 20_000), (14_300, 14_500), (19_000, 20_000)] {
        let range = Range::new(at(NOON + from), at(NOON + to));
        let found = reader.samples(Some("m"), wants, range, 2000).unwrap();
        let expected: Vec<_> = (from / 10..to / 10).map(|n| (n * 10, n as f64)).collect();
        assert_eq!(points(&found), expected, "{from} {to}");
    }
}
