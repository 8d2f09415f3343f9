//! Connections that wait for the next request to the same host.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wardkit_validation::{SafeUrl, Scheme};

use crate::connection::Connection;

/// A few idle connections. Nobody reads from them meanwhile: what has come of one is seen when it is taken.
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    per_host: usize,
    most: usize,
    timeout: Duration,
}

struct Idle {
    to: Origin,
    since: Duration,
    connection: Connection,
}

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    pub(crate) fn of(url: &SafeUrl) -> Self {
        Self { scheme: url.scheme(), host: url.host().to_owned(), port: url.port() }
    }
}

impl Pool {
    pub(crate) const fn new(per_host: usize, most: usize, timeout: Duration) -> Self {
        Self { idle: Mutex::new(Vec::new()), per_host, most, timeout }
    }

    /// Takes the connection that has waited shortest; those that have waited too long are closed.
    pub(crate) fn take(&self, to: &Origin, now: Duration) -> Option<Connection> {
        self.with(now, |idle| {
            let at = idle.iter().rposition(|kept| kept.to == *to)?;
            Some(idle.remove(at).connection)
        })
    }

    /// Keeps a connection, and closes the oldest where there are too many.
    pub(crate) fn keep(&self, to: Origin, now: Duration, connection: Connection) {
        self.with(now, |idle| {
            if idle.iter().filter(|kept| kept.to == to).count() >= self.per_host
                && let Some(at) = idle.iter().position(|kept| kept.to == to)
            {
                idle.remove(at);
            }
            if self.per_host > 0 {
                idle.push(Idle { to, since: now, connection });
            }
            let surplus = idle.len().saturating_sub(self.most);
            idle.drain(..surplus);
        });
    }

    fn with<T>(&self, now: Duration, change: impl FnOnce(&mut Vec<Idle>) -> T) -> T {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|kept| now.saturating_sub(kept.since) < self.timeout);
        change(&mut idle)
    }
}
