//! What services say of themselves, in the way of `sd_notify`: a socket for each that a probe listens to.

mod sandbox;
mod socket;
mod words;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinHandle;
use wardkit_guardian::{MARKER, Spawn};
use wardkit_process::{Cgroup, Tree};
use wardkit_supervise::{
    Input, Notice, ProbePhase, Process, ServiceSpec, SpawnError, SpawnErrorClass,
};

use crate::part::{Inputs, Part, Run};
use crate::services::Time;
use crate::{Options, start};
use sandbox::Sandboxed;
use socket::{Datagram, Socket};
use words::Word;
#[cfg(feature = "sandbox")]
pub(crate) use words::{DENIED, ENFORCED, REFUSED};

/// Listens to services.
pub(crate) struct Notify {
    folder: PathBuf,
    /// Where those may reach that are not of our own user.
    public: PathBuf,
    instance: String,
    inputs: Inputs,
    time: Time,
    listening: HashMap<Arc<str>, Listening>,
    ignored: Arc<AtomicU64>,
}

/// The socket of a service, and who listens to it.
struct Listening {
    path: PathBuf,
    /// Until its run is there.
    socket: Option<Socket>,
    task: Option<JoinHandle<()>>,
}

impl Notify {
    pub(crate) fn new(options: &Options, inputs: Inputs, time: Time) -> Self {
        Self {
            folder: options.directory.join("notify"),
            public: Path::new(PUBLIC).join(&options.instance),
            instance: options.instance.clone(),
            inputs,
            time,
            listening: HashMap::new(),
            ignored: Arc::default(),
        }
    }

    /// Returns where the socket of a service is, and of whom if not of our own user.
    fn place(&self, spec: &ServiceSpec) -> Result<(PathBuf, Option<u32>), SpawnError> {
        let ours = rustix::process::geteuid().as_raw();
        let other = start::account(spec)?.map(|account| account.uid()).filter(|uid| *uid != ours);
        let folder = if other.is_some() { &self.public } else { &self.folder };
        Ok((folder.join(format!("{}.sock", spec.name)), other))
    }

    fn open(&mut self, spec: &ServiceSpec) -> Result<(), SpawnError> {
        let (path, owner) = self.place(spec)?;
        let open = || -> io::Result<Socket> {
            let folder = path.parent().unwrap_or(Path::new("/"));
            // Those of others may pass through, and see no more than the socket whose name they know.
            let mode = if owner.is_some() { 0o711 } else { 0o700 };
            std::fs::DirBuilder::new().recursive(true).mode(mode).create(folder)?;
            Socket::bind(&path, owner)
        };
        let socket = open().map_err(|error| {
            let reason = format!("{}: the socket of its notices: {error}", path.display());
            SpawnError::new(SpawnErrorClass::Transient, reason)
        })?;
        let listening = Listening { path, socket: Some(socket), task: None };
        self.listening.insert(spec.name.as_str().into(), listening);
        Ok(())
    }
}

impl Part for Notify {
    fn prepare(
        &mut self,
        spec: &Arc<ServiceSpec>,
        _: u64,
        spawn: &mut Spawn,
    ) -> Result<(), SpawnError> {
        // Ours, if we have one, is not for services.
        spawn.environment.retain(|(name, _)| !OURS.iter().any(|ours| name == *ours));
        if !listens(spec) {
            return Ok(());
        }
        let (path, _) = self.place(spec)?;
        spawn.environment.push((SOCKET.into(), path.into()));
        if let Some(liveness) = spec.probes.liveness.as_ref().filter(|probe| probe.notify) {
            let period = liveness.period.as_micros().to_string();
            spawn.environment.push((WATCHDOG.into(), OsString::from(period)));
        }
        Ok(())
    }

    fn starts(&mut self, spec: &Arc<ServiceSpec>, _: u64) -> Result<(), SpawnError> {
        if listens(spec) { self.open(spec) } else { Ok(()) }
    }

