//! Memory that agentd no longer uses, given back to the system.

use std::fs;

/// Notices when agentd holds more memory than it did, and needs it no longer.
///
/// It is asked with each sample, so that nothing wakes up for it.
#[derive(Debug, Default)]
pub(super) struct Slack {
    /// What was held after the last time, in pages; none before the first look.
    base: Option<u64>,
    last: u64,
    /// How many looks ago it last grew.
    still: u32,
}

impl Slack {
    /// Looks once, and gives back what is not used when large work seems to be over.
    pub(super) fn look(&mut self) {
        let Some(held) = held() else { return };
        if self.step(held) {
            wardkit_process::release_unused_memory();
            self.given_back(self::held().unwrap_or(held));
        }
    }

    /// Returns whether it is time to give memory back.
    fn step(&mut self, held: u64) -> bool {
        self.still = if held > self.last { 0 } else { self.still.saturating_add(1) };
        self.last = held;
        let base = self.base.get_or_insert(held);
        // Less is held than after the last time: that is what growth is measured against from now on.
        *base = held.min(*base);
        self.still >= STILL && held > *base + *base / 8 + LEAST
    }

    /// Takes note of what could not be given back, because it is in use.
    fn given_back(&mut self, held: u64) {
        (self.base, self.last, self.still) = (Some(held), held, 0);
    }
}

/// Returns how many pages are held that are no file's.
fn held() -> Option<u64> {
    let told = fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = told.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared))
}

/// Work that grew by nothing in so many samples is over.
const STILL: u32 = 4;
/// Four MiB in pages of 4 KiB: less is not worth the walk over all of it.
const LEAST: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_once_after_work_and_not_while_it_grows() {
        let mut slack = Slack::default();
        let mut looks =
            |pages: &[u64]| -> Vec<bool> { pages.iter().map(|held| slack.step(*held)).collect() };
        assert_eq!(looks(&[1000; 10]), [false; 10]);
        assert_eq!(looks(&[9000, 20_000, 30_000, 29_000, 29_000, 29_000]), [false; 6]);
        assert_eq!(looks(&[28_000]), [true]);
        // Most of it is in use: there is nothing to gain from another try.
        slack.given_back(27_000);
        let mut looks =
            |pages: &[u64]| -> Vec<bool> { pages.iter().map(|held| slack.step(*held)).collect() };
        assert_eq!(looks(&[27_000; 10]), [false; 10]);
        // It goes by itself, and comes again.
        assert_eq!(looks(&[2000; 5]), [false; 5]);
        assert_eq!(looks(&[6000, 6000, 6000, 6000, 6000]), [false, false, false, false, true]);
    }

    #[test]
    fn this_process_holds_something() {
        assert!(held().is_some_and(|pages| pages > 0));
    }
}
