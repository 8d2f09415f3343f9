//! A circuit breaker: who is down is left alone.

mod config;
mod permit;
mod window;

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wardkit_core::Clock;

pub use config::{BreakerConfig, Trip};
pub use permit::{BreakerPermit, CircuitOpen};
use window::Window;

use crate::observe::SharedObserver;
use crate::schedule::Random;
use crate::{BreakerChange, Error, Observer};

/// Stops calls to a target that keeps failing, and lets a few through after a while to see whether it is back.
///
/// Share it as an [`Arc`] between all callers of one target. While it is closed it never reads the clock: it counts
/// calls, not time.
///
/// ```
/// use wardkit_retry::{Breaker, BreakerConfig, BreakerState, Class, TestClock};
///
/// let (breaker, clock) = (Breaker::new("search", BreakerConfig::default())?, TestClock::new(1));
/// for _ in 0..10 {
///     breaker.admit(&clock)?.failed(Class::Timeout, &clock);
/// }
/// assert_eq!(breaker.state(), BreakerState::Open);
/// assert!(breaker.admit(&clock).unwrap_err().retry_after().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Breaker {
    name: Cow<'static, str>,
    config: BreakerConfig,
    observer: Option<SharedObserver>,
    /// The present [`BreakerState`], changed only under the lock of `round`.
    state: AtomicU8,
    /// The uptime in nanoseconds until which calls are refused.
    until: AtomicU64,
    window: Window,
    round: Mutex<Round>,
}

/// What the probes of one half-open phase have come to.
#[derive(Debug)]
struct Round {
    /// Tells the probes of this phase from late ones of an earlier phase.
    number: NonZeroU32,
    taken: u32,
    succeeded: u32,
    random: Random,
}

/// The state of a circuit breaker. Exhaustive on purpose: metrics and dashboards know them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// The target kept failing: calls are refused.
    Open,
    /// A few calls go through, to see whether the target is back.
    HalfOpen,
    /// The target asked for a pause: calls are refused until it is over.
    Paused,
    /// An operator opened it: calls are refused until it is released.
    ForcedOpen,
}

impl BreakerState {
    const ALL: [Self; 5] =
        [Self::Closed, Self::Open, Self::HalfOpen, Self::Paused, Self::ForcedOpen];

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::Paused => "paused",
            Self::ForcedOpen => "forced-open",
        }
    }
}

impl Breaker {
    /// Creates a closed breaker; the name is for logs and metrics.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invalid`] with everything that [`BreakerConfig::validate`] complains of.
    pub fn new(name: impl Into<Cow<'static, str>>, config: BreakerConfig) -> Result<Self, Error> {
        Error::unless_sound("breaker", config.validate())?;
        Ok(Self {
            name: name.into(),
            window: Window::new(config.trip),
            config,
            observer: None,
            state: AtomicU8::new(BreakerState::Closed as u8),
            until: AtomicU64::new(0),
            round: Mutex::new(Round {
                number: NonZeroU32::MIN,
                taken: 0,
                succeeded: 0,
                random: Random::new(crate::sleep::random_seed()),
            }),
        })
    }

