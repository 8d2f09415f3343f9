//! The history of one actor, in a fixed size.

use wardkit_core::Timestamp;

use crate::stats::number;

use super::{Config, Deviation, Reason};

/// What one actor did.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    /// When it was seen last, in observations.
    pub(super) turn: u64,
    first: Timestamp,
    actions: u64,
    /// Actions by hour of the week; halved together when one is full.
    hours: [u16; HOURS],
    /// Its commands; new ones are no longer told apart when it is full.
    commands: Vec<Command>,
    /// The hour that runs, the actions in it, and the most in one before.
    hour: i64,
    now: u64,
    most: u64,
    /// The hours in which each kind was told last.
    told: [Option<i64>; 4],
}

/// One command of an actor.
#[derive(Clone, Copy, Debug)]
struct Command {
    hash: u64,
    /// How often it was used before the hour that runs, and in it.
    before: u64,
    now: u64,
}

impl Actor {
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            turn: 0,
            first: at,
            actions: 0,
            hours: [0; HOURS],
            commands: Vec::new(),
            hour: hour(at),
            now: 0,
            most: 0,
            told: [None; 4],
        }
    }

    /// Tells whether its history is long enough to judge by.
    pub(super) fn is_known(&self, at: Timestamp, config: &Config) -> bool {
        let days = at.duration_since(self.first).map_or(0, |age| age.as_secs() / 86_400);
        self.actions >= u64::from(config.actions) && days >= 3
    }

    /// Judges an action by those before, and learns it.
    pub(super) fn observe(
        &mut self,
        command: u64,
        at: Timestamp,
        config: &Config,
    ) -> Option<Deviation> {
        self.turn_to(hour(at));
        let found = if self.is_known(at, config) { self.judge(command, at, config) } else { None };
        self.learn(command, at);
        found
    }

    fn judge(&mut self, command: u64, at: Timestamp, config: &Config) -> Option<Deviation> {
        let kinds = [self.new_command(command), self.odd_hour(at), self.rate(), self.mix(command)];
        let mut strangest: Option<Deviation> = None;
        for (told, kind) in self.told.iter_mut().zip(kinds) {
            let Some((chance, reason)) = kind.filter(|(chance, _)| *chance < config.chance) else {
                continue;
            };
            if told.replace(self.hour) == Some(self.hour) {
                continue;
            }
            let score = 1.0 - chance;
            if strangest.as_ref().is_none_or(|other| other.score < score) {
                strangest = Some(Deviation { score, reason });
            }
        }
        strangest
    }

    /// The chance of a new command is how often there was one: Laplace's rule.
    fn new_command(&self, command: u64) -> Option<(f64, Reason)> {
        let known = self.commands.iter().any(|known| known.hash == command);
        if known || self.commands.len() >= COMMANDS {
            return None;
        }
        let chance = (number(self.commands.len()) + 1.0) / (float(self.actions) + 2.0);
        Some((chance, Reason::NewCommand { actions: self.actions }))
    }

    /// The hour's share of all actions, with its neighbours': of the week after two weeks, of the day before that.
    fn odd_hour(&self, at: Timestamp) -> Option<(f64, Reason)> {
        let days = at.duration_since(self.first)?.as_secs() / 86_400;
        let step = if days >= 14 { HOURS } else { 24 };
        let slot = slot(at);
        let seen: u64 = [slot + HOURS - 1, slot, slot + 1]
            .iter()
            .flat_map(|slot| (slot % step..HOURS).step_by(step))
            .map(|slot| u64::from(self.hours[slot]))
            .sum();
        let all: u64 = self.hours.iter().map(|hour| u64::from(*hour)).sum();
        let chance = (float(seen) + 0.5) / (float(all) + 1.0);
        let hour = u8::try_from(slot % 24).unwrap_or(0);
        Some((chance, Reason::OddHour { hour, seen, actions: self.actions }))
    }

    /// Three times the most is told once, whatever the law of the counts: few have tails so heavy.
    fn rate(&self) -> Option<(f64, Reason)> {
        let now = self.now + 1;
        if now < MANY || now <= self.most.saturating_mul(3) {
            return None;
        }
        Some((UNLIKELY, Reason::Rate { now, most: self.most }))
    }

    /// A command that is most of this hour and was little before: Chernoff's bound for so many of so few.
    fn mix(&self, command: u64) -> Option<(f64, Reason)> {
        let known = self.commands.iter().find(|known| known.hash == command)?;
        let (now, before) = (self.now + 1, self.actions - self.now);
        let (used, usual) = (known.now + 1, (float(known.before) + 1.0) / (float(before) + 2.0));
        let share = float(used) / float(now);
        if now < MANY || share <= 0.5 || share <= usual {
            return None;
        }
        let rest = (1.0 - share).max(f64::MIN_POSITIVE);
        let apart = share * (share / usual).ln() + rest * (rest / (1.0 - usual)).ln();
        // People work in bursts, each action much like the last: many more are needed than by the bound.
        let chance = (-apart * float(now) / BURST).exp();
        Some((chance, Reason::Mix { used, now }))
    }

    fn learn(&mut self, command: u64, at: Timestamp) {
        self.actions += 1;
        self.now += 1;
        let slot = &mut self.hours[slot(at)];
        *slot += 1;
        if *slot == u16::MAX {
            for slot in &mut self.hours {
                *slot /= 2;
            }
        }
        match self.commands.iter().position(|known| known.hash == command) {
            Some(at) => self.commands[at].now += 1,
            None if self.commands.len() < COMMANDS => {
                self.commands.push(Command { hash: command, before: 0, now: 1 });
            }
            None => {}
        }
    }

    /// Closes the hour when another has begun; a clock that was set back goes on in the hour that runs.
    fn turn_to(&mut self, hour: i64) {
        if hour > self.hour {
            self.most = self.most.max(self.now);
            self.now = 0;
            self.hour = hour;
            for command in &mut self.commands {
                command.before += std::mem::take(&mut command.now);
            }
        }
    }
}

fn hour(at: Timestamp) -> i64 {
    at.as_unix_seconds().div_euclid(3600)
}

/// Returns the hour of the week.
fn slot(at: Timestamp) -> usize {
    usize::try_from(hour(at).rem_euclid(168)).unwrap_or(0)
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Hours of a week.
const HOURS: usize = 168;

/// Commands that are told apart: more of them are no habit.
const COMMANDS: usize = 32;

/// Actions in an hour below which neither their number nor their mix says anything.
const MANY: u64 = 20;

/// The chance that stands for a rate that was never seen.
const UNLIKELY: f64 = 0.001;

/// So many actions of one burst count as one.
const BURST: f64 = 4.0;
