//! The daemon as a whole: its parts, its configuration in force, and what it tells of itself.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wardkit_api::services::{Command, Fate, Refused};
use wardkit_api::{
    Answer, Asked, BoxFuture, CONTROL_SOCKET, Caller, Daemon, EndpointCall, HttpServer,
    IngestRefused, PluginRefused, Question, QuestionRefused, ReloadRefused, Reloaded, Status,
    WriteRefused, alerts,
};
use wardkit_auditlog::Entry;
use wardkit_core::{Clock, Event, Health, Severity, SystemClock, Timestamp};
use wardkit_metrics::{Exposition, Samples};

use crate::alerting::Alerting;
use crate::clock_watch::ClockWatch;
use crate::config::{Config, Profile};
use crate::data_dir::DataDir;
use crate::events::Events;
use crate::integrity;
use crate::log::Logging;
use crate::parts::Parts;
use crate::plugins::Plugins;
use crate::refusals::Refusals;
use crate::reload::{self, Active, Loaded, Reloads, Request};
use crate::services;
use crate::services::reload::Hangup;
use crate::supervision::Supervision;
use crate::telemetry::{Telemetry, float, gauge};
use crate::trail::Recorder;

/// What the command line decides and no reload changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub config_file: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
}

/// The daemon as a whole. Cloning gives another handle to the same one.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

pub(crate) struct Inner {
    pub fixed: Fixed,
    pub logging: Logging,
    pub events: Events,
    pub parts: Parts,
    /// Held for the whole of a reload, so that reloads follow one another.
    pub active: tokio::sync::Mutex<Active>,
    pub reloads: Reloads,
    pub hangup: Hangup,
    pub integrity: Arc<integrity::Gauges>,
    pub telemetry: Telemetry,
    pub alerting: Alerting,
    pub supervision: Supervision,
    pub plugins: Plugins,
    refusals: Refusals,
    clock: Mutex<ClockWatch>,
    data_dir: DataDir,
    started_at: Timestamp,
    started_uptime: Duration,
    listening: Mutex<Listening>,
}

