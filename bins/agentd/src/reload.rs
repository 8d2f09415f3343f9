//! Taking over a changed configuration: the whole new file is checked, and what may fail is prepared, before
//! anything changes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use wardkit_api::{ReloadRefused, Reloaded, WriteToken};
use wardkit_core::{Clock, Event, Health, Severity, SystemClock};
use wardkit_metrics::Samples;
use wardkit_retry::{GaveUp, Idempotency, Retry, RetryPolicy};

use crate::alerting::{LookedAt, Prepared};
use crate::app::{App, Fixed, listens};
use crate::config::{
    self, AlertingConfig, BadConfig, Config, Parsed, Problem, Profile, ServiceProblems,
};
use crate::services;
use crate::services::http::Listener;
use crate::telemetry::{counter, float, gauge};

/// Why the configuration is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `agentd reload`.
    Command,
    /// SIGHUP.
    Signal,
    /// The file changed, or one that it names.
    FileChange,
}

impl Request {
    fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Signal => "signal",
            Self::FileChange => "file-change",
        }
    }
}

/// The configuration in force, and what it opened.
pub(crate) struct Active {
    pub config: Config,
    /// None where the profile has none.
    pub listener: Option<Listener>,
    /// What who writes must bring.
    pub token: Option<WriteToken>,
}

/// A configuration, and what the files that it names say of alerting.
pub(crate) struct Loaded {
    pub config: Config,
    pub alerting: Prepared,
    /// The files that it names.
    pub looked: LookedAt,
    /// What is wrong with services, which keeps no other from running.
    pub services: ServiceProblems,
}

/// Reads and checks the configuration that the command line asks for, and the files that it names.
pub(crate) fn load(fixed: &Fixed, retry: &RetryPolicy) -> Result<Loaded, BadConfig> {
    let mut looked = LookedAt::new();
    let (Parsed { config, services }, alerting) = read_all(fixed, retry, &mut looked)?;
    Ok(Loaded { config, alerting, looked, services })
}

/// The same, saying what was looked at whether it is sound or not.
fn read_all(
    fixed: &Fixed,
    retry: &RetryPolicy,
    looked: &mut LookedAt,
) -> Result<(Parsed, Prepared), BadConfig> {
    let mut parsed = match &fixed.config_file {
        Some(file) => check_file(file, retry, looked)?,
        None => Parsed { config: Config::default(), services: ServiceProblems::default() },
    };
    let config = &mut parsed.config;
    if let Some(address) = fixed.listen {
        config.listen.listen = address;
        let problems: Vec<_> =
            config.listen.validate().into_iter().filter(|found| found.path == "address").collect();
        if let Some(found) = problems.into_iter().next() {
            let problem = Problem { line: None, key: String::new(), reason: found.reason };
            return Err(BadConfig { file: PathBuf::from("--listen"), problems: vec![problem] });
        }
    }
    let file = fixed.config_file.as_deref();
    let alerting = match config.profile {
        Profile::Full => config.alerting.clone(),
        Profile::Supervise => AlertingConfig { enabled: false, ..AlertingConfig::default() },
    };
    let alerting = Prepared::load(&alerting, file, config.listen.listen, looked)?;
    Ok((parsed, alerting))
}

/// Reads and checks a configuration file and the policies that it names, trying again where the system says that it may help.
fn check_file(
    file: &Path,
    retry: &RetryPolicy,
    looked: &mut LookedAt,
) -> Result<Parsed, BadConfig> {
    let bad = |problems| BadConfig { file: file.to_owned(), problems };
    let unreadable = |reason: String| bad(vec![Problem { line: None, key: String::new(), reason }]);
    let retry = Retry::new(retry.clone(), Idempotency::Safe)
        .map_err(|error| unreadable(error.to_string()))?;
    let read = retry.run_blocking(|| config::read(file));
    let text =
        read.map_err(|gave_up| unreadable(format!("cannot be read: {}", read_reason(gave_up))))?;
    let parsed = config::parse(&text, &config::folder_of(file), looked).map_err(bad)?;
    let config = &parsed.config;
    if !config.integrity.policy.as_os_str().is_empty() {
        config::policy(&config.integrity.policy)?;
    }
    config.plugins.read_keys().map_err(bad)?;
    Ok(parsed)
}

