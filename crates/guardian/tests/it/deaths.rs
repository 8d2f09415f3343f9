use std::path::Path;
use std::process::Stdio;

use rustix::fs::{CWD, FileType, Mode};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use wardkit_guardian::{Client, Error, Event, MARKER, Options, Record};
use wardkit_process::{
    Exit, Launch, Likeness, Output, Process, Procfs, Signal, State, become_subreaper, search_marked,
};

use crate::{PATIENCE, Scene, ended, event, eventually, lives, pids, shell};

/// Where a master that is this test's own program finds its socket.
const SOCKET: &str = "WARDKIT_TEST_SOCKET";

/// A master, when it is started as one: starts or finds its services, says so, and waits.
#[test]
fn a_master_of_the_tests() {
    let Some(socket) = std::env::var_os(SOCKET) else { return };
    let folder = Path::new(&socket).parent().unwrap().to_owned();
    let mut options = options(&socket);
    let failing = std::env::var_os(STORM);
    if failing.is_some() {
        // Greets once with a command that fails a few times, and dies.
        let script = format!(
            "echo $$ >> {0}; [ $(wc -l < {0}) -lt 4 ] && exit 1; unset {STORM}; exec \"$0\" \"$@\"",
            folder.join("failures").display()
        );
        let mut storm = vec!["/bin/sh".into(), "-c".into(), script.into()];
        storm.append(&mut options.master.command);
        options.master.command = storm;
        Client::start(&options).unwrap();
        return;
    }
    let mut client = Client::start(&options).unwrap();
    std::fs::write(folder.join("failed"), format!("{}\n", client.failures())).unwrap();
    for number in 0..5 {
        let file = folder.join("services");
        let script = format!("echo $$ >> {}; exec sleep 1000", file.display());
        client.spawn(&shell(&format!("s{number}"), 1, &script)).unwrap();
    }
    let said = folder.join("masters");
    let mut masters = std::fs::read_to_string(&said).unwrap_or_default();
    masters += &std::process::id().to_string();
    masters.push('\n');
    std::fs::write(&said, masters).unwrap();
    while let Ok(event) = client.wait_event(PATIENCE) {
        assert!(event.is_some() || said.exists(), "the test is over");
    }
}

/// Set for a master that is to die, and to fail when it is started again.
const STORM: &str = "WARDKIT_TEST_STORM";

fn options(socket: &std::ffi::OsStr) -> Options {
    let mut options = Options::default();
    options.socket = socket.into();
    options.guardian = vec![env!("CARGO_BIN_EXE_wardkit-guardian").into(), "--guardian".into()];
    options.master.instance = format!(
        "master-{}",
        Path::new(socket)
            .parent()
            .expect("it has one")
            .file_name()
            .expect("it has one")
            .to_string_lossy()
            .trim_matches('.')
    );
    options.master.command = command();
    options.master.environment = vec![(SOCKET.into(), socket.into())];
    options
}

fn command() -> Vec<std::ffi::OsString> {
    let ourselves = std::env::current_exe().expect("it has one");
    let test = "deaths::a_master_of_the_tests";
    vec![ourselves.into(), "--exact".into(), test.into(), "--test-threads=1".into()]
}