    fn began(&mut self, run: &Run) {
        if !listens(&run.spec) {
            return;
        }
        if !self.listening.contains_key(&run.service)
            && let Err(error) = self.open(&run.spec)
        {
            self.inputs.note(&run.service, NOTE, Some(error.reason));
            return;
        }
        self.inputs.note(&run.service, NOTE, None);
        let Some(listening) = self.listening.get_mut(&run.service) else { return };
        let Some(socket) = listening.socket.take() else { return };
        let mark = format!("{}/{}/{}", self.instance, run.service, run.generation);
        let mut tree = Tree::new(run.process.identity().clone()).with_marker(MARKER, mark);
        if let Some(cgroup) = &run.cgroup {
            tree = tree.with_cgroup(Cgroup::at(cgroup));
        }
        let sandboxed = run.spec.sandbox.is_some().then(|| Sandboxed {
            service: Arc::clone(&run.service),
            generation: run.generation,
            holder: run.process.pid(),
            time: self.time.clone(),
            inputs: self.inputs.clone(),
        });
        let listener = Listener {
            sandboxed,
            service: Arc::clone(&run.service),
            generation: run.generation,
            tree,
            inputs: self.inputs.clone(),
            ignored: Arc::clone(&self.ignored),
        };
        listening.task = Some(tokio::spawn(listener.listen(socket)));
    }

    fn gone(&mut self, service: &Arc<str>, _: u64) {
        if let Some(listening) = self.listening.remove(service) {
            // What takes its place has been bound, or nothing has.
            let _ = std::fs::remove_file(&listening.path);
        }
    }

    fn forgotten(&mut self, service: &Arc<str>) {
        self.gone(service, 0);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Takes what one run says.
struct Listener {
    /// Where the service has a sandbox.
    sandboxed: Option<Sandboxed>,
    service: Arc<str>,
    generation: u64,
    tree: Tree,
    inputs: Inputs,
    ignored: Arc<AtomicU64>,
}

impl Listener {
    async fn listen(self, socket: Socket) {
        let mut is_noted = false;
        while let Ok(datagram) = socket.next().await {
            let Datagram { bytes, sender, fds } = datagram;
            let is_ours = sender.is_some_and(|pid| self.tree.contains(pid).unwrap_or(false));
            let words = bytes.filter(|_| is_ours).map(|bytes| words::of(&bytes));
            if let Some(words) = words {
                match self.sandboxed.as_ref().filter(|_| sender.is_some()) {
                    Some(sandboxed) if sender == Some(sandboxed.holder) => {
                        sandboxed.take(words).await;
                    }
                    // What is in a sandbox reaches no socket.
                    Some(_) => {}
                    None => {
                        for word in words {
                            self.take(word).await;
                        }
                    }
                }
            } else {
                let count = self.ignored.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::debug!(service = %self.service, ?sender, count, "notice ignored");
                if !std::mem::replace(&mut is_noted, true) {
                    let note = "a notice was ignored: it came from no process of this service, or one that had ended, \
                                or was too long";
                    self.inputs.note(&self.service, NOTE, Some(note.to_owned()));
                }
            }
            // Who sent one along waits until it is closed here.
            drop(fds);
            tokio::task::yield_now().await;
        }
    }

    async fn take(&self, word: Word) {
        let notice = match word {
            Word::Notice(notice) => notice,
            Word::MainPid(pid) if self.tree.contains(pid).unwrap_or(false) => {
                Notice::MainProcess(Process::new(pid, String::new()))
            }
            Word::MainPid(pid) => {
                let note = format!("it named {pid} as its main process, which is none of its own");
                return self.inputs.note(&self.service, NOTE, Some(note));
            }
            // Only a holder says such things.
            Word::Enforced(..) | Word::Denied(..) | Word::Refused(_) => return,
        };
        let (service, generation) = (Arc::clone(&self.service), self.generation);
        self.inputs.send(Input::Notified { service, generation, notice }).await;
    }
}

/// Tells whether anybody waits for what a service says: a probe, or who keeps account of its sandbox.
fn listens(spec: &ServiceSpec) -> bool {
    let is_asked = ProbePhase::ALL
        .into_iter()
        .any(|phase| spec.probes.of(phase).is_some_and(|probe| probe.notify));
    is_asked || spec.sandbox.is_some()
}

const SOCKET: &str = "NOTIFY_SOCKET";
const WATCHDOG: &str = "WATCHDOG_USEC";
/// What is about this very program in its environment.
const OURS: [&str; 3] = [SOCKET, WATCHDOG, "WATCHDOG_PID"];
/// Our own folder is for our own user alone; this one is root's, who alone runs services as others.
const PUBLIC: &str = "/run/wardkit";
const NOTE: &str = "notices";
