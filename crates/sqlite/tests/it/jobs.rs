//! The journal of jobs.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use wardkit_core::Timestamp;
use wardkit_sqlite::JobStore;
use wardkit_supervise::Now;
use wardkit_supervise::jobs::{
    Change, Durability, Job, JobState, Jobs, JobsConfig, MemoryStore, Store,
};

const DIR: &str = "WARDKIT_TEST_JOBS_DIR";

fn open(dir: &Path) -> JobStore {
    JobStore::open(&dir.join("jobs.sqlite")).unwrap()
}

fn jobs(dir: &Path) -> Jobs {
    Jobs::open(Box::new(open(dir)), JobsConfig::default(), Now::default()).unwrap()
}

fn job(id: u64, state: JobState) -> Job {
    let due = Timestamp::from_unix_seconds(1_700_000_000);
    Job { id, key: format!("key {id}"), state, attempts: 2, due, why: String::new() }
}

#[test]
fn database_keeps_what_the_store_in_memory_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let (mut database, mut memory) = (open(dir.path()), MemoryStore::default());
    let commits: [Vec<Change<'_>>; 5] = [
        vec![
            Change::Add(job(1, JobState::Waiting), b"one"),
            Change::Add(job(2, JobState::Leased), b""),
        ],
        vec![Change::Set(job(1, JobState::Done)), Change::Set(job(2, JobState::Dead))],
        vec![
            Change::Add(job(9, JobState::Waiting), &[0; 5_000]),
            Change::Set(job(7, JobState::Done)),
        ],
        vec![Change::Remove(9), Change::Remove(8)],
        vec![],
    ];
    for (number, commit) in commits.iter().enumerate() {
        let how = if number % 2 == 0 { Durability::Full } else { Durability::Quick };
        database.commit(commit, how).unwrap();
        memory.commit(commit, how).unwrap();
        assert_eq!(database.load().unwrap(), memory.load().unwrap(), "{number}");
        for id in 0..10 {
            assert_eq!(database.payload(id).unwrap(), memory.payload(id).unwrap(), "{number} {id}");
        }
    }
    drop(database);
    let mut database = open(dir.path());
    // 9 was used and is not used again.
    assert_eq!(database.load().unwrap(), memory.load().unwrap());
    assert_eq!(database.load().unwrap().1, 9);
    // One that cannot be made leaves nothing of its batch.
    let twice = [Change::Remove(1), Change::Add(job(2, JobState::Waiting), b"")];
    let error = database.commit(&twice, Durability::Full).unwrap_err();
    assert!(!error.is_transient && error.reason.contains("jobs.sqlite"), "{error}");
    assert_eq!(database.load().unwrap(), memory.load().unwrap());
}

/// Run by the test below in a process of its own: submits and does jobs, and tells of each.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it")]
fn child_that_does_jobs_until_it_is_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let mut jobs = jobs(Path::new(&dir));
    let mut number = jobs.waiting();
    loop {
        number += 1;
        let key = format!("{}-{number}", std::process::id());
        jobs.submit(&key, key.as_bytes(), Now::default()).unwrap();
        println!("taken {key}");
        if let Some(leased) = jobs.next(Now::default()).unwrap() {
            println!("begun {}", leased.key);
            assert_eq!(leased.payload, leased.key.as_bytes());
            jobs.done(&leased, Now::default()).unwrap();
            println!("done {}", leased.key);
        }
    }
}

#[test]
fn killed_worker_loses_no_job_and_does_none_again_that_it_said_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let (mut taken, mut done) = (Vec::new(), Vec::new());
    for round in 1..=4 {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "jobs::child_that_does_jobs_until_it_is_killed", "--nocapture"]);
        let mut child = child.env(DIR, dir.path()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for (count, line) in lines.map_while(Result::ok).enumerate() {
            if let Some((_, key)) = line.split_once("taken ") {
                taken.push(key.to_owned());
            } else if let Some((_, key)) = line.split_once("begun ") {
                assert!(!done.contains(&key.to_owned()), "{key} was done");
            } else if let Some((_, key)) = line.split_once("done ") {
                done.push(key.to_owned());
            }
            if count == 17 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
    }
    let mut store = open(dir.path());
    assert_eq!(store.take_damage(), None);
    let (kept, _) = store.load().unwrap();
    let state = |key: &String| kept.iter().find(|job| job.key == *key).map(|job| job.state);
    assert!(taken.len() > 20, "{}", taken.len());
    for key in &taken {
        assert!(state(key).is_some(), "{key} is lost");
    }
    for key in &done {
        assert_eq!(state(key), Some(JobState::Done), "{key}");
    }
    drop(store);
    let mut jobs = jobs(dir.path());
    while let Some(leased) = jobs.next(Now::default()).unwrap() {
        assert!(!done.contains(&leased.key));
        jobs.done(&leased, Now::default()).unwrap();
    }
    assert_eq!((jobs.waiting(), jobs.dead_letters()), (0, Vec::new()));
}

#[test]
fn what_can_be_read_of_a_damaged_journal_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jobs.sqlite");
    let mut store = open(dir.path());
    for id in 1..=200 {
        store
            .commit(&[Change::Add(job(id, JobState::Waiting), &[7; 400])], Durability::Quick)
            .unwrap();
    }
    drop(store);
    let mut content = fs::read(&path).unwrap();
    let middle = content.len() / 2 / 4096 * 4096;
    content[middle..middle + 4096].fill(0xa5);
    fs::write(&path, content).unwrap();
    let mut store = open(dir.path());
    let damage = store.take_damage().unwrap();
    assert!(damage.contains("rows of it were taken over"), "{damage}");
    let (left, _) = store.load().unwrap();
    assert!(left.len() > 150, "{}", left.len());
    assert!(dir.path().join("jobs.sqlite.damaged").exists());
}
