//! Which paths are to be looked at, and when.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Actor, Finding};

/// The paths that are looked at, and those that were a moment ago.
#[derive(Debug)]
pub(super) struct Paths {
    of: BTreeMap<PathBuf, Watched>,
    /// When rests end. All rests are equally long, so this is in order.
    rests: VecDeque<(Duration, PathBuf)>,
    most: usize,
}

#[derive(Debug)]
struct Watched {
    actors: Vec<Actor>,
    state: State,
    /// How often it was looked at without a rest of full length.
    looks: u32,
    /// Whether it was touched since the last look began.
    again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The driver looks at it.
    Looking,
    /// It was looked at.
    Resting { until: Duration },
}

/// What to do with a touched path.
#[derive(Debug)]
pub(super) enum Answer {
    Inspect(PathBuf),
    Wait,
    /// There is no room for it.
    Full(PathBuf),
}

impl Paths {
    pub(super) const fn new(most: usize) -> Self {
        Self { of: BTreeMap::new(), rests: VecDeque::new(), most }
    }

    pub(super) fn touch(&mut self, now: Duration, path: PathBuf, actor: Option<Actor>) -> Answer {
        if let Some(watched) = self.of.get_mut(&path) {
            if let Some(actor) = actor {
                add_actor(&mut watched.actors, actor);
            }
            let rested = match watched.state {
                State::Looking => false,
                State::Resting { until } => until <= now || watched.looks < QUICK_LOOKS,
            };
            if !rested {
                watched.again = true;
                return Answer::Wait;
            }
            watched.look();
            return Answer::Inspect(path);
        }
        if self.of.len() >= self.most {
            return Answer::Full(path);
        }
        let actors = actor.into_iter().collect();
        let watched = Watched { actors, state: State::Looking, looks: 1, again: false };
        self.of.insert(path.clone(), watched);
        Answer::Inspect(path)
    }

    /// Takes in that a path was looked at; returns who touched it, and whether to look again at once.
    pub(super) fn inspected(&mut self, now: Duration, path: &Path) -> (Vec<Actor>, bool) {
        let Some(watched) = self.of.get_mut(path) else { return (Vec::new(), false) };
        let actors = watched.actors.clone();
        if watched.again && watched.looks < QUICK_LOOKS {
            watched.look();
            return (actors, true);
        }
        let until = now.saturating_add(REST);
        watched.state = State::Resting { until };
        self.rests.push_back((until, path.to_owned()));
        (actors, false)
    }

    /// Forgets the paths that have rested, and returns those that were touched meanwhile.
    pub(super) fn pass(&mut self, now: Duration) -> Vec<PathBuf> {
        let mut due = Vec::new();
        while self.rests.front().is_some_and(|(until, _)| *until <= now) {
            let Some((until, path)) = self.rests.pop_front() else { break };
            let Some(watched) = self.of.get_mut(&path) else { continue };
            // It may have been looked at since, and rest for longer.
            if watched.state != (State::Resting { until }) {
                continue;
            }
            if watched.again {
                watched.look();
                due.push(path);
            } else {
                self.of.remove(&path);
            }
        }
        due
    }

    pub(super) fn due(&self) -> Option<Duration> {
        self.rests.front().map(|(until, _)| *until)
    }
}

impl Watched {
    fn look(&mut self) {
        self.state = State::Looking;
        self.again = false;
        self.looks = self.looks.saturating_add(1);
    }
}

/// Adds an actor unless one like it is there. Short-lived processes of one kind count as one.
pub(super) fn add_actor(actors: &mut Vec<Actor>, actor: Actor) {
    let is_alike = |other: &Actor| {
        let same = other.exe == actor.exe && other.uid == actor.uid;
        same && other.ancestors == actor.ancestors && other.confidence == actor.confidence
    };
    if actors.len() < Finding::MOST_ACTORS && !actors.iter().any(is_alike) {
        actors.push(actor);
    }
}

/// A file that is made is touched three or four times within a millisecond; each look must be at once.
const QUICK_LOOKS: u32 = 8;
/// A file that is written all the time is looked at once in this time.
const REST: Duration = Duration::from_secs(1);
