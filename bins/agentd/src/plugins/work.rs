//! The one loop of the part: what happens becomes calls, and what becomes of calls is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use wardkit_alerting::rules::EventPattern;
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock, Value};
use wardkit_plugin::PluginState;
use wardkit_plugin::manifest::PluginId;
use wardkit_supervise::tasks::Context;

use super::call::{Called, Failure, Given, Reason};
use super::changes::Known;
use super::due::{Due, Now};
use super::output::OF_PLUGINS;
use super::queue::Queue;
use super::{Cause, Host, Job, SOURCE, Told};
use crate::app::App;
use crate::config::PluginsConfig;

/// What keeps the part from going on.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What the part has while it runs.
pub(crate) struct Worker {
    app: App,
    context: Context,
    host: Arc<Host>,
    config: watch::Receiver<Arc<PluginsConfig>>,
    /// What plugins are called on.
    patterns: BTreeMap<PluginId, Vec<EventPattern>>,
    due: Due,
    queue: Queue<Job>,
    calls: JoinSet<(Job, Called)>,
    told: Told,
    known: Known,
    /// When it is looked next whether something was changed, as uptime.
    look_at: Duration,
    health: Option<Health>,
}

impl Worker {
    /// Opens what is installed.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the engine cannot be made.
    pub(crate) async fn open(app: &App, context: &Context) -> Result<Self, Error> {
        let mut config = app.plugins.config.subscribe();
        let current = Arc::clone(&config.borrow_and_update());
        let queue = Queue::new(current.queue, current.concurrency);
        let (data, folder) = (app.data_dir().join(KNOWN), app.data_dir().join("plugins"));
        let opened = spawn_blocking(move || -> Result<_, Error> {
            // Without it everything that is installed is told again.
            let known =
                std::fs::read(data).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            Ok((Host::open(&folder, current)?, known.unwrap_or_default()))
        });
        let (host, known): (Host, Known) = opened.await??;
        let mut worker = Self {
            app: app.clone(),
            context: context.clone(),
            host: Arc::new(host),
            config,
            patterns: BTreeMap::new(),
            due: Due::default(),
            queue,
            calls: JoinSet::new(),
            told: Told::default(),
            known,
            look_at: Duration::ZERO,
            health: None,
        };
        worker.follow();
        worker.look().await?;
        Ok(worker)
    }

    /// Works until it is told to stop.
    ///
    /// # Errors
    ///
    /// When it cannot be read what is installed.
    pub(crate) async fn work(mut self, events: Receiver<Event>) -> Result<(), Error> {
        let (jobs, asked) = mpsc::channel(ASKED);
        self.app.plugins.set_jobs(Some(jobs));
        let ended = self.take(events, asked).await;
        self.app.plugins.set_jobs(None);
        ended
    }

    async fn take(
        &mut self,
        mut events: Receiver<Event>,
        mut asked: mpsc::Receiver<Job>,
    ) -> Result<(), Error> {
        let context = self.context.clone();
        loop {
            self.start_calls();
            let wait = self.wait();
            tokio::select! {
                () = context.stopped() => return Ok(()),
                Ok(()) = self.config.changed() => self.reload().await,
                Some(job) = asked.recv() => self.offer(job),
                event = events.recv() => match event {
                    Ok(event) => self.hear(&event),
                    Err(RecvError::Lagged(count)) => self.missed(count),
                    Err(RecvError::Closed) => return Ok(()),
                },
                Some(ended) = self.calls.join_next(), if !self.calls.is_empty() => {
                    let (job, called) = ended?;
                    self.ended(job, called);
                }
                () = tokio::time::sleep(wait) => self.tick().await?,
            }
        }
    }

    /// Starts the calls whose turn it is.
    fn start_calls(&mut self) {
        while let Some(mut job) = self.queue.next() {
            let host = Arc::clone(&self.host);
            self.calls.spawn(async move {
                let (plugin, cause) = (job.plugin.clone(), job.cause.clone());
                let input = std::mem::take(&mut job.input);
                let called = spawn_blocking(move || host.call(&plugin, &cause, &input)).await;
                let panicked = |panic: tokio::task::JoinError| {
                    Called::refused(Failure::new(Reason::Sandbox, panic.to_string()))
                };
                (job, called.unwrap_or_else(panicked))
            });
        }
        self.app.plugins.shown.waiting(self.queue.lengths());
    }

