//! The index of the history, against the one in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_metrics::history::{
    Aggregate, BlockAt, Commit, Config, History, Index, MemoryIndex, Range, Recovery, SegmentState,
    Selector, Tier,
};
use wardkit_metrics::{Family, Kind, Samples};
use wardkit_sqlite::{Error, HistoryIndex, State};

fn any_tier() -> impl Strategy<Value = Tier> {
    prop::sample::select(vec![Tier::Raw, Tier::Minute, Tier::Quarter])
}

#[derive(Clone, Debug)]
enum Step {
    Commit(SegmentState, Vec<(u32, String)>, Vec<BlockAt>),
    Forget(u32),
}

fn any_step() -> impl Strategy<Value = Step> {
    let state = (0..4_u32, any_tier(), any::<u32>(), 0..100_i64, 0..100_i64).prop_map(
        |(segment, tier, length, start, end)| {
            let length = u64::from(length);
            SegmentState { segment, tier, length, start, end }
        },
    );
    let block = (0..5_u32, 0..50_i64, 0..50_i64, any::<u32>(), any::<u32>());
    let commit = (state, prop::collection::vec(block, 0..8)).prop_map(|(state, blocks)| {
        let SegmentState { segment, tier, .. } = state;
        let blocks: Vec<BlockAt> = blocks
            .into_iter()
            .map(|(series, start, more, offset, length)| {
                let (end, offset) = (start + more, u64::from(offset));
                BlockAt { series, tier, start, end, segment, offset, length }
            })
            .collect();
        let name = |number: u32| (number, format!("m{}{{s=\"{number}\"}}", number % 2));
        Step::Commit(
            state,
            (0..5)
                .map(name)
                .filter(|(number, _)| blocks.iter().any(|one| one.series == *number))
                .collect(),
            blocks,
        )
    });
    prop_oneof![4 => commit, 1 => (0..4_u32).prop_map(Step::Forget)]
}

fn run(index: &dyn Index, step: &Step) {
    match step {
        Step::Commit(segment, names, blocks) => {
            let names: Vec<(u32, &str)> =
                names.iter().map(|(number, key)| (*number, key.as_str())).collect();
            index.commit(&Commit { segment: *segment, names: &names, blocks }).unwrap();
        }
        Step::Forget(segment) => index.forget(*segment).unwrap(),
    }
}

fn same(one: &dyn Index, other: &dyn Index) {
    assert_eq!(one.segments().unwrap(), other.segments().unwrap());
    assert_eq!(one.largest_number().unwrap(), other.largest_number().unwrap());
    let keys: Vec<String> =
        (0..6).map(|number| format!("m{}{{s=\"{number}\"}}", number % 2)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(one.numbers(&keys).unwrap(), other.numbers(&keys).unwrap());
    for name in [None, Some("m0"), Some("m1"), Some("m")] {
        assert_eq!(one.series(name).unwrap(), other.series(name).unwrap());
    }
    for (from, to) in [(i64::MIN, i64::MAX), (20, 40), (0, 0)] {
        for series in 0..6 {
            assert_eq!(
                one.blocks(series, from, to).unwrap(),
                other.blocks(series, from, to).unwrap()
            );
        }
        for tier in [Tier::Raw, Tier::Minute, Tier::Quarter] {
            assert_eq!(
                one.present(tier, from, to).unwrap(),
                other.present(tier, from, to).unwrap()
            );
        }
    }
}

proptest! {
    #[test]
    fn it_answers_as_the_index_in_memory_does(steps in prop::collection::vec(any_step(), 0..12)) {
        let dir = tempfile::tempdir().unwrap();
        let memory = MemoryIndex::new();
        let (index, _) = HistoryIndex::open(&dir.path().join("index")).unwrap();
        for step in &steps {
            run(&memory, step);
            run(&index, step);
        }
        same(&memory, &index);
        drop(index);
        let (index, state) = HistoryIndex::open(&dir.path().join("index")).unwrap();
        prop_assert_eq!(state, State::Sound);
        same(&memory, &index);
    }
}

const NOON: i64 = 1_700_136_000;

fn open(dir: &Path) -> (History, State, Recovery) {
    let (index, state) = HistoryIndex::open(&dir.join("index.sqlite")).unwrap();
    let mut config = Config::default();
    config.sync_seconds = 3600;
    let (history, recovery) = History::open(&dir.join("history"), config, index).unwrap();
    (history, state, recovery)
}

fn fill(dir: &Path) {
    let (mut history, ..) = open(dir);
    let mut samples = Samples::new();
    for n in 0..2000_i32 {
        samples.clear();
        samples.single(Family { name: "load", help: "", kind: Kind::Gauge }, f64::from(n));
        let at = Timestamp::from_unix_seconds(NOON + i64::from(n) * 60);
        history.append(at, &samples).unwrap();
    }
}

fn whole(history: &History) {
    let range = Range::new(
        Timestamp::from_unix_seconds(NOON),
        Timestamp::from_unix_seconds(NOON + 200_000),
    );
    let minute = Duration::from_mins(1);
    let found =
        history.reader().query(&Selector::named("load"), range, minute, Aggregate::Last).unwrap();
    let values: Vec<f64> = found[0].points.iter().map(|point| point.value).collect();
    assert_eq!(values, (0..2000).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn a_history_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let (history, state, recovery) = open(dir.path());
    assert_eq!((state, recovery.reindexed_segments), (State::Sound, 0));
    assert_eq!(recovery.damage, Vec::<String>::new());
    whole(&history);
}

#[test]
fn an_index_that_is_lost_or_damaged_is_made_again_from_the_segments() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    let database = dir.path().join("index.sqlite");
    let sound = fs::read(&database).unwrap();
    let check = |bytes: Option<&[u8]>, expected: &str| {
        match bytes {
            Some(bytes) => fs::write(&database, bytes).unwrap(),
            None => fs::remove_file(&database).unwrap(),
        }
        let (history, state, recovery) = open(dir.path());
        match state {
            State::New => assert_eq!(expected, ""),
            State::Replaced { reason } => assert!(reason.contains(expected), "{reason}"),
            other => panic!("{other:?}"),
        }
        assert!(recovery.reindexed_segments > 1);
        whole(&history);
    };
    check(None, "");
    check(Some(b"this is no database, whatever it may be called"), "not a database");
    check(Some(&sound[..sound.len() / 2]), "");
    let mut damaged = sound.clone();
    damaged[4200..].fill(0xa5);
    check(Some(&damaged), "");
    let mut newer = sound;
    newer[60..64].copy_from_slice(&9_u32.to_be_bytes());
    check(Some(&newer), "its version is 9, not 1");
}

#[test]
fn the_database_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path());
    for entry in
        fs::read_dir(dir.path()).unwrap().chain(fs::read_dir(dir.path().join("history")).unwrap())
    {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
    }
}

#[test]
fn a_place_that_cannot_be_written_is_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("missing").join("index");
    let error = HistoryIndex::open(&path).unwrap_err();
    assert!(matches!(error, Error::Open { .. }));
    assert_eq!(error.to_string(), format!("cannot open the database {}", path.display()));
}
