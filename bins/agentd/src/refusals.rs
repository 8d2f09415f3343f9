//! Refused writes on the audit trail: the first of a minute at once, the rest of it as a number.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use wardkit_api::WriteRefused;
use wardkit_auditlog::Entry;

/// What was refused lately.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When an entry was made last, as uptime.
    told: Option<Duration>,
    untold: u64,
}

impl Refusals {
    /// Counts a refusal and returns what the trail is to say, if anything.
    pub(crate) fn count(&self, now: Duration, why: WriteRefused) -> Option<Entry> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.is_some_and(|told| now.saturating_sub(told) < PAUSE) {
            state.untold += 1;
            return None;
        }
        state.told = Some(now);
        let mut entry = Entry::new("http.write.refused", why.as_str());
        entry.detail = json!({ "more_since_last": std::mem::take(&mut state.untold) });
        Some(entry)
    }
}

/// Whoever guesses a token must not fill the disk by it.
const PAUSE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_one_entry_a_minute_and_none_is_forgotten() {
        let refusals = Refusals::default();
        let entries: Vec<_> = (0..121)
            .filter_map(|second| {
                refusals.count(Duration::from_secs(second), WriteRefused::WrongToken)
            })
            .map(|entry| (entry.subject, entry.detail["more_since_last"].as_u64()))
            .collect();
        let told = |more| ("wrong_token".to_owned(), Some(more));
        assert_eq!(entries, [told(0), told(59), told(59)]);
    }
}