/// Reads the configuration again and rebuilds the parts that it changes; on any error the old one stays in force.
///
/// Cancel-safe: everything that waits comes before the first change.
pub(crate) async fn reload(app: &App, request: Request) -> Result<Reloaded, ReloadRefused> {
    let mut active = app.active.lock().await;
    let reloading = services::watchdog::Reloading::begin();
    let before = active.config.digest();
    let prepared = prepare(app, &active).await;
    let mut services = None;
    let outcome = prepared.map(|(new, alerting)| {
        let (old, mut reloaded) = commit(app, &mut active, new);
        reloaded.changed.extend(commit_alerting(app, alerting));
        if active.config.supervise() != old.supervise() {
            services = Some(services::supervise::reload(app, &active.config));
            reloaded.changed.push("services".to_owned());
        }
        reloaded
    });
    if let Some(taken_over) = services {
        // They are taken over whether it is waited for or not.
        let _ = tokio::time::timeout(SERVICES_LIMIT, taken_over).await;
    }
    let after = active.config.digest();
    drop((reloading, active));
    let (recovered, repeated) = app.reloads.count(&outcome);
    match &outcome {
        // Somebody touched the file without changing what it says.
        Ok(reloaded)
            if request == Request::FileChange && reloaded.changed.is_empty() && !recovered => {}
        Ok(reloaded) => app.events.publish(
            Event::new(SystemClock.now(), "config.reloaded", Severity::Notice, "reload")
                .with_detail("by", request.as_str())
                .with_detail("old_digest", before)
                .with_detail("new_digest", after)
                .with_detail("changed", reloaded.changed.clone()),
        ),
        // Nor is it news that what was refused still is.
        Err(_) if request == Request::FileChange && repeated => {}
        Err(refused) => app.events.publish(
            Event::new(SystemClock.now(), "config.refused", Severity::Error, "reload")
                .with_message(format!(
                    "the old configuration stays in force: {}",
                    refused.errors.join("; ")
                ))
                .with_detail("by", request.as_str())
                .with_detail("errors", refused.errors.clone()),
        ),
    }
    outcome
}

/// Checks the new configuration and opens what it needs, without touching what runs.
async fn prepare(app: &App, active: &Active) -> Result<(Active, Prepared), ReloadRefused> {
    let (fixed, retry) = (app.fixed.clone(), active.config.reload.retry.clone());
    let read = move || {
        let mut looked = LookedAt::new();
        (read_all(&fixed, &retry, &mut looked), looked)
    };
    let (Parsed { config, services }, alerting) = match tokio::task::spawn_blocking(read).await {
        Ok((checked, looked)) => {
            app.reloads.looked(checked.is_ok(), looked);
            checked.map_err(|bad| ReloadRefused { errors: bad.lines() })?
        }
        Err(panic) => return Err(ReloadRefused { errors: vec![panic.to_string()] }),
    };
    if let Some(bad) = refused_services(app, &active.config, &config, services) {
        return Err(ReloadRefused { errors: bad.lines() });
    }
    if config.profile != active.config.profile {
        let errors = vec!["profile: another one takes a restart of agentd".to_owned()];
        return Err(ReloadRefused { errors });
    }
    if !listens(&config, &app.fixed) {
        return Ok((Active { config, listener: None, token: None }, alerting));
    }
    let refused = |error| ReloadRefused { errors: vec![error_chain(&error)] };
    let token = services::http::token(&config.listen).await.map_err(refused)?;
    let listener = match &active.listener {
        Some(open) if config.listen.listen == active.config.listen.listen => Arc::clone(open),
        _ => services::http::open(&config.listen).await.map_err(refused)?,
    };
    Ok((Active { config, listener: Some(listener), token }, alerting))
}

