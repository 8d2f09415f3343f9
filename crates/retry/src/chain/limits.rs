//! What a target may be used for: requests and tokens a minute, money a day.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wardkit_core::Timestamp;

use super::Why;
use crate::Violation;

/// What a target of a chain may be used for; 0 is no limit.
///
/// A minute's worth can be used at once and flows back evenly over the minute that follows, as most services count it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// The most requests a minute; 0 is no limit.
    pub requests_per_minute: u64,
    /// The most tokens a minute; 0 is no limit.
    pub tokens_per_minute: u64,
    /// The most money a day of UTC, in millionths of the currency; 0 is no limit.
    pub spend_per_day: u64,
}

impl Limits {
    /// No limit at all.
    pub const NONE: Self = Self { requests_per_minute: 0, tokens_per_minute: 0, spend_per_day: 0 };

    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let per_minute = [
            ("requests-per-minute", self.requests_per_minute),
            ("tokens-per-minute", self.tokens_per_minute),
        ];
        per_minute
            .into_iter()
            .filter(|&(_, limit)| limit > MINUTE)
            .map(|(path, _)| Violation::new(path, format!("must be at most {MINUTE}")))
            .collect()
    }
}

/// What a call takes, beside being one request. Exhaustive on purpose: callers fill it in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Usage {
    /// Tokens, of the request and of the answer.
    pub tokens: u64,
    /// Money, in millionths of the currency.
    pub spend: u64,
}

/// One of the [`Limits`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Requests a minute.
    Requests,
    /// Tokens a minute.
    Tokens,
    /// Money a day.
    Spend,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Spend => "spend",
        })
    }
}

/// What was set aside for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reserved {
    usage: Usage,
    /// The day that its money belongs to.
    day: i64,
    /// When its tokens will have flowed back, in nanoseconds of uptime.
    tokens: u64,
}

/// Keeps to the limits: all of a call is set aside, or nothing.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// When all requests so far would have been made at an even pace, in nanoseconds of uptime.
    requests: u64,
    /// The same for tokens.
    tokens: u64,
    /// The day of UTC that `spent` belongs to.
    day: i64,
    spent: u64,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    pub(super) const fn is_limited(&self) -> bool {
        self.limits.requests_per_minute | self.limits.tokens_per_minute | self.limits.spend_per_day
            != 0
    }

    /// Sets the usage of one call aside.
    pub(super) fn take(
        &self,
        usage: Usage,
        now: Duration,
        wall: Timestamp,
    ) -> Result<Reserved, Why> {
        let reached = |limit| move |retry_after| Why::LimitReached { limit, retry_after };
        let now = nanos(now);
        let Limits { requests_per_minute, tokens_per_minute, spend_per_day } = self.limits;
        let mut state = self.lock();
        state.turn_to(day_of(wall));
        let mut next = State {
            requests: pace(state.requests, now, 1, requests_per_minute)
                .map_err(reached(Limit::Requests))?,
            tokens: pace(state.tokens, now, usage.tokens, tokens_per_minute)
                .map_err(reached(Limit::Tokens))?,
            ..*state
        };
        next.spent = next.spent.saturating_add(usage.spend);
        if spend_per_day > 0 && next.spent > spend_per_day {
            let tomorrow = (usage.spend <= spend_per_day).then(|| until_tomorrow(wall));
            return Err(reached(Limit::Spend)(tomorrow));
        }
        *state = next;
        Ok(Reserved { usage, day: next.day, tokens: next.tokens })
    }

    /// Replaces an estimate by the actual usage. What was used is used: no limit refuses it.
    pub(super) fn correct(&self, reserved: Reserved, actual: Usage, now: Duration) {
        let now = nanos(now);
        let nanos_of = |tokens| nanos_of(tokens, self.limits.tokens_per_minute);
        let (set_aside, used) = (nanos_of(reserved.usage.tokens), nanos_of(actual.tokens));
        // What has flowed back by itself is not given back again.
        let unused = set_aside.saturating_sub(used).min(reserved.tokens.saturating_sub(now));
        let excess = used.saturating_sub(set_aside);
        let mut state = self.lock();
        state.tokens = state.tokens.max(now).saturating_sub(unused).saturating_add(excess);
        // What was spent yesterday is not given back today.
        if state.day == reserved.day {
            let others = state.spent.saturating_sub(reserved.usage.spend);
            state.spent = others.saturating_add(actual.spend);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Begins a new day. A clock that is set back begins none: what was spent stays spent.
    fn turn_to(&mut self, day: i64) {
        if day > self.day {
            (self.day, self.spent) = (day, 0);
        } else if day < self.day - 1 {
            // Far back: the day was never right, and the next one must not be years away.
            self.day = day;
        }
    }
}

/// Moves the pace on by `amount`, unless that runs more than a minute ahead of the clock.
///
/// # Errors
///
/// Returns when there will be room, or `None` when the amount is more than a whole minute's.
fn pace(at: u64, now: u64, amount: u64, per_minute: u64) -> Result<u64, Option<Duration>> {
    if per_minute == 0 {
        return Ok(at);
    }
    let next = at.max(now).saturating_add(nanos_of(amount, per_minute));
    let ahead = next - now;
    if ahead <= MINUTE {
        Ok(next)
    } else if amount > per_minute {
        Err(None)
    } else {
        Err(Some(Duration::from_nanos(ahead - MINUTE)))
    }
}

/// Returns how long `amount` takes at an even pace.
fn nanos_of(amount: u64, per_minute: u64) -> u64 {
    if per_minute == 0 {
        return 0;
    }
    let nanos = u128::from(amount) * u128::from(MINUTE) / u128::from(per_minute);
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

fn nanos(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_nanos()).unwrap_or(u64::MAX)
}

const fn day_of(wall: Timestamp) -> i64 {
    wall.as_unix_seconds().div_euclid(SECONDS_PER_DAY)
}

fn until_tomorrow(wall: Timestamp) -> Duration {
    let midnight = Timestamp::from_unix_seconds((day_of(wall) + 1) * SECONDS_PER_DAY);
    midnight.duration_since(wall).unwrap_or_default()
}

const SECONDS_PER_DAY: i64 = 86_400;
/// A minute in nanoseconds: no pace is finer than one a nanosecond.
const MINUTE: u64 = 60_000_000_000;