/// What of the listener's configuration the rest of the daemon needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listening {
    /// The address that it is bound to; none where the profile has no listener.
    pub address: Option<SocketAddr>,
    /// How long its requests may take to finish.
    pub drain: Duration,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Constructs every part, in the order of the layers, and starts them. Nothing runs when one cannot start.
    pub(crate) async fn build(
        Loaded { config, alerting, looked, services: _ }: Loaded,
        fixed: Fixed,
        data_dir: DataDir,
        recorder: Recorder,
        logging: Logging,
        hangup: Hangup,
    ) -> Result<Self, wardkit_api::Error> {
        let listener = if listens(&config, &fixed) {
            Some(services::http::open(&config.listen).await?)
        } else {
            None
        };
        let token = match &listener {
            Some(_) => services::http::token(&config.listen).await?,
            None => None,
        };
        let control = services::control::open(data_dir.path().join(CONTROL_SOCKET))?;
        let events = Events::recorded(recorder);
        let parts = Parts::new(events.clone(), config.parts.clone());
        let app = Self(Arc::new(Inner {
            fixed,
            logging,
            events,
            parts,
            listening: Mutex::new(Listening {
                address: listener.as_deref().map(HttpServer::local_addr),
                drain: config.listen.drain_timeout,
            }),
            active: tokio::sync::Mutex::new(Active {
                config: config.clone(),
                listener: listener.clone(),
                token: token.clone(),
            }),
            reloads: Reloads::new(looked),
            hangup,
            integrity: Arc::default(),
            telemetry: Telemetry::new(&config.metrics.ingest),
            alerting: Alerting::new(alerting),
            supervision: Supervision::default(),
            plugins: Plugins::default(),
            refusals: Refusals::default(),
            clock: Mutex::new(ClockWatch::new()),
            data_dir,
            // To the second: nobody compares processes more finely.
            started_at: Timestamp::from_unix_seconds(SystemClock.now().as_unix_seconds()),
            started_uptime: SystemClock.uptime(),
        }));
        services::trail::start(&app);
        services::control::start(&app, control);
        if let Some(listener) = &listener {
            services::http::start(&app, listener, config.listen.clone(), token);
        }
        if config.profile == Profile::Full {
            app.start_all_others(&config);
        }
        services::cleanup::start(&app, &config.cleanup);
        services::supervise::start(&app, &config);
        services::reload::start(&app, &config.reload);
        services::watchdog::start(&app);
        Ok(app)
    }

    /// Starts the parts that do not keep services up.
    fn start_all_others(&self, config: &Config) {
        services::history::start(self, &config.history);
        services::detect::start(self, &config.detect);
        services::otlp::start(self, &config.otlp);
        services::logs::start(self, &config.metrics);
        services::business::start(self, &config.metrics);
        services::metrics::start(self, &config.metrics);
        services::probe::start(self, &config.probe);
        services::alerting::start(self);
        services::integrity::start(self, &config.integrity);
        services::audit::start(self, &config.audit);
        services::backup::start(self, &config.backup);
        services::plugins::start(self, &config.plugins);
    }

    /// Records that the daemon runs.
    pub(crate) fn started(&self) {
        let event = Event::new(SystemClock.now(), "agentd.started", Severity::Notice, "agentd");
        let file = self.fixed.config_file.as_ref().map(|file| file.display().to_string());
        let event = event
            .with_detail(
                "listen",
                self.listening().address.map(|address| address.to_string()).unwrap_or_default(),
            )
            .with_detail("config_file", file.unwrap_or_default());
        self.events.publish(event);
    }

    /// Records that the daemon was told to stop.
    pub(crate) fn stopping(&self, signal: &'static str) {
        let event = Event::new(SystemClock.now(), "agentd.stopping", Severity::Notice, "agentd");
        self.events.publish(event.with_detail("signal", signal));
    }

    /// Appends what the daemon and its parts tell, as it is now.
    pub(crate) fn collect(&self, out: &mut Samples) {
        out.family(gauge("agentd_build_info", "What runs."));
        out.push(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        let started = u64::try_from(self.started_at.as_unix_seconds()).unwrap_or(0);
        let help = "When the process started, as Unix time.";
        out.single(gauge("agentd_start_time_seconds", help), float(started));
        self.parts.collect(out);
        self.reloads.collect(out);
        self.integrity.collect(out);
        self.events.collect(out);
        self.events.recorder().collect(out);
        self.telemetry.collect(out);
        self.supervision.collect(out);
    }

    /// Writes a file of the data directory whole. Blocks.
    pub(crate) fn write_file(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        self.data_dir.write(name, bytes)
    }

    /// Returns when the process started.
    pub(crate) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// Tells when somebody has set the host's clock.
    pub(crate) fn look_at_clock(&self) {
        let jump = self.clock.lock().unwrap_or_else(PoisonError::into_inner).jump();
        if let Some(event) = jump {
            self.events.publish(event);
        }
    }

    fn expose(&self, format: Exposition, out: &mut String) {
        let mut own = Samples::new();
        self.collect(&mut own);
        self.telemetry.write(format, &own, out);
    }

    /// Returns the path of the data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Returns where and how the listener listens.
    pub(crate) fn listening(&self) -> Listening {
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets where and how the listener listens.
    pub(crate) fn set_listening(&self, listening: Listening) {
        *self.listening.lock().unwrap_or_else(PoisonError::into_inner) = listening;
    }
}

/// Returns whether there is a listener: where services alone are kept up, only one that the command line asks for.
pub(crate) fn listens(config: &Config, fixed: &Fixed) -> bool {
    config.profile == Profile::Full || fixed.listen.is_some()
}

impl Daemon for App {
    fn health(&self) -> Vec<(String, Health)> {
        let parts = self.parts.status().into_iter().map(|part| (part.name, part.health));
        let config = [("config".to_owned(), self.reloads.health())];
        parts.chain(config).chain(self.telemetry.health()).collect()
    }

    fn status(&self) -> Status {
        let mut events = self.events.recent();
        events.reverse();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at: self.started_at,
            uptime_seconds: SystemClock.uptime().saturating_sub(self.started_uptime).as_secs(),
            data_dir: self.data_dir.path().display().to_string(),
            trail: self.events.recorder().head(),
            config_file: self.fixed.config_file.as_ref().map(|file| file.display().to_string()),
            listen: self.listening().address,
            health: Health::merge(self.health()),
            parts: self.parts.status(),
            incidents: self.alerting.look().incidents,
            services: self.supervision.lines(),
            plugins: self.plugins.lines(),
            events,
        }
    }

    fn write_metrics(&self, out: &mut String) {
        self.expose(Exposition::Text, out);
    }

    fn write_open_metrics(&self, out: &mut String) -> bool {
        self.expose(Exposition::OpenMetrics, out);
        true
    }

    fn ingest(&self, body: Vec<u8>) -> BoxFuture<'_, Result<(), IngestRefused>> {
        let ingested = self.telemetry.ingested();
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || ingested.push(&body)).await {
                Ok(Ok(accepted)) => {
                    if let Some(event) = self.telemetry.pushed(&accepted) {
                        self.events.publish(event);
                    }
                    Ok(())
                }
                Ok(Err(error)) => Err(IngestRefused::Malformed(vec![error.to_string()])),
                Err(panic) => Err(IngestRefused::Unavailable(panic.to_string())),
            }
        })
    }

    fn answer(&self, question: Question) -> BoxFuture<'_, Result<Answer, QuestionRefused>> {
        let app = self.clone();
        Box::pin(async move {
            let turn = app.telemetry.question_turn().await;
            let work = move || {
                let _turn = turn;
                app.answer_now(question)
            };
            let answered = tokio::task::spawn_blocking(work).await;
            answered.unwrap_or_else(|panic| Err(QuestionRefused::Unavailable(panic.to_string())))
        })
    }

    fn alerts(
        &self,
        by: Option<Caller>,
        call: alerts::Call,
    ) -> BoxFuture<'_, Result<Answer, alerts::Refused>> {
        Box::pin(self.answer_alerts(by, call))
    }

    fn acknowledge(
        &self,
        token: String,
        step: alerts::AckStep,
    ) -> BoxFuture<'_, Result<alerts::AckView, alerts::Refused>> {
        Box::pin(self.answer_link(token, step))
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        Box::pin(reload::reload(self, Request::Command))
    }

    fn services(
        &self,
        by: Option<Caller>,
        command: Command,
    ) -> BoxFuture<'_, Result<Answer, Refused>> {
        Box::pin(self.answer_services(by, command))
    }

    fn call_plugin(
        &self,
        _: Option<Caller>,
        id: String,
        input: Vec<u8>,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        Box::pin(async move { self.plugins.call(&id, input).await })
    }

    fn opens_endpoint(&self, id: &str, path: &str) -> bool {
        self.plugins.opens_endpoint(id, path)
    }

    fn call_endpoint(
        &self,
        _: Option<Caller>,
        call: EndpointCall,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        Box::pin(async move { self.plugins.call_endpoint(call).await })
    }

    fn stop(&self, fate: Fate) -> BoxFuture<'_, Result<(), Refused>> {
        self.supervision.ask_to_end(fate);
        Box::pin(std::future::ready(Ok(())))
    }

    fn write_refused(&self, why: WriteRefused) {
        if let Some(entry) = self.refusals.count(SystemClock.uptime(), why) {
            self.events.recorder().record(entry);
        }
    }

    fn asked(&self, by: Caller, what: Asked) {
        let (kind, route) = match what {
            Asked::For(route) => ("control.command.allowed", route),
            _ => ("control.command.refused", ""),
        };
        let who = match by.pid {
            Some(pid) => format!("uid {}, pid {pid}", by.uid),
            None => format!("uid {}", by.uid),
        };
        self.events.recorder().record(Entry::new(kind, route).by(who));
    }
}
