//! Services outlive programs, stores and hosts.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use wardkit_core::{Event, SystemClock};
use wardkit_process::{Candidate, Procfs, search};
use wardkit_runner::{
    BoxFuture, Change, Error, MemoryStore, NoOutlet, Outlet, Services, Store, StoreError, Then,
};
use wardkit_supervise::{Config, Desired, Reason, Record, RecordPhase, Step};

use crate::scene::{Scene, block_on, clear, eventually, kill, lives, shell, sleeper};

#[test]
pub(crate) fn what_was_left_running_is_taken_back() {
    let config = Config::new([sleeper("bot"), sleeper("other")]);
    let mut scene = Scene::new();
    scene.start(config.clone());
    let pids = ["bot", "other"].map(|name| scene.until(name, "running"));
    block_on(scene.services().shutdown(Then::LeaveRunning));
    assert!(pids.iter().flatten().copied().all(lives));
    scene.start(config);
    assert_eq!(["bot", "other"].map(|name| scene.until(name, "running")), pids);
    assert_eq!(scene.outlet.find("supervise.adopted", "bot").len(), 1);
    assert_eq!(scene.services().list()[0].generation, 1);
}

#[test]
pub(crate) fn a_second_instance_learns_who_the_first_is() {
    let scene = Scene::with([sleeper("bot")]);
    let second = Services::start(
        Config::default(),
        scene.options.clone(),
        Box::new(MemoryStore::new()),
        Arc::new(NoOutlet),
        Arc::new(SystemClock),
    );
    let error = second.unwrap_err();
    assert!(matches!(error, Error::Held { pid: Some(pid), .. } if pid == std::process::id()));
    scene.until("bot", "running");
}

#[test]
pub(crate) fn what_runs_is_taken_back_although_its_records_are_lost() {
    let config = Config::new([sleeper("bot"), sleeper("other")]);
    for is_guardian_killed in [false, true] {
        let mut scene = Scene::new();
        scene.start(config.clone());
        let pids = ["bot", "other"].map(|name| scene.until(name, "running"));
        block_on(scene.services().shutdown(Then::LeaveRunning));
        if is_guardian_killed {
            kill(guardian(&scene));
        }
        scene.store = MemoryStore::new();
        scene.start(Config::new([sleeper("bot")]));
        assert_eq!(scene.until("bot", "running"), pids[0]);
        assert_eq!(scene.processes("bot").len(), 1);
        // What is no longer declared is stopped, and forgotten.
        eventually(|| (!lives(pids[1]?)).then_some(()));
        eventually(|| scene.store.record("other").is_none().then_some(()));
    }
}

#[test]
pub(crate) fn a_killed_guardian_is_replaced_and_holds_what_ran() {
    let scene = Scene::with([sleeper("bot"), sleeper("other")]);
    let pids = ["bot", "other"].map(|name| scene.until(name, "running").unwrap());
    let first = guardian(&scene);
    kill(first);
    scene.told("supervise.guardian_lost", "");
    eventually(|| (guardian_of(&scene)? != first).then_some(()));
    kill(pids[0]);
    scene.until_run("bot", "running", 2);
    assert!(lives(pids[1]));
    block_on(scene.services().stop_service("other", "operator")).unwrap();
    assert!(!lives(pids[1]));
}

#[test]
pub(crate) fn what_is_left_of_a_run_is_killed_before_the_next() {
    let mut scene = Scene::new();
    let file = scene.path("children");
    let script = format!(
        "[ -e {0} ] && exec sleep 1000; setsid sh -c 'echo $$ > {0}; exec sleep 1000' & \
         while [ ! -s {0} ]; do sleep 0.01; done; exit 3",
        file.display()
    );
    scene.start(Config::new([shell("bot", &script)]));
    scene.until_run("bot", "running", 2);
    let child: u32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    assert!(!lives(child));
    assert_eq!(scene.processes("bot").len(), 1);
}

#[test]
pub(crate) fn after_a_reboot_what_was_to_run_runs_and_nothing_is_adopted() {
    let mut db = sleeper("db");
    let mut bot = sleeper("bot");
    bot.depends = vec!["db".to_owned()];
    db.autostart = false;
    let config = Config::new([bot, db, sleeper("stopped")]);
    let mut scene = Scene::new();
    scene.start(config.clone());
    let old = scene.until("bot", "running");
    scene.until("stopped", "running");
    block_on(scene.services().stop_service("stopped", "operator")).unwrap();
    block_on(scene.services().shutdown(Then::LeaveRunning));
    kill(guardian(&scene));
    clear(&scene.options.instance);
    eventually(|| (!lives(old?)).then_some(()));
    // The records are of another boot, and one names a process of ours, which is a stranger now.
    let mut changes = Vec::new();
    for name in ["bot", "db", "stopped"] {
        let mut record = scene.store.record(name).unwrap();
        record.boot_id = "another boot".to_owned();
        if let Some(process) = &mut record.process {
            process.pid = Some(std::process::id());
        }
        changes.push(Change::Keep(Box::new(record)));
    }
    scene.store.commit(&changes).unwrap();
    scene.start(config);
    assert_ne!(scene.until_run("bot", "running", 2), old);
    scene.until("db", "running");
    scene.until("stopped", "stopped");
    let record = scene.store.record("bot").unwrap();
    assert_eq!((record.desired, record.phase), (Desired::Up, RecordPhase::Live));
    assert_eq!(record.history[0].reason, Reason::Reboot);
    assert!(scene.outlet.find("supervise.adopted", "bot").is_empty());
}

