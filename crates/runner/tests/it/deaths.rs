//! Master, guardian or both are killed at every boundary between two things that are done.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_core::SystemClock;
use wardkit_process::{Launch, Output, Process, Procfs, Signal, search, search_marked};
use wardkit_runner::{Change, NoOutlet, Options, Services, Store, StoreError};
use wardkit_supervise::{Config, Exit, Record, RecordPhase};

use crate::scene::{clear, eventually, kill, options, processes, shell};

/// Where a master that is this test's own program finds its folder.
const FOLDER: &str = "WARDKIT_TEST_FOLDER";

/// Which process the test is.
const TEST: &str = "WARDKIT_TEST_PID";

/// A master, when it is started as one.
#[test]
fn a_master_of_the_tests() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = PathBuf::from(folder);
    note(&folder.join("masters"), &std::process::id().to_string());
    let store = Box::new(FileStore { folder: folder.clone(), commits: 0 });
    let started = Services::start(
        config(&folder),
        master_options(&folder),
        store,
        Arc::new(NoOutlet),
        Arc::new(SystemClock),
    );
    let _services = started.expect("it starts");
    // It ends with the test at the latest.
    let test = std::env::var(TEST).expect("it is named").parse().expect("it is a number");
    let test = Process::with_pid(test).expect("it runs");
    assert!(test.wait(None).expect("it is held"));
}

fn config(folder: &Path) -> Config {
    let script = |name: &str| {
        let starts = folder.join(format!("starts-{name}"));
        format!("echo $$ >> {}; exec sleep 1000", starts.display())
    };
    let mut bot = shell("bot", &script("bot"));
    bot.depends = vec!["db".to_owned()];
    Config::new([shell("db", &script("db")), bot])
}

fn master_options(folder: &Path) -> Options {
    let mut options = options(&folder.join("services"));
    options.master = command();
    options.master_environment = ENVIRONMENT.map(|name| (name.into(), value(name, folder))).into();
    options
}

const ENVIRONMENT: [&str; 2] = [FOLDER, TEST];

/// Returns a variable of a master: a test's own, or what the master that is started again was given.
fn value(name: &str, folder: &Path) -> OsString {
    let pid = || std::env::var_os(TEST).unwrap_or_else(|| std::process::id().to_string().into());
    if name == TEST { pid() } else { folder.into() }
}

fn command() -> Vec<OsString> {
    let ourselves = std::env::current_exe().expect("it has one");
    let test = "deaths::a_master_of_the_tests";
    vec![ourselves.into(), "--exact".into(), test.into(), "--test-threads=1".into()]
}

/// Keeps records in a file, and kills somebody before or after the commit that it is told of.
struct FileStore {
    folder: PathBuf,
    commits: u64,
}

impl Store for FileStore {
    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        Ok(records(&self.folder).into_values().collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.commits += 1;
        self.strike("before");
        let mut records = records(&self.folder);
        for change in changes {
            match change {
                Change::Keep(record) => {
                    records.insert(record.service.clone(), (**record).clone());
                }
                Change::Forget(service) => drop(records.remove(&**service)),
                _ => {}
            }
        }
        let bytes = serde_json::to_vec(&records).expect("records are data");
        std::fs::write(self.folder.join("new"), bytes).expect("there is room");
        std::fs::rename(self.folder.join("new"), self.folder.join("records")).expect("it is there");
        self.strike("after");
        Ok(())
    }
}

impl FileStore {
    fn strike(&self, when: &str) {
        let order = self.folder.join("order");
        let text = std::fs::read_to_string(&order).unwrap_or_default();
        let Some(victim) = text.strip_prefix(&format!("{} {when} ", self.commits)) else { return };
        std::fs::remove_file(&order).expect("it is there");
        if victim != "master" {
            let guardian = guardian_of(std::process::id()).expect("it is there");
            guardian.signal(Signal::KILL).expect("it runs");
            assert!(guardian.wait(None).expect("it is held"));
        }
        if victim != "guardian" {
            let ourselves = Process::with_pid(std::process::id()).expect("it is us");
            ourselves.signal(Signal::KILL).expect("it is us");
        }
    }
}

