//! All checks as one state machine: it decides what runs when and what is told, and does neither.

use std::collections::HashMap;
use std::time::Duration;

use wardkit_core::{Clock, Event, Health, Timestamp};

use crate::check::Check;
use crate::graph::Graph;
use crate::outcome::Level;
use crate::{CheckStatus, Config, Error, Latency, Outcome, Record, State, Target};

/// All checks, without the IO.
///
/// Whoever drives it calls [`step`](Self::step) when something has happened, does what comes back, and calls again at
/// [`next_wake`](Self::next_wake) at the latest. [`Prober`](crate::Prober) does so on tokio.
///
/// ```
/// use std::time::Duration;
/// use wardkit_core::{ManualClock, Timestamp};
/// use wardkit_probe::{Action, CheckConfig, Checks, Config, Input, Moment, Outcome, State, TcpTarget};
///
/// let mut config = Config::default();
/// config.checks.push(CheckConfig::new("chat", TcpTarget::new("127.0.0.1:6667")));
/// let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
/// let mut checks = Checks::new(config, Moment::of(&clock), 7)?;
///
/// clock.advance(Duration::from_secs(1));
/// let actions = checks.step(Moment::of(&clock), Input::Tick);
/// let [Action::Start { check, run }] = actions[..] else { panic!("it is due") };
///
/// let took = Duration::from_millis(3);
/// let finished = Input::Finished { check, run, outcome: Outcome::Passed, took };
/// let actions = checks.step(Moment::of(&clock), finished);
/// assert!(matches!(&actions[..], [Action::Publish(event)] if event.kind.as_str() == "probe.check.passed"));
/// assert_eq!(checks.status()[0].state, State::Up);
/// # Ok::<(), wardkit_probe::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checks {
    all: Vec<Check>,
    graph: Graph,
    max_parallel: usize,
    running: usize,
    next_run: u64,
    seed: u64,
}

/// A check, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(usize);

impl CheckId {
    /// Returns its place in the configuration, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// A point in time on both clocks.
///
/// Exhaustive on purpose: there is no third clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// When it is, for people.
    pub wall: Timestamp,
    /// How long it has been, for everything that is measured.
    pub uptime: Duration,
}

