//! A bulkhead: one slow target must not take all tasks with it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::{Deadline, Error, Reason, Sleep, SleepAsync, Sleeping, Violation};

/// How many calls a bulkhead lets through at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BulkheadConfig {
    /// The most calls at a time.
    pub concurrent: u32,
    /// The most calls that wait their turn; further ones are refused at once.
    pub queue: u32,
    /// The longest that a call waits its turn.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub queue_deadline: Duration,
}

impl BulkheadConfig {
    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.concurrent == 0 {
            found.push(Violation::new("concurrent", "must be at least 1"));
        }
        if self.queue_deadline > LONGEST {
            found.push(Violation::new("queue-deadline", "must be at most 1d"));
        }
        found
    }
}

impl Default for BulkheadConfig {
    fn default() -> Self {
        Self { concurrent: 16, queue: 64, queue_deadline: Duration::from_secs(1) }
    }
}

/// Lets a limited number of calls through at a time; a limited number waits, first come first served, for a limited
/// time. Share it as an [`Arc`].
#[derive(Debug)]
pub struct Bulkhead {
    config: BulkheadConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    free: u32,
    tickets: u64,
    /// Who waits, in the order of arrival.
    queue: BTreeMap<u64, Waker>,
    /// Who has been given a place and has not noticed yet.
    called: BTreeSet<u64>,
}

impl Bulkhead {
    /// Creates a bulkhead with all places free.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invalid`] with everything that [`BulkheadConfig::validate`] complains of.
    pub fn new(config: BulkheadConfig) -> Result<Self, Error> {
        Error::unless_sound("bulkhead", config.validate())?;
        let state = State {
            free: config.concurrent,
            tickets: 0,
            queue: BTreeMap::new(),
            called: BTreeSet::new(),
        };
        Ok(Self { config, state: Mutex::new(state) })
    }

    /// Takes a place, waiting for one if need be. Cancel-safe: a dropped wait leaves the queue.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::QueueFull`] at once, or [`Reason::QueueTimeout`] after the wait.
    pub async fn enter(&self, clock: &impl SleepAsync) -> Result<BulkheadPermit<'_>, Reason> {
        self.enter_by(clock, None).await
    }

    /// As [`enter`](Self::enter), but waits no longer than until the deadline of the call.
    pub(crate) async fn enter_by(
        &self,
        clock: &impl SleepAsync,
        deadline: Option<Deadline>,
    ) -> Result<BulkheadPermit<'_>, Reason> {
        match self.take()? {
            Taken::Place(permit) => Ok(permit),
            Taken::Ticket(ticket) => {
                let timeout = clock.sleep_async(self.longest_wait(clock, deadline));
                TimedTurn { ticket, timeout }.await
            }
        }
    }

    /// Takes a place, blocking the thread until there is one if need be.
    ///
    /// # Errors
    ///
    /// Returns [`Reason::QueueFull`] at once, or [`Reason::QueueTimeout`] after the wait.
    pub fn enter_blocking(&self, clock: &impl Sleep) -> Result<BulkheadPermit<'_>, Reason> {
        self.enter_blocking_by(clock, None)
    }

    /// As [`enter_blocking`](Self::enter_blocking), but waits no longer than until the deadline of the call.
    pub(crate) fn enter_blocking_by(
        &self,
        clock: &impl Sleep,
        deadline: Option<Deadline>,
    ) -> Result<BulkheadPermit<'_>, Reason> {
        let ticket = match self.take()? {
            Taken::Place(permit) => return Ok(permit),
            Taken::Ticket(ticket) => ticket,
        };
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        let mut ticket = pin!(ticket);
        let until = clock.uptime().saturating_add(self.longest_wait(clock, deadline));
        loop {
            if let Poll::Ready(permit) = ticket.as_mut().poll(&mut context) {
                return Ok(permit);
            }
            match until.checked_sub(clock.uptime()) {
                Some(left) if !left.is_zero() => clock.park(left),
                _ => return Err(Reason::QueueTimeout),
            }
        }
    }

    /// Takes a place if one is free.
    #[must_use]
    pub fn try_enter(&self) -> Option<BulkheadPermit<'_>> {
        let mut state = self.lock();
        state.free = state.free.checked_sub(1)?;
        Some(BulkheadPermit { bulkhead: self })
    }

    /// Returns how many calls wait their turn.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.lock().queue.len()
    }

    /// Returns how many places are free.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.lock().free
    }

    fn longest_wait(&self, clock: &impl Sleep, deadline: Option<Deadline>) -> Duration {
        let left = deadline.map(|deadline| deadline.remaining(clock).unwrap_or_default());
        left.map_or(self.config.queue_deadline, |left| left.min(self.config.queue_deadline))
    }

    fn take(&self) -> Result<Taken<'_>, Reason> {
        let mut state = self.lock();
        if let Some(free) = state.free.checked_sub(1) {
            state.free = free;
            return Ok(Taken::Place(BulkheadPermit { bulkhead: self }));
        }
        if state.queue.len() >= usize::try_from(self.config.queue).unwrap_or(usize::MAX) {
            return Err(Reason::QueueFull);
        }
        state.tickets += 1;
        let number = state.tickets;
        state.queue.insert(number, Waker::noop().clone());
        Ok(Taken::Ticket(Ticket { bulkhead: self, number }))
    }

    /// Hands a place to whoever has waited longest.
    fn leave(&self) {
        let mut state = self.lock();
        match state.queue.pop_first() {
            Some((number, waker)) => {
                state.called.insert(number);
                drop(state);
                waker.wake();
            }
            None => state.free += 1,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a bulkhead, given back when dropped.
#[derive(Debug)]
#[must_use = "a place that is dropped is free again"]
pub struct BulkheadPermit<'b> {
    bulkhead: &'b Bulkhead,
}

impl Drop for BulkheadPermit<'_> {
    fn drop(&mut self) {
        self.bulkhead.leave();
    }
}

enum Taken<'b> {
    Place(BulkheadPermit<'b>),
    Ticket(Ticket<'b>),
}

/// A place in the queue.
struct Ticket<'b> {
    bulkhead: &'b Bulkhead,
    number: u64,
}

impl<'b> Future for Ticket<'b> {
    type Output = BulkheadPermit<'b>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.bulkhead.lock();
        if state.called.remove(&self.number) {
            return Poll::Ready(BulkheadPermit { bulkhead: self.bulkhead });
        }
        if let Some(waker) = state.queue.get_mut(&self.number) {
            waker.clone_from(context.waker());
        }
        Poll::Pending
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let called = {
            let mut state = self.bulkhead.lock();
            state.queue.remove(&self.number);
            state.called.remove(&self.number)
        };
        // Called, but gone before noticing: the place goes to the next.
        if called {
            self.bulkhead.leave();
        }
    }
}

/// A turn that is waited for no longer than the timer runs.
struct TimedTurn<'b> {
    ticket: Ticket<'b>,
    timeout: Sleeping,
}

impl<'b> Future for TimedTurn<'b> {
    type Output = Result<BulkheadPermit<'b>, Reason>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(permit) = Pin::new(&mut self.ticket).poll(context) {
            return Poll::Ready(Ok(permit));
        }
        self.timeout.as_mut().poll(context).map(|()| Err(Reason::QueueTimeout))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const LONGEST: Duration = Duration::from_hours(24);
