//! The thread of the services: what happens goes into the supervisor, and what it decides is done, in order.

mod asked;
mod guard;
mod keep;
mod main_process;
mod runs;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use wardkit_core::{Clock, Event, Severity};
use wardkit_guardian::{AsyncClient, Held};
use wardkit_process::{PidFile, Procfs};
use wardkit_supervise::{Action, Config, Host, Input, State, Supervisor};

use crate::capture::Capture;
use crate::confine::Confine;
use crate::notify::Notify;
use crate::part::{Holder, Inputs, Part, Sent};
use crate::probing::Probing;
use crate::resources::Resources;
use crate::services::{Request, Shared, Time};
use crate::watched::Watching;
use crate::{Error, Options, Outlet, Store, restore};
use asked::{End, Waiter};
use keep::Keeper;
use runs::Present;

/// The driver of all services. Everything in it lives on one thread.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    outlet: Arc<dyn Outlet>,
    keeper: Keeper,
    /// `None` between the death of one and the start of the next.
    guardian: Option<AsyncClient>,
    /// What guardians held when we came, by service.
    listed: HashMap<String, Held>,
    /// The guardian was started by us: what an earlier one has held it does not know.
    is_guardian_fresh: bool,
    revival: Revival,
    parts: Vec<Box<dyn Part>>,
    probing: Probing,
    holders: Vec<Box<dyn Holder>>,
    runs: HashMap<Arc<str>, Present>,
    /// What has happened and was not taken in.
    ready: VecDeque<Input>,
    /// What is to be done with the guardian's help.
    todo: VecDeque<Todo>,
    /// Starts that wait until an earlier one, which we did not know of, is gone.
    displaced: BTreeMap<String, (u64, Todo)>,
    /// Trees that are being killed: another guardian must be asked again.
    killing: BTreeSet<(Arc<str>, u64)>,
    /// Ends that are to be acknowledged once they are kept.
    heard: Vec<(String, u64)>,
    waiters: Vec<Waiter>,
    end: Option<End>,
    sent: mpsc::Receiver<Sent>,
    #[expect(dead_code, reason = "it is held, not used")]
    lock: PidFile,
}

/// An action that the guardian does, or another holder.
#[derive(Debug)]
struct Todo {
    action: Action,
    /// It was asked of a guardian that died before it answered: it may have been done.
    is_doubtful: bool,
}

/// When a guardian that cannot be started is tried again.
#[derive(Debug, Default)]
struct Revival {
    failures: u32,
    at: Option<Duration>,
}

