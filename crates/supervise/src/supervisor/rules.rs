//! Resource rules: too much for too long.

use std::time::Duration;

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{Amount, Measure, Reason};

/// How one rule stands for the present run.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleState {
    last: Option<Duration>,
    soft_since: Option<Duration>,
    hard_since: Option<Duration>,
    is_told: bool,
}

impl Supervisor {
    /// Takes in what a service uses.
    pub(super) fn measured(&mut self, at: usize, measure: Measure, value: f64) {
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        if !matches!(unit.phase, Phase::Alive(_)) {
            return;
        }
        let spec = unit.spec.clone();
        for (number, rule) in spec.rules.iter().enumerate() {
            if rule.measure != measure {
                continue;
            }
            let unit = &mut self.units[at];
            let Some(state) = unit.rules.get_mut(number) else { continue };
            // A sample vouches for the time up to the next one only when that comes soon.
            let gap = state.last.map_or(Duration::ZERO, |last| boot.saturating_sub(last));
            state.last = Some(boot);
            if gap > MOST_GAP {
                (state.soft_since, state.hard_since) = (None, None);
            }
            let lasts = |since: &mut Option<Duration>, limit: Option<Amount>| {
                let limit = limit.map(Amount::value).filter(|limit| value > *limit);
                *since = limit.and(since.or(Some(boot)));
                let has_lasted =
                    since.is_some_and(|since| boot.saturating_sub(since) >= rule.lasting);
                limit.filter(|_| has_lasted)
            };
            let soft = lasts(&mut state.soft_since, rule.soft);
            let hard = lasts(&mut state.hard_since, rule.hard);
            if state.soft_since.is_none() && state.hard_since.is_none() {
                state.is_told = false;
            }
            let Some(limit) = hard.or(soft) else { continue };
            let is_news = !std::mem::replace(&mut state.is_told, true);
            let lasting = wardkit_retry::duration::print(rule.lasting);
            let (is, most) = (measure.print(value), measure.print(limit));
            let text = format!("{} {is} above {most} for {lasting}", measure.as_str());
            if is_news || hard.is_some() {
                self.tell(at, "supervise.resource_exceeded", Severity::Warning, text.clone());
            }
            if hard.is_some() && self.units[at].maintenance.is_none() {
                self.end_for(at, Reason::ResourceRule { rule: text });
            }
        }
    }
}

const MOST_GAP: Duration = Duration::from_mins(2);
