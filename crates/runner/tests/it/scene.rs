//! Services in a folder of their own, which end with the test.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use wardkit_core::{Clock, Event, SystemClock};
use wardkit_guardian::MARKER;
use wardkit_process::{Candidate, Cgroup, Process, Procfs, Signal, search, search_marked};
use wardkit_runner::{BoxFuture, MemoryStore, Options, Outlet, Services, Store, Then, UseCgroups};
use wardkit_supervise::{Config, ServiceSpec, State, Step};

/// Longer than any of this takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) options: Options,
    pub(crate) store: MemoryStore,
    pub(crate) outlet: Arc<Noted>,
    pub(crate) services: Option<Services>,
}

thread_local! {
    static CGROUPS: Cell<UseCgroups> = const { Cell::new(UseCgroups::WhereAllowed) };
}

/// Runs a test as on a host that has no cgroups, or none that may be written to.
pub(crate) fn without_cgroups(test: fn()) {
    // Each test has a thread of its own.
    CGROUPS.set(UseCgroups::Never);
    test();
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let options = options(&folder.path().join("services"));
        let (store, outlet) = (MemoryStore::new(), Arc::default());
        Self { folder, options, store, outlet, services: None }
    }

    pub(crate) fn with(services: impl Into<Vec<ServiceSpec>>) -> Self {
        let mut scene = Self::new();
        scene.start(Config::new(services));
        scene
    }

    pub(crate) fn start(&mut self, config: Config) -> &Services {
        self.start_at(config, Arc::new(SystemClock))
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests read better without references")]
    pub(crate) fn start_at(&mut self, config: Config, clock: Arc<dyn Clock>) -> &Services {
        let outlet: Arc<dyn Outlet> = Arc::clone(&self.outlet) as _;
        let options = self.options.clone();
        // The one that was dropped may still be on its way out.
        let services = eventually(|| {
            let store: Box<dyn Store> = Box::new(self.store.clone());
            match Services::start(
                config.clone(),
                options.clone(),
                store,
                Arc::clone(&outlet),
                Arc::clone(&clock),
            ) {
                Ok(services) => Some(services),
                Err(error) if error.is_transient() => None,
                Err(error) => panic!("{error:?}"),
            }
        });
        self.services.insert(services)
    }

    pub(crate) fn services(&self) -> &Services {
        self.services.as_ref().expect("they were started")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits until a service is in a state, and returns its process.
    pub(crate) fn until(&self, name: &str, state: &str) -> Option<u32> {
        self.until_run(name, state, 0)
    }

    /// Waits until this or a later run is in a state.
    pub(crate) fn until_run(&self, name: &str, state: &str, least: u64) -> Option<u32> {
        eventually(|| {
            let status = self.services().list().into_iter().find(|status| status.name == name)?;
            (status.state.as_str() == state && status.generation >= least).then_some(status.pid)
        })
    }

    pub(crate) fn state(&self, name: &str) -> State {
        let found = self.services().list().into_iter().find(|status| status.name == name);
        found.expect("it is there").state
    }

    /// Waits until something was told of a service, and returns what.
    pub(crate) fn told(&self, kind: &str, service: &str) -> String {
        let told = || self.outlet.find(kind, service).into_iter().next();
        eventually(told)
    }

    /// Returns the first processes of all runs of a service.
    pub(crate) fn processes(&self, service: &str) -> Vec<u32> {
        processes(&self.options.instance, service)
    }
}

/// Ends everything, also when a test has failed.
impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(services) = self.services.take() {
            block_on(services.shutdown(Then::Stop));
        }
        clear(&self.options.instance);
    }
}

/// Options of an installation.
pub(crate) fn options(directory: &Path) -> Options {
    let folder = directory.parent().and_then(Path::file_name).expect("it has one");
    let instance = folder.to_string_lossy().trim_matches('.').to_owned();
    let guardian = env!("CARGO_BIN_EXE_wardkit-runner-guardian");
    let mut options = Options::new(
        directory,
        instance,
        [guardian.into(), "--guardian".into(), directory.as_os_str().to_owned()],
    );
    options.cgroups = CGROUPS.get();
    options.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    options
}

