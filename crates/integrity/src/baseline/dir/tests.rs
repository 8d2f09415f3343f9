use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wardkit_core::Transient as _;

use super::*;
use crate::EntryKind;

fn key() -> SigningKey {
    SigningKey::from_seed("host.example/fim", [7; 32]).unwrap()
}

fn header() -> BaselineHeader {
    BaselineHeader::new("host.example", [9; 16])
}

/// Enough entries to be written in two steps.
fn entries(size: u64) -> Vec<Entry> {
    let entry = |number| Entry { size, ..Entry::new(format!("/{number:04}"), EntryKind::File) };
    (0..8_193).map(entry).collect()
}

/// Returns the size that all entries have: which of the calls above made them.
fn size(baseline: &Baseline) -> u64 {
    assert_eq!(baseline.len(), 8_193);
    baseline.entry(Path::new("/8192")).unwrap().size
}

fn newest(path: &Path) -> Result<Baseline, Error> {
    BaselineDir::new(path).newest([key().verifier()], None)
}

fn names(path: &Path) -> Vec<String> {
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = fs::read_dir(path).unwrap().map(name).collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for name in names(from) {
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

fn hooked(
    path: &Path,
    hook: impl Fn(usize, &str) -> io::Result<()> + Send + Sync + 'static,
) -> BaselineDir {
    let mut dir = BaselineDir::new(path);
    let count = AtomicUsize::new(0);
    let hook = move |step: &'static str| hook(count.fetch_add(1, Ordering::Relaxed), step);
    dir.steps.hook = Some(Box::new(hook));
    dir
}

/// Makes a first generation, and what each step of a second one would leave behind if it were the last.
fn second_generation_cut_at_every_step(root: &Path) -> usize {
    let dir = root.join("whole");
    BaselineDir::new(&dir).init(&header(), entries(1), &key()).unwrap();
    let steps = Arc::new(AtomicUsize::new(0));
    let (from, to, seen) = (dir.clone(), root.to_owned(), Arc::clone(&steps));
    let watched = hooked(&dir, move |number, _| {
        copy(&from, &to.join(number.to_string()));
        seen.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    watched.commit(&newest(&dir).unwrap(), &header(), entries(2), &key()).unwrap();
    steps.load(Ordering::Relaxed)
}

#[test]
fn a_commit_that_is_killed_at_any_step_leaves_one_whole_generation() {
    let root = tempfile::tempdir().unwrap();
    let steps = second_generation_cut_at_every_step(root.path());
    assert_eq!(steps, 12);
    let mut found = Vec::new();
    for step in 0..steps {
        let path = root.path().join(step.to_string());
        let baseline = newest(&path).unwrap();
        assert_eq!(size(&baseline), baseline.generation());
        found.push(baseline.generation());
        // The next commit clears what is left and goes on.
        let dir = BaselineDir::new(&path);
        let seen = dir.commit(&baseline, &header(), entries(3), &key()).unwrap();
        assert_eq!(seen.generation, baseline.generation() + 1);
        assert_eq!(size(&newest(&path).unwrap()), 3);
        assert_eq!(names(&path).len() as u64, 2 * seen.generation + 1, "{:?}", names(&path));
    }
    // Only the last step, which makes the note's name durable, finds the new generation.
    assert_eq!(found, [&[1; 11][..], &[2]].concat());
}

#[test]
fn a_first_generation_that_is_killed_at_any_step_can_be_begun_again() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("whole");
    let (from, to) = (dir.clone(), root.path().to_owned());
    let watched = hooked(&dir, move |number, _| {
        copy(&from, &to.join(number.to_string()));
        Ok(())
    });
    watched.init(&header(), entries(1), &key()).unwrap();
    for step in 0..11 {
        let path = root.path().join(step.to_string());
        let reason = |error| match error {
            Error::Baseline { reason, .. } => reason,
            other => panic!("{other:?}"),
        };
        assert_eq!(newest(&path).map_err(reason).err(), Some(Refusal::Missing));
        BaselineDir::new(&path).init(&header(), entries(2), &key()).unwrap();
        assert_eq!(names(&path), ["baseline-1.fim", "baseline-1.note", "lock"]);
        assert_eq!(size(&newest(&path).unwrap()), 2);
    }
    assert_eq!(newest(&root.path().join("11")).unwrap().generation(), 1);
}

#[test]
fn a_disk_that_is_full_at_any_step_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("baseline");
    BaselineDir::new(&path).init(&header(), entries(1), &key()).unwrap();
    let before = names(&path);
    let first = newest(&path).unwrap();
    for full in 0..12 {
        let dir = hooked(&path, move |number, _| {
            if number == full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        });
        let error = dir.commit(&first, &header(), entries(2), &key()).unwrap_err();
        assert!(error.is_transient());
        let Error::Io { path: at, source, .. } = error else { panic!("{error:?}") };
        assert!(at.starts_with(&path));
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(names(&path), before, "step {full}");
        assert_eq!(newest(&path).unwrap().seen(), first.seen());
    }
    let seen = BaselineDir::new(&path).commit(&first, &header(), entries(2), &key()).unwrap();
    assert_eq!(newest(&path).unwrap().seen(), seen);
}

#[test]
fn nothing_that_has_a_name_is_written_over() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("baseline");
    BaselineDir::new(&path).init(&header(), entries(1), &key()).unwrap();
    let first = newest(&path).unwrap();
    // Somebody who does not ask for the lock makes the name in the meantime.
    let stranger = path.join("baseline-2.note");
    let made = stranger.clone();
    let dir = hooked(
        &path,
        move |_, step| {
            if step == "rename" { fs::write(&made, "mine") } else { Ok(()) }
        },
    );
    let error = dir.commit(&first, &header(), entries(2), &key()).unwrap_err();
    let Error::Io { action: "rename", source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&stranger).unwrap(), b"mine");
    assert!(!path.join("baseline-2.fim").exists());
}
