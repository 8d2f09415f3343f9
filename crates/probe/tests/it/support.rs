//! A world in which runs end when the test says so.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_core::{Clock, ManualClock, Timestamp};
use wardkit_probe::{
    Action, CheckConfig, CheckId, CheckStatus, Checks, Config, Input, Moment, Outcome, State,
    TcpTarget,
};

pub(crate) const INTERVAL: Duration = Duration::from_secs(10);

/// Checks under a clock that stands still until it is moved.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) checks: Checks,
    /// What was told, as `name event`.
    pub(crate) told: Vec<String>,
    names: Vec<String>,
    running: BTreeMap<String, (CheckId, u64)>,
}

/// A check without jitter that runs every ten seconds.
pub(crate) fn check(name: &str, depends_on: &[&str]) -> CheckConfig {
    let mut check = CheckConfig::new(name, TcpTarget::new("127.0.0.1:1"));
    check.interval = INTERVAL;
    check.jitter = Duration::ZERO;
    check.depends_on = depends_on.iter().map(ToString::to_string).collect();
    check
}

impl World {
    pub(crate) fn new(checks: impl IntoIterator<Item = CheckConfig>) -> Self {
        let mut config = Config::default();
        config.checks = checks.into_iter().collect();
        Self::of(config)
    }

    pub(crate) fn of(config: Config) -> Self {
        let names = config.checks.iter().map(|check| check.name.clone()).collect();
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        let checks = Checks::new(config, Moment::of(&clock), 7).unwrap();
        Self { clock, checks, told: Vec::new(), names, running: BTreeMap::new() }
    }

    /// Lets time pass and returns what runs now.
    pub(crate) fn pass(&mut self, time: Duration) -> Vec<String> {
        self.clock.advance(time);
        self.step(Input::Tick);
        self.running.keys().cloned().collect()
    }

    /// Ends a run that did not take place.
    pub(crate) fn put_off(&mut self, name: &str) {
        let (check, run) = self.running.remove(name).expect("it runs");
        self.step(Input::PutOff { check, run });
    }

    /// Ends a run.
    pub(crate) fn end(&mut self, name: &str, outcome: Outcome) {
        self.end_after(name, outcome, Duration::from_millis(5));
    }

    pub(crate) fn end_after(&mut self, name: &str, outcome: Outcome, took: Duration) {
        let (check, run) = self.running.remove(name).expect("it runs");
        self.step(Input::Finished { check, run, outcome, took });
    }

    /// Lets intervals pass, in each of which every run ends as the function says. Returns what was told.
    pub(crate) fn rounds(&mut self, count: u32, outcome: impl Fn(&str) -> Outcome) -> Vec<String> {
        let before = self.told.len();
        for _ in 0..count {
            self.pass(INTERVAL);
            // The end of one may be the beginning of another.
            while let Some(name) = self.running.keys().next().cloned() {
                self.end(&name, outcome(&name));
            }
        }
        self.told[before..].to_vec()
    }

    pub(crate) fn status(&self, name: &str) -> CheckStatus {
        self.checks.status().into_iter().find(|status| status.name == name).unwrap()
    }

    pub(crate) fn state(&self, name: &str) -> State {
        self.status(name).state
    }

    pub(crate) fn step(&mut self, input: Input) {
        for action in self.checks.step(Moment::of(&self.clock), input) {
            match action {
                Action::Start { check, run } => {
                    let name = self.names[check.index()].clone();
                    assert!(self.running.insert(name, (check, run)).is_none(), "it runs already");
                }
                Action::Publish(event) => {
                    assert_eq!(event.at, self.clock.now());
                    let kind = event.kind.as_str().strip_prefix("probe.check.").unwrap();
                    self.told.push(format!("{} {kind}", event.subject));
                }
                other => panic!("{other:?} is new"),
            }
        }
    }
}

pub(crate) fn failed() -> Outcome {
    Outcome::failed("refused")
}

pub(crate) fn down() -> State {
    State::Down { reason: "refused".to_owned() }
}

pub(crate) fn blocked(by: &[&str]) -> State {
    State::Blocked { by: by.iter().map(ToString::to_string).collect() }
}
