//! Events for `tracing`.

use tracing::{debug, info, warn};

use crate::{Attempted, BreakerChange, Class, GivenUp, Observer, Waiting};

/// Writes `tracing` events with the target `wardkit_retry`: `attempt failed` and `waiting` at debug, `gave up` and
/// a breaker that opens at warn, its other changes at info. A successful attempt writes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tracing;

impl Observer for Tracing {
    fn attempt(&self, attempt: &Attempted<'_>) {
        let Attempted { policy, number, class } = *attempt;
        if class != Class::Success {
            debug!(target: TARGET, policy, number, class = class.as_str(), "attempt failed");
        }
    }

    fn wait(&self, wait: &Waiting<'_>) {
        let Waiting { policy, number, class, wait } = *wait;
        let seconds = wait.as_secs_f64();
        debug!(target: TARGET, policy, number, class = class.as_str(), seconds, "waiting");
    }

    fn give_up(&self, given_up: &GivenUp<'_>) {
        let GivenUp { policy, attempts, reason } = *given_up;
        warn!(target: TARGET, policy, attempts, reason = reason.as_str(), "gave up");
    }

    fn breaker(&self, change: &BreakerChange<'_>) {
        let BreakerChange { breaker, from, to } = *change;
        let (from, to) = (from.as_str(), to.as_str());
        if change.to == crate::BreakerState::Open {
            warn!(target: TARGET, breaker, from, to, "breaker changed");
        } else {
            info!(target: TARGET, breaker, from, to, "breaker changed");
        }
    }
}

const TARGET: &str = "wardkit_retry";