/// Returns what is wrong with services that a reload would bring. What this host lacks for one that is as it was is no
/// reason to refuse the rest of the file.
fn refused_services(
    app: &App,
    old: &Config,
    new: &Config,
    found: ServiceProblems,
) -> Option<BadConfig> {
    let is_as_before = |name: &str| {
        let of = |config: &Config| config.service.iter().find(|one| one.name == name).cloned();
        of(old) == of(new)
    };
    let mut problems = found.declared;
    problems.extend(
        found.host.into_iter().filter(|(name, _)| !is_as_before(name)).map(|(_, problem)| problem),
    );
    let file = app.fixed.config_file.clone().unwrap_or_default();
    (!problems.is_empty()).then_some(BadConfig { file, problems })
}

/// Puts what is new of alerting in force, and returns the part's name where there is something. A service that runs
/// takes over what it can while it runs.
fn commit_alerting(app: &App, new: Prepared) -> Option<String> {
    let old = app.alerting.prepared();
    let says_the_same = new.is_like(&old);
    if says_the_same && new.external_url == old.external_url {
        return None;
    }
    let follows = new.can_follow(&old) && new.config.enabled;
    let heartbeat = new.config.heartbeat.clone();
    let is_new_heartbeat = heartbeat != old.config.heartbeat;
    let are_new_receivers = new.receivers != old.receivers;
    app.alerting.set_prepared(new);
    if follows {
        if is_new_heartbeat {
            services::heartbeat::start(app, &heartbeat);
        }
        if are_new_receivers {
            services::telegram::start(app);
        }
    } else {
        services::alerting::start(app);
    }
    // Links follow the listener to its new address, which is no news of alerting.
    (!says_the_same).then(|| "alerting".to_owned())
}

/// Puts the new configuration in force. Nothing here waits or fails.
fn commit(app: &App, active: &mut Active, new: Active) -> (Config, Reloaded) {
    let old = std::mem::replace(active, new);
    let is_new_token = old.token != active.token;
    let (old, new) = (old.config, &active.config);
    let mut changed = Vec::new();
    if new.log != old.log {
        app.logging.apply(&new.log);
        changed.push("log".to_owned());
    }
    if new.parts != old.parts {
        app.parts.apply(new.parts.clone());
        changed.push("parts".to_owned());
    }
    if new.profile == Profile::Full {
        commit_others(app, &old, new, &mut changed);
    }
    if new.cleanup != old.cleanup {
        services::cleanup::start(app, &new.cleanup);
        changed.push("cleanup".to_owned());
    }
    if let Some(listener) =
        active.listener.as_ref().filter(|_| new.listen != old.listen || is_new_token)
    {
        services::http::start(app, listener, new.listen.clone(), active.token.clone());
        changed.push("listen".to_owned());
    }
    if new.reload != old.reload {
        services::reload::start(app, &new.reload);
        changed.push("reload".to_owned());
    }
    (old, Reloaded { changed })
}

/// The same for the parts that do not keep services up.
fn commit_others(app: &App, old: &Config, new: &Config, changed: &mut Vec<String>) {
    if new.history != old.history {
        services::history::start(app, &new.history);
        changed.push("history".to_owned());
    }
    if new.backup != old.backup {
        services::backup::start(app, &new.backup);
        changed.push("backup".to_owned());
    }
    if new.audit != old.audit {
        services::audit::start(app, &new.audit);
        changed.push("audit".to_owned());
    }
    if new.plugins != old.plugins {
        services::plugins::start(app, &new.plugins);
        changed.push("plugins".to_owned());
    }
    if new.detect != old.detect {
        services::detect::start(app, &new.detect);
        changed.push("detect".to_owned());
    }
    if new.otlp != old.otlp {
        services::otlp::start(app, &new.otlp);
        changed.push("otlp".to_owned());
    }
    if new.probe != old.probe {
        services::probe::start(app, &new.probe);
        changed.push("probe".to_owned());
    }
    if new.metrics != old.metrics {
        if new.metrics.ingest != old.metrics.ingest {
            app.telemetry.limit_ingested(&new.metrics.ingest);
        }
        if new.metrics.log != old.metrics.log {
            services::logs::start(app, &new.metrics);
        }
        if new.metrics.http != old.metrics.http {
            services::business::start(app, &new.metrics);
        }
        services::metrics::start(app, &new.metrics);
        changed.push("metrics".to_owned());
    }
    if new.integrity != old.integrity {
        services::integrity::start(app, &new.integrity);
        changed.push("integrity".to_owned());
    }
}

