//! Where plugins are installed, and what runs them. Everything here blocks.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use wardkit_alerting::rules::EventPattern;
use wardkit_channels::{HttpClientConfig, PluginFetch};
use wardkit_core::{Clock as _, Secret, SystemClock};
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{
    Answer, Broker, CallQuota, Error, HostTerms, Installed, Kind, LoadedPlugin, PluginHome,
    PluginState, PreparedPlugin, Scripts,
};
use wardkit_sandbox::{Native, Sandbox, SandboxError};
use wardkit_sandbox_wasm::{Config as WasmConfig, Isolation, Wasm, Worker};
use wardkit_sqlite::{PluginKv, PluginRegistry};
use wardkit_validation::UrlPolicy;

use super::call::{Called, Failure, Given, Reason, Used, failure_of};
use super::{Cause, endpoint, lock, output};
use crate::config::{PluginIsolation, PluginsConfig, Problem};
use crate::reload::error_chain;
use crate::supervision::{PLUGIN_WORKER, program};
use crate::telemetry::secret;

/// Where plugins are installed, and what runs them.
pub(super) struct Host {
    home: Mutex<PluginHome<PluginRegistry>>,
    config: Mutex<Arc<PluginsConfig>>,
    /// Plugins that were called before, as long as they are what is installed.
    ready: Mutex<BTreeMap<PluginId, Arc<Ready>>>,
    quota: CallQuota<SystemClock>,
    kv: Arc<PluginKv>,
    fetch: Arc<PluginFetch>,
    wasm: Mutex<Arc<Wasm>>,
    native: Scripts,
}

/// A plugin that is ready to be called.
struct Ready {
    loaded: LoadedPlugin,
    prepared: PreparedPlugin,
    /// The events that it was granted.
    events: Vec<EventPattern>,
}

impl Host {
    /// Opens what is installed, and makes the place where there is none.
    pub(super) fn open(
        folder: &Path,
        config: Arc<PluginsConfig>,
    ) -> Result<Self, super::work::Error> {
        private(folder)?;
        let registry = PluginRegistry::open(&folder.join("registry.db"))?;
        let terms = terms(&config).map_err(|problems| told(&problems))?;
        let wasm = engine(&config)?;
        let mut web = HttpClientConfig::default();
        web.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
        let host = Self {
            home: Mutex::new(PluginHome::open(folder, registry, terms)?),
            config: Mutex::new(config),
            ready: Mutex::default(),
            quota: CallQuota::new(SystemClock),
            kv: Arc::new(PluginKv::open(&folder.join("kv.db"))?),
            fetch: Arc::new(PluginFetch::new(web)?),
            wasm: Mutex::new(Arc::new(wasm)),
            native: Scripts::new(Arc::new(Native::new()), &folder.join("scripts")),
        };
        host.tidy();
        Ok(host)
    }

    /// Removes scripts of native plugins, as packages are removed that nothing goes back to: those that are still called
    /// are written again when they are.
    pub(super) fn tidy(&self) {
        if let Err(error) = self.native.tidy() {
            tracing::warn!(%error, "scripts of plugins that are called no more are not removed");
        }
    }

    /// Takes over another configuration, from the next call on.
    pub(super) fn follow(&self, config: &Arc<PluginsConfig>) -> Result<(), String> {
        let terms = terms(config).map_err(|problems| told(&problems))?;
        let runs_as = |config: &PluginsConfig| (config.isolation, config.concurrency);
        let is_run_otherwise = runs_as(&lock(&self.config)) != runs_as(config);
        if is_run_otherwise {
            let wasm = engine(config).map_err(|error| error_chain(&error))?;
            *lock(&self.wasm) = Arc::new(wasm);
        }
        let old = std::mem::replace(&mut *lock(&self.config), Arc::clone(config));
        lock(&self.home).set_terms(terms);
        let terms_of = |config: &PluginsConfig| {
            let PluginsConfig { trusted_keys, danger_allow_unsigned, ceiling, environment, .. } =
                config.clone();
            (trusted_keys, danger_allow_unsigned, ceiling, environment)
        };
        if is_run_otherwise || terms_of(&old) != terms_of(config) {
            lock(&self.ready).clear();
        }
        Ok(())
    }

    /// Returns everything that is installed, whatever its state.
    pub(super) fn installed(&self) -> Result<Vec<Installed>, Error> {
        lock(&self.home).plugins().all()
    }

    /// Calls a plugin.
    pub(super) fn call(&self, id: &PluginId, cause: &Cause, input: &[u8]) -> Called {
        let ready = match self.ready(id) {
            Ok(ready) => ready,
            Err(failure) => return Called::refused(failure),
        };
        let concurrency = usize::try_from(ready.loaded.grant.limits.concurrency).ok();
        let endpoints = &ready.loaded.plugin.manifest().endpoints;
        let prepared = endpoint::input(endpoints, cause, input)
            .and_then(|input| Ok((input, self.prepare_call(&ready, cause)?)));
        let called = match prepared {
            Ok((input, broker)) => self.run(id, &ready, &Arc::new(broker), &input),
            Err(failure) => Called::refused(failure),
        };
        Called { concurrency, ..called }
    }

