//! What the history costs beside a row for each sample in the same database engine, and what alerts cost beside as many
//! rows of the same length. `gate.toml` holds the limits.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use rusqlite::{Connection, params};
use wardkit_alerting::{Batch, Durability, Record, Space, Store as _, Transition};
use wardkit_core::{Labels, Timestamp};
use wardkit_metrics::history::{Aggregate, Config, History, Range, Selector};
use wardkit_metrics::{Family, Kind, Samples};
use wardkit_sqlite::{AlertStore, HistoryIndex};

/// A window begins here.
const START: i64 = 1_700_136_000;
/// A day at ten seconds.
const MOMENTS: i64 = 8_640;
const SERIES: usize = 20;

/// Returns the samples of a moment: counters, seconds with two decimals, and what stays.
fn moment(number: i64, samples: &mut Samples) {
    samples.clear();
    samples.family(Family { name: "m", help: "", kind: Kind::Gauge });
    let number = f64::from(i32::try_from(number).unwrap_or(0));
    for series in 0..SERIES {
        let value = match series % 4 {
            0 => number * 1500.0 + (number * 7919.0) % 997.0,
            1 => ((number * 7919.0) % 10_007.0).floor() / 100.0,
            2 => 42.0,
            _ => (number / 50.0).floor(),
        };
        samples.push(&[("s", &series.to_string())], value);
    }
}

fn history(dir: &Path) -> History {
    let (index, _) = HistoryIndex::open(&dir.join("index.sqlite")).expect("it is new");
    let mut config = Config::default();
    config.sync_seconds = 3600;
    let opened = History::open(&dir.join("history"), config, index).expect("it is new");
    opened.0
}

fn rows(dir: &Path) -> Connection {
    let db = Connection::open(dir.join("rows.sqlite")).expect("it is new");
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         CREATE TABLE samples (series INTEGER, at INTEGER, value REAL, PRIMARY KEY (series, at)) WITHOUT ROWID;",
    )
    .expect("it is new");
    db
}

fn insert(db: &mut Connection, at: i64, samples: &Samples) {
    let transaction = db.transaction().expect("nobody else writes");
    {
        let mut insert = transaction
            .prepare("INSERT INTO samples VALUES (?1, ?2, ?3)")
            .expect("the table is there");
        let all = samples.families().flat_map(|family| family.samples());
        for (series, sample) in (0_u32..).zip(all) {
            insert.execute(params![series, at, sample.value]).expect("there is room");
        }
    }
    transaction.commit().expect("there is room");
}

fn gate(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut history, mut rows) = (history(dir.path()), rows(dir.path()));
    let mut samples = Samples::new();
    for number in 0..MOMENTS {
        moment(number, &mut samples);
        let at = START + number * 10;
        history.append(Timestamp::from_unix_seconds(at), &samples).expect("there is room");
        insert(&mut rows, at, &samples);
    }
    let mut group = criterion.benchmark_group("gate");
    let reader = history.reader();
    let selector: Selector = "m{s=\"1\"}".parse().expect("it is one");
    let day = Range::new(
        Timestamp::from_unix_seconds(START),
        Timestamp::from_unix_seconds(START + MOMENTS * 10),
    );
    group.bench_function("read_day", |b| {
        b.iter(|| {
            reader.query(black_box(&selector), day, Duration::from_secs(10), Aggregate::Last)
        });
    });
    group.bench_function("read_day_from_rows", |b| {
        b.iter(|| {
            let mut select = rows
                .prepare("SELECT at, value FROM samples WHERE series = ?1 ORDER BY at")
                .expect("the table is there");
            let found = select.query_map([1], |row| Ok((row.get(0)?, row.get(1)?)));
            found.expect("it answers").collect::<rusqlite::Result<Vec<(i64, f64)>>>()
        });
    });
    let mut number = MOMENTS;
    group.bench_function("append_moment", |b| {
        b.iter(|| {
            moment(number, &mut samples);
            number += 1;
            history.append(Timestamp::from_unix_seconds(START + number * 10), &samples)
        });
    });
    let mut number = MOMENTS;
    group.bench_function("append_moment_to_rows", |b| {
        b.iter(|| {
            moment(number, &mut samples);
            number += 1;
            insert(&mut rows, START + number * 10, &samples);
        });
    });
    group.finish();
}

/// What a hundred new alerts want kept: a record and a row of the history each.
fn alerts(number: u64) -> Batch {
    let labels = [("alertname", "InstanceDown"), ("instance", "web-1:9100"), ("job", "node")];
    let labels = Labels::from_pairs(labels).expect("they are sound");
    let mut batch = Batch::default();
    for alert in 0..ALERTS {
        // Hashes, as the keys of alerts are.
        let key = format!("{:016x}", (number * ALERTS + alert).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let at = Timestamp::from_unix_seconds(START);
        let mut fired = Transition::new(at, "alert.fired", &*key);
        fired.labels.clone_from(&labels);
        batch.transitions.push(fired);
        batch.records.push(Record { space: Space::Alert, key, value: Some(vec![b'x'; LENGTH]) });
    }
    batch
}

fn alert_store(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("gate");
    let mut store = AlertStore::open(&dir.path().join("alerts.sqlite")).expect("it is new");
    let mut number = 0;
    group.bench_function("commit_alerts", |b| {
        b.iter(|| {
            number += 1;
            store.commit(&alerts(number), Durability::Relaxed)
        });
    });
    let mut rows = Connection::open(dir.path().join("rows.sqlite")).expect("it is new");
    rows.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16000;
         CREATE TABLE plain (number INTEGER PRIMARY KEY, key TEXT, value BLOB);",
    )
    .expect("it is new");
    group.bench_function("insert_as_many_rows", |b| {
        b.iter(|| {
            number += 1;
            let batch = alerts(number);
            let transaction = rows.transaction().expect("nobody else writes");
            for Record { key, value, .. } in &batch.records {
                let mut insert = transaction
                    .prepare_cached("INSERT INTO plain (key, value) VALUES (?1, ?2)")
                    .expect("the table is there");
                insert.execute(params![key, value]).expect("there is room");
                insert.execute(params![key, "alert.fired"]).expect("there is room");
            }
            transaction.commit()
        });
    });
    group.finish();
}

/// As many as Prometheus posts at a time, and as long as a record of an alert is.
const ALERTS: u64 = 100;
const LENGTH: usize = 500;

criterion_group!(benches, gate, alert_store);
criterion_main!(benches);
