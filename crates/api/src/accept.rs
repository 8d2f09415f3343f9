//! The loop that owns a listener: it accepts, admits, watches deadlines and drains.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::Caller;
use crate::admission::{Admission, Limits, Overdue, Verdict};
use crate::connection::{self, Link, Signal, Stream};
use crate::phase::{PhaseCell, Ticks};
use crate::problem::Problem;
use crate::site::Site;

/// Where connections come from.
pub(crate) trait Accept: Send {
    /// What a connection is made of.
    type Stream: Stream;

    /// Waits for a connection. Dropping the future loses none.
    fn accept(&self) -> impl Future<Output = io::Result<Arrival<Self::Stream>>> + Send;
}

/// A connection that came in.
pub(crate) struct Arrival<S> {
    pub(crate) stream: S,
    /// Its address, if it comes from one.
    pub(crate) from: Option<IpAddr>,
    /// Whether its requests are answered.
    pub(crate) welcome: bool,
    /// Who it is, where the kernel tells.
    pub(crate) caller: Option<Caller>,
}

/// How a listener is driven.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) drain: Duration,
    pub(crate) http: http1::Builder,
}

/// Serves connections until `stop` completes, then closes the listener and drains.
pub(crate) async fn serve<L: Accept>(
    listener: L,
    site: Arc<Site>,
    settings: Settings,
    stop: impl Future<Output = ()> + Send,
) {
    let granule = granule(&settings.limits);
    let drain = settings.drain;
    let mut pool = Pool::new(site, settings, granule);
    let mut sweep = interval(granule);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut resume: Option<Instant> = None;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = pool.tasks.join_next_with_id() => pool.ended(ended),
            // Without connections there is no deadline to watch, and nothing wakes the processor.
            _ = sweep.tick(), if pool.admission.len() > 0 => pool.sweep(),
            () = sleep_until(resume.unwrap_or(pool.started)), if resume.is_some() => resume = None,
            accepted = listener.accept(), if resume.is_none() && pool.has_room() => match accepted {
                Ok(arrival) => pool.arrived(arrival),
                Err(error) => resume = pool.accept_failed(&error),
            },
        }
    }
    drop(listener);
    pool.drain(drain).await;
}

/// The open connections of a listener.
struct Pool {
    site: Arc<Site>,
    limits: Limits,
    http: Arc<http1::Builder>,
    admission: Admission<Id>,
    signals: HashMap<Id, oneshot::Sender<Signal>>,
    tasks: JoinSet<()>,
    ticks: Arc<Ticks>,
    started: Instant,
    /// Whether the last attempt to accept failed: a series of failures is one line in the log.
    failing: bool,
}

impl Pool {
    fn new(site: Arc<Site>, settings: Settings, granule: Duration) -> Self {
        // A phase begins at the last tick before it: one granule more keeps a deadline from coming early.
        let limits = Limits {
            head: settings.limits.head + granule,
            idle: settings.limits.idle + granule,
            request: settings.limits.request + granule,
            ..settings.limits
        };
        Self {
            site,
            limits,
            http: Arc::new(settings.http),
            admission: Admission::new(limits),
            signals: HashMap::new(),
            tasks: JoinSet::new(),
            ticks: Arc::new(Ticks::default()),
            started: Instant::now(),
            failing: false,
        }
    }

    fn arrived<S: Stream>(&mut self, arrival: Arrival<S>) {
        self.failing = false;
        self.tick();
        match self.admission.decide(self.ticks.now(), arrival.from) {
            Verdict::Admit => {}
            Verdict::Displace(awaited) => self.displace(awaited),
            Verdict::Refuse(refusal) => {
                self.site.metrics.refused(refusal);
                return self.turn_away(arrival.stream);
            }
        }
        self.admit(arrival);
    }