fn records(folder: &Path) -> BTreeMap<String, Record> {
    let bytes = std::fs::read(folder.join("records")).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Finds the guardian of a master: its child, or its parent.
fn guardian_of(master: u32) -> Option<Process> {
    let procfs = Procfs::default();
    let parent = procfs.stat(master).ok()?.parent;
    let is_kin = |pid: u32| {
        pid == parent
            || procfs.stat(pid).is_ok_and(|stat| stat.parent == master && !stat.has_ended())
    };
    let program = env!("CARGO_BIN_EXE_wardkit-runner-guardian");
    let found = search(|found| found.command_line.starts_with(program) && is_kin(found.pid));
    found.ok()?.into_iter().next()
}

fn note(path: &Path, line: &str) {
    let mut text = std::fs::read_to_string(path).unwrap_or_default();
    text += line;
    text.push('\n');
    std::fs::write(path, text).expect("there is room");
}

/// A master and what it starts, which end with the test.
struct Installation {
    folder: tempfile::TempDir,
    masters: Vec<Process>,
}

impl Installation {
    fn new(order: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        std::fs::write(folder.path().join("order"), order).expect("there is room");
        Self { folder, masters: Vec::new() }
    }

    fn start(&mut self) {
        let folder = self.folder.path();
        let mut launch = Launch::new(command());
        launch.environment = ENVIRONMENT.map(|name| (name.into(), value(name, folder))).into();
        let log = std::fs::File::options().append(true).create(true).open(folder.join("log"));
        launch.stderr = Output::To(log.expect("there is room").into());
        self.masters.push(launch.start().expect("it starts"));
    }

    fn lines(&self, name: &str) -> Vec<u32> {
        let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    fn instance(&self) -> String {
        options(&self.folder.path().join("services")).instance
    }

    /// Starts a master when the last one is dead and nobody is left to start another.
    fn revive(&mut self) {
        let last = self.lines("masters").last().copied();
        let lives = |pid: u32| Procfs::default().stat(pid).is_ok_and(|stat| !stat.has_ended());
        let ours: Vec<u32> = self.masters.iter().map(Process::pid).collect();
        for master in &self.masters {
            let _ = master.state();
        }
        let held = guardians(self.folder.path());
        if held == 0 && !last.is_some_and(lives) && !ours.into_iter().any(lives) {
            self.start();
        }
    }

    /// Waits until both services run, their present runs as often started as told.
    fn settled(&mut self, db: usize, bot: usize) -> [u32; 2] {
        let instance = self.instance();
        let folder = self.folder.path().to_owned();
        let names = ["db", "bot"];
        let found = eventually(|| {
            self.revive();
            let records = records(&folder);
            let pids = names.map(|name| {
                let record = records.get(name)?;
                let pid = record.process.as_ref()?.pid?;
                let is_it =
                    record.phase == RecordPhase::Live && processes(&instance, name) == [pid];
                let generation = if name == "db" { db } else { bot };
                let has_begun = self.lines(&format!("starts-{name}")).len() >= generation;
                (is_it && has_begun && record.generation >= generation as u64).then_some(pid)
            });
            Some([pids[0]?, pids[1]?])
        });
        assert_eq!(self.lines("starts-db").len(), db, "{}", self.log());
        assert_eq!(self.lines("starts-bot").len(), bot, "{}", self.log());
        found
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn guardians(folder: &Path) -> usize {
    let socket = folder.join("services/guardian.sock");
    let sockets = std::fs::read_to_string("/proc/net/unix").expect("it is there");
    let name = socket.to_str().expect("it is text");
    sockets.lines().filter(|line| line.ends_with(name)).count()
}

impl Drop for Installation {
    fn drop(&mut self) {
        let folder = self.folder.path().to_str().expect("it is text").to_owned();
        let mut found = Vec::new();
        // All are stopped before any is killed: whoever is left would start the other one again.
        loop {
            let guardians = search(|found| found.command_line.contains(&folder));
            let masters = search_marked(FOLDER, |value| value == folder.as_bytes());
            let all = guardians.into_iter().chain(masters).flatten();
            let is_new =
                |one: &Process| !found.iter().any(|known: &Process| known.pid() == one.pid());
            let fresh: Vec<Process> = all.filter(is_new).collect();
            if fresh.is_empty() {
                break;
            }
            for process in &fresh {
                let _ = process.signal(Signal::STOP);
            }
            found.extend(fresh);
        }
        for process in found.iter().chain(&self.masters) {
            let _ = process.signal(Signal::KILL);
        }
        for master in &self.masters {
            let _ = master.wait(None);
            let _ = master.state();
        }
        clear(&self.instance());
    }
}

/// Kills a victim at a commit of a life in which a service is started, killed, and started again.
fn check(commit: u64, when: &str, victim: &str) {
    let mut installation = Installation::new(&format!("{commit} {when} {victim}"));
    installation.start();
    let [db, bot] = installation.settled(1, 1);
    kill(db);
    let after = installation.settled(2, 1);
    assert_eq!(after[1], bot, "the other one was not touched");
    assert_ne!(after[0], db);
    let record = &records(installation.folder.path())["db"];
    let exits: Vec<_> = record.history.iter().map(|ended| ended.exit.clone()).collect();
    let killed = Some(Exit::Signal { signal: 9, core: false });
    // What was to be started when both died may have been, and before Linux 6.15 nobody knows how a process ended whose
    // parent had died before it.
    if victim == "master" {
        assert_eq!(exits, [killed]);
    } else {
        let is_possible = |exit: &Option<Exit>| *exit == killed || *exit == Some(Exit::Unknown);
        assert!(exits.iter().all(is_possible), "{exits:?}");
        assert!(exits.len() == 1 || victim == "both" && exits.len() == 2, "{exits:?}");
    }
}

macro_rules! boundaries {
    ($($name:ident $victim:literal $when:literal;)*) => {$(
        #[test]
        fn $name() {
            for commit in 1..=COMMITS {
                check(commit, $when, $victim);
            }
        }
    )*};
}

/// A life has about as many; where it has fewer nobody dies.
const COMMITS: u64 = 8;

boundaries! {
    the_master_dies_before_a_commit "master" "before";
    the_master_dies_after_a_commit "master" "after";
    the_guardian_dies_before_a_commit "guardian" "before";
    the_guardian_dies_after_a_commit "guardian" "after";
    both_die_before_a_commit "both" "before";
    both_die_after_a_commit "both" "after";
}
