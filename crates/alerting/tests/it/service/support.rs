//! A service with channels and a store that do as they are told, and a clock that stands still.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use wardkit_alerting::service::{
    Channels, Handle, Service, ServiceChannel, ServiceConfig, Surroundings,
};
use wardkit_alerting::{
    Alert, BoxFuture, Capabilities, Channel, ChannelId, ChannelSettings, Delivery, GroupBy,
    Outcome, Plan, Receiver, ReceiverChannel, Route, Store,
};
use wardkit_core::Labels;

use crate::support::{channel, later, start};

/// An alert without an end.
pub(crate) fn alert(name: &str) -> Alert {
    Alert {
        labels: Labels::from_pairs([("alertname", name)]).unwrap(),
        annotations: BTreeMap::new(),
        starts_at: start().wall,
        ends_at: Some(start().wall.saturating_add(Duration::from_hours(24))),
        generator_url: String::new(),
    }
}

pub(crate) fn channel_of(name: &str) -> ChannelId {
    channel(name)
}

/// What a channel does with what it is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Behaviour {
    Take,
    Fail,
    Refuse,
    PanicOnce,
    Hang,
}

/// A channel, and all that it took: the key and the alert's name.
pub(crate) struct Wire {
    taken: Mutex<Vec<(String, String)>>,
    asked: AtomicUsize,
    behaviour: Mutex<Behaviour>,
    changed: Notify,
    released: Semaphore,
    /// Whether the program that sends is dead: nothing leaves a dead one.
    dead: Mutex<Arc<AtomicBool>>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            taken: Mutex::default(),
            asked: AtomicUsize::new(0),
            behaviour: Mutex::new(Behaviour::Take),
            changed: Notify::new(),
            released: Semaphore::new(0),
            dead: Mutex::default(),
        }
    }
}

impl Wire {
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    /// Takes nothing any more from a program that dies.
    pub(crate) fn dies_with(&self, dead: Arc<AtomicBool>) {
        *self.dead.lock().unwrap() = dead;
    }

    pub(crate) fn release(&self) {
        self.behave(Behaviour::Take);
        self.released.add_permits(1000);
    }

    pub(crate) fn taken(&self) -> Vec<(String, String)> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn taken_names(&self) -> Vec<String> {
        names(&self.taken())
    }

    /// Waits until it took so many.
    pub(crate) async fn wait(&self, count: usize) {
        self.until(|| self.taken.lock().unwrap().len() >= count).await;
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked(&self, count: usize) {
        self.until(|| self.asked.load(Ordering::SeqCst) >= count).await;
    }

    async fn until(&self, done: impl Fn() -> bool) {
        loop {
            let changed = self.changed.notified();
            if done() {
                return;
            }
            changed.await;
        }
    }
}

pub(crate) fn names(taken: &[(String, String)]) -> Vec<String> {
    taken.iter().map(|(_, name)| name.clone()).collect()
}

impl Channel for Wire {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let behaviour = *self.behaviour.lock().unwrap();
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
            let reason = "refused".to_owned();
            if self.dead.lock().unwrap().load(Ordering::SeqCst) {
                return Outcome::Retry { after: None, reason };
            }
            match behaviour {
                Behaviour::Take => {}
                Behaviour::Fail => return Outcome::Retry { after: None, reason },
                Behaviour::Refuse => return Outcome::Permanent { reason },
                Behaviour::PanicOnce => {
                    self.behave(Behaviour::Take);
                    panic!("as it was told to");
                }
                Behaviour::Hang => drop(self.released.acquire().await),
            }
            let notification = &delivery.notification;
            let name = notification.alerts[0].labels.value("alertname").unwrap_or_default();
            let key = notification.key.to_string();
            self.taken.lock().unwrap().push((key, name.to_owned()));
            self.changed.notify_waiters();
            Outcome::Sent { receipt: None }
        })
    }
}

/// A running service.
pub(crate) struct World {
    pub(crate) handle: Handle,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    wires: BTreeMap<String, Arc<Wire>>,
    now: Arc<Mutex<wardkit_alerting::Now>>,
    task: JoinHandle<()>,
}