/// Kills the guardian of an installation and whatever carries its mark, and removes the groups that a master who was
/// killed has left.
pub(crate) fn clear(instance: &str) {
    let prefix = format!("{instance}/");
    let is_guardian = |one: &Candidate| {
        one.command_line.contains("--guardian ") && one.command_line.contains(&prefix)
    };
    let guardians = search(is_guardian).unwrap_or_default();
    let left = search_marked(MARKER, |value| value.starts_with(prefix.as_bytes()));
    for process in guardians.into_iter().chain(left.into_iter().flatten()) {
        let _ = process.signal(Signal::KILL);
        let _ = process.wait(Some(PATIENCE));
    }
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let mounts = read("/proc/self/mountinfo");
    let mounts = mounts.lines().filter(|line| line.contains(" - cgroup"));
    let mounts: Vec<PathBuf> =
        mounts.filter_map(|line| Some(line.split(' ').nth(4)?.into())).collect();
    for group in read("/proc/self/cgroup").lines() {
        let Some(below) = group.splitn(3, ':').nth(2) else { continue };
        for mount in &mounts {
            let group =
                mount.join(below.trim_start_matches('/')).join(format!("wardkit-{instance}"));
            if group.is_dir() {
                // What is still on its way out keeps it.
                let _ = Cgroup::at(group).remove();
            }
        }
    }
}

/// Returns those of a service's processes that lead a session: one a run.
pub(crate) fn processes(instance: &str, service: &str) -> Vec<u32> {
    let prefix = format!("{instance}/{service}/");
    let procfs = Procfs::default();
    let leads =
        |process: &Process| procfs.stat(process.pid()).is_ok_and(|stat| stat.session == stat.pid);
    let found = search_marked(MARKER, |value| value.starts_with(prefix.as_bytes()));
    let found = found.expect("processes are listed");
    found.iter().filter(|one| leads(one)).map(Process::pid).collect()
}

/// What was told.
#[derive(Default)]
pub(crate) struct Noted {
    events: Mutex<Vec<Event>>,
    pub(crate) recoveries: Mutex<BTreeMap<String, Vec<String>>>,
}

impl Noted {
    /// Returns the messages of a kind about a service.
    pub(crate) fn find(&self, kind: &str, service: &str) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let of = events.iter().filter(|one| one.kind.as_str() == kind && one.subject == service);
        of.map(|event| event.message.clone()).collect()
    }
}

impl Outlet for Noted {
    fn publish(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn recover(&self, service: &str, step: &Step) -> BoxFuture<'static, Result<(), String>> {
        let mut recoveries = self.recoveries.lock().unwrap();
        recoveries.entry(service.to_owned()).or_default().push(step.to_string());
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(crate) fn sleeper(name: &str) -> ServiceSpec {
    ServiceSpec::new(name, ["sleep", "1000"])
}

pub(crate) fn shell(name: &str, script: &str) -> ServiceSpec {
    ServiceSpec::new(name, ["/bin/sh", "-c", script])
}

pub(crate) fn kill(pid: u32) {
    let process = Process::with_pid(pid).expect("it runs");
    process.signal(Signal::KILL).expect("it is ours");
    assert!(process.wait(Some(PATIENCE)).expect("it is held"));
}

pub(crate) fn lives(pid: u32) -> bool {
    Procfs::default().stat(pid).is_ok_and(|stat| !stat.has_ended())
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("there is room");
    runtime.block_on(future)
}

/// Waits until a condition holds, asking now and then.
pub(crate) fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    for _ in 0..6_000 {
        if let Some(found) = condition() {
            return found;
        }
        // Of no descriptor anything is heard: the pause passes.
        let _ = rustix::event::poll(&mut [], Some(&pause));
    }
    panic!("it never came to hold");
}
