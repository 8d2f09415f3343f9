use std::fs;
use std::path::PathBuf;

use wardkit_custody::{Acceptor, Baselines, Error, Proposal, Rules};
use wardkit_integrity::{
    Baseline, Comparison, Error as IntegrityError, Policy, Refusal, ScanOptions, Seen, Snapshot,
};

use crate::support::{Host, copy};

impl Host {
    fn tree(&self) -> PathBuf {
        let tree = self.dir.path().join("tree");
        fs::create_dir_all(&tree).unwrap();
        tree
    }

    fn store(&self) -> Baselines {
        self.custody.baselines(self.dir.path().join("baseline"))
    }

    fn scan(&self) -> Snapshot {
        ScanOptions::new([self.tree()]).run().unwrap()
    }

    fn init(&self) -> Result<Seen, Error> {
        let trail = self.custody.trail(self.log()).unwrap();
        let policy = Policy::everything();
        self.store().init(&self.scan(), Rules::new(&policy, None), Acceptor::new(&trail, "test"))
    }

    /// Writes a file and accepts that, after `previous` or the newest baseline.
    fn accept(&self, text: &str, previous: Option<&Baseline>) -> Result<Seen, Error> {
        fs::write(self.tree().join("file"), text).unwrap();
        let trail = self.custody.trail(self.log()).unwrap();
        let (store, policy, now) = (self.store(), Policy::everything(), self.scan());
        let newest = previous.cloned().map_or_else(|| store.newest(), Ok)?;
        let comparison = Comparison::new(&newest, &policy);
        let changes = comparison.of_snapshot(&now).changes;
        let proposal = Proposal::new(&newest, &comparison, &now, &changes);
        let rules = Rules::new(&policy, None);
        store.accept(&proposal, rules, |_| true, Acceptor::new(&trail, "test"))
    }

    fn kinds(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log().join("000000000000.jsonl")).unwrap();
        let kind = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["kind"].as_str().unwrap().to_owned()
        };
        text.lines().map(kind).filter(|kind| kind.starts_with("integrity.")).collect()
    }
}

fn reason<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Integrity(IntegrityError::Baseline { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_proposed_is_on_the_trail_before_it_is_a_baseline() {
    let host = Host::new();
    assert!(host.store().check_vacant().is_ok());
    assert_eq!(host.init().unwrap().generation, 1);
    assert_eq!(host.accept("one", None).unwrap().generation, 2);
    let expected = [
        "integrity.baseline.proposed",
        "integrity.baseline.created",
        "integrity.baseline.proposed",
        "integrity.change.accepted",
        "integrity.change.accepted",
        "integrity.baseline.accepted",
    ];
    assert_eq!(host.kinds(), expected);
    assert_eq!(host.store().generations().unwrap(), [1, 2]);
    assert_eq!(host.store().remembered().unwrap().unwrap().number, 2);
}

#[test]
fn what_came_too_late_is_withdrawn() {
    let host = Host::new();
    host.init().unwrap();
    let first = host.store().newest().unwrap();
    host.accept("one", None).unwrap();
    let late = host.accept("two", Some(&first));
    assert_eq!(reason(late), Refusal::Superseded { found: 2 });
    assert_eq!(host.kinds().last().unwrap(), "integrity.baseline.withdrawn");
    assert_eq!(host.store().newest().unwrap().generation(), 2);
}

#[test]
fn nothing_is_made_over_a_baseline_nor_over_what_is_left_of_one() {
    let host = Host::new();
    host.init().unwrap();
    assert_eq!(reason(host.init()), Refusal::Exists);
    let dir = host.store().path().to_owned();
    for name in ["baseline-1.note", "baseline-1.fim"] {
        let whole = fs::read(dir.join(name)).unwrap();
        fs::remove_file(dir.join(name)).unwrap();
        assert_eq!(reason(host.init()), Refusal::Missing, "{name}");
        assert_eq!(reason(host.store().newest()), Refusal::Missing, "{name}");
        fs::write(dir.join(name), whole).unwrap();
    }
    assert_eq!(host.store().newest().unwrap().generation(), 1);
}

#[test]
fn a_first_attempt_that_was_cut_off_is_made_again() {
    let host = Host::new();
    host.store().make_dir().unwrap();
    fs::write(host.store().path().join("baseline-1.fim"), "half").unwrap();
    assert_eq!(host.init().unwrap().generation, 1);
    assert_eq!(host.store().newest().unwrap().generation(), 1);
}

#[test]
fn a_lineage_that_was_replaced_does_not_come_back_whatever_its_number() {
    let host = Host::new();
    host.init().unwrap();
    for text in ["one", "two"] {
        host.accept(text, None).unwrap();
    }
    let dir = host.store().path().to_owned();
    let earlier = host.dir.path().join("earlier");
    copy(&dir, &earlier);
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(reason(host.store().newest()), Refusal::Missing);
    host.init().unwrap();
    let newer = host.dir.path().join("newer");
    copy(&dir, &newer);
    // All of it, and its later generations upon the new first one.
    copy(&earlier, &dir);
    assert!(matches!(reason(host.store().newest()), Refusal::Forked { .. }));
    copy(&newer, &dir);
    assert!(matches!(reason(host.store().newest()), Refusal::Forked { generation: 3 }));
    fs::remove_dir_all(&dir).unwrap();
    copy(&newer, &dir);
    assert_eq!(host.store().newest().unwrap().generation(), 1);
}

#[test]
fn a_newer_one_that_was_not_remembered_yet_is_taken() {
    let host = Host::new();
    host.init().unwrap();
    let seen = host.dir.path().join("data/seen");
    let before = host.dir.path().join("before");
    copy(&seen, &before);
    host.accept("one", None).unwrap();
    // As after a crash between writing it and remembering it.
    fs::remove_dir_all(&seen).unwrap();
    copy(&before, &seen);
    assert_eq!(host.store().newest().unwrap().generation(), 2);
    assert_eq!(host.store().remembered().unwrap().unwrap().number, 2);
}
