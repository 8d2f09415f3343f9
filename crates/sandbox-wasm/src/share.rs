//! A share of a processor, as a bucket of time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wardkit_sandbox::Share;

/// What a call draws its time of a processor from. Called by the thread that runs the call, a few hundred times a second.
pub(crate) trait Draws: Send + Sync {
    /// Takes what was used, and says how long whoever used it has to stand still.
    fn charge(&self, now: Duration, used: Duration) -> Duration;

    /// Returns the most that one call can use until its deadline when it is alone.
    fn most(&self, timeout: Duration) -> Duration;
}

/// The bucket that all calls of one plugin draw from.
#[derive(Debug)]
pub(crate) struct Allowance {
    bucket: Mutex<Bucket>,
}

impl Allowance {
    pub(crate) fn new(share: Share) -> Self {
        Self { bucket: Mutex::new(Bucket::new(share)) }
    }
}

impl Draws for Allowance {
    fn charge(&self, now: Duration, used: Duration) -> Duration {
        // The bucket is whole after every statement, so that a panic elsewhere leaves nothing half done.
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner).charge(now, used)
    }

    fn most(&self, timeout: Duration) -> Duration {
        let bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        nanos(bucket.grown(timeout).saturating_add(bucket.most))
    }
}

/// Time of a processor that may be used: it grows with the share, up to that of a window, and may be overdrawn.
#[derive(Debug)]
struct Bucket {
    thousandths: i64,
    most: i64,
    credit: i64,
    /// When it was last looked at; `None` before that.
    seen: Option<Duration>,
}

impl Bucket {
    fn new(share: Share) -> Self {
        let thousandths = i64::from(share.thousandths());
        let most = WINDOW * thousandths / 1000;
        Self { thousandths, most, credit: most, seen: None }
    }

    fn charge(&mut self, now: Duration, used: Duration) -> Duration {
        let passed = now.saturating_sub(self.seen.unwrap_or(now));
        self.seen = Some(now.max(self.seen.unwrap_or(now)));
        self.credit = self.credit.saturating_add(self.grown(passed)).min(self.most);
        self.credit = self.credit.saturating_sub(signed(used));
        if self.credit >= 0 {
            return Duration::ZERO;
        }
        // Some room beyond the debt, or each check would find a new one and the thread would wake for nothing.
        let missing = (self.most / 4).saturating_sub(self.credit);
        nanos(missing.saturating_mul(1000) / self.thousandths)
    }

    /// What a time adds.
    fn grown(&self, passed: Duration) -> i64 {
        signed(passed).saturating_mul(self.thousandths) / 1000
    }
}

fn signed(time: Duration) -> i64 {
    // More than three years are no different from three years; the product with a share stays within its bounds.
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX).min(i64::MAX / 100)
}

fn nanos(time: i64) -> Duration {
    Duration::from_nanos(time.max(0).unsigned_abs())
}

/// What may be used at once after a rest is the share of this time, 200 ms: short calls never stand still, and in three
/// seconds it is less than a hundredth of a processor more.
const WINDOW: i64 = 200_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLIS: fn(u64) -> Duration = Duration::from_millis;

    fn share(thousandths: u32) -> Share {
        Share::from_thousandths(thousandths).expect("it is a share")
    }

    #[test]
    fn what_fits_into_the_window_never_waits() {
        let mut bucket = Bucket::new(share(100));
        assert_eq!(bucket.charge(MILLIS(0), MILLIS(20)), Duration::ZERO);
        assert_eq!(bucket.charge(MILLIS(0), MILLIS(1)), MILLIS(60)); // 1 of debt and 5 of room, at a tenth
        assert_eq!(bucket.charge(MILLIS(60), MILLIS(0)), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_stands_gives_nothing() {
        let mut bucket = Bucket::new(share(1000));
        assert!(bucket.charge(MILLIS(5), MILLIS(300)) > Duration::ZERO);
        assert!(bucket.charge(MILLIS(4), MILLIS(0)) > Duration::ZERO);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whoever computes whenever it may uses its share, and the window once.
        #[test]
        fn over_time_it_is_the_share(thousandths in 10_u32..3000, slice in 1_u64..20) {
            let mut bucket = Bucket::new(share(thousandths));
            let (mut now, mut used) = (Duration::ZERO, Duration::ZERO);
            while now < Duration::from_secs(30) {
                now += MILLIS(slice);
                used += MILLIS(slice);
                now += bucket.charge(now, MILLIS(slice));
            }
            let expected = f64::from(thousandths.min(1000)) / 1000.0;
            let found = used.as_secs_f64() / now.as_secs_f64();
            prop_assert!((found - expected).abs() < 0.01 + expected * 0.01, "{found} of {expected}");
        }
    }
}
