//! Services that are units of systemd: it runs them, and is asked over D-Bus.

mod bus;
mod follow;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use wardkit_core::{Event, Severity};
use wardkit_guardian::Spawn;
use wardkit_supervise::{Input, Kind, Notice, Process, ServiceSpec, SpawnError, SpawnErrorClass};
use zbus::OwnedObjectPath;

use crate::part::{Holder, Inputs};
use crate::services::Time;
use bus::{Bus, Refused};
use follow::{Act, Ask, Facts, Follow};

/// The runs of units.
pub(crate) struct Units {
    orders: mpsc::UnboundedSender<Order>,
    task: AbortHandle,
}

/// What is wanted of a unit.
struct Order {
    service: Arc<str>,
    generation: u64,
    unit: String,
    take_over: bool,
    ask: Ask,
}

impl Units {
    /// Creates it without runs; nothing is connected to before there is a unit to ask about.
    pub(crate) fn new(inputs: Inputs, time: Time, address: String) -> Self {
        // The supervisor asks each service for one thing at a time, so that there are never many.
        let (orders, received) = mpsc::unbounded_channel();
        let work =
            Work { address, inputs, time, units: HashMap::new(), bus: None, lost: Lost::default() };
        Self { orders, task: tokio::spawn(work.run(received)).abort_handle() }
    }

    fn ask(&self, spec: &ServiceSpec, generation: u64, ask: Ask) {
        let unit = spec.unit.clone().unwrap_or_default();
        let (service, take_over) = (spec.name.as_str().into(), spec.take_over);
        let _ = self.orders.send(Order { service, generation, unit, take_over, ask });
    }
}

impl Holder for Units {
    fn holds(&self, spec: &ServiceSpec) -> bool {
        spec.kind == Kind::Watched && spec.unit.is_some()
    }

    fn find(&mut self, spec: &Arc<ServiceSpec>, generation: u64, _: Option<Process>) {
        self.ask(spec, generation, Ask::Find);
    }

    fn spawn(&mut self, spec: &Arc<ServiceSpec>, generation: u64, _: Spawn) {
        self.ask(spec, generation, Ask::Start);
    }

    fn stop(&mut self, spec: &Arc<ServiceSpec>, generation: u64) {
        self.ask(spec, generation, Ask::Stop);
    }

    fn kill_tree(&mut self, spec: &Arc<ServiceSpec>, generation: u64) {
        self.ask(spec, generation, Ask::Kill);
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Units").finish_non_exhaustive()
    }
}

/// The task that speaks to systemd.
struct Work {
    address: String,
    inputs: Inputs,
    time: Time,
    /// By service.
    units: HashMap<Arc<str>, Unit>,
    bus: Option<Bus>,
    lost: Lost,
}

/// A unit that is followed.
struct Unit {
    generation: u64,
    name: String,
    path: Option<OwnedObjectPath>,
    follow: Follow,
}

/// A connection that is lost, or was never there.
#[derive(Default)]
struct Lost {
    failures: u32,
    is_told: bool,
    /// When it is tried again.
    again: Option<Instant>,
}

enum Heard {
    Order(Option<Order>),
    Changed(Option<std::collections::BTreeSet<String>>),
    Retry,
}

