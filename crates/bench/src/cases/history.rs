//! The history: reading and appending, beside a row for each sample in SQLite.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rusqlite::{Connection, params};
use tempfile::TempDir;
use wardkit_core::Timestamp;
use wardkit_metrics::history::{Aggregate, Config, History, Range};
use wardkit_metrics::{Family, Kind, Samples};
use wardkit_sqlite::HistoryIndex;

use super::{Goal, Topic, repeat};
use crate::report::METRICS;
use crate::rounds::Case;

/// Returns every topic of the history, in its order.
#[must_use]
pub fn topics() -> Vec<Topic> {
    vec![month(), moments()]
}

fn month() -> Topic {
    let (dir, mut history, mut rows) = stores();
    let mut samples = Samples::new();
    let moments: i64 = 30 * 8_640;
    let transaction = rows.transaction().expect("nobody else writes");
    for number in 0..moments {
        moment(number, 4, &mut samples);
        history.append(at(number), &samples).expect("there is room");
        insert(&transaction, number, &samples);
    }
    transaction.commit().expect("there is room");
    let range = Range::new(at(0), at(moments));
    let selector = "m{s=\"1\"}".parse().expect("it is a selector");
    let reader = history.reader();
    let dir = Rc::new(dir);
    let kept = Rc::clone(&dir);
    let cases = vec![
        Case::new(METRICS, "index in SQLite", move |times| {
            let _ = (&history, &kept);
            repeat(times, |_| {
                reader.query(&selector, range, Duration::from_secs(10), Aggregate::Last)
            });
        }),
        Case::new(SQLITE, "a row for each sample", move |times| {
            let _ = &dir;
            repeat(times, |_| {
                let mut select = rows
                    .prepare("SELECT at, value FROM samples WHERE series = 1 ORDER BY at")
                    .expect("the table is there");
                let found = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
                found.expect("it answers").collect::<rusqlite::Result<Vec<(i64, f64)>>>()
            });
        }),
    ];
    Topic {
        name: "history-month",
        what: "reading one series of 30 days, 259 200 samples, among four",
        goal: Some(Goal::Nanos(10_000_000.0)),
        bytes: None,
        cases,
    }
}

fn moments() -> Topic {
    let (dir, mut history, mut rows) = stores();
    let (dir, samples) = (Rc::new(dir), Rc::new(RefCell::new(Samples::new())));
    let (kept, theirs) = (Rc::clone(&dir), Rc::clone(&samples));
    let (mut number, mut row_number) = (0, 0);
    let cases = vec![
        Case::new(METRICS, "blocks when two hours are over", move |times| {
            let _ = &kept;
            repeat(times, |_| {
                let samples = &mut *samples.borrow_mut();
                moment(number, 1000, samples);
                number += 1;
                history.append(at(number), samples)
            });
        }),
        Case::new(SQLITE, "a row for each sample", move |times| {
            let _ = &dir;
            repeat(times, |_| {
                let samples = &mut *theirs.borrow_mut();
                moment(row_number, 1000, samples);
                row_number += 1;
                let transaction = rows.transaction().expect("nobody else writes");
                insert(&transaction, row_number, samples);
                transaction.commit().expect("there is room");
            });
        }),
    ];
    Topic {
        name: "history-append",
        what: "taking in 1 000 series at one moment; making their samples is part of it for both",
        goal: None,
        bytes: None,
        cases,
    }
}

fn stores() -> (TempDir, History, Connection) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (index, _) = HistoryIndex::open(&dir.path().join("index")).expect("it is new");
    let mut config = Config::default();
    (config.raw_days, config.sync_seconds) = (40, 3600);
    let (history, _) =
        History::open(&dir.path().join("history"), config, index).expect("it is new");
    let rows = Connection::open(dir.path().join("rows")).expect("it is new");
    rows.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         CREATE TABLE samples (series INTEGER, at INTEGER, value REAL, PRIMARY KEY (series, at))
             WITHOUT ROWID;",
    )
    .expect("it is new");
    (dir, history, rows)
}

/// Fills in the samples of a moment: counters, seconds with two decimals, what stays, what seldom changes.
fn moment(number: i64, series: u32, samples: &mut Samples) {
    samples.clear();
    samples.family(Family { name: "m", help: "", kind: Kind::Gauge });
    let number = f64::from(i32::try_from(number).unwrap_or(0));
    for series in 0..series {
        let value = match series % 4 {
            0 => number * 1500.0 + (number * 7919.0) % 997.0,
            1 => ((number * 7919.0) % 10_007.0).floor() / 100.0,
            2 => 42.0,
            _ => (number / 50.0).floor(),
        };
        samples.push(&[("s", &series.to_string())], value);
    }
}

fn insert(db: &Connection, at: i64, samples: &Samples) {
    let mut insert =
        db.prepare("INSERT INTO samples VALUES (?1, ?2, ?3)").expect("the table is there");
    let all = samples.families().flat_map(|family| family.samples());
    for (series, sample) in (0_u32..).zip(all) {
        insert.execute(params![series, at, sample.value]).expect("there is room");
    }
}

fn at(number: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_136_000 + number * 10)
}

const SQLITE: &str = "rusqlite";
