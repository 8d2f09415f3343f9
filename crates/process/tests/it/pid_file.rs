use std::fs;
use std::path::Path;

use wardkit_process::{
    Error, Launch, PidFile, Process, Signal, Stale, State, Watched, search, search_marked,
};

use crate::exit;

#[test]
fn a_second_instance_learns_who_the_first_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.pid");
    let first = PidFile::acquire(&path).unwrap();
    let pid = std::process::id();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{pid}\n"));
    let second = PidFile::acquire(&path);
    assert!(
        matches!(second, Err(Error::Held { pid: Some(found), .. }) if found == pid),
        "{second:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    drop(first);
    assert!(!path.exists());
    // Left by one that was killed.
    fs::write(&path, "4711\n").unwrap();
    let third = PidFile::acquire(&path).unwrap();
    assert_eq!(fs::read_to_string(third.path()).unwrap(), format!("{pid}\n"));
}

#[test]
fn of_many_at_once_one_gets_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.pid");
    for stale in [false, true] {
        if stale {
            fs::write(&path, "4711\n").unwrap();
        }
        let taken: Vec<PidFile> = std::thread::scope(|scope| {
            let attempts: Vec<_> =
                (0..16).map(|_| scope.spawn(|| PidFile::acquire(&path).ok())).collect();
            attempts.into_iter().filter_map(|attempt| attempt.join().unwrap()).collect()
        });
        assert_eq!(taken.len(), 1);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_foreign_file_is_believed_only_when_everything_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.pid");
    let is_sleep = |found: &wardkit_process::Candidate| found.command_line == "sleep 4711";
    let read = |path: &Path| Watched::read(path, is_sleep).unwrap();
    assert!(matches!(read(&path), Watched::Missing));
    for text in ["", "x", "-1", "0", "99999999999", "\u{0}"] {
        fs::write(&path, text).unwrap();
        let found = read(&path);
        assert!(
            matches!(found, Watched::Stale { pid: None, why: Stale::NoNumber }),
            "{text}: {found:?}"
        );
    }
    let wanted = Launch::new(["sleep", "4711"]).start().unwrap();
    let stranger = Launch::new(["sleep", "1000"]).start().unwrap();
    fs::write(&path, format!("{}\n", wanted.pid())).unwrap();
    assert!(
        matches!(read(&path), Watched::Running(found) if found.identity() == wanted.identity())
    );
    fs::write(&path, stranger.pid().to_string()).unwrap();
    let pid = Some(stranger.pid());
    assert!(
        matches!(read(&path), Watched::Stale { pid: found, why: Stale::OtherProgram } if found == pid)
    );
    assert_eq!(stranger.state().unwrap(), State::Running);
    // Written an hour before the process started.
    fs::write(&path, wanted.pid().to_string()).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - std::time::Duration::from_hours(1)).unwrap();
    assert!(matches!(read(&path), Watched::Stale { why: Stale::StartedLater, .. }));
    for process in [&wanted, &stranger] {
        process.signal(Signal::KILL).unwrap();
        exit(process);
    }
    fs::write(&path, wanted.pid().to_string()).unwrap();
    assert!(matches!(read(&path), Watched::Stale { why: Stale::NotRunning, .. }));
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/proc/self/stat", &path).unwrap();
    assert!(matches!(Watched::read(&path, is_sleep), Err(Error::File { .. })));
}

#[test]
fn a_process_is_found_by_its_command_line_and_by_its_marker() {
    let mut launch = Launch::new(["sleep", "471147"]);
    let value = format!("search-{}", std::process::id());
    launch.environment.push(("WARDKIT_TEST".into(), value.clone().into()));
    let started = launch.start().unwrap();
    let identities = |found: Vec<Process>| -> Vec<_> {
        found.into_iter().map(|process| process.identity().clone()).collect()
    };
    let by_line = search(|found| found.command_line == "sleep 471147").unwrap();
    assert_eq!(identities(by_line), [started.identity().clone()]);
    let by_marker = search_marked("WARDKIT_TEST", |found| found == value.as_bytes()).unwrap();
    assert_eq!(identities(by_marker), [started.identity().clone()]);
    started.signal(Signal::KILL).unwrap();
    exit(&started);
}

#[test]
fn processes_are_found_while_they_become_other_programs() {
    let script = r#"exec "$0" -c "$1" "$0" "$1""#;
    let value = format!("changing-{}", std::process::id());
    let mut launch = Launch::new(["/bin/sh", "-c", script, "/bin/sh", script]);
    launch.environment = vec![("WARDKIT_TEST".into(), value.clone().into())];
    let process = launch.start().unwrap();
    let search = || search_marked("WARDKIT_TEST", |found| found == value.as_bytes());
    let missed = (0..200).filter(|_| search().is_ok_and(|found| found.len() != 1)).count();
    process.signal(Signal::KILL).unwrap();
    assert!(process.wait(Some(crate::PATIENCE)).unwrap());
    process.state().unwrap();
    assert_eq!(missed, 0);
}
