//! A clock for tests, on which a day passes in microseconds.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use wardkit_core::{Clock, ManualClock, Timestamp};

use crate::schedule::Random;
use crate::{Sleep, SleepAsync, Sleeping};

/// A clock that jumps over every wait, with seeded jitter: the same test gives the same waits every time.
///
/// A blocking sleep moves the clock on and returns. Asynchronous sleeps are driven by [`block_on`](Self::block_on),
/// which moves the clock to the next one that is due whenever nothing else can go on.
///
/// ```
/// # use std::time::Duration;
/// # use wardkit_core::Clock;
/// use wardkit_retry::{SleepAsync, TestClock};
///
/// let clock = TestClock::new(42);
/// clock.block_on(clock.sleep_async(Duration::from_secs(86_400)));
/// assert_eq!(clock.uptime(), Duration::from_secs(86_400));
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: ManualClock,
    seeds: Mutex<Random>,
    reads: AtomicU64,
    timers: Mutex<Timers>,
}

#[derive(Debug, Default)]
struct Timers {
    created: u64,
    due: BTreeMap<(Duration, u64), Waker>,
}

impl TestClock {
    /// Creates a clock that shows the Unix epoch and an uptime of zero.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::at(Timestamp::UNIX_EPOCH, seed)
    }

    /// Creates a clock that shows `wall` and an uptime of zero.
    #[must_use]
    pub fn at(wall: Timestamp, seed: u64) -> Self {
        let inner = Inner {
            clock: ManualClock::at(wall),
            seeds: Mutex::new(Random::new(seed)),
            reads: AtomicU64::new(0),
            timers: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
        let now = self.inner.clock.uptime();
        let due = {
            let mut timers = self.timers();
            let later = timers.due.split_off(&(now.saturating_add(Duration::from_nanos(1)), 0));
            std::mem::replace(&mut timers.due, later)
        };
        // Without the lock: a waker may poll its task, or drop it, at once.
        due.into_values().for_each(Waker::wake);
    }

    /// Returns how often the clock has been read.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.inner.reads.load(Ordering::SeqCst)
    }

    /// Runs a future to its end on this thread, moving the clock on whenever the future waits for it.
    ///
    /// # Panics
    ///
    /// Panics when the future waits for something that neither it nor this clock can bring about.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if !flag.0.swap(false, Ordering::SeqCst) {
                assert!(self.advance_to_next(), "the future waits for what cannot happen");
            }
        }
    }

    /// Moves the clock to the next timer that is due; returns whether there was one.
    fn advance_to_next(&self) -> bool {
        let next = self.timers().due.first_key_value().map(|(&(at, _), _)| at);
        if let Some(at) = next {
            self.advance(at.saturating_sub(self.inner.clock.uptime()));
        }
        next.is_some()
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.inner.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.inner.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.clock.now()
    }

    fn uptime(&self) -> Duration {
        self.inner.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.clock.uptime()
    }
}

impl Sleep for TestClock {
    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn park(&self, longest: Duration) {
        self.advance(longest);
    }

    fn seed(&self) -> u64 {
        self.inner.seeds.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

impl SleepAsync for TestClock {
    fn sleep_async(&self, duration: Duration) -> Sleeping {
        let at = self.inner.clock.uptime().saturating_add(duration);
        let mut timers = self.timers();
        timers.created += 1;
        Box::pin(Timer { clock: self.clone(), key: (at, timers.created) })
    }
}

struct Timer {
    clock: TestClock,
    key: (Duration, u64),
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.inner.clock.uptime() >= self.key.0 {
            return Poll::Ready(());
        }
        self.clock.timers().due.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clock.timers().due.remove(&self.key);
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
