//! Services put together: what the host says of them, where their records are kept, and how what happens to them and
//! what is wanted of them goes between them and the other parts.

mod command;
mod host;
mod keeper;
mod options;
mod outlet;
mod selves;
mod shown;
mod web;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use wardkit_api::services::Fate;
use wardkit_runner::{Refused, Services, Then};
use wardkit_supervise::Config;

pub(crate) use host::problems as host_problems;
pub(crate) use keeper::Keeper;
pub(crate) use options::options;
pub(crate) use outlet::Outlet;
pub(crate) use selves::{PLUGIN_WORKER, other_self, program};
pub(crate) use shown::health;
pub(crate) use web::ProbeWeb;

/// The services of the daemon, once they are taken up.
#[derive(Default)]
pub(crate) struct Supervision {
    services: Mutex<Option<Services>>,
    /// What the configuration in force says.
    wanted: Mutex<Config>,
    /// Told when something has happened to one.
    pub changed: Arc<Notify>,
    /// What the probes of services ask pages with.
    pub web: Arc<ProbeWeb>,
    tickets: Mutex<Tickets>,
    is_broken: Notify,
    end: watch::Sender<Option<Fate>>,
}

/// What was not done before an answer was due.
#[derive(Default)]
struct Tickets {
    last: u64,
    open: BTreeMap<u64, JoinHandle<Result<(), Refused>>>,
}

impl Supervision {
    /// Sets what the configuration says.
    pub(crate) fn want(&self, config: Config) {
        self.web.reach(&config.services);
        *lock(&self.wanted) = config;
    }

    /// Returns what the configuration in force says.
    pub(crate) fn wanted(&self) -> Config {
        lock(&self.wanted).clone()
    }

    /// Sets the services that were taken up.
    pub(crate) fn set(&self, services: Services) {
        *lock(&self.services) = Some(services);
    }

    /// Returns the services, where there are any and they are taken up.
    pub(crate) fn services(&self) -> Option<Services> {
        lock(&self.services).clone()
    }

    /// Ends looking after services.
    pub(crate) async fn shut_down(&self, fate: Fate) {
        let Some(services) = self.services() else { return };
        let then = match fate {
            Fate::Stop => Then::Stop,
            Fate::LeaveRunning => Then::LeaveRunning,
        };
        services.shutdown(then).await;
    }

    /// Kills all services. The guardian must end, too: it would start the daemon again.
    pub(crate) async fn cut_off(&self) {
        if let Some(services) = self.services() {
            services.shutdown(Then::Kill).await;
        }
    }

    /// Has the daemon end because nobody looks after the services any more: the guardian starts it again, and the next
    /// one does.
    pub(crate) fn give_up(&self) {
        self.is_broken.notify_one();
    }

    /// Waits until nobody looks after the services any more.
    pub(crate) async fn broken(&self) {
        self.is_broken.notified().await;
    }

    /// Has the daemon end.
    pub(crate) fn ask_to_end(&self, fate: Fate) {
        self.end.send_replace(Some(fate));
    }

    /// Waits until somebody has the daemon end.
    pub(crate) async fn asked_to_end(&self) -> Fate {
        let mut asked = self.end.subscribe();
        // The sender lives as long as this.
        let fate = asked.wait_for(Option::is_some).await;
        fate.ok().and_then(|fate| *fate).unwrap_or(Fate::Stop)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves plain values behind, never half an update.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
