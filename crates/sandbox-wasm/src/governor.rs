//! When a call stands still, and when it ends.

use std::sync::Arc;
use std::time::Duration;

use crate::meter::Meter;
use crate::share::Draws;
use crate::stop::Stop;

/// Watches one call. The engine asks it a few hundred times a second.
pub(crate) struct Governor {
    meter: Arc<dyn Meter>,
    allowance: Arc<dyn Draws>,
    started: Duration,
    deadline: Duration,
    /// What the thread had used when the call began, and when it was last charged.
    cpu_started: Duration,
    cpu_seen: Duration,
    cpu_most: Duration,
    throttled: Duration,
}

impl Governor {
    /// Begins with a call; to be made by the thread that runs it.
    pub(crate) fn new(meter: Arc<dyn Meter>, allowance: Arc<dyn Draws>, timeout: Duration) -> Self {
        let (started, cpu) = (meter.uptime(), meter.cpu());
        let cpu_most = allowance.most(timeout);
        Self {
            meter,
            allowance,
            started,
            deadline: started.saturating_add(timeout),
            cpu_started: cpu,
            cpu_seen: cpu,
            cpu_most,
            throttled: Duration::ZERO,
        }
    }

    /// Stands still while the plugin's share is used up.
    ///
    /// # Errors
    ///
    /// When the call has to end.
    pub(crate) fn check(&mut self) -> Result<(), Stop> {
        loop {
            let (now, cpu) = (self.meter.uptime(), self.meter.cpu());
            if now >= self.deadline {
                return Err(Stop::Timeout);
            }
            let wait = self.allowance.charge(now, cpu.saturating_sub(self.cpu_seen));
            self.cpu_seen = cpu;
            if self.cpu() > self.cpu_most {
                return Err(Stop::CpuBudget);
            }
            if wait.is_zero() {
                return Ok(());
            }
            self.meter.pause(wait.min(self.deadline.saturating_sub(now)));
            self.throttled += self.meter.uptime().saturating_sub(now);
        }
    }

    /// Charges what is left at the end of the call.
    pub(crate) fn settle(&mut self) {
        let cpu = self.meter.cpu();
        self.allowance.charge(self.meter.uptime(), cpu.saturating_sub(self.cpu_seen));
        self.cpu_seen = cpu;
    }

    pub(crate) fn meter(&self) -> &dyn Meter {
        &*self.meter
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.meter.uptime())
    }

    /// What was charged so far.
    pub(crate) fn cpu(&self) -> Duration {
        self.cpu_seen.saturating_sub(self.cpu_started)
    }

    pub(crate) fn throttled(&self) -> Duration {
        self.throttled
    }

    pub(crate) fn wall(&self) -> Duration {
        self.meter.uptime().saturating_sub(self.started)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use wardkit_core::Timestamp;
    use wardkit_sandbox::Share;

    use crate::share::Allowance;

    use super::*;

    /// A thread that computes `step` before each look.
    struct Busy {
        step: Duration,
        at: Mutex<(Duration, Duration)>,
    }

    impl Meter for Busy {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_nanos(0)
        }

        fn uptime(&self) -> Duration {
            self.at.lock().expect("nobody panics").0
        }

        fn cpu(&self) -> Duration {
            let mut at = self.at.lock().expect("nobody panics");
            at.0 += self.step;
            at.1 += self.step;
            at.1
        }

        fn pause(&self, time: Duration) {
            self.at.lock().expect("nobody panics").0 += time;
        }
    }

    fn governed(step: Duration, timeout: Duration) -> (Governor, Result<(), Stop>) {
        let meter = Arc::new(Busy { step, at: Mutex::default() });
        let share = Share::from_thousandths(100).expect("it is a share");
        let mut governor = Governor::new(meter, Arc::new(Allowance::new(share)), timeout);
        let ended = (0..100_000).try_for_each(|_| governor.check());
        (governor, ended)
    }

    #[test]
    fn who_computes_without_end_uses_a_tenth_until_the_deadline() {
        let (governor, ended) = governed(Duration::from_millis(1), Duration::from_secs(30));
        assert_eq!(ended, Err(Stop::Timeout));
        let share = governor.cpu().as_secs_f64() / 30.0;
        assert!((0.099..0.102).contains(&share), "{share}");
        assert!(governor.throttled() > Duration::from_secs(26));
        assert!(governor.wall() < Duration::from_millis(30_010));
    }

    #[test]
    fn who_computes_too_long_between_two_looks_is_ended() {
        let (_, ended) = governed(Duration::from_secs(4), Duration::from_secs(30));
        assert_eq!(ended, Err(Stop::CpuBudget));
    }

    #[test]
    fn nobody_stands_still_beyond_the_deadline() {
        let (governor, ended) = governed(Duration::from_millis(4), Duration::from_millis(450));
        assert_eq!(ended, Err(Stop::Timeout));
        assert!(governor.wall() <= Duration::from_millis(470), "{:?}", governor.wall());
    }
}
