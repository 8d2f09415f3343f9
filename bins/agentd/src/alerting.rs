//! Alerting: what the configuration says of it, put together, and what of it runs.

mod ack;
mod answer;
mod channels;
mod clock;
mod command;
mod explain;
mod files;
mod gaps;
mod gauges;
mod heartbeat;
mod original;
mod prepared;
mod rules;
mod schedules;
mod shown;
mod source;
mod telegram;
mod terminals;
mod work;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use wardkit_alerting::AckKey;
use wardkit_alerting::service::{Handle, ServiceMetrics};

pub(crate) use ack::{ack_key, ack_links};
pub(crate) use clock::{boot_id, now};
pub(crate) use files::LookedAt;
pub(crate) use gauges::AlertingGauges;
pub(crate) use heartbeat::{Beat, Heartbeat, Sign};
pub(crate) use prepared::Prepared;
pub(crate) use rules::{Recorded, Rules, RulesHook};
pub(crate) use shown::{Look, look};
pub(crate) use source::HistorySource;
pub(crate) use telegram::{read_buttons, telegram_readers};
pub(crate) use work::work;

/// Alerting, while it runs and while it does not.
pub(crate) struct Alerting {
    running: watch::Sender<Option<Running>>,
    /// One run has the store at a time: one that ends still writes what it holds.
    turn: tokio::sync::Mutex<()>,
    look: Mutex<Look>,
    sign: Mutex<Sign>,
    /// What is in force. The part takes over what changes.
    prepared: watch::Sender<Arc<Prepared>>,
}

/// What runs.
#[derive(Clone)]
pub(crate) struct Running {
    pub handle: Handle,
    pub rules: Arc<Rules>,
    /// Signs links that acknowledge.
    pub ack: AckKey,
}

impl Alerting {
    pub(crate) fn new(prepared: Prepared) -> Self {
        Self {
            running: watch::Sender::new(None),
            turn: tokio::sync::Mutex::default(),
            look: Mutex::default(),
            sign: Mutex::default(),
            prepared: watch::Sender::new(Arc::new(prepared)),
        }
    }

    /// Waits until no other run has the store.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(crate) fn set_running(&self, running: Option<Running>) {
        self.running.send_replace(running);
    }

    /// Returns what runs, if anything does.
    pub(crate) fn running(&self) -> Option<Running> {
        self.running.borrow().clone()
    }

    /// Returns what runs. While the part starts, also anew, that takes a moment: whoever sends but once, as `amtool`
    /// does, would have sent in vain.
    pub(crate) async fn running_soon(&self) -> Option<Running> {
        let mut runs = self.running.subscribe();
        if !self.prepared().config.enabled {
            return self.running();
        }
        let found = timeout(START_LIMIT, runs.wait_for(Option::is_some)).await;
        found.ok()?.ok()?.clone()
    }

    /// Puts something else in force.
    pub(crate) fn set_prepared(&self, prepared: Prepared) {
        self.prepared.send_replace(Arc::new(prepared));
    }

    /// Returns what is in force.
    pub(crate) fn prepared(&self) -> Arc<Prepared> {
        Arc::clone(&self.prepared.borrow())
    }

    /// Follows what is in force.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Prepared>> {
        self.prepared.subscribe()
    }

    pub(crate) fn set_look(&self, look: Look) {
        let mut sign = lock(&self.sign);
        sign.at = look.health.is_some().then(|| now().boot);
        sign.trouble = heartbeat::trouble(&look);
        drop(sign);
        *lock(&self.look) = look;
    }

    /// Says that rules are being asked, or no longer.
    pub(crate) fn set_asking(&self, since: Option<Duration>) {
        lock(&self.sign).asking_since = since;
    }

    /// Returns what was seen of it, for those who doubt.
    pub(crate) fn sign(&self) -> Sign {
        lock(&self.sign).clone()
    }

    /// Returns what was seen of it last.
    pub(crate) fn look(&self) -> Look {
        lock(&self.look).clone()
    }

    /// Returns what it measured of itself last.
    pub(crate) fn metrics(&self) -> Option<ServiceMetrics> {
        lock(&self.look).metrics.clone()
    }
}

impl fmt::Debug for Alerting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves whole values behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever sends waits longer than that.
const START_LIMIT: Duration = Duration::from_secs(3);