impl Moment {
    /// Reads a clock.
    #[must_use]
    pub fn of(clock: &(impl Clock + ?Sized)) -> Self {
        Self { wall: clock.now(), uptime: clock.uptime() }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// Time has passed.
    Tick,
    /// A run has ended, by itself or at its deadline.
    Finished {
        /// The check.
        check: CheckId,
        /// The run's number; one that is not running is ignored.
        run: u64,
        /// What it found.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
    },
    /// A run did not take place, because whoever should ask lacks the means. It says nothing of what is checked, which
    /// is asked again when it is due.
    PutOff {
        /// The check.
        check: CheckId,
        /// The run's number; one that is not running is ignored.
        run: u64,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Run a check and tell what it found, after its timeout at the latest.
    Start {
        /// The check.
        check: CheckId,
        /// The run's number.
        run: u64,
    },
    /// Tell what happened.
    Publish(Event),
}

impl Checks {
    /// Creates the checks; `seed` decides their jitter.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with everything that is wrong with the configuration, a circle of dependencies included.
    pub fn new(config: Config, now: Moment, seed: u64) -> Result<Self, Error> {
        let violations = config.violations();
        if !violations.is_empty() {
            return Err(Error::Invalid { violations });
        }
        let graph = Graph::new(&config.checks);
        let with_jitter = |(index, check): (usize, crate::CheckConfig)| {
            let jitter = draw(seed, index, 0, check.jitter);
            Check::new(check, now, jitter)
        };
        let all = config.checks.into_iter().enumerate().map(with_jitter).collect();
        let max_parallel = config.max_parallel;
        Ok(Self { all, graph, max_parallel, running: 0, next_run: 1, seed })
    }

    /// Takes over what other checks know, for each that is configured alike there, and returns which became which.
    /// What runs there counts as given up.
    pub(crate) fn take_over(&mut self, from: &Self) -> Vec<(CheckId, CheckId)> {
        let by_name: HashMap<&str, usize> = (from.all.iter().enumerate())
            .map(|(index, check)| (check.config.name.as_str(), index))
            .collect();
        let mut taken = Vec::new();
        for (index, check) in self.all.iter_mut().enumerate() {
            let Some(&place) = by_name.get(check.config.name.as_str()) else { continue };
            if check.running.is_none() && check.config == from.all[place].config {
                *check = from.all[place].clone();
                check.running = None;
                taken.push((CheckId(place), CheckId(index)));
            }
        }
        taken
    }

    /// Takes in what happened and returns what is to be done, in this order.
    #[must_use]
    pub fn step(&mut self, now: Moment, input: Input) -> Vec<Action> {
        match input {
            Input::Tick => {}
            Input::Finished { check, run, outcome, took } => {
                self.finish(now, check, run, outcome, took);
            }
            Input::PutOff { check, run } => self.put_off(now, check, run),
        }
        let mut events = Vec::new();
        for place in 0..self.graph.order.len() {
            self.settle(self.graph.order[place], now, &mut events);
        }
        let mut actions: Vec<Action> = events.into_iter().map(Action::Publish).collect();
        self.start_due(now, &mut actions);
        actions
    }

    /// Returns the uptime at which the next run is due, if that does not wait for the end of another.
    #[must_use]
    pub fn next_wake(&self) -> Option<Duration> {
        if self.running >= self.max_parallel {
            return None;
        }
        self.startable().map(|index| self.all[index].due).min()
    }

    /// Returns what a check asks, and how long it may take.
    #[must_use]
    pub fn target(&self, check: CheckId) -> Option<(&Target, Duration)> {
        self.all.get(check.0).map(|check| (&check.config.target, check.config.timeout))
    }

    /// Returns what is known of each check, in the configuration's order.
    #[must_use]
    pub fn status(&self) -> Vec<CheckStatus> {
        self.all.iter().map(Check::status).collect()
    }

    /// Returns what each check contributes to the health of the whole, for [`Health::merge`].
    #[must_use]
    pub fn health(&self) -> Vec<(String, Health)> {
        self.status()
            .into_iter()
            .map(|status| {
                let health = status.health();
                (status.name, health)
            })
            .collect()
    }

    /// Returns the last runs of the check of this name, oldest first; none when there is no such check.
    pub fn history(&self, name: &str) -> impl Iterator<Item = &Record> {
        self.named(name).into_iter().flat_map(|check| check.history.iter())
    }

    /// Returns how long the runs of the check of this name took.
    #[must_use]
    pub fn latency(&self, name: &str) -> Option<&Latency> {
        self.named(name).map(|check| &check.latency)
    }

    fn named(&self, name: &str) -> Option<&Check> {
        self.all.iter().find(|check| check.config.name == name)
    }

    fn finish(&mut self, now: Moment, id: CheckId, run: u64, outcome: Outcome, took: Duration) {
        let Some(check) = self.all.get_mut(id.0) else { return };
        if check.running.is_none_or(|running| running.number != run) {
            return;
        }
        let jitter = draw(self.seed, id.0, check.runs() + 1, check.config.jitter);
        check.finish(now, outcome, took, jitter);
        self.running = self.running.saturating_sub(1);
    }

    fn put_off(&mut self, now: Moment, id: CheckId, run: u64) {
        let Some(check) = self.all.get_mut(id.0) else { return };
        if check.running.is_some_and(|running| running.number == run) {
            check.put_off(now);
            self.running = self.running.saturating_sub(1);
        }
    }

    /// Brings a check's state up to date with its runs and with those it depends on, which came before.
    fn settle(&mut self, index: usize, now: Moment, events: &mut Vec<Event>) {
        let footing = self.footing(index);
        let check = &mut self.all[index];
        check.settle(now, events);
        let blocked = matches!(check.state, State::Blocked { .. });
        match footing {
            Footing::Failing(by) => check.block(now, by, events),
            Footing::Unknown | Footing::Sound if blocked => check.unblock(now, events),
            Footing::Unknown => {}
            Footing::Sound => {
                let Some(level) = check.thresholds.wanted() else { return };
                if level < Level::Down || self.is_to_blame(index, now) {
                    self.all[index].take_level(now, level, events);
                }
            }
        }
    }

    fn footing(&self, index: usize) -> Footing {
        let mut by: Vec<String> = Vec::new();
        let mut unknown = false;
        for &other in &self.graph.depends_on[index] {
            let other = &self.all[other];
            match &other.state {
                State::Up | State::Degraded { .. } => {}
                State::Starting => unknown = true,
                State::Down { .. } => by.push(other.config.name.clone()),
                State::Blocked { by: roots } => by.extend(roots.iter().cloned()),
            }
        }
        by.sort_unstable();
        by.dedup();
        match (by.is_empty(), unknown) {
            (false, _) => Footing::Failing(by),
            (true, true) => Footing::Unknown,
            (true, false) => Footing::Sound,
        }
    }

    /// Returns whether a check that fails does so by itself: all that it depends on have passed since. Those that
    /// have not been asked since are asked now, so that the one at fault is named, and not all that need it.
    fn is_to_blame(&mut self, index: usize, now: Moment) -> bool {
        let check = &self.all[index];
        let Some(since) = check.failing_since else { return true };
        let mut to_blame = true;
        let waited_enough = check.thresholds.has_waited_enough();
        for place in 0..self.graph.depends_on[index].len() {
            let other = &mut self.all[self.graph.depends_on[index][place]];
            to_blame &= other.has_passed_since(since);
            if !other.has_looked_since(since) {
                other.due = other.due.min(now.uptime);
            }
        }
        to_blame || waited_enough
    }

    fn start_due(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let mut due: Vec<usize> =
            self.startable().filter(|index| self.all[*index].due <= now.uptime).collect();
        due.sort_by_key(|index| self.all[*index].due);
        for index in due.into_iter().take(self.max_parallel.saturating_sub(self.running)) {
            let run = self.next_run;
            self.next_run += 1;
            self.running += 1;
            self.all[index].start(now, run);
            actions.push(Action::Start { check: CheckId(index), run });
        }
    }

    /// Returns the checks that may be run when they are due.
    fn startable(&self) -> impl Iterator<Item = usize> {
        let is_ready = |other: &usize| self.all[*other].state.is_ready();
        (0..self.all.len()).filter(move |index| {
            self.all[*index].running.is_none() && self.graph.depends_on[*index].iter().all(is_ready)
        })
    }
}

/// How those are that a check depends on.
enum Footing {
    Sound,
    Unknown,
    Failing(Vec<String>),
}

/// Draws from zero up to `most`, the same for the same arguments: `SplitMix64` over seed, check and run.
fn draw(seed: u64, index: usize, run: u64, most: Duration) -> Duration {
    let mut bits = seed
        .wrapping_add(u64::try_from(index).unwrap_or(u64::MAX).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .wrapping_add(run.wrapping_mul(0xd1b5_4a32_d192_ed03));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    let nanos = u128::from(u64::try_from(most.as_nanos()).unwrap_or(u64::MAX));
    let drawn = (u128::from(bits) * nanos) >> 64;
    Duration::from_nanos(u64::try_from(drawn).unwrap_or(u64::MAX))
}