    /// Draws the jitter of its pauses from this seed, for tests and simulations.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.lock().random = Random::new(seed);
        self
    }

    /// Tells an observer of every change of state.
    #[must_use]
    pub fn with_observer(mut self, observer: Arc<dyn Observer + Send + Sync>) -> Self {
        self.observer = Some(SharedObserver(observer));
        self
    }

    /// Admits a call, or refuses it. Whoever is admitted reports how it went; a permit that is dropped without a
    /// word gives its place back.
    ///
    /// # Errors
    ///
    /// Returns [`CircuitOpen`] while calls are refused.
    #[inline]
    pub fn admit(&self, clock: &impl Clock) -> Result<BreakerPermit<'_>, CircuitOpen> {
        if self.state.load(Ordering::Acquire) == BreakerState::Closed as u8 {
            return Ok(BreakerPermit::new(self, None));
        }
        self.admit_unless_open(clock)
    }

    /// Opens the breaker until it is [released](Self::release): the switch of an operator.
    pub fn force_open(&self) {
        self.change(|_| Some(BreakerState::ForcedOpen));
    }

    /// Closes the breaker and forgets past failures: the switch of an operator.
    pub fn release(&self) {
        self.change(|_| {
            self.window.clear();
            Some(BreakerState::Closed)
        });
    }

    /// Refuses all calls for this long, because the target asked for it; bounded by
    /// [`longest_pause`](BreakerConfig::longest_pause).
    pub fn pause(&self, clock: &impl Clock, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        let until = nanos(clock.uptime().saturating_add(duration.min(self.config.longest_pause)));
        self.change(|state| match state {
            BreakerState::ForcedOpen => None,
            BreakerState::Open | BreakerState::Paused => {
                self.until.fetch_max(until, Ordering::AcqRel);
                None
            }
            BreakerState::Closed => {
                self.until.store(until, Ordering::Release);
                Some(BreakerState::Paused)
            }
            // Its probes have not shown yet that the target is back: others follow after the pause.
            BreakerState::HalfOpen => {
                self.until.store(until, Ordering::Release);
                Some(BreakerState::Open)
            }
        });
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the state, as the last call found or left it.
    #[must_use]
    pub fn state(&self) -> BreakerState {
        BreakerState::ALL[usize::from(self.state.load(Ordering::Acquire))]
    }

    /// Returns how long calls will be refused for, or `None` when the next one may be admitted. Under an
    /// operator's switch that is [`Duration::MAX`].
    pub fn refuses_for(&self, clock: &impl Clock) -> Option<Duration> {
        match self.state() {
            BreakerState::Closed | BreakerState::HalfOpen => None,
            BreakerState::ForcedOpen => Some(Duration::MAX),
            BreakerState::Open | BreakerState::Paused => self.left(clock.uptime()),
        }
    }

    #[inline(never)]
    fn admit_unless_open(&self, clock: &impl Clock) -> Result<BreakerPermit<'_>, CircuitOpen> {
        if self.state() == BreakerState::ForcedOpen {
            return Err(CircuitOpen::new(None));
        }
        let now = clock.uptime();
        if matches!(self.state(), BreakerState::Open | BreakerState::Paused)
            && let Some(left) = self.left(now)
        {
            return Err(CircuitOpen::new(Some(left)));
        }
        self.admit_probe(now)
    }

    /// Decides under the lock, since another call may have changed the state meanwhile.
    fn admit_probe(&self, now: Duration) -> Result<BreakerPermit<'_>, CircuitOpen> {
        let mut probe_of = None;
        let mut admitted = true;
        self.change_round(|state, round| {
            let left = self.left(now);
            match state {
                BreakerState::Closed => None,
                BreakerState::Paused if left.is_none() => Some(BreakerState::Closed),
                // Probes that hang must not keep the breaker half-open for ever: after another pause they
                // are given up.
                BreakerState::Open | BreakerState::HalfOpen
                    if left.is_none()
                        && (state == BreakerState::Open || round.taken >= self.config.probes) =>
                {
                    self.begin_round(round, now);
                    probe_of = Some(round.number);
                    Some(BreakerState::HalfOpen)
                }
                BreakerState::HalfOpen if round.taken < self.config.probes => {
                    round.taken += 1;
                    probe_of = Some(round.number);
                    None
                }
                _ => {
                    admitted = false;
                    None
                }
            }
        });
        if admitted {
            Ok(BreakerPermit::new(self, probe_of))
        } else {
            Err(CircuitOpen::new(self.left(now)))
        }
    }

    /// Starts a half-open phase with its first probe taken.
    fn begin_round(&self, round: &mut Round, now: Duration) {
        round.number = round.number.checked_add(1).unwrap_or(NonZeroU32::MIN);
        round.taken = 1;
        round.succeeded = 0;
        self.refuse_until(now, &mut round.random);
    }

    fn refuse_until(&self, now: Duration, random: &mut Random) {
        // Up to half as long again: breakers that opened together must not probe together.
        let open_for = self.config.open_for;
        let open_for = random.between(open_for, open_for + open_for / 2);
        self.until.store(nanos(now.saturating_add(open_for)), Ordering::Release);
    }

    fn probe_succeeded(&self, number: NonZeroU32) {
        self.change_round(|state, round| {
            if state != BreakerState::HalfOpen || round.number != number {
                return None;
            }
            round.succeeded += 1;
            (round.succeeded >= self.config.probes).then_some(BreakerState::Closed)
        });
    }

    fn probe_given_back(&self, number: NonZeroU32) {
        self.change_round(|state, round| {
            if state == BreakerState::HalfOpen && round.number == number {
                round.taken = round.taken.saturating_sub(1);
            }
            None
        });
    }

    /// Opens the breaker because the window is full of failures, or because a probe failed.
    fn trip(&self, clock: &impl Clock, probe_of: Option<NonZeroU32>) {
        let now = clock.uptime();
        self.change_round(|state, round| {
            let applies = match probe_of {
                Some(number) => state == BreakerState::HalfOpen && round.number == number,
                None => state == BreakerState::Closed,
            };
            applies.then(|| {
                self.refuse_until(now, &mut round.random);
                BreakerState::Open
            })
        });
    }

    fn left(&self, now: Duration) -> Option<Duration> {
        Duration::from_nanos(self.until.load(Ordering::Acquire))
            .checked_sub(now)
            .filter(|left| !left.is_zero())
    }

    fn change(&self, decide: impl FnOnce(BreakerState) -> Option<BreakerState>) {
        self.change_round(|state, _| decide(state));
    }

    /// Lets `decide` name the next state under the lock, and tells the observer after it.
    fn change_round(&self, decide: impl FnOnce(BreakerState, &mut Round) -> Option<BreakerState>) {
        let mut round = self.lock();
        let from = self.state();
        let Some(to) = decide(from, &mut round) else {
            return;
        };
        // A pause says nothing about the calls before it.
        if to == BreakerState::Closed && from != BreakerState::Paused {
            self.window.clear();
        }
        self.state.store(to as u8, Ordering::Release);
        drop(round);
        if let (Some(SharedObserver(observer)), true) = (&self.observer, from != to) {
            observer.breaker(&BreakerChange { breaker: &self.name, from, to });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanos(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX)
}
