//! From a service that runs to one of which nothing is left.

use std::time::Duration;

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{Action, Reason};

impl Supervisor {
    /// Asks the present run to end.
    pub(super) fn begin_stop(&mut self, at: usize, why: Reason) {
        self.cancel_probes(at);
        let unit = &mut self.units[at];
        let Phase::Alive(run) = std::mem::replace(&mut unit.phase, Phase::Idle) else { return };
        let kill_at = self.now.boot.saturating_add(unit.spec.stop_timeout);
        let is_patient = !unit.spec.stop_timeout.is_zero();
        unit.phase = Phase::Stopping { run, why, kill_at, is_killed: false, is_stuck: false };
        let (service, generation) = (unit.name.clone(), unit.generation);
        if is_patient {
            self.out.push(Action::Stop { service, generation });
        }
        self.press(at);
        self.changed(at);
    }

    /// Kills what had time enough to end, and kills again what is still there.
    pub(super) fn press(&mut self, at: usize) {
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        let (Phase::Stopping { kill_at, is_killed, is_stuck, .. }
        | Phase::Clearing { kill_at, is_killed, is_stuck }) = &mut unit.phase
        else {
            return;
        };
        if *kill_at > boot {
            return;
        }
        // A killed process that stays is in the hands of the kernel; asking it more often changes nothing.
        let was_killed = std::mem::replace(is_killed, true);
        *kill_at = boot.saturating_add(if *is_stuck { STUCK_PATIENCE } else { PATIENCE });
        let is_news = was_killed && !std::mem::replace(is_stuck, was_killed);
        self.kill(at);
        if is_news {
            let message = "was killed and is still there; no other run is started".to_owned();
            self.tell(at, "supervise.unkillable", Severity::Error, message);
        }
    }

    /// Has all killed that is left of the present run, whose main process has ended.
    pub(super) fn clear(&mut self, at: usize) {
        let kill_at = self.now.boot;
        self.units[at].phase = Phase::Clearing { kill_at, is_killed: false, is_stuck: false };
        self.press(at);
        self.changed(at);
    }

    fn kill(&mut self, at: usize) {
        let unit = &self.units[at];
        let (service, generation) = (unit.name.clone(), unit.generation);
        self.out.push(Action::KillTree { service, generation });
    }
}

/// How long after it was killed a process that is still there counts as unkillable.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an unkillable process is killed again.
const STUCK_PATIENCE: Duration = Duration::from_secs(30);
