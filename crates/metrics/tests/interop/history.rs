//! A history on the disk, read by a program that knows its specification and nothing of ours.

use std::collections::BTreeMap;

use wardkit_core::Timestamp;
use wardkit_metrics::history::{Config, History, MemoryIndex};
use wardkit_metrics::{Family, Kind, Samples};

use crate::{python, read_by};

/// A Thursday at noon.
const NOON: i64 = 1_700_136_000_000;
const MINUTES: i64 = 9 * 1440;

/// Values for every kind of column, and for what has none of its own.
fn values(minute: i64) -> Vec<(&'static str, f64)> {
    let number = f64::from(i32::try_from(minute).expect("it is small"));
    let noise = minute.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()).cast_unsigned();
    let mut found = vec![
        ("constant", -7.0),
        ("fraction", 1.0 / 3.0),
        ("counter", number * 4096.0),
        ("decimals", f64::from((noise >> 48) as u16) / 100.0),
        ("root", number.sqrt()),
        ("bits", f64::from_bits(noise & !(1 << 62))),
        ("wide", if minute % 2 == 0 { 9e15 } else { -9e15 }),
    ];
    let odd = match minute % 97 {
        3 => f64::NAN,
        4 => f64::INFINITY,
        5 => -0.0,
        rest => f64::from(i32::try_from(rest).expect("it is small")),
    };
    found.push(("odd", odd));
    if minute % 7 != 3 {
        found.push(("seldom \"quoted\" \u{44f}", number));
    }
    found
}

/// A row as the specification has it: count, last, smallest, largest and sum.
type Row = [f64; 5];

fn add(row: &mut Row, value: f64) {
    if value.is_nan() {
        return;
    }
    let [count, _, min, max, sum] = *row;
    *row = if count == 0.0 {
        [1.0, value, value, value, value]
    } else {
        [count + 1.0, value, min.min(value), max.max(value), sum + value]
    };
}

#[test]
fn a_program_that_knows_the_specification_alone_reads_every_sample_and_row() {
    let dir = tempfile::tempdir().expect("there is room");
    let mut config = Config::default();
    (config.sync_seconds, config.raw_days) = (3600, 20);
    let (mut history, _) =
        History::open(dir.path(), config, MemoryIndex::new()).expect("it is new");
    let mut samples = BTreeMap::new();
    let mut rows: [BTreeMap<(i64, String), Row>; 2] = Default::default();
    for minute in 0..MINUTES {
        // Times are regular in half of the windows.
        let late = if minute / 120 % 2 == 0 { 0 } else { minute * minute % 977 };
        let at = NOON + minute * 60_000 + late;
        let mut now = Samples::new();
        now.family(Family { name: "m", help: "", kind: Kind::Gauge });
        for (name, value) in values(minute) {
            now.push(&[("s", name)], value);
            let key = format!("m{{s=\"{}\"}}", name.replace('"', "\\\""));
            for (rows, width) in rows.iter_mut().zip([60_000, 900_000]) {
                let row = rows.entry((at - at.rem_euclid(width), key.clone()));
                add(row.or_insert([0.0, value, value, value, value]), value);
            }
            samples.insert((at, key), value.to_bits());
        }
        history.append(Timestamp::from_unix_nanos(at * 1_000_000), &now).expect("there is room");
    }
    let mut program = python("history.py");
    program.arg(dir.path());
    let text = read_by(program, b"");
    let mut found = [0, 0, 0];
    for line in text.lines() {
        let (tier, rest) = line.split_once(' ').expect("a tier");
        let (at, rest) = rest.split_once(' ').expect("a time");
        let (key, columns) = rest.split_once("\"} ").expect("a key");
        let key = (at.parse().expect("a time"), format!("{key}\"}}"));
        let columns: Vec<u64> = columns
            .split(' ')
            .map(|bits| u64::from_str_radix(bits, 16).expect("sixteen digits"))
            .collect();
        let tier: usize = tier.parse().expect("a tier");
        found[tier] += 1;
        if tier == 0 {
            assert_eq!(columns, [samples.remove(&key).expect("a sample, once")], "{line}");
            continue;
        }
        let row = rows[tier - 1].remove(&key).expect("a row, once");
        // A sum of decimals is rounded to their places.
        for (found, expected) in columns.iter().zip(row).take(4) {
            assert_eq!(*found, expected.to_bits(), "{line} is not {row:?}");
        }
        let sum = f64::from_bits(columns[4]);
        let near = (sum - row[4]).abs() <= row[4].abs() * 1e-9;
        assert!(near || sum.to_bits() == row[4].to_bits(), "{line} is not {row:?}");
    }
    assert!(samples.is_empty(), "{samples:?}");
    // Rows wait for half a day of samples, and for a week of rows.
    assert!(found[1] > 8 * 1440 * 8 && found[2] > 6 * 96 * 8, "{found:?}");
}
