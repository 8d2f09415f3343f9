//! What the store of services does when it is killed, and when the disk does not do its part.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use wardkit_sqlite::{Error, ServiceChange, ServiceStore};
use wardkit_supervise::{Desired, Record};

use crate::services::{keep, open, record};

const DIR: &str = "WARDKIT_TEST_SERVICES_DIR";
const COUNT: &str = "WARDKIT_TEST_SERVICES_COUNT";
/// As many services as there are records in a batch.
const SERVICES: u64 = 3;

fn batch(generation: u64) -> Vec<Record> {
    let mut batch: Vec<Record> =
        (0..SERVICES).map(|number| record(&format!("bot-{number}"), generation)).collect();
    // What is wanted changes now and then, which is synchronised.
    batch[0].desired = if generation.is_multiple_of(4) { Desired::Down } else { Desired::Up };
    batch
}

/// Returns the generation that is kept, which must be the same of all.
fn kept(store: &mut ServiceStore) -> u64 {
    let records = store.load().unwrap();
    let generation = records.first().map_or(0, |record| record.generation);
    let expected = if generation == 0 { Vec::new() } else { batch(generation) };
    assert_eq!(records, expected);
    generation
}

/// Run by the tests below in a process of its own: keeps batch after batch and tells the number of each.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn child_that_keeps_records_until_it_cannot() {
    let (Ok(dir), Ok(count)) = (std::env::var(DIR), std::env::var(COUNT)) else { return };
    let mut store = open(Path::new(&dir));
    let first = kept(&mut store) + 1;
    for generation in first..first + count.parse::<u64>().unwrap() {
        match store.commit(batch(generation).iter().map(ServiceChange::Keep)) {
            Ok(()) => println!("kept {generation}"),
            Err(error) => {
                assert!(error.is_transient(), "{error:?}");
                println!("refused {generation}");
            }
        }
        assert_eq!(store.take_damage(), None);
    }
}

fn child(dir: &Path, count: u64, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell} exec \"$0\" \"$@\"")]);
    command.arg(std::env::current_exe().unwrap());
    let name = "services_faults::child_that_keeps_records_until_it_cannot";
    command.args(["--exact", name, "--nocapture"]);
    command.env(DIR, dir).env(COUNT, count.to_string()).stdout(Stdio::piped());
    command
}

fn number(line: &str, word: &str) -> Option<u64> {
    line.split_once(word)?.1.trim().parse().ok()
}

#[test]
fn killed_program_has_kept_all_that_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for more in [1, 7, 40] {
        let mut child = child(dir.path(), 1_000_000, "").spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let stop = last + more;
        for line in lines.map_while(Result::ok) {
            last = number(&line, "kept ").unwrap_or(last);
            if last == stop {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let mut store = open(dir.path());
        assert_eq!(store.take_damage(), None);
        let found = kept(&mut store);
        // One more may have been kept that was not answered.
        assert!(
            last >= stop && (last..=last + 1).contains(&found),
            "{last} answered, {found} kept"
        );
        last = found;
    }
}

#[test]
fn full_disk_does_not_keep_known_services_from_being_kept() {
    let dir = tempfile::tempdir().unwrap();
    keep(&mut open(dir.path()), &batch(1));
    // No file may grow beyond so many blocks of 512 bytes (or 1024, by the shell): a write beyond that fails. The log
    // is written again from its beginning then.
    let output = child(dir.path(), 400, "trap '' XFSZ; ulimit -f 80;").output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let answered: Vec<u64> = said.lines().filter_map(|line| number(line, "kept ")).collect();
    assert_eq!(answered, (2..=401).collect::<Vec<_>>(), "{said}");
    assert_eq!(kept(&mut open(dir.path())), 401);
}

#[test]
fn database_that_is_no_longer_one_is_put_aside_and_said_so() {
    for (content, said) in [(&b""[..], "was empty"), (&[7; 5000][..], "put aside")] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("state.sqlite"), content).unwrap();
        let mut store = open(dir.path());
        let damage = store.take_damage().unwrap();
        assert!(damage.contains(said), "{damage}");
        keep(&mut store, &batch(1));
        drop(store);
        let mut store = open(dir.path());
        assert_eq!((store.take_damage(), kept(&mut store)), (None, 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever becomes of the file, even while it is used: it opens, it takes what is to be kept, and what it returns
    /// is what was kept at some time, never something else.
    #[test]
    fn any_damage_is_survived(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        in_log in any::<bool>(),
        while_used in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut once: Vec<Record> = Vec::new();
        for generation in 1..=8 {
            keep(&mut store, &batch(generation));
            once.extend(batch(generation));
        }
        let after = tempfile::tempdir().unwrap();
        if !in_log {
            // Closing it writes the log into the database.
            drop(store);
        }
        let mut used = None;
        for name in ["state.sqlite", "state.sqlite-wal"] {
            let Ok(content) = fs::read(dir.path().join(name)) else { continue };
            fs::write(after.path().join(name), content).unwrap();
        }
        if while_used {
            used = Some(open(after.path()));
        }
        let name = if in_log { "state.sqlite-wal" } else { "state.sqlite" };
        let content = fs::read(after.path().join(name)).ok();
        if let Some(mut content) = content.filter(|content| !content.is_empty()) {
            for (place, value) in &flips {
                let place = place.index(content.len());
                content[place] = *value;
            }
            if let Some(cut) = cut {
                content.truncate(cut.index(content.len()));
            }
            // In place, as a disk does it.
            let file = fs::OpenOptions::new().write(true).open(after.path().join(name)).unwrap();
            std::os::unix::fs::FileExt::write_all_at(&file, &content, 0).unwrap();
            file.set_len(content.len() as u64).unwrap();
        }
        let mut store = match used.map_or_else(|| ServiceStore::open(&after.path().join("state.sqlite")), Ok) {
            Ok(store) => store,
            // A flipped version looks like a newer one, which nobody may touch.
            Err(error) => {
                let newer = matches!(error, Error::Open { .. });
                prop_assert!(newer);
                return Ok(());
            }
        };
        match store.load() {
            Ok(records) => for record in records {
                prop_assert!(once.contains(&record), "{:?}", record);
            },
            Err(error) => prop_assert!(while_used, "{error:?}"),
        }
        let written = store.commit(batch(100).iter().map(ServiceChange::Keep));
        prop_assert!(written.is_ok() || while_used, "{written:?}");
        if written.is_ok() {
            prop_assert!(store.load().unwrap().contains(&batch(100)[1]));
        }
    }
}