#[test]
fn a_master_that_is_killed_comes_back_and_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("guardian.sock");
    let mut launch = Launch::new(command());
    launch.environment = vec![(SOCKET.into(), socket.clone().into())];
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    (launch.stdout, launch.stderr) = (Output::Discard, Output::To(log.into()));
    let first = launch.start().unwrap();
    let services = pids(&folder.path().join("services"), 5);
    let masters = folder.path().join("masters");
    assert_eq!(pids(&masters, 1), [first.pid()]);
    let mut last = first.pid();
    for round in 2..5 {
        let master = Process::with_pid(last).unwrap();
        master.signal(Signal::KILL).unwrap();
        assert!(master.wait(Some(PATIENCE)).unwrap());
        last = pids(&masters, round)[round - 1];
        assert!(services.iter().copied().all(lives), "a service died with its master");
    }
    // Neither did a service start twice.
    assert_eq!(pids(&folder.path().join("services"), 5), services);
    // The master is told to leave by its guardian's end: without one it would start another.
    let guardian = Procfs::default().stat(last).unwrap().parent;
    let [guardian, master] = [guardian, last].map(|pid| Process::with_pid(pid).unwrap());
    std::fs::remove_file(&masters).unwrap();
    master.signal(Signal::STOP).unwrap();
    guardian.signal(Signal::KILL).unwrap();
    master.signal(Signal::KILL).unwrap();
    for pid in services {
        Process::with_pid(pid).unwrap().signal(Signal::KILL).unwrap();
    }
    first.state().unwrap();
}

#[test]
fn a_master_that_dies_at_once_again_and_again_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("guardian.sock");
    let mut launch = Launch::new(command());
    launch.environment = vec![(SOCKET.into(), socket.into()), (STORM.into(), "1".into())];
    let first = launch.start().unwrap();
    assert!(first.wait(Some(PATIENCE)).unwrap());
    first.state().unwrap();
    let master = pids(&folder.path().join("masters"), 1)[0];
    assert_eq!(pids(&folder.path().join("failures"), 4).len(), 4);
    // Three that failed, and the one that did not last yet.
    assert_eq!(pids(&folder.path().join("failed"), 1), [4]);
    let guardian = Procfs::default().stat(master).unwrap().parent;
    for pid in [master, guardian] {
        Process::with_pid(pid).unwrap().signal(Signal::STOP).unwrap();
    }
    for pid in [guardian, master] {
        Process::with_pid(pid).unwrap().signal(Signal::KILL).unwrap();
    }
    for pid in pids(&folder.path().join("services"), 5) {
        Process::with_pid(pid).unwrap().signal(Signal::KILL).unwrap();
    }
}

#[test]
fn a_guardian_that_is_killed_while_it_starts_a_service_leaves_it_or_nothing() {
    let mut scene = Scene::new("amid");
    let file = scene.path("starts");
    for round in 0..30 {
        let guardian = scene.client().guardian().try_clone().unwrap();
        let name = format!("s{round:02}");
        let spawn =
            shell(&name, 1, &format!("echo {round} >> {}; exec sleep 1000", file.display()));
        let killer = std::thread::spawn(move || guardian.signal(Signal::KILL).unwrap());
        let known = scene.client().spawn(&spawn).ok();
        killer.join().unwrap();
        let client = scene.restart();
        let marker = wardkit_guardian::marker(&format!("amid-{}", std::process::id()), &name, 1);
        let found = search_marked(MARKER, |value| value == marker.as_bytes()).unwrap();
        if let Some(process) = found.first() {
            let record = Record::new(name, 1, process.identity().clone());
            assert_eq!(client.adopt(&record, Some(process)).unwrap().ended, None);
        } else {
            assert!(known.is_none(), "it was said to be held");
            client.spawn(&spawn).unwrap();
        }
    }
    let starts = pids(&file, 30);
    let mut sorted = starts.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..30).collect::<Vec<u32>>(), "{starts:?}");
    // Each guardian holds what was started under it; what the others left is ours to end.
    let instance = format!("amid-{}/", std::process::id());
    for process in search_marked(MARKER, |value| value.starts_with(instance.as_bytes())).unwrap() {
        process.signal(Signal::KILL).unwrap();
    }
}

