//! What a running task is given.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;
use wardkit_core::Health;

use super::Tasks;

/// What a running task is given.
#[derive(Clone)]
pub struct Context {
    tasks: Tasks,
    service: Arc<str>,
    generation: u64,
    stopped: watch::Receiver<bool>,
}

impl Context {
    pub(super) const fn new(
        tasks: Tasks,
        service: Arc<str>,
        generation: u64,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self { tasks, service, generation, stopped }
    }

    /// Returns the task's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.service
    }

    /// Returns which run of the task this is, from 1.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Waits until the task is to end. It has its stop timeout for that, and is then dropped where it waits; one that
    /// was let go has all the time it takes.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // Without a sender nobody waits for this run any more.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// Returns whether the task is to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Says how the task is. With a readiness probe that has `notify`, the first word that it is ready makes it so.
    ///
    /// What a run says that is over is not listened to.
    pub fn set_health(&self, health: Health) {
        self.tasks.change(|state, now| {
            state.set_health(now, &self.service, &self.stopped, health);
        });
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("service", &self.service)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