    /// Takes a call in, or tells that there is no room for it.
    fn offer(&mut self, job: Job) {
        let plugin = job.plugin.to_string();
        let Err(job) = self.queue.offer(&plugin, job) else { return };
        self.app.plugins.shown.failed(&plugin, Reason::Busy);
        let event = self.told.refused_busy(&plugin, SystemClock.now(), SystemClock.uptime());
        self.publish(event, job.depth);
        if let Some(reply) = job.reply {
            let failure = Failure::new(Reason::Busy, "too many of its calls wait");
            // Whoever asked may not wait any more.
            let _ = reply.send(Err(failure));
        }
    }

    /// Calls the plugins that are to be called on an event. What plugins tell calls others, to a certain depth, and never
    /// the one that it is about.
    fn hear(&mut self, event: &Event) {
        let kind = event.kind.as_str();
        let is_own = kind.starts_with(OF_PLUGINS) || kind.starts_with(OWN);
        let depth = match event.details.get(DEPTH) {
            Some(Value::Int(depth)) if is_own => *depth,
            _ => 0,
        };
        if depth >= DEEPEST {
            return;
        }
        let is_meant = |(plugin, patterns): &(&PluginId, &Vec<EventPattern>)| {
            !(is_own && event.subject == plugin.as_str())
                && patterns.iter().any(|pattern| pattern.matches(kind))
        };
        let meant: Vec<PluginId> =
            self.patterns.iter().filter(is_meant).map(|(plugin, _)| plugin.clone()).collect();
        for plugin in meant {
            let input = serde_json::to_vec(event).unwrap_or_default();
            let cause = Cause::Event(kind.to_owned());
            self.offer(Job { plugin, cause, input, depth, reply: None });
        }
    }

    fn missed(&self, count: u64) {
        let (at, message) = (SystemClock.now(), "events came faster than they were taken");
        let event = Event::new(at, "plugins.events.missed", Severity::Warning, SOURCE);
        self.publish(Some(event.with_message(message).with_detail("missed", count)), 0);
    }

    /// Tells what became of a call.
    fn ended(&mut self, job: Job, called: Called) {
        let Job { plugin, cause, depth, reply, .. } = job;
        let (name, at) = (plugin.to_string(), SystemClock.now());
        self.queue.ended(&name, called.concurrency);
        if called.is_changed {
            self.look_at = Duration::ZERO;
        }
        let shown = self.app.plugins.shown.clone();
        if let Some(used) = &called.used {
            shown.ran(&name, used);
            let event = self.told.denied(&name, &used.denials, at, SystemClock.uptime());
            self.publish(event, depth + 1);
            let report = used.report.as_ref();
            let now = (at, SystemClock.uptime());
            let event = report.and_then(|report| self.known.enforced(&name, report, now));
            if event.is_some() {
                self.keep();
            }
            self.publish(event, depth + 1);
        }
        match &called.result {
            Ok(Given { value, events }) => {
                let event = self.told.succeeded(&name, &cause, at);
                self.publish(event, depth + 1);
                if !cause.has_asker() && events.is_empty() {
                    let event = self.told.answered(&name, &cause, &value.to_string(), at);
                    self.publish(event, depth + 1);
                }
                for event in events {
                    self.publish(Some(event.clone()), depth + 1);
                }
            }
            Err(failure) => {
                shown.failed(&name, failure.reason);
                let event = self.told.failed(&name, &cause, failure, at);
                self.publish(event, depth + 1);
            }
        }
        if let Some(reply) = reply {
            // Whoever asked may not wait any more.
            let _ = reply.send(called.result.map(|given| given.value));
        }
    }

    fn publish(&self, event: Option<Event>, depth: i64) {
        if let Some(event) = event {
            self.app.events.publish(event.with_detail(DEPTH, depth));
        }
    }

    /// Returns how long nothing is due.
    fn wait(&self) -> Duration {
        let now = now();
        let look = self.look_at.saturating_sub(now.up);
        self.due.wait(now).map_or(look, |due| due.min(look))
    }

    /// Does what is due.
    async fn tick(&mut self) -> Result<(), Error> {
        let now = now();
        for run in self.due.take(now) {
            let Ok(plugin) = run.plugin.parse::<PluginId>() else { continue };
            let input = if run.input.is_empty() {
                let event = Event::new(now.wall, "plugins.schedule.due", Severity::Info, SOURCE);
                serde_json::to_vec(&event.with_subject(plugin.as_str())).unwrap_or_default()
            } else {
                run.input.into_bytes()
            };
            self.offer(Job { plugin, cause: Cause::Schedule, input, depth: 0, reply: None });
        }
        if self.look_at <= now.up {
            self.look().await?;
        }
        Ok(())
    }