    fn admit<S: Stream>(&mut self, arrival: Arrival<S>) {
        let Arrival { stream, from, welcome, caller } = arrival;
        let phase = Arc::new(PhaseCell::new(self.ticks.now()));
        let (ticks, at) = (Arc::clone(&self.ticks), Arc::clone(&phase));
        let link = Link { phase: at, ticks, welcome, caller };
        let (sender, signal) = oneshot::channel();
        let (site, http) = (Arc::clone(&self.site), Arc::clone(&self.http));
        let task = self.tasks.spawn(async move {
            connection::serve(stream, Arc::new(link), site, &http, signal).await;
        });
        self.admission.insert(task.id(), from, phase);
        self.signals.insert(task.id(), sender);
        self.site.metrics.opened(self.admission.len());
    }

    /// Tells a client that there is no room, unless many are being told already.
    fn turn_away<S: Stream>(&mut self, stream: S) {
        let problem = Problem::overloaded();
        self.site.metrics.answered(None, problem.status);
        if self.tasks.len() < self.limits.connections + MOST_BEYOND / 2 {
            let farewell = self.site.replies.raw_problem(&problem);
            self.tasks.spawn(async move { connection::close(stream, &farewell).await });
        }
    }

    fn displace(&mut self, key: Id) {
        self.site.metrics.displaced();
        self.dismiss(key, Signal::Leave);
    }

    /// Gives a connection's place away and tells its task.
    fn dismiss(&mut self, key: Id, signal: Signal) {
        if let Some(sender) = self.signals.remove(&key) {
            // A task that has just ended needs no signal.
            let _ = sender.send(signal);
        }
        self.forget(key);
    }

    fn forget(&mut self, key: Id) {
        self.signals.remove(&key);
        if self.admission.remove(key) {
            self.site.metrics.set_open(self.admission.len());
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        match ended {
            Ok((key, ())) => self.forget(key),
            Err(error) => {
                tracing::error!(%error, "a connection's task failed");
                self.forget(error.id());
            }
        }
    }

    fn sweep(&mut self) {
        self.tick();
        for (key, overdue) in self.admission.overdue(self.ticks.now()) {
            self.site.metrics.overdue(overdue);
            self.dismiss(
                key,
                match overdue {
                    Overdue::Head => Signal::HeadOverdue,
                    Overdue::Request => Signal::RequestOverdue,
                    Overdue::Idle => Signal::Leave,
                },
            );
        }
    }

    /// Returns until when to wait after a failure to accept.
    fn accept_failed(&mut self, error: &io::Error) -> Option<Instant> {
        self.site.metrics.accept_failed();
        if concerns_one_connection(error) {
            return None;
        }
        if !self.failing {
            tracing::warn!(%error, "cannot accept connections");
        }
        self.failing = true;
        self.tick();
        // Out of descriptors or memory: a connection that nobody needs now makes room.
        if let Some(awaited) = self.admission.longest_awaited(self.ticks.now()) {
            self.displace(awaited);
        }
        Some(Instant::now() + ACCEPT_BACKOFF)
    }

    async fn drain(mut self, deadline: Duration) {
        for (_, sender) in self.signals.drain() {
            let _ = sender.send(Signal::Stop);
        }
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(deadline, all_ended).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "drain timeout: connections cut off");
            self.tasks.shutdown().await;
        }
    }

    /// Displaced and refused connections still close: beyond a few of them the next arrival waits.
    fn has_room(&self) -> bool {
        self.tasks.len() < self.limits.connections + MOST_BEYOND
    }

    fn tick(&self) {
        self.ticks.set(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
}

/// How often deadlines are looked at: a fraction of the shortest.
fn granule(limits: &Limits) -> Duration {
    let shortest = limits.head.min(limits.idle).min(limits.request);
    (shortest / 8).clamp(Duration::from_millis(1), Duration::from_secs(1))
}

/// A client that went away before it was accepted says nothing about the next one.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// How long to leave a listener alone that cannot accept.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// How many closing connections there may be besides the open ones.
const MOST_BEYOND: usize = 128;

#[cfg(test)]
mod tests;
