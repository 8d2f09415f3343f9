//! How long to wait before the next attempt.

use std::time::Duration;

/// How the wait grows from one failure to the next, before [`Jitter`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        tag = "kind",
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Schedule {
    /// The same wait every time.
    Fixed {
        /// The wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        delay: Duration,
    },
    /// A wait that grows by the same step every time.
    Linear {
        /// The first wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        base: Duration,
        /// What each wait is longer than the one before.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        step: Duration,
        /// The longest wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        cap: Duration,
    },
    /// A wait that grows by the same factor every time.
    Exponential {
        /// The first wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        base: Duration,
        /// What each wait is multiplied by; at least 1.
        factor: f64,
        /// The longest wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        cap: Duration,
    },
    /// A wait drawn between the base and three times the last one. It is its own jitter.
    Decorrelated {
        /// The shortest wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        base: Duration,
        /// The longest wait.
        #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        cap: Duration,
    },
    /// Waits one after another; the last one repeats.
    List {
        /// The waits.
        #[cfg_attr(feature = "serde", serde(with = "crate::wire::durations"))]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
        delays: Vec<Duration>,
    },
}

impl Schedule {
    /// Returns the shortest and the longest wait before jitter. An empty list waits not at all.
    #[must_use]
    pub fn bounds(&self) -> (Duration, Duration) {
        match self {
            Self::Fixed { delay } => (*delay, *delay),
            Self::Linear { base, cap, .. }
            | Self::Exponential { base, cap, .. }
            | Self::Decorrelated { base, cap } => (*base, *cap),
            Self::List { delays } => (
                delays.iter().min().copied().unwrap_or_default(),
                delays.iter().max().copied().unwrap_or_default(),
            ),
        }
    }

    /// Returns the first wait before jitter.
    #[must_use]
    pub fn first(&self) -> Duration {
        match self {
            Self::List { delays } => delays.first().copied().unwrap_or_default(),
            _ => self.bounds().0,
        }
    }
}

/// How a wait is spread at random, so that clients that failed together do not return together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Jitter {
    /// Exactly the wait of the schedule.
    None,
    /// Anything between zero and the wait of the schedule.
    #[default]
    Full,
    /// Between half the wait of the schedule and all of it.
    Equal,
    /// Between the schedule's shortest wait and three times the last one, never above its longest.
    Decorrelated,
}

/// The waits of a policy one after another, without end. Returned by [`RetryPolicy::delays`](crate::RetryPolicy::delays).
#[derive(Clone, Debug)]
pub struct Delays<'p> {
    schedule: &'p Schedule,
    state: DelayState,
}

impl<'p> Delays<'p> {
    pub(crate) fn new(schedule: &'p Schedule, jitter: Jitter, seed: u64) -> Self {
        Self { schedule, state: DelayState::new(schedule, jitter, seed) }
    }
}

impl Iterator for Delays<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.state.next(self.schedule))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

/// Where in its schedule a series of waits stands. Apart from [`Delays`] because a series may outlive a borrow.
#[derive(Clone, Debug)]
pub(crate) struct DelayState {
    random: Random,
    jitter: Jitter,
    /// The wait of the schedule that comes next or, decorrelated, the last one drawn; in nanoseconds.
    nanos: f64,
    /// The index of the next wait of a list.
    index: usize,
}

impl DelayState {
    pub(crate) fn new(schedule: &Schedule, jitter: Jitter, seed: u64) -> Self {
        let jitter = match schedule {
            Schedule::Decorrelated { .. } => Jitter::Decorrelated,
            _ => jitter,
        };
        Self { random: Random::new(seed), jitter, nanos: to_nanos(schedule.first()), index: 0 }
    }

    pub(crate) fn next(&mut self, schedule: &Schedule) -> Duration {
        if self.jitter == Jitter::Decorrelated {
            return self.decorrelated(schedule);
        }
        let wait = self.scheduled(schedule);
        match self.jitter {
            Jitter::Full => self.random.between(Duration::ZERO, wait),
            Jitter::Equal => self.random.between(wait / 2, wait),
            Jitter::None | Jitter::Decorrelated => wait,
        }
    }

    /// Returns a draw between zero and `longest`, or zero where the policy wants no jitter.
    pub(crate) fn spread(&mut self, longest: Duration) -> Duration {
        match self.jitter {
            Jitter::None => Duration::ZERO,
            _ => self.random.between(Duration::ZERO, longest),
        }
    }

    fn scheduled(&mut self, schedule: &Schedule) -> Duration {
        match schedule {
            Schedule::Fixed { delay } => *delay,
            Schedule::Linear { step, cap, .. } => {
                let wait = from_nanos(self.nanos).min(*cap);
                self.nanos = (self.nanos + to_nanos(*step)).min(to_nanos(*cap));
                wait
            }
            Schedule::Exponential { factor, cap, .. } => {
                let wait = from_nanos(self.nanos).min(*cap);
                self.nanos = (self.nanos * factor).min(to_nanos(*cap));
                wait
            }
            Schedule::Decorrelated { base, .. } => *base,
            Schedule::List { delays } => {
                let wait = delays.get(self.index).or(delays.last()).copied().unwrap_or_default();
                self.index = self.index.saturating_add(1).min(delays.len());
                wait
            }
        }
    }

    fn decorrelated(&mut self, schedule: &Schedule) -> Duration {
        let (low, cap) = schedule.bounds();
        let high = from_nanos(self.nanos * 3.0).clamp(low, cap.max(low));
        let wait = self.random.between(low, high);
        self.nanos = to_nanos(wait);
        wait
    }
}

/// `SplitMix64`: one addition and two multiplications a draw, any seed is a good one.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Draws from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = whole_nanos(high.saturating_sub(low));
        // The high half of the product is the draw scaled to the span: no division, no modulo bias worth a loop.
        let draw = (u128::from(self.next()) * (u128::from(span) + 1)) >> 64;
        low + Duration::from_nanos(u64::try_from(draw).unwrap_or(span))
    }
}

/// The nanoseconds of a duration; 584 years for anything longer.
fn whole_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "beyond 104 days a wait is exact to microseconds")]
pub(crate) fn to_nanos(duration: Duration) -> f64 {
    whole_nanos(duration) as f64
}

/// Rounds to whole nanoseconds; what is no duration, such as NaN, is zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
pub(crate) const fn from_nanos(nanos: f64) -> Duration {
    Duration::from_nanos(nanos as u64)
}