    /// Looks at what is installed, and tells what is not as it was.
    async fn look(&mut self) -> Result<(), Error> {
        let host = Arc::clone(&self.host);
        let rows = spawn_blocking(move || host.installed()).await??;
        let events = self.known.look(rows, SystemClock.now());
        if !events.is_empty() {
            self.keep();
            let host = Arc::clone(&self.host);
            spawn_blocking(move || host.tidy()).await?;
        }
        for event in events {
            self.publish(Some(event), 1);
        }
        for event in self.told.remind(SystemClock.now(), SystemClock.uptime()) {
            self.publish(Some(event), 1);
        }
        self.app.plugins.shown.installed(self.known.rows());
        self.say_health();
        self.look_at = SystemClock.uptime() + LOOK_AGAIN;
        Ok(())
    }

    /// Says how the part is: less than well while a plugin is not called that is to be.
    fn say_health(&mut self) {
        let lines = self.app.plugins.lines();
        let active = PluginState::Active.as_str();
        let amiss = lines.iter().filter(|line| line.state != active);
        let amiss: Vec<String> =
            amiss.map(|line| format!("{} is {}: {}", line.id, line.state, line.why)).collect();
        let health = if amiss.is_empty() { Health::Up } else { Health::degraded(amiss.join("; ")) };
        if self.health.as_ref() != Some(&health) {
            self.context.set_health(health.clone());
            self.health = Some(health);
        }
    }

    /// Takes over what is configured now. Plugins whose tables are as they were go on as if nothing was.
    async fn reload(&mut self) {
        let (host, config) = (Arc::clone(&self.host), Arc::clone(&self.config.borrow_and_update()));
        let followed = spawn_blocking(move || host.follow(&config)).await;
        match followed {
            Ok(Ok(())) => self.follow(),
            Ok(Err(reason)) => self.not_followed(&reason),
            Err(panic) => self.not_followed(&panic.to_string()),
        }
    }

    fn not_followed(&self, reason: &str) {
        let event = Event::new(SystemClock.now(), "plugins.reload.failed", Severity::Error, SOURCE);
        let reason = format!("the old configuration of plugins stays in force: {reason}");
        self.publish(Some(event.with_message(reason)), 0);
    }

    fn follow(&mut self) {
        let config = Arc::clone(&self.config.borrow());
        self.patterns.clear();
        for run in &config.run {
            if let Ok(plugin) = run.plugin.parse::<PluginId>() {
                self.patterns.entry(plugin).or_default().extend(run.patterns());
            }
        }
        let scheduled = config.run.iter().filter(|run| !run.every.is_zero() || !run.at.is_empty());
        let scheduled: Vec<_> = scheduled.cloned().collect();
        self.due.follow(&scheduled, now());
        self.queue.limit(config.queue, config.concurrency);
        let is_there = |name: &str| self.patterns.keys().any(|plugin| plugin.as_str() == name);
        // Whoever waits for an answer learns from the end of its channel.
        drop(self.queue.retain(is_there));
        self.told.retain(is_there);
        self.app.plugins.shown.follow(self.patterns.keys().map(PluginId::as_str));
        self.app.plugins.shown.installed(self.known.rows());
        self.say_health();
    }

    /// Keeps what is known, so that the next run of agentd tells nothing again.
    fn keep(&self) {
        let app = self.app.clone();
        let Ok(bytes) = serde_json::to_vec(&self.known) else { return };
        if let Err(error) = app.write_file(KNOWN, &bytes) {
            tracing::warn!(%error, "what is known of plugins is not kept: it is told again");
        }
    }
}

fn now() -> Now {
    Now { wall: SystemClock.now(), up: SystemClock.uptime() }
}

/// What agentd tells of plugins begins so.
const OWN: &str = "plugins.";
/// The detail that says how many plugins in a row led to an event.
const DEPTH: &str = "depth";
/// As many may call each other in a row.
const DEEPEST: i64 = 3;
/// Calls of those who ask that were not looked at yet.
const ASKED: usize = 64;
/// What somebody installs or takes back is on the audit trail then at the latest.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const KNOWN: &str = "plugins-known.json";