impl Work {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            match self.hear(&mut orders).await {
                Heard::Order(None) => return,
                Heard::Order(Some(order)) => self.order(order).await,
                Heard::Changed(Some(paths)) => self.look(&paths).await,
                Heard::Changed(None) => self.lose("the connection was closed"),
                Heard::Retry => drop(self.connect().await),
            }
        }
    }

    async fn hear(&self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Heard {
        let changed = async {
            match &self.bus {
                Some(bus) => bus.changed().await,
                None => std::future::pending().await,
            }
        };
        let retry = async {
            match self.lost.again {
                Some(again) => sleep_until(again).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            order = orders.recv() => Heard::Order(order),
            paths = changed => Heard::Changed(paths),
            () = retry => Heard::Retry,
        }
    }

    async fn order(&mut self, order: Order) {
        let Order { service, generation, unit, take_over, ask } = order;
        let known = self.units.entry(service.clone()).or_insert_with(|| Unit {
            generation,
            name: unit.clone(),
            path: None,
            follow: Follow::new(&unit, take_over),
        });
        if known.name != unit {
            *known =
                Unit { generation, follow: Follow::new(&unit, take_over), name: unit, path: None };
        }
        known.generation = generation;
        known.follow.set_take_over(take_over);
        if self.bus.is_none()
            && let Err(refused) = self.connect().await
        {
            return self.answer_without(&service, generation, ask, refused.why).await;
        }
        if let Err(refused) = self.do_it(&service, ask).await {
            self.answer_without(&service, generation, ask, refused.why.clone()).await;
            self.lose(&refused.why);
        }
    }

    /// Answers where systemd cannot be asked. What was not found is not started beside it either: that is systemd's to
    /// do.
    async fn answer_without(&self, service: &Arc<str>, generation: u64, ask: Ask, why: String) {
        let service = Arc::clone(service);
        let reason = format!("systemd cannot be asked: {why}");
        let input = match ask {
            Ask::Find => Input::Missing { service, generation, stale: Some(reason) },
            Ask::Start => {
                let error = SpawnError::new(SpawnErrorClass::Transient, reason);
                Input::SpawnFailed { service, generation, error }
            }
            // It is asked again while it is not gone.
            Ask::Stop | Ask::Kill | Ask::Look => return,
        };
        self.inputs.send(input).await;
    }

    /// Connects, and looks what has become of the units meanwhile.
    async fn connect(&mut self) -> Result<(), Refused> {
        match Bus::connect(&self.address).await {
            Ok(bus) => self.bus = Some(bus),
            Err(refused) => {
                self.lose(&refused.why);
                return Err(refused);
            }
        }
        let services: Vec<Arc<str>> = self.units.keys().cloned().collect();
        for service in services {
            if let Err(refused) = self.do_it(&service, Ask::Look).await {
                self.lose(&refused.why);
                return Err(refused);
            }
        }
        if std::mem::take(&mut self.lost).is_told {
            self.tell("supervise.systemd_found", Severity::Notice, "systemd can be asked again");
        }
        Ok(())
    }

    /// Notes that systemd cannot be asked; it is told once and tried again.
    fn lose(&mut self, why: &str) {
        self.bus = None;
        self.units.values_mut().for_each(|unit| unit.path = None);
        self.lost.failures = self.lost.failures.saturating_add(1);
        let wait = FIRST_WAIT.saturating_mul(1 << self.lost.failures.min(10)).min(LONGEST_WAIT);
        self.lost.again = Some(Instant::now() + wait);
        if !std::mem::replace(&mut self.lost.is_told, true) {
            let message = format!("systemd cannot be asked at {}: {why}", self.address);
            self.tell("supervise.systemd_lost", Severity::Warning, &message);
        }
    }

    /// Looks at the units that these objects are; at all of them when it is none.
    async fn look(&mut self, paths: &std::collections::BTreeSet<String>) {
        let is_of =
            |unit: &Unit| unit.path.as_ref().is_some_and(|path| paths.contains(path.as_str()));
        let mut services: Vec<Arc<str>> = self
            .units
            .iter()
            .filter(|(_, unit)| is_of(unit))
            .map(|(name, _)| name.clone())
            .collect();
        if services.len() < paths.len() {
            services = self.units.keys().cloned().collect();
        }
        for service in services {
            if let Err(refused) = self.do_it(&service, Ask::Look).await {
                return self.lose(&refused.why);
            }
        }
    }

    /// Takes a unit on to what is wanted of it, as far as that goes now.
    async fn do_it(&mut self, service: &Arc<str>, ask: Ask) -> Result<(), Refused> {
        let (Some(bus), Some(unit)) = (&self.bus, self.units.get_mut(service)) else {
            return Ok(());
        };
        let path = match &unit.path {
            Some(path) => path.clone(),
            None => match bus.follow(&unit.name).await {
                Ok(path) => unit.path.insert(path).clone(),
                Err(refused) if refused.class == SpawnErrorClass::Transient => return Err(refused),
                // It is no name of a unit, or must not be loaded.
                Err(refused) => {
                    let facts = Facts { load: refused.why, ..Facts::default() };
                    let acts = unit.follow.step(ask, &facts);
                    let (generation, inputs) = (unit.generation, self.inputs.clone());
                    for act in acts {
                        send(&inputs, service, generation, &unit.name, act).await;
                    }
                    return Ok(());
                }
            },
        };
        let mut ask = ask;
        loop {
            let facts = bus.facts(&path).await?;
            let mut has_asked = false;
            for act in unit.follow.step(ask, &facts) {
                let asked = match &act {
                    Act::Reset => bus.reset(&unit.name).await,
                    Act::Start => bus.start(&unit.name).await,
                    Act::Stop => bus.stop(&unit.name).await,
                    Act::Kill => bus.kill(&unit.name).await,
                    _ => {
                        send(&self.inputs, service, unit.generation, &unit.name, act).await;
                        continue;
                    }
                };
                has_asked = true;
                // One that has no process left cannot be killed, and one that never failed not be reset.
                if let Err(refused) = asked
                    && !matches!(act, Act::Kill | Act::Reset)
                {
                    for act in unit.follow.refused(refused.why, refused.class) {
                        send(&self.inputs, service, unit.generation, &unit.name, act).await;
                    }
                }
            }
            if !has_asked {
                return Ok(());
            }
            ask = Ask::Look;
        }
    }

    fn tell(&self, kind: &'static str, severity: Severity, message: &str) {
        let event = Event::new(self.time.now().wall, kind, severity, "supervise");
        self.inputs.publish(event.with_message(message));
    }
}

async fn send(inputs: &Inputs, service: &Arc<str>, generation: u64, unit: &str, act: Act) {
    let service = Arc::clone(service);
    let process = |pid: u32| Process::new((pid > 0).then_some(pid), unit);
    let input = match act {
        Act::Found(pid) => Input::Found { service, generation, process: process(pid) },
        Act::Missing(stale) => Input::Missing { service, generation, stale },
        Act::Spawned(pid) => Input::Spawned { service, generation, process: process(pid) },
        Act::SpawnFailed(error) => Input::SpawnFailed { service, generation, error },
        Act::Exited(ending) => Input::Exited { service, generation, ending },
        Act::Gone => Input::TreeGone { service, generation },
        Act::Main(pid) => {
            let notice = Notice::MainProcess(process(pid));
            Input::Notified { service, generation, notice }
        }
        Act::Note(note) => return inputs.note(&service, "systemd", note),
        Act::Reset | Act::Start | Act::Stop | Act::Kill => return,
    };
    inputs.send(input).await;
}

/// A bus that is started anew is there again in a moment.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
