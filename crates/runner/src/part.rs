//! What makes inputs of what it sees of runs, and what is started and ended in another way than by the guardian.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use wardkit_core::Event;
use wardkit_guardian::Spawn;
use wardkit_supervise::{Ending, Input, ServiceSpec, SpawnError};

/// A run that is there.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) service: Arc<str>,
    pub(crate) generation: u64,
    pub(crate) spec: Arc<ServiceSpec>,
    /// Its main process.
    pub(crate) process: Arc<wardkit_process::Process>,
    /// Its own cgroup.
    pub(crate) cgroup: Option<PathBuf>,
}

/// A part that is told of runs. It lives on the thread of the services and must not block; what it finds out it sends.
pub(crate) trait Part {
    /// These services are declared, at the start and after each reload.
    fn declared(&mut self, services: &[Arc<ServiceSpec>]) {
        let _ = services;
    }

    /// Adds what a run is started with, or was.
    fn prepare(
        &mut self,
        spec: &Arc<ServiceSpec>,
        generation: u64,
        spawn: &mut Spawn,
    ) -> Result<(), SpawnError> {
        let _ = (spec, generation, spawn);
        Ok(())
    }

    /// A run that was prepared is started next; the same one may be tried twice.
    fn starts(&mut self, spec: &Arc<ServiceSpec>, generation: u64) -> Result<(), SpawnError> {
        let _ = (spec, generation);
        Ok(())
    }

    /// A run is there: it was started, or taken back.
    fn began(&mut self, run: &Run) {
        let _ = run;
    }

    /// The main process of a run has ended. `known` is what the guardian knows besides; the part may add what it knows
    /// to the ending.
    fn ended(&mut self, run: &Run, known: Option<&wardkit_guardian::Ended>, ending: &mut Ending) {
        let _ = (run, known, ending);
    }

    /// Nothing is left of a run.
    fn gone(&mut self, service: &Arc<str>, generation: u64) {
        let _ = (service, generation);
    }

    /// A service is no longer declared, and nothing of it is left.
    fn forgotten(&mut self, service: &Arc<str>) {
        let _ = service;
    }

    /// A guardian holds the runs from now on.
    fn guardian(&mut self, pid: u32) {
        let _ = pid;
    }

    /// All services were stopped, and nothing is left of them; the program ends.
    fn stopped(&mut self) {}
}

/// Who starts, finds and ends runs of a kind, where that is not the guardian: services that are watched. It must not
/// block; each answer is an input, sent later.
pub(crate) trait Holder {
    /// Whether it holds runs of this service.
    fn holds(&self, spec: &ServiceSpec) -> bool;

    /// Answered by [`Input::Found`], [`Input::Missing`] or [`Input::Exited`].
    fn find(
        &mut self,
        spec: &Arc<ServiceSpec>,
        generation: u64,
        kept: Option<wardkit_supervise::Process>,
    );

    /// Answered by [`Input::Spawned`] or [`Input::SpawnFailed`]. `spawn` is the start as the guardian would do it.
    fn spawn(&mut self, spec: &Arc<ServiceSpec>, generation: u64, spawn: Spawn);

    /// Answered by [`Input::Exited`].
    fn stop(&mut self, spec: &Arc<ServiceSpec>, generation: u64);

    /// Answered by [`Input::TreeGone`].
    fn kill_tree(&mut self, spec: &Arc<ServiceSpec>, generation: u64);
}

/// Where parts send what they find out. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    queue: mpsc::Sender<Sent>,
    notes: Notes,
}

/// What is kept for explanations, by service and subject.
type Notes = Arc<Mutex<BTreeMap<(String, &'static str), String>>>;

/// What a part sends.
#[derive(Debug)]
pub(crate) enum Sent {
    Input(Box<Input>),
    Event(Box<Event>),
    /// A main process that the guardian does not hold has ended.
    MainEnded {
        service: Arc<str>,
        generation: u64,
        pid: u32,
        exit: wardkit_process::Exit,
    },
}

impl Inputs {
    /// Creates the queue and its end.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Sent>) {
        let (queue, end) = mpsc::channel(MOST_WAITING);
        (Self { queue, notes: Notes::default() }, end)
    }

    /// Sends what has happened, from a task; waits while there is no room. At the end of the program it is forgotten.
    pub(crate) async fn send(&self, input: Input) {
        self.post(Sent::Input(Box::new(input))).await;
    }

    pub(crate) async fn post(&self, sent: Sent) {
        let _ = self.queue.send(sent).await;
    }

    /// Sends what has happened, from a thread of its own; never from that of the services. It waits while there is no
    /// room.
    pub(crate) fn blocking_send(&self, input: Input) {
        let _ = self.queue.blocking_send(Sent::Input(Box::new(input)));
    }

    /// Sends from anywhere, without waiting: there is room but in a storm. Returns whether it was sent.
    pub(crate) fn try_send(&self, input: Input) -> bool {
        self.queue.try_send(Sent::Input(Box::new(input))).is_ok()
    }

    /// Tells what has happened, without waiting. Its subject is the service's name.
    pub(crate) fn publish(&self, event: Event) -> bool {
        self.queue.try_send(Sent::Event(Box::new(event))).is_ok()
    }

    /// Keeps a sentence for the explanation of a service, over the one about the same; `None` takes it away.
    pub(crate) fn note(&self, service: &str, about: &'static str, note: Option<String>) {
        let key = (service.to_owned(), about);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        match note {
            Some(note) => notes.insert(key, note),
            None => notes.remove(&key),
        };
    }

    /// Returns the sentences about a service.
    pub(crate) fn notes(&self, service: &str) -> Vec<String> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let of = notes.range((service.to_owned(), "")..).take_while(|((of, _), _)| of == service);
        of.map(|(_, note)| note.clone()).collect()
    }
}

/// So much waits while the thread of the services is busy; then senders wait.
const MOST_WAITING: usize = 1_024;
