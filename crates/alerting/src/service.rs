//! Drives the engine and the outbox on tokio: one thread owns both and the store, a task each attempt.
//!
//! Everything that arrives while a commit is under way goes into the next one together. Whoever brings something gets
//! the answer once it is kept; what is to be sent leaves after that.

mod attempts;
mod delivery;
mod error;
mod handle;
mod hook;
mod metrics;
mod owner;
mod trouble;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Event;

pub use error::ServiceError;
pub use handle::{Handle, Work};
pub use hook::{Hook, HookEffects};
pub use metrics::{ChannelLatency, ServiceMetrics};

use crate::{
    AckLinks, Channel, ChannelId, ChannelSettings, Durability, EngineConfig, Notification, Now,
    OutboxConfig, Plan, Store,
};
use owner::Owner;

/// The limits and manners of the service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceConfig {
    /// Those of the engine.
    pub engine: EngineConfig,
    /// Those of the outbox.
    pub outbox: OutboxConfig,
    /// Whether what was answered survives a loss of power. It survives the death of the program either way.
    pub durability: Durability,
    /// How many commands wait at a time; who brings one more waits outside.
    pub commands: usize,
    /// How many messages and rows of history are held in memory while the store keeps nothing. Beyond it, nothing new
    /// is taken.
    pub pending: usize,
    /// How long the history is kept.
    pub retention: Duration,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            engine: EngineConfig::default(),
            outbox: OutboxConfig::default(),
            durability: Durability::Full,
            commands: 1024,
            pending: 10_000,
            retention: Duration::from_hours(24 * 90),
        }
    }
}

/// A channel and what the outbox needs to know of it.
#[derive(Clone)]
pub struct ServiceChannel {
    /// Who carries notifications out.
    pub channel: Arc<dyn Channel>,
    /// The limits and the fallback.
    pub settings: ChannelSettings,
}

impl fmt::Debug for ServiceChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceChannel").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The channels by name.
pub type Channels = BTreeMap<ChannelId, ServiceChannel>;

/// What the service is given by the program around it.
#[non_exhaustive]
pub struct Surroundings {
    /// Tells both times. Called often, from the service's thread.
    pub now: Arc<dyn Fn() -> Now + Send + Sync>,
    /// The run of the host, as the kernel names it.
    pub boot_id: String,
    /// Makes the links of a notification, just before each attempt.
    pub links: Arc<dyn Fn(&Notification) -> AckLinks + Send + Sync>,
    /// Takes what others on the host may want to know. It must not block.
    pub events: Arc<dyn Fn(Event) + Send + Sync>,
    /// What decides together with the engine: escalations.
    pub hooks: Vec<Box<dyn Hook>>,
}

impl Surroundings {
    /// Creates surroundings with clocks only: no links, nobody who hears of events, no hooks.
    #[must_use]
    pub fn new(now: impl Fn() -> Now + Send + Sync + 'static, boot_id: impl Into<String>) -> Self {
        Self {
            now: Arc::new(now),
            boot_id: boot_id.into(),
            links: Arc::new(|_| AckLinks::default()),
            events: Arc::new(|_| {}),
            hooks: Vec::new(),
        }
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("boot_id", &self.boot_id).finish_non_exhaustive()
    }
}

/// The service before it runs: it has read the store.
#[derive(Debug)]
#[must_use = "it does nothing until it runs"]
pub struct Service {
    owner: Owner,
    attempts: attempts::Attempts,
}

impl Service {
    /// Reads what an earlier run kept.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or what is due first cannot be kept.
    pub fn open(
        config: ServiceConfig,
        plan: Plan,
        channels: Channels,
        store: Box<dyn Store>,
        surroundings: Surroundings,
    ) -> Result<(Self, Handle), ServiceError> {
        let (owner, attempts, handle) = Owner::open(config, plan, channels, store, surroundings)?;
        Ok((Self { owner, attempts }, handle))
    }

    /// Runs until [`Handle::shutdown`] is called.
    ///
    /// It starts one thread, which ends before it returns. Dropped early, it starts no further attempt; the thread
    /// ends by itself, and what was not decided is decided by the next run.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started or has panicked.
    pub async fn run(self) -> Result<(), ServiceError> {
        let (done, ended) = tokio::sync::oneshot::channel();
        let owner = self.owner;
        let thread = std::thread::Builder::new().name("alerting".to_owned()).spawn(move || {
            owner.run();
            // Whoever waits may be gone.
            let _ = done.send(());
        });
        let thread = thread.map_err(ServiceError::Thread)?;
        self.attempts.run(ended).await;
        thread.join().map_err(|_| ServiceError::Stopped)
    }
}
