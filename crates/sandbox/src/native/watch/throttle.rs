//! A share of a processor without a cgroup: the program is stopped when it is ahead of its share.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::Limits;
use crate::native::start::Running;
use crate::native::sys;

#[derive(Debug)]
pub(crate) struct Throttle {
    /// Of one processor, in thousandths.
    share: u32,
    has_children: bool,
    begun: Duration,
    /// Since when it stands still, and until when.
    stopped: Option<(Duration, Duration)>,
    next: Duration,
    pub(crate) stood_still: Duration,
}

impl Throttle {
    pub(crate) fn new(limits: &Limits, now: Duration) -> Self {
        Self {
            share: limits.cpu.thousandths(),
            has_children: limits.tasks > 1,
            begun: now,
            stopped: None,
            next: now.saturating_add(TICK),
            stood_still: Duration::ZERO,
        }
    }

    /// Stops or continues the program as its share demands; returns when to look again.
    pub(crate) fn step(&mut self, now: Duration, running: &Running) -> Duration {
        if now < self.next {
            return self.next;
        }
        if let Some((since, _)) = self.stopped.take() {
            self.stood_still = self.stood_still.saturating_add(now.saturating_sub(since));
            running.signal_all(Signal::CONT);
        } else if let Some(ahead) = self.ahead(now, used(running.pid, self.has_children)) {
            running.signal_all(Signal::STOP);
            let until = now.saturating_add(ahead);
            self.stopped = Some((now, until));
            self.next = until;
            return until;
        }
        self.next = now.saturating_add(TICK);
        self.next
    }

    /// Returns how long it has to stand still until what it used is its share.
    fn ahead(&self, now: Duration, used: Duration) -> Option<Duration> {
        let elapsed = now.saturating_sub(self.begun);
        let earned = elapsed.saturating_mul(self.share) / 1_000;
        let debt = used.checked_sub(earned.saturating_add(BURST))?;
        Some((debt.saturating_mul(1_000) / self.share.max(1)).max(TICK))
    }
}

/// Returns the processor time of a program and of what it started.
fn used(pid: u32, has_children: bool) -> Duration {
    let own = sys::processor_time(pid).unwrap_or_default();
    if !has_children {
        return own;
    }
    let mut sum = Duration::ZERO;
    let mut all = vec![pid];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied().filter(|_| at < MOST_PROCESSES) {
        at += 1;
        sum += sys::processor_time(pid).unwrap_or_default() + reaped(pid).unwrap_or_default();
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            all.extend(children.split_ascii_whitespace().filter_map(|one| one.parse::<u32>().ok()));
        }
    }
    sum
}

/// Returns the processor time of the children that a process has reaped.
fn reaped(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may have spaces and brackets; nothing behind it has.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(13);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1)))
}

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(10);

/// How far it may be ahead: a start must not stand still at once.
const BURST: Duration = Duration::from_millis(20);

/// More are not summed up in one tick.
const MOST_PROCESSES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_ahead_stands_still_until_the_share_is_kept() {
        let throttle = Throttle::new(&Limits::default(), Duration::ZERO);
        let millis = Duration::from_millis;
        assert_eq!(throttle.ahead(millis(100), millis(30)), Some(TICK));
        assert_eq!(throttle.ahead(millis(100), millis(29)), None);
        assert_eq!(throttle.ahead(millis(100), millis(50)), Some(millis(200)));
        assert_eq!(throttle.ahead(millis(300), millis(50)), Some(TICK));
    }
}
