//! What is made of what systemd tells of a unit. Pure: asks and facts go in, what is to be done comes out.

use wardkit_supervise::{Ending, Exit, SpawnError, SpawnErrorClass, Tree};

/// What systemd knows of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether there is such a unit; otherwise why not.
    pub(super) load: String,
    /// `active`, `reloading`, `inactive`, `failed`, `activating`, `deactivating`.
    pub(super) active: String,
    /// `running`, `exited`, `auto-restart`, …
    pub(super) sub: String,
    /// The job that is under way; 0 for none.
    pub(super) job: u32,
    /// Its main process; 0 for none.
    pub(super) pid: u32,
    /// How its last run ended: `success`, `exit-code`, `signal`, `oom-kill`, `watchdog`, …
    pub(super) result: String,
    /// How often systemd has started it again by itself.
    pub(super) restarts: u32,
    /// How the main process ended, as in `waitid`: 1 exited, 2 killed, 3 dumped; 0 when none has ended.
    pub(super) exit_kind: i32,
    /// The exit code or the signal.
    pub(super) exit_status: i32,
    /// What its own `Restart=` says.
    pub(super) restart: String,
}

/// What is wanted of a unit, or that something of it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Find,
    Start,
    Stop,
    Kill,
    Look,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Ask systemd to forget that it failed, so that it may be started.
    Reset,
    /// Ask systemd to start it.
    Start,
    /// Ask systemd to stop it.
    Stop,
    /// Ask systemd to kill all its processes.
    Kill,
    Found(u32),
    Missing(Option<String>),
    Spawned(u32),
    SpawnFailed(SpawnError),
    Main(u32),
    Exited(Ending),
    Gone,
    Note(Option<String>),
}

/// A unit that is followed.
#[derive(Debug)]
pub(super) struct Follow {
    unit: String,
    take_over: bool,
    phase: Phase,
    /// Somebody else had it stopped.
    is_deliberate: bool,
    /// Why it is not started at the next occasion: systemd, or somebody through it, wants it down.
    held_back: Option<String>,
    restarts: u32,
    pid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Finding,
    Starting,
    Up,
    Stopping,
    /// The end was told.
    Ended,
    Killing {
        is_told: bool,
    },
}

impl Facts {
    fn is_up(&self) -> bool {
        matches!(&*self.active, "active" | "reloading" | "refreshing")
    }

    /// Tells whether nothing of it runs and nothing is about to be started.
    fn is_down(&self) -> bool {
        matches!(&*self.active, "inactive" | "failed") && self.job == 0
    }

    /// Returns how its last run ended.
    fn ending(&self) -> Ending {
        let exit = match (&*self.result, self.exit_kind) {
            ("success" | "exit-code" | "signal" | "core-dump" | "oom-kill", 1) => {
                Exit::Code(self.exit_status)
            }
            ("success" | "exit-code" | "signal" | "core-dump" | "oom-kill", kind @ (2 | 3)) => {
                Exit::Signal { signal: self.exit_status, core: kind == 3 }
            }
            ("success", _) => Exit::Code(0),
            (result, _) => Exit::Error(format!("systemd: {result}")),
        };
        let mut ending = Ending::new(exit);
        ending.out_of_memory = self.result == "oom-kill";
        ending.tree = Tree::Gone;
        ending
    }
}

impl Follow {
    pub(super) fn new(unit: &str, take_over: bool) -> Self {
        Self {
            unit: unit.to_owned(),
            take_over,
            phase: Phase::Idle,
            is_deliberate: false,
            held_back: None,
            restarts: 0,
            pid: 0,
        }
    }

    /// Sets whether it is restarted from here even where it restarts by itself.
    pub(super) const fn set_take_over(&mut self, take_over: bool) {
        self.take_over = take_over;
    }

    pub(super) fn step(&mut self, ask: Ask, facts: &Facts) -> Vec<Act> {
        match ask {
            Ask::Find => self.phase = Phase::Finding,
            Ask::Start => return self.start(facts),
            Ask::Stop if facts.is_down() => {}
            Ask::Stop => {
                self.phase = Phase::Stopping;
                return vec![Act::Stop];
            }
            Ask::Kill => return self.kill(facts),
            Ask::Look => {}
        }
        self.look(facts)
    }

    /// Takes note that systemd did not do what it was asked.
    pub(super) fn refused(&mut self, why: String, class: SpawnErrorClass) -> Vec<Act> {
        match self.phase {
            Phase::Starting => {
                self.phase = Phase::Idle;
                vec![Act::SpawnFailed(SpawnError::new(class, why))]
            }
            _ => vec![Act::Note(Some(why))],
        }
    }

