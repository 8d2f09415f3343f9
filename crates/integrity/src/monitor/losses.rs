//! How often it is told that something was lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::LostReason;

/// The losses that were told lately, by root: whoever may write below one may make the watch lose something as often
/// as he likes. What follows within a minute is told in one, of the whole root.
#[derive(Debug, Default)]
pub(super) struct Losses {
    of: BTreeMap<(PathBuf, LostReason), Told>,
}

#[derive(Debug)]
struct Told {
    until: Duration,
    more: bool,
}

impl Losses {
    /// Takes in a loss below a root; tells whether to tell it now.
    pub(super) fn lose(&mut self, now: Duration, root: &Path, reason: LostReason) -> bool {
        if let Some(told) = self.of.get_mut(&(root.to_owned(), reason)) {
            told.more = true;
            return false;
        }
        let told = Told { until: now.saturating_add(SILENCE), more: false };
        self.of.insert((root.to_owned(), reason), told);
        true
    }

    /// Returns the losses that are due to be told.
    pub(super) fn pass(&mut self, now: Duration) -> Vec<(PathBuf, LostReason)> {
        self.of.retain(|_, told| told.more || told.until > now);
        let mut due = Vec::new();
        for (loss, told) in self.of.iter_mut().filter(|(_, told)| told.until <= now) {
            *told = Told { until: now.saturating_add(SILENCE), more: false };
            due.push(loss.clone());
        }
        due
    }

    pub(super) fn due(&self) -> Option<Duration> {
        self.of.values().filter(|told| told.more).map(|told| told.until).min()
    }
}

const SILENCE: Duration = Duration::from_mins(1);