impl Driver {
    /// Takes up what was kept and what runs, and does what is to be done first.
    pub(crate) fn start(
        config: Config,
        options: Options,
        store: Box<dyn Store>,
        outlet: Arc<dyn Outlet>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let lock = restore::hold(&options.directory)?;
        let mut keeper = Keeper::new(store);
        let mut records = keeper.load()?;
        let (inputs, sent) = Inputs::new();
        let time = Time::new(Arc::clone(&clock));
        let mut resources = Resources::new(&options, inputs.clone(), time.clone());
        let (mut client, is_fresh) = restore::guardian(&options)?;
        resources.guardian(client.guardian().pid());
        let procfs = Procfs::default();
        let boot_id = procfs.boot_id().map_err(|error| Error::Guardian(error.into()))?;
        let listed = client.list().map_err(Error::Guardian)?;
        let listed: HashMap<String, Held> =
            listed.into_iter().map(|held| (held.record.service.clone(), held)).collect();
        restore::complete(&mut records, &listed, &options.instance, &boot_id, is_fresh)?;
        resources.tidy(&restore::known(&records, &listed));
        let mut host = Host::new(boot_id, options.seed);
        host.parts.clone_from(&options.parts);
        let budget = config.logs_budget.whole();
        let supervisor = Supervisor::new(config, records, time.now(), host);
        let capture = Capture::start(&options.directory, budget, clock, inputs.clone());
        let capture = capture.map_err(Error::System)?;
        let holders = holders(&options, &inputs, &time);
        let probing = Probing::new(&options, inputs.clone());
        let notify = Notify::new(&options, inputs.clone(), time.clone());
        let confine = Confine::new(&options);
        let shared = Arc::new(Shared::new(supervisor, options, time, inputs, capture.logs()));
        let mut driver = Self {
            shared,
            outlet,
            keeper,
            guardian: Some(AsyncClient::new(client).map_err(Error::Guardian)?),
            listed,
            is_guardian_fresh: is_fresh,
            revival: Revival::default(),
            probing,
            parts: vec![
                Box::new(capture),
                Box::new(notify),
                Box::new(resources),
                Box::new(confine),
            ],
            holders,
            runs: HashMap::new(),
            ready: VecDeque::from([Input::Tick]),
            todo: VecDeque::new(),
            displaced: BTreeMap::new(),
            killing: BTreeSet::new(),
            heard: Vec::new(),
            waiters: Vec::new(),
            end: None,
            sent,
            lock,
        };
        driver.declare();
        driver.report_violations();
        driver.remember_loops();
        while driver.turn() {}
        Ok(driver)
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Lives until it is told to end, or nobody is left who could tell it.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let is_busy = self.turn();
            self.answer();
            if self.is_over() {
                return self.finish().await;
            }
            let pause = if is_busy { Some(Duration::ZERO) } else { self.pause() };
            tokio::select! {
                biased;
                event = guard::event(&mut self.guardian) => match event {
                    Ok(event) => self.hear(event),
                    Err(error) => self.lose_guardian(&error),
                },
                Some(sent) = self.sent.recv() => self.take(sent),
                request = requests.recv() => match request {
                    Some(request) => self.request(request),
                    None => return,
                },
                () = sleep(pause) => self.ready.push_back(Input::Tick),
            }
        }
    }

    /// Takes in what has happened and does what follows; returns whether there is more to do at once.
    fn turn(&mut self) -> bool {
        while let Ok(sent) = self.sent.try_recv() {
            self.take(sent);
        }
        let now = self.shared.time.now();
        let mut actions = Vec::new();
        {
            let mut supervisor = self.shared.supervisor();
            for input in self.ready.drain(..) {
                actions.extend(supervisor.step(now, input));
            }
        }
        let actions = self.keep(actions);
        for action in actions {
            self.act(action);
        }
        self.do_some();
        !self.ready.is_empty() || (self.guardian.is_some() && self.is_doable())
    }

    fn take(&mut self, sent: Sent) {
        match sent {
            Sent::Input(input) => self.note(*input),
            Sent::Event(event) => self.publish(*event),
            Sent::MainEnded { service, generation, pid, exit } => {
                self.main_ended(service, generation, pid, exit);
            }
        }
    }

    /// Does what can be done here, and queues what a guardian must do.
    fn act(&mut self, action: Action) {
        match action {
            Action::Publish(event) => self.publish(event),
            Action::Recover { service, step } => {
                let future = self.outlet.recover(&service, &step);
                let inputs = self.shared.inputs.clone();
                tokio::spawn(async move {
                    let error = future.await.err();
                    inputs.send(Input::Recovered { service, step, error }).await;
                });
            }
            Action::Probe { service, generation, phase, run } => {
                let spec = self.shared.supervisor().spec(&service).cloned();
                if let Some(spec) = spec {
                    self.probing.run(&spec, generation, phase, run);
                }
            }
            Action::CancelProbe { run, .. } => self.probing.cancel(run),
            Action::Spawn { .. }
            | Action::Find { .. }
            | Action::Stop { .. }
            | Action::KillTree { .. }
            | Action::Forget(_) => {
                self.todo.push_back(Todo { action, is_doubtful: false });
            }
            _ => {}
        }
    }

    /// Tells what has happened to whoever asks later, and to the program.
    fn publish(&self, event: Event) {
        self.shared.note(&event);
        self.outlet.publish(event);
    }

    fn tell(&self, kind: &'static str, severity: Severity, message: impl Into<String>) {
        let event = Event::new(self.shared.time.now().wall, kind, severity, "supervise");
        self.publish(event.with_message(message));
    }

    /// Tells parts which services there are.
    fn declare(&mut self) {
        let specs: Vec<_> = self.shared.supervisor().specs().cloned().collect();
        for part in &mut self.parts {
            part.declared(&specs);
        }
    }

    /// Notes crash loops that an earlier run of the program told of, for whoever asks this one.
    fn remember_loops(&self) {
        for status in self.shared.supervisor().status() {
            if matches!(status.state, State::CrashLoop { .. }) {
                let now = self.shared.time.now().wall;
                let event = Event::new(now, "supervise.crash_loop", Severity::Error, "supervise");
                let message = "was in a crash loop when this program started";
                self.shared.note(&event.with_subject(status.name).with_message(message));
            }
        }
    }

    fn report_violations(&self) {
        let violations = self.shared.supervisor().violations().to_vec();
        for violation in violations {
            self.tell("supervise.misconfigured", Severity::Error, violation.to_string());
        }
    }

    /// Returns how long nothing is due.
    fn pause(&self) -> Option<Duration> {
        let next = self.shared.supervisor().next_wake();
        let next = [next, self.keeper.retry_at(), self.revival.at].into_iter().flatten().min()?;
        Some(next.saturating_sub(self.shared.time.now().boot))
    }
}

/// Returns who holds what the guardian does not.
#[cfg_attr(not(feature = "systemd"), expect(unused_variables, reason = "there are no units"))]
fn holders(options: &Options, inputs: &Inputs, time: &Time) -> Vec<Box<dyn Holder>> {
    vec![
        Box::new(Watching::new(inputs.clone(), &*options.instance)),
        #[cfg(feature = "systemd")]
        Box::new(crate::units::Units::new(inputs.clone(), time.clone(), options.systemd.clone())),
    ]
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        // A timer would be a millisecond late; others only need their turn.
        Some(Duration::ZERO) => tokio::task::yield_now().await,
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