    fn start(&mut self, facts: &Facts) -> Vec<Act> {
        let refuse =
            |why| vec![Act::SpawnFailed(SpawnError::new(SpawnErrorClass::Configuration, why))];
        self.phase = Phase::Idle;
        if let Some(why) = self.held_back.take() {
            return refuse(why);
        }
        if facts.load != "loaded" {
            return refuse(self.absent(facts));
        }
        self.phase = Phase::Starting;
        if facts.is_up() {
            return self.look(facts);
        }
        let mut acts = Vec::new();
        if facts.active == "failed" {
            acts.push(Act::Reset);
        }
        acts.push(Act::Start);
        acts
    }

    fn kill(&mut self, facts: &Facts) -> Vec<Act> {
        let is_told = !matches!(self.phase, Phase::Starting | Phase::Up | Phase::Stopping);
        self.phase = Phase::Killing { is_told };
        if facts.is_down() {
            return self.look(facts);
        }
        // The stop comes first, so that systemd does not start it again.
        vec![Act::Stop, Act::Kill]
    }

    fn look(&mut self, facts: &Facts) -> Vec<Act> {
        match self.phase {
            Phase::Finding => self.look_for(facts),
            Phase::Starting if facts.is_up() => {
                self.came_up(facts);
                vec![Act::Spawned(facts.pid)]
            }
            Phase::Starting | Phase::Stopping if facts.is_down() => {
                self.phase = Phase::Ended;
                vec![Act::Exited(facts.ending())]
            }
            Phase::Up => self.look_after(facts),
            Phase::Killing { is_told } if facts.is_down() => {
                self.phase = Phase::Idle;
                let exited = (!is_told).then(|| Act::Exited(facts.ending()));
                exited.into_iter().chain([Act::Gone]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn look_for(&mut self, facts: &Facts) -> Vec<Act> {
        match &*facts.active {
            _ if facts.load != "loaded" => {
                self.phase = Phase::Idle;
                vec![Act::Missing(Some(self.absent(facts)))]
            }
            // What is being started runs in a moment, or fails and is told.
            "active" | "reloading" | "refreshing" | "activating" => {
                self.came_up(facts);
                vec![Act::Found(facts.pid)]
            }
            _ if facts.is_down() => {
                self.phase = Phase::Idle;
                vec![Act::Missing(None)]
            }
            _ => Vec::new(),
        }
    }

    fn came_up(&mut self, facts: &Facts) {
        self.phase = Phase::Up;
        self.is_deliberate = false;
        self.held_back = None;
        (self.restarts, self.pid) = (facts.restarts, facts.pid);
    }

    fn look_after(&mut self, facts: &Facts) -> Vec<Act> {
        if facts.is_up() {
            self.is_deliberate = false;
            return self.changes(facts);
        }
        let is_restarting = facts.active == "activating" && facts.sub.starts_with("auto-restart");
        if is_restarting && self.take_over {
            self.phase = Phase::Ended;
            return vec![Act::Exited(facts.ending())];
        }
        if facts.is_down() {
            self.phase = Phase::Ended;
            self.held_back = self.why_held_back(facts);
            return vec![Act::Exited(facts.ending())];
        }
        // Whoever has a job under way wants it so.
        self.is_deliberate |= facts.active != "activating" && facts.job != 0;
        Vec::new()
    }

    /// Tells that it was restarted behind our back.
    fn changes(&mut self, facts: &Facts) -> Vec<Act> {
        let mut acts = Vec::new();
        if facts.restarts > self.restarts {
            self.restarts = facts.restarts;
            let note = format!("systemd has restarted {} {} times", self.unit, facts.restarts);
            acts.push(Act::Note(Some(note)));
        }
        if facts.pid != 0 && facts.pid != self.pid {
            self.pid = facts.pid;
            acts.push(Act::Main(facts.pid));
        }
        acts
    }

    /// Returns why it stays down now that it has ended.
    fn why_held_back(&self, facts: &Facts) -> Option<String> {
        if self.take_over {
            return None;
        }
        let unit = &self.unit;
        if self.is_deliberate && facts.result == "success" {
            return Some(format!(
                "{unit} was stopped through systemd; it is left so unless take_over is set"
            ));
        }
        (facts.restart != "no" && !facts.restart.is_empty()).then(|| {
            format!(
                "systemd leaves {unit} down (Restart={}, result {}); so it is left unless take_over is set",
                facts.restart, facts.result
            )
        })
    }

    fn absent(&self, facts: &Facts) -> String {
        format!("systemd has no unit {} to run: {}", self.unit, facts.load)
    }
}

#[cfg(test)]
mod tests;