#[test]
fn a_guardian_that_is_killed_takes_no_service_with_it() {
    let mut scene = Scene::new("killed");
    let file = scene.path("starts");
    let held: Vec<_> = (0..8)
        .map(|number| {
            let script = format!("echo $$ >> {}; exec sleep 1000", file.display());
            scene.spawn(&format!("s{number:02}"), 3, &script)
        })
        .collect();
    pids(&file, 8);
    scene.client().guardian().signal(Signal::KILL).unwrap();
    while scene.client().wait_event(PATIENCE).is_ok() {}
    assert!(matches!(scene.client().list(), Err(Error::Gone)));
    // Another dies in between.
    let dead = &held[7];
    dead.process.as_ref().unwrap().signal(Signal::TERM).unwrap();
    assert!(dead.process.as_ref().unwrap().wait(Some(PATIENCE)).unwrap());
    let client = scene.restart();
    for held in &held {
        client.adopt(&held.record, held.process.as_ref()).unwrap();
        // Asked for again, it is not started again.
        let again = client.spawn(&shell(&held.record.service, 3, "exit 9")).unwrap();
        assert_eq!(again.record, held.record);
    }
    let exit = ended(client, "s07").exit;
    assert!([Exit::Signal { number: 15, core: false }, Exit::Unknown].contains(&exit), "{exit:?}");
    assert_eq!(client.list().unwrap().iter().filter(|held| held.ended.is_none()).count(), 7);
    assert_eq!(pids(&file, 8).len(), 8);
    // The new guardian holds them as the old one did.
    client.signal("s03", 3, Signal::TERM).unwrap();
    let exit = ended(client, "s03").exit;
    assert!([Exit::Signal { number: 15, core: false }, Exit::Unknown].contains(&exit), "{exit:?}");
}

/// Set for this test when it is to be the one to whom orphans go, and that waits for none of them.
const NEVER_WAITS: &str = "WARDKIT_TEST_NEVER_WAITS";

#[test]
fn the_end_of_an_orphan_that_nobody_waits_for_is_told_with_its_signal() {
    if std::env::var_os(NEVER_WAITS).is_none() {
        let test = "deaths::the_end_of_an_orphan_that_nobody_waits_for_is_told_with_its_signal";
        let ourselves = std::env::current_exe().unwrap().into_os_string();
        let mut launch = Launch::new([ourselves, "--exact".into(), test.into()]);
        launch.environment = vec![(NEVER_WAITS.into(), "1".into())];
        (launch.stdout, launch.stderr) = (Output::Inherit, Output::Inherit);
        let other = launch.start().unwrap();
        assert!(other.wait(Some(PATIENCE)).unwrap());
        let state = other.state().unwrap();
        assert!(matches!(state, State::Ended { exit: Exit::Code(0), .. }), "{state:?}");
        return;
    }
    become_subreaper().unwrap();
    let mut scene = Scene::new("orphans");
    let held = [
        scene.spawn("killed", 1, "exec sleep 1000"),
        scene.spawn("told", 1, "trap 'exit 42' TERM; while :; do sleep 0.01; done"),
    ];
    scene.client().guardian().signal(Signal::KILL).unwrap();
    assert!(scene.client().guardian().wait(Some(PATIENCE)).unwrap());
    let client = scene.restart();
    for held in &held {
        client.adopt(&held.record, held.process.as_ref()).unwrap();
    }
    for (held, signal, expected) in [
        (&held[0], Signal::KILL, Exit::Signal { number: 9, core: false }),
        (&held[1], Signal::TERM, Exit::Code(42)),
    ] {
        client.signal(&held.record.service, 1, signal).unwrap();
        assert_eq!(ended(client, &held.record.service).exit, expected);
        let stat = Procfs::default().stat(held.record.identity.pid).unwrap();
        assert_eq!((stat.state, stat.parent), ('Z', std::process::id()), "nobody has asked");
    }
}

