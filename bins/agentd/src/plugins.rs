//! Plugins: called on events, on schedule and by those who ask, each within its grant.

mod answer;
mod call;
mod changes;
mod due;
mod endpoint;
mod gauges;
mod host;
mod output;
mod queue;
mod told;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use wardkit_api::{EndpointCall, PluginLine};
use wardkit_plugin::manifest::PluginId;

use call::Failure;
use gauges::Shown;
use host::Host;
use told::Told;

pub(crate) use work::Worker;

use crate::config::PluginsConfig;

/// What the rest of the daemon has of plugins.
#[derive(Debug, Default)]
pub(crate) struct Plugins {
    config: watch::Sender<Arc<PluginsConfig>>,
    /// Where calls of others go while the part runs.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    shown: Shown,
}

/// A call that somebody wants.
#[derive(Debug)]
struct Job {
    plugin: PluginId,
    cause: Cause,
    input: Vec<u8>,
    /// How many plugins in a row led to it.
    depth: i64,
    reply: Option<oneshot::Sender<Result<Value, Failure>>>,
}

/// What a plugin is called on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    /// An event of this kind.
    Event(String),
    Schedule,
    /// Somebody asks.
    Api,
    /// Somebody asks at an address of the plugin's own.
    Endpoint(Box<EndpointCall>),
}

impl Cause {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Event(_) => "event",
            Self::Schedule => "schedule",
            Self::Api => "api",
            Self::Endpoint(_) => "endpoint",
        }
    }

    /// Whether somebody waits for what it gives.
    const fn has_asker(&self) -> bool {
        matches!(self, Self::Api | Self::Endpoint(_))
    }
}

impl Plugins {
    /// Has the part follow this configuration; what it does not change goes on.
    pub(crate) fn configure(&self, config: &PluginsConfig) {
        self.config.send_replace(Arc::new(config.clone()));
        if !config.is_enabled() {
            self.shown.follow(std::iter::empty());
        }
    }

    /// Returns how each plugin is, by id.
    pub(crate) fn lines(&self) -> Vec<PluginLine> {
        self.shown.lines()
    }

    /// Returns what scrapes show of plugins.
    pub(crate) fn shown(&self) -> Shown {
        self.shown.clone()
    }

    fn set_jobs(&self, jobs: Option<mpsc::Sender<Job>>) {
        *lock(&self.jobs) = jobs;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the events of the part come from.
const SOURCE: &str = "plugins";
