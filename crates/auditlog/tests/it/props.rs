//! The log against a model: a list of lines.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_auditlog::{Durability, Log, LogOptions};
use wardkit_tlog::{Hash, MemoryTree};

use crate::support::{clock, entry, key, lines, segments, verify};

#[derive(Clone, Debug)]
enum Step {
    Append { writer: usize, entries: u64, durability: Durability },
    Settle { writer: usize, is_sealed: bool },
    Reopen { writer: usize },
    TearTail { bytes: usize },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let writer = 0..2_usize;
    let durability =
        prop_oneof![Just(Durability::Written), Just(Durability::Synced), Just(Durability::Sealed)];
    prop_oneof![
        5 => (writer.clone(), 1..6_u64, durability)
            .prop_map(|(writer, entries, durability)| Step::Append { writer, entries, durability }),
        2 => (writer.clone(), any::<bool>())
            .prop_map(|(writer, is_sealed)| Step::Settle { writer, is_sealed }),
        1 => writer.prop_map(|writer| Step::Reopen { writer }),
        1 => (1..40_usize).prop_map(|bytes| Step::TearTail { bytes }),
        1 => Just(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_log_is_the_list_of_what_was_acknowledged(
        steps in prop::collection::vec(step(), 1..20),
        segment_bytes in 300..3_000_u64,
        checkpoint_entries in 1..12_u64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let clock = clock();
        let options = LogOptions::new(key(1))
            .with_clock(clock.clone())
            .with_segment_bytes(segment_bytes)
            .with_checkpoints(checkpoint_entries, Duration::from_secs(1));
        let open = || -> Log { options.clone().open(dir.path()).unwrap() };
        let mut writers = [open(), open()];
        let mut model: MemoryTree =
            lines(dir.path()).iter().map(|line| Hash::leaf(line.as_bytes())).collect();
        let mut sealed = 1;
        for step in steps {
            match step {
                Step::Append { writer, entries, durability } => {
                    let receipts = writers[writer].append_all((0..entries).map(entry), durability);
                    for receipt in receipts.unwrap() {
                        prop_assert_eq!(receipt.seq, model.append(receipt.leaf));
                    }
                    if durability == Durability::Sealed {
                        sealed = model.size();
                    }
                }
                Step::Settle { writer, is_sealed: true } => {
                    prop_assert_eq!(writers[writer].seal().unwrap(), model.head());
                    sealed = model.size();
                }
                Step::Settle { writer, .. } => {
                    prop_assert_eq!(writers[writer].maintain().unwrap(), model.head());
                }
                Step::Reopen { writer } => writers[writer] = open(),
                Step::TearTail { bytes } => {
                    // A third writer died in the middle of a line.
                    let path = segments(dir.path()).pop().unwrap();
                    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
                    file.write_all(&b"{\"seq\":1,\"at\":\"2023-11-14T22:13:20Z\",\"kind\""[..bytes]).unwrap();
                    writers[0].maintain().unwrap();
                }
                Step::Wait => clock.advance(Duration::from_millis(600)),
            }
            let verdict = verify(dir.path());
            prop_assert_eq!(&verdict.failures, &[]);
            prop_assert_eq!(verdict.head, model.head());
            prop_assert!(verdict.sealed.size >= sealed);
            let stored: Vec<Hash> =
                lines(dir.path()).iter().map(|line| Hash::leaf(line.as_bytes())).collect();
            prop_assert_eq!(stored.into_iter().collect::<MemoryTree>().head(), model.head());
        }
    }

    #[test]
    fn any_change_of_any_file_is_found_or_changes_nothing(
        at in any::<prop::sample::Index>(),
        file in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        kind in 0..3,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let log = LogOptions::new(key(1)).with_clock(clock()).with_segment_bytes(500).open(dir.path()).unwrap();
        (0..10).for_each(|number| { log.append(entry(number), Durability::Sealed).unwrap(); });
        let mut paths = [segments(dir.path()), crate::support::files(dir.path(), "note")].concat();
        paths.push(dir.path().join("checkpoint"));
        let path = file.get(&paths);
        let mut bytes = fs::read(path).unwrap();
        let original = bytes.clone();
        let index = at.index(bytes.len());
        match kind {
            0 => bytes[index] = byte,
            1 => bytes.insert(index, byte),
            _ => drop(bytes.remove(index)),
        }
        fs::write(path, &bytes).unwrap();
        prop_assert_eq!(verify(dir.path()).is_intact(), bytes == original);
    }
}