impl World {
    /// Starts a service whose first receiver gets everything.
    pub(crate) fn start(store: &(impl Store + Clone + 'static), receivers: &[&str]) -> Self {
        Self::with(Box::new(store.clone()), receivers, BTreeMap::new())
    }

    /// The same, with channels of an earlier run.
    pub(crate) fn with(
        store: Box<dyn Store>,
        receivers: &[&str],
        mut wires: BTreeMap<String, Arc<Wire>>,
    ) -> Self {
        for name in receivers {
            wires.entry((*name).to_owned()).or_default();
        }
        let (plan, channels) = configuration(&wires, receivers);
        let now = Arc::new(Mutex::new(start()));
        let (clock, events) = (Arc::clone(&now), Arc::new(Mutex::new(Vec::new())));
        let mut surroundings = Surroundings::new(move || *clock.lock().unwrap(), "boot-1");
        let log = Arc::clone(&events);
        surroundings.events =
            Arc::new(move |event| log.lock().unwrap().push(event.kind.to_string()));
        let mut config = ServiceConfig::default();
        config.outbox.breaker_failures = 1000;
        let (service, handle) = Service::open(config, plan, channels, store, surroundings).unwrap();
        let task = tokio::spawn(async move { service.run().await.unwrap() });
        Self { handle, events, wires, now, task }
    }

    pub(crate) fn wire(&self, name: &str) -> &Wire {
        &self.wires[name]
    }

    pub(crate) fn wires(&self) -> BTreeMap<String, Arc<Wire>> {
        self.wires.clone()
    }

    pub(crate) fn configuration(&self, receivers: &[&str]) -> (Plan, Channels) {
        configuration(&self.wires, receivers)
    }

    pub(crate) async fn taken(&self, count: usize) {
        self.wires["web"].wait(count).await;
    }

    /// Lets time pass and the service look at it.
    pub(crate) async fn pass(&self, by: Duration) {
        {
            let mut now = self.now.lock().unwrap();
            *now = later(*now, by);
        }
        self.handle.tick();
        // An answer comes after the round in which the clocks were looked at.
        let _ = self.handle.metrics().await;
    }

    /// Waits until no message waits.
    pub(crate) async fn idle(&self) {
        while self.handle.read(|_, outbox| outbox.len()).await.is_ok_and(|waiting| waiting > 0) {
            tokio::task::yield_now().await;
        }
        // What the last round held in its hands was kept before this one answers.
        let _ = self.handle.metrics().await;
    }

    pub(crate) async fn stop(self) {
        self.handle.shutdown(Duration::from_mins(1));
        self.ended().await;
    }

    pub(crate) async fn ended(self) {
        self.task.await.unwrap();
    }

    /// The program dies: nothing that it had not kept is left.
    pub(crate) async fn dies(self) {
        self.task.abort();
        let _ = self.task.await;
        // The thread learns of it when it looks.
        self.handle.tick();
    }
}

fn configuration(wires: &BTreeMap<String, Arc<Wire>>, receivers: &[&str]) -> (Plan, Channels) {
    let mut plan = Plan::default();
    let mut route = Route::default();
    receivers[0].clone_into(&mut route.receiver);
    route.group_by = GroupBy::All;
    route.group_wait = Duration::ZERO;
    plan.route = route;
    let mut channels = Channels::new();
    for name in receivers {
        let id = channel(name);
        plan.receivers.insert((*name).to_owned(), receiver(&id));
        let mut settings = ChannelSettings::default();
        settings.parallel = 4;
        let sender: Arc<dyn Channel> = Arc::clone(&wires[*name]) as Arc<dyn Channel>;
        channels.insert(id, ServiceChannel { channel: sender, settings });
    }
    (plan, channels)
}

fn receiver(id: &ChannelId) -> Receiver {
    let mut receiver = Receiver::default();
    receiver.channels = vec![ReceiverChannel::new(id.clone())];
    receiver
}
