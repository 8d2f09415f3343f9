//! What is remarked of a service by whoever drives it, and restarts that were planned.

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{Reason, Topic};

impl Supervisor {
    /// Takes in what is remarked; it is told when it is other than before, not at each start anew.
    pub(super) fn remarked(&mut self, at: usize, topic: Topic, text: Vec<String>) {
        let before = self.units[at].remarks.get(&topic).map_or(&[][..], Vec::as_slice);
        if before == text {
            return;
        }
        if text.is_empty() {
            self.units[at].remarks.remove(&topic);
            return;
        }
        self.tell(at, topic.event(), Severity::Warning, text.join("; "));
        self.units[at].remarks.insert(topic, text);
    }

    /// Ends the present run because that was planned, unless somebody wants it left alone.
    pub(super) fn planned(&mut self, at: usize, why: String) {
        let unit = &self.units[at];
        if matches!(unit.phase, Phase::Alive(_)) && unit.maintenance.is_none() {
            self.end_for(at, Reason::Planned { why });
        }
    }
}