    /// Returns what is installed at this moment, ready to be called.
    fn ready(&self, id: &PluginId) -> Result<Arc<Ready>, Failure> {
        let active = lock(&self.home).plugins().active(id)?;
        let Some(active) = active else {
            lock(&self.ready).remove(id);
            return Err(Failure::new(Reason::Inactive, self.why_not(id)));
        };
        let known = lock(&self.ready).get(id).cloned();
        if let Some(known) = known.filter(|known| known.loaded.is_current(&active)) {
            return Ok(known);
        }
        let loaded = lock(&self.home).load(id)?;
        let wasm = Arc::clone(&lock(&self.wasm));
        let sandbox: &dyn Sandbox = match loaded.plugin.manifest().plugin.kind {
            Kind::Wasm => &*wasm,
            Kind::Native => &self.native,
            kind => {
                let text = format!("nothing here runs {} plugins", kind.as_str());
                return Err(Failure::new(Reason::Refused, text));
            }
        };
        let prepared = loaded.prepare(sandbox, &lock(&self.config).environment.clone())?;
        let events = loaded.grant.events.iter().filter_map(|kind| EventPattern::new(kind));
        let ready = Arc::new(Ready { events: events.collect(), prepared, loaded });
        lock(&self.ready).insert(id.clone(), Arc::clone(&ready));
        Ok(ready)
    }

    /// Says why a plugin is not called.
    fn why_not(&self, id: &PluginId) -> String {
        let all = lock(&self.home).plugins().all().unwrap_or_default();
        let newest = all.iter().rfind(|one| one.id == *id && one.state != PluginState::Superseded);
        newest.map_or_else(
            || "it is not installed".to_owned(),
            |one| format!("{} is {}: {}", one.version, one.state.as_str(), one.why),
        )
    }

    /// Returns what answers a plugin in this call, when it may be called.
    fn prepare_call(&self, ready: &Ready, cause: &Cause) -> Result<Broker, Failure> {
        if let Cause::Event(kind) = cause
            && !ready.events.iter().any(|pattern| pattern.matches(kind))
        {
            let text = "it was not granted all events that it is to be called on";
            return Err(Failure::new(Reason::NotGranted, text));
        }
        self.quota.take(&ready.prepared)?;
        let places = lock(&self.config).secrets.clone();
        let granted = ready.loaded.grant.secrets.iter();
        let found = granted.filter_map(|name| Some((name, places.get(name)?)));
        // Read for each call: whoever exchanges a secret need not tell anybody.
        let read = found.map(|(name, place)| {
            let value = secret(place).map_err(|reason| {
                Failure::new(Reason::Refused, format!("the secret {name}: {reason}"))
            })?;
            Ok((name.clone(), value))
        });
        let secrets: Vec<(String, Secret<String>)> = read.collect::<Result<_, Failure>>()?;
        let mut policy = UrlPolicy::default();
        policy.danger_allowed_networks.clone_from(&lock(&self.config).danger_networks);
        let broker = Broker::new(&ready.prepared).with_policy(policy).with_secrets(secrets);
        Ok(broker.with_kv(Arc::clone(&self.kv) as _).with_fetch(Arc::clone(&self.fetch) as _))
    }

    fn run(&self, id: &PluginId, ready: &Ready, broker: &Arc<Broker>, input: &[u8]) -> Called {
        let began = SystemClock.uptime();
        let answered = ready.prepared.call(input, &(Arc::clone(broker) as _));
        let took = SystemClock.uptime().saturating_sub(began);
        let (used, result) = match answered {
            Ok(Answer { value, outcome, .. }) => {
                say(id, &outcome.errors);
                let used = Used::of(&outcome, broker);
                let value = value.ok_or_else(|| failure_of(&outcome.ended));
                let given = value.and_then(|value| {
                    let events = output::events(id, &value, SystemClock.now())
                        .map_err(|reason| Failure::new(Reason::Output, reason))?;
                    Ok(Given { value, events })
                });
                (Some(used), given)
            }
            Err(error) => {
                let failure = Failure::from(error);
                let used = Used::refused(took, broker);
                (failure.reason.has_run().then_some(used), Err(failure))
            }
        };
        let is_changed = used.is_some() && self.count(id, &result);
        Called { result, used, concurrency: None, is_changed }
    }

    /// Counts a call that ran, and tells whether the plugin may be called no more.
    fn count(&self, id: &PluginId, result: &Result<Given, Failure>) -> bool {
        let is_fault = result.as_ref().is_err_and(|failure| failure.reason.is_fault());
        match lock(&self.home).plugins().called(id, !is_fault) {
            Ok(state) => state != PluginState::Active,
            Err(Error::State { .. }) => true,
            Err(error) => {
                tracing::warn!(plugin = %id, error = %error, "a call of a plugin is not counted");
                false
            }
        }
    }
}

/// Makes what runs WebAssembly.
fn engine(config: &PluginsConfig) -> Result<Wasm, SandboxError> {
    let mut wanted = WasmConfig::default();
    wanted.slots = config.concurrency;
    if config.isolation == PluginIsolation::Process {
        wanted.isolation = Isolation::Process(Worker::new(program(), &[PLUGIN_WORKER]));
    }
    Wasm::with(&wanted)
}

/// Says what a plugin wrote to the log.
fn say(id: &PluginId, lines: &[u8]) {
    for line in String::from_utf8_lossy(lines).lines().take(MOST_LINES) {
        tracing::info!(plugin = %id, line, "a plugin says");
    }
}

fn terms(config: &PluginsConfig) -> Result<HostTerms, Vec<Problem>> {
    let mut terms = HostTerms::default();
    terms.trusted = config.read_keys()?;
    terms.danger_unsigned = config.danger_allow_unsigned;
    terms.ceiling = Some(config.ceiling.clone());
    Ok(terms)
}

fn told(problems: &[Problem]) -> String {
    let all: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.key, problem.reason)).collect();
    all.join("; ")
}

/// Makes a directory that is nobody else's.
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Of one call; a plugin that writes without end is not to fill the log.
const MOST_LINES: usize = 20;