#[test]
fn what_outlived_both_is_adopted_from_its_record() {
    let mut scene = Scene::new("both");
    let held = [1, 2].map(|number| scene.spawn(&format!("s{number}"), 1, "exec sleep 1000"));
    scene.client().guardian().signal(Signal::KILL).unwrap();
    assert!(scene.client().guardian().wait(Some(PATIENCE)).unwrap());
    let records = held.each_ref().map(|held| held.record.clone());
    let [one, two] = held.map(|held| held.process.unwrap());
    two.signal(Signal::KILL).unwrap();
    assert!(two.wait(Some(PATIENCE)).unwrap());
    drop(two);
    eventually(|| Process::open(&records[1].identity).is_err().then_some(()));
    let client = scene.restart();
    let back = client.adopt(&records[0], None).unwrap();
    assert_eq!((back.ended, back.record), (None, records[0].clone()));
    let gone = client.adopt(&records[1], None).unwrap();
    assert_eq!(gone.ended.unwrap().exit, Exit::Unknown);
    // What was started in the moment before is found without a record.
    let marker = format!("both-{}/s1/1", std::process::id());
    let found = search_marked(MARKER, |value| value == marker.as_bytes()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].identity().compare(one.identity()), Likeness::Same);
    // Of another boot nothing is left, whatever has the number now.
    let mut other_boot = records[0].clone();
    other_boot.service = "rebooted".into();
    other_boot.identity.boot = "another".into();
    assert_eq!(client.adopt(&other_boot, None).unwrap().ended.unwrap().exit, Exit::Unknown);
    assert!(!one.has_ended().unwrap());
}

#[test]
fn an_end_is_told_to_each_master_until_one_notes_it() {
    let mut scene = Scene::new("queued");
    let go = scene.path("go");
    let script = format!("while [ ! -e {} ]; do sleep 0.01; done; exit 42", go.display());
    let held = scene.spawn("bot", 1, &script);
    // It ends while nobody is attached.
    scene.client = None;
    std::fs::write(&go, "").unwrap();
    assert!(held.process.unwrap().wait(Some(PATIENCE)).unwrap());
    for _ in 0..3 {
        let Event::Ended(held) = event(scene.restart()) else { panic!() };
        assert_eq!(held.ended.unwrap().exit, Exit::Code(42));
    }
    assert_eq!(ended(scene.restart(), "bot").exit, Exit::Code(42));
    let client = scene.restart();
    assert_eq!(client.list().unwrap()[0].ended.unwrap().exit, Exit::Code(42));
    assert!(client.next_event().unwrap().is_none());
}

#[test]
fn a_master_that_leaves_is_not_started_again() {
    let mut scene = Scene::new("leave");
    let held = scene.spawn("bot", 1, "exec sleep 1000");
    let guardian = scene.client().guardian().try_clone().unwrap();
    scene.client.take().unwrap().leave().unwrap();
    assert!(!held.process.unwrap().has_ended().unwrap());
    let client = scene.restart();
    assert_eq!(client.guardian().identity(), guardian.identity());
    assert_eq!(client.list().unwrap().len(), 1);
}

/// The parent of an orphan lives for ever, and would be waited for as long.
#[test]
fn a_guardian_whose_master_died_before_it_looked_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (path, gate) = (folder.path().join("socket"), folder.path().join("gate"));
    rustix::fs::mknodat(CWD, &gate, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).unwrap();
    rustix::net::bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
    rustix::net::listen(&listener, 8).unwrap();
    // What starts the guardian ends at once; the guardian begins when the gate opens.
    let script = "exec 3<&0; { read -r _ < \"$1\"; exec \"$0\" --guardian <&3; } >&2 & echo $!";
    let guardian = env!("CARGO_BIN_EXE_wardkit-guardian");
    let mut starter = std::process::Command::new("sh");
    starter.args(["-c", script, guardian]).arg(&gate).stdin(listener).stderr(Stdio::null());
    let pid = String::from_utf8(starter.output().unwrap().stdout).unwrap();
    let guardian = Process::with_pid(pid.trim().parse().unwrap()).unwrap();
    std::fs::write(&gate, "now\n").unwrap();
    assert!(guardian.wait(Some(PATIENCE)).unwrap());
}