#[test]
pub(crate) fn nothing_is_started_that_could_not_be_recorded() {
    let store = Flaky::default();
    store.fails.store(true, Ordering::Relaxed);
    let mut scene = Scene::new();
    let services = Services::start(
        Config::new([sleeper("bot")]),
        scene.options.clone(),
        Box::new(store.clone()),
        Arc::clone(&scene.outlet) as _,
        Arc::new(SystemClock),
    );
    scene.services = Some(services.unwrap());
    eventually(|| (store.refused.load(Ordering::Relaxed) >= 3).then_some(()));
    assert!(scene.processes("bot").is_empty());
    assert_eq!(scene.state("bot").as_str(), "starting");
    let message = scene.told("supervise.store_failed", "");
    assert!(message.contains("the disk is full"), "{message}");
    store.fails.store(false, Ordering::Relaxed);
    scene.until("bot", "running");
    scene.told("supervise.store_recovered", "");
    assert_eq!(scene.outlet.find("supervise.store_failed", "").len(), 1);
    assert_eq!(scene.processes("bot").len(), 1);
    // What somebody wants is done, and it is said that it could not be kept.
    store.fails.store(true, Ordering::Relaxed);
    let refused = block_on(scene.services().stop_service("bot", "operator")).unwrap_err();
    assert!(refused.to_string().contains("the disk is full"), "{refused}");
    assert!(scene.processes("bot").is_empty());
}

/// Refuses to keep anything while it is told to.
#[derive(Clone, Default)]
struct Flaky {
    fails: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    store: Arc<Mutex<MemoryStore>>,
}

impl Store for Flaky {
    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        self.store.lock().unwrap().load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if self.fails.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::new("the disk is full", true));
        }
        self.store.lock().unwrap().commit(changes)
    }
}

#[test]
pub(crate) fn a_stop_command_is_asked_and_its_own_slowness_costs_nobody() {
    let mut scene = Scene::new();
    let file = scene.path("asked");
    let mut polite = shell("polite", "trap 'exit 0' USR1; while :; do sleep 0.01; done");
    let script = format!("echo $MAINPID $MODE > {}; kill -USR1 $MAINPID", file.display());
    polite.stop_command = vec!["/bin/sh".into(), "-c".into(), script];
    polite.env.insert("MODE".into(), "fast".into());
    let mut slow = sleeper("slow");
    slow.stop_command = vec!["sleep".into(), "1000".into()];
    slow.stop_timeout = std::time::Duration::from_millis(30);
    scene.start(Config::new([polite, slow]));
    let pid = scene.until("polite", "running").unwrap();
    // The shell must have set its trap.
    let has_child = || {
        let all = Procfs::default().processes().ok()?;
        all.iter().any(|stat| stat.parent == pid).then_some(())
    };
    eventually(has_child);
    block_on(scene.services().stop_service("polite", "operator")).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{pid} fast\n"));
    let exit = scene.store.record("polite").unwrap().history[0].exit.clone();
    assert_eq!(exit, Some(wardkit_supervise::Exit::Code(0)));
    let slow = scene.until("slow", "running").unwrap();
    block_on(scene.services().stop_service("slow", "operator")).unwrap();
    assert!(!lives(slow));
    assert!(scene.told("supervise.stop_command_failed", "slow").contains("was killed"));
}

#[test]
pub(crate) fn a_program_that_is_replaced_is_tried_again() {
    let mut scene = Scene::new();
    let program = scene.path("program");
    std::fs::copy("/bin/sleep", &program).unwrap();
    let mut bot = wardkit_supervise::ServiceSpec::new("bot", [program.to_str().unwrap(), "1000"]);
    bot.intensity.max_restarts = 0;
    bot.backoff.max = std::time::Duration::from_millis(100);
    scene.start(Config::new([bot]));
    let pid = scene.until("bot", "running").unwrap();
    std::fs::rename(&program, scene.path("away")).unwrap();
    kill(pid);
    eventually(|| (scene.store.record("bot")?.generation >= 3).then_some(()));
    let record = scene.store.record("bot").unwrap();
    let Some(Reason::SpawnError { error }) = record.history.last().map(|ended| &ended.reason)
    else {
        panic!("{record:?}")
    };
    assert!(error.starts_with(program.to_str().unwrap()), "{error}");
    std::fs::rename(scene.path("away"), &program).unwrap();
    scene.until_run("bot", "running", 3);
}

pub(crate) fn guardian(scene: &Scene) -> u32 {
    eventually(|| guardian_of(scene))
}

fn guardian_of(scene: &Scene) -> Option<u32> {
    let folder = scene.options.directory.to_str().expect("it is text");
    let is_it = |found: &Candidate| found.command_line.ends_with(folder);
    search(is_it).ok()?.first().map(wardkit_process::Process::pid)
}

/// Cannot bear to hear of an end.
struct Brittle;

impl Outlet for Brittle {
    fn publish(&self, event: Event) {
        assert_ne!(event.kind.as_str(), "supervise.exited");
    }

    fn recover(&self, _: &str, _: &Step) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
pub(crate) fn whoever_waits_hears_that_the_thread_of_services_broke_and_they_run_on() {
    let mut scene = Scene::new();
    let config = Config::new([sleeper("bot"), sleeper("other")]);
    let services = Services::start(
        config.clone(),
        scene.options.clone(),
        Box::new(scene.store.clone()),
        Arc::new(Brittle),
        Arc::new(SystemClock),
    );
    scene.services = Some(services.unwrap());
    let other = scene.until("other", "running");
    kill(scene.until("bot", "running").unwrap());
    block_on(scene.services().broken());
    assert!(lives(other.unwrap()));
    scene.start(config);
    assert_eq!(scene.until("other", "running"), other);
    scene.until_run("bot", "running", 2);
}