/// A service that does not take its change by then goes on taking it.
const SERVICES_LIMIT: Duration = Duration::from_secs(5);

/// Returns why the last attempt to read failed.
fn read_reason(gave_up: GaveUp<io::Error>) -> String {
    let reason = gave_up.to_string();
    gave_up.into_last().map_or(reason, |error| error.to_string())
}

/// Returns an error with its causes on one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// How reloads went, for the metrics.
#[derive(Debug)]
pub(crate) struct Reloads {
    accepted: AtomicU64,
    refused: AtomicU64,
    last_accepted: AtomicBool,
    accepted_at: AtomicI64,
    /// Why the last one was refused; empty when it was not.
    errors: Mutex<Vec<String>>,
    /// The files that the configuration in force names.
    in_force: Mutex<LookedAt>,
    /// Those, and the ones that were looked at and refused since.
    watched: watch::Sender<LookedAt>,
}

impl Reloads {
    /// The configuration that the daemon starts with counts as accepted.
    pub(crate) fn new(looked: LookedAt) -> Self {
        Self {
            errors: Mutex::default(),
            watched: watch::Sender::new(looked.clone()),
            in_force: Mutex::new(looked),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            last_accepted: AtomicBool::new(true),
            accepted_at: AtomicI64::new(SystemClock.now().as_unix_seconds()),
        }
    }
}

impl Reloads {
    /// Returns whether the configuration in force is the one that the file holds, as far as a reload has shown.
    pub(crate) fn health(&self) -> Health {
        if self.last_accepted.load(Ordering::Relaxed) {
            Health::Up
        } else {
            Health::degraded("the file was refused, an older configuration is in force")
        }
    }

    /// Follows which files are to be watched.
    pub(crate) fn watched(&self) -> watch::Receiver<LookedAt> {
        self.watched.subscribe()
    }

    /// Takes note of the files that were looked at. Those of the configuration in force are watched in any case: it may
    /// come back.
    fn looked(&self, accepted: bool, looked: LookedAt) {
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        let all = if accepted {
            in_force.clone_from(&looked);
            looked
        } else {
            in_force.union(&looked).cloned().collect()
        };
        self.watched.send_if_modified(|watched| {
            let is_new = *watched != all;
            *watched = all;
            is_new
        });
    }

    /// Counts an outcome. Returns whether it is the first good one after a bad one, and whether it is as bad as the last.
    fn count(&self, outcome: &Result<Reloaded, ReloadRefused>) -> (bool, bool) {
        let was_accepted = self.last_accepted.swap(outcome.is_ok(), Ordering::Relaxed);
        if outcome.is_ok() {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            self.accepted_at.store(SystemClock.now().as_unix_seconds(), Ordering::Relaxed);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let errors = outcome.as_ref().err().map_or_else(Vec::new, |refused| refused.errors.clone());
        let mut last = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let repeated = !errors.is_empty() && *last == errors;
        *last = errors;
        (outcome.is_ok() && !was_accepted, repeated)
    }

    /// Appends the reload metrics, under the names that Prometheus uses of itself.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let (name, help) = ("agentd_config_reloads_total", "Reloads by outcome.");
        out.family(counter(name, help));
        for (outcome, count) in [("accepted", &self.accepted), ("refused", &self.refused)] {
            out.push(&[("outcome", outcome)], float(count.load(Ordering::Relaxed)));
        }
        out.single(
            gauge("agentd_config_last_reload_successful", "Whether the last reload was accepted."),
            f64::from(u8::from(self.last_accepted.load(Ordering::Relaxed))),
        );
        let name = "agentd_config_last_reload_success_timestamp_seconds";
        let accepted_at = self.accepted_at.load(Ordering::Relaxed);
        out.single(
            gauge(name, "When a configuration was last accepted."),
            float(u64::try_from(accepted_at).unwrap_or(0)),
        );
    }
}
