//! Taking over a changed configuration: the whole new file is checked, and what may fail is prepared, before
//! anything changes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use wardkit_api::{ReloadRefused, Reloaded, WriteToken};
use wardkit_core::{Clock, Event, Health, Severity, SystemClock};
use wardkit_metrics::Samples;
use wardkit_retry::{GaveUp, Idempotency, Retry, RetryPolicy};

use crate::app::{App, Fixed};
use crate::config::{self, BadConfig, Config, Problem};
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
    /// The file changed.
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
    pub listener: Listener,
    /// What who writes must bring.
    pub token: Option<WriteToken>,
}

/// Reads and checks the configuration that the command line asks for.
pub(crate) fn load(fixed: &Fixed, retry: &RetryPolicy) -> Result<Config, BadConfig> {
    let mut config = match &fixed.config_file {
        Some(file) => check_file(file, retry)?,
        None => Config::default(),
    };
    if let Some(address) = fixed.listen {
        config.listen.listen = address;
        let problems: Vec<_> =
            config.listen.validate().into_iter().filter(|found| found.path == "address").collect();
        if let Some(found) = problems.into_iter().next() {
            let problem = Problem { line: None, key: String::new(), reason: found.reason };
            return Err(BadConfig { file: PathBuf::from("--listen"), problems: vec![problem] });
        }
    }
    Ok(config)
}

/// Reads and checks a configuration file and the policy that it names, trying again where the system says that it may help.
pub(crate) fn check_file(file: &Path, retry: &RetryPolicy) -> Result<Config, BadConfig> {
    let bad = |problems| BadConfig { file: file.to_owned(), problems };
    let unreadable = |reason: String| bad(vec![Problem { line: None, key: String::new(), reason }]);
    let retry = Retry::new(retry.clone(), Idempotency::Safe)
        .map_err(|error| unreadable(error.to_string()))?;
    let read = retry.run_blocking(|| config::read(file));
    let text =
        read.map_err(|gave_up| unreadable(format!("cannot be read: {}", read_reason(gave_up))))?;
    let config = config::parse(&text).map_err(bad)?;
    if !config.integrity.policy.as_os_str().is_empty() {
        config::policy(&config.integrity.policy)?;
    }
    Ok(config)
}

/// Reads the configuration again and rebuilds the parts that it changes; on any error the old one stays in force.
///
/// Cancel-safe: everything that waits comes before the first change.
pub(crate) async fn reload(app: &App, request: Request) -> Result<Reloaded, ReloadRefused> {
    let mut active = app.active.lock().await;
    let reloading = services::watchdog::Reloading::begin();
    let before = active.config.digest();
    let outcome = prepare(app, &active).await.map(|new| commit(app, &mut active, new));
    let after = active.config.digest();
    drop((reloading, active));
    let recovered = app.reloads.count(&outcome);
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
async fn prepare(app: &App, active: &Active) -> Result<Active, ReloadRefused> {
    let (fixed, retry) = (app.fixed.clone(), active.config.reload.retry.clone());
    let read = move || load(&fixed, &retry);
    let config = match tokio::task::spawn_blocking(read).await {
        Ok(checked) => checked.map_err(|bad| ReloadRefused { errors: bad.lines() })?,
        Err(panic) => return Err(ReloadRefused { errors: vec![panic.to_string()] }),
    };
    let token = services::http::token(&config.listen)
        .await
        .map_err(|error| ReloadRefused { errors: vec![error_chain(&error)] })?;
    let listener = if config.listen.listen == active.config.listen.listen {
        active.listener.clone()
    } else {
        services::http::open(&config.listen)
            .await
            .map_err(|error| ReloadRefused { errors: vec![error_chain(&error)] })?
    };
    Ok(Active { config, listener, token })
}

/// Puts the new configuration in force. Nothing here waits or fails.
fn commit(app: &App, active: &mut Active, new: Active) -> Reloaded {
    let old = std::mem::replace(active, new);
    let is_new_token = old.token != active.token;
    let (old, new) = (&old.config, &active.config);
    let mut changed = Vec::new();
    if new.log != old.log {
        app.logging.apply(&new.log);
        changed.push("log".to_owned());
    }
    if new.parts != old.parts {
        app.parts.apply(new.parts.clone());
        changed.push("parts".to_owned());
    }
    if new.history != old.history {
        services::history::start(app, &new.history);
        changed.push("history".to_owned());
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
    if new.listen != old.listen || is_new_token {
        let (config, token) = (new.listen.clone(), active.token.clone());
        services::http::start(app, &active.listener, config, token);
        changed.push("listen".to_owned());
    }
    if new.reload != old.reload {
        services::reload::start(app, &new.reload);
        changed.push("reload".to_owned());
    }
    Reloaded { changed }
}

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
}

impl Default for Reloads {
    /// The configuration that the daemon starts with counts as accepted.
    fn default() -> Self {
        Self {
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

    /// Counts an outcome and returns whether it is the first good one after a bad one.
    fn count(&self, outcome: &Result<Reloaded, ReloadRefused>) -> bool {
        let was_accepted = self.last_accepted.swap(outcome.is_ok(), Ordering::Relaxed);
        if outcome.is_ok() {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            self.accepted_at.store(SystemClock.now().as_unix_seconds(), Ordering::Relaxed);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        outcome.is_ok() && !was_accepted
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
