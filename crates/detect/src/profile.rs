//! What an actor usually does: how much in an hour, at which hours of the week, with which commands.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_detect::profile::Profiles;
//!
//! let mut profiles = Profiles::default();
//! // Alice asks for the status, every ten minutes of every working day.
//! for sample in 0..6 * 24 * 20_i64 {
//!     let at = Timestamp::from_unix_seconds(sample * 600);
//!     if (8..18).contains(&(sample / 6 % 24)) {
//!         assert_eq!(profiles.observe("alice", "status", at), None);
//!     }
//! }
//! let noon = Timestamp::from_unix_seconds(20 * 86_400 + 12 * 3600);
//! let told = profiles.observe("alice", "delete-all", noon).expect("she never did that");
//! assert_eq!(told.to_string(), "used a command that is new after 1200 actions");
//! ```

mod actor;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use wardkit_core::Timestamp;

use actor::Actor;

/// What actors usually do; it grows no further than its configuration says, whoever floods it.
///
/// Actors and commands are kept as hashes: no name is held. Newcomers share a quarter of the room until they are known,
/// so that invented actors push each other out, and not those that have a history.
#[derive(Clone, Debug)]
pub struct Profiles {
    config: Config,
    actors: HashMap<u64, Actor>,
    /// By when they were last seen: those that are known, and those that are not yet.
    known: BTreeMap<u64, u64>,
    young: BTreeMap<u64, u64>,
    /// Counts observations: the order in which actors are forgotten.
    turn: u64,
}

/// How much is remembered and when something is told.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
pub struct Config {
    /// Actors that are remembered; each takes about one KiB.
    pub actors: usize,
    /// Actions of an actor before anything is told.
    pub actions: u32,
    /// How unlikely an action must be by its actor's own history.
    pub chance: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { actors: 10_000, actions: 200, chance: 0.005 }
    }
}

/// How an action departs from what its actor usually does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Deviation {
    /// How strange it is, `0..=1`: one less the chance of it.
    pub score: f64,
    /// In which way.
    pub reason: Reason,
}

/// In which way an action departs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Reason {
    /// The actor never used this command before.
    NewCommand {
        /// The actions so far.
        actions: u64,
    },
    /// The actor is hardly ever active at this hour.
    OddHour {
        /// The hour of the day, UTC.
        hour: u8,
        /// Earlier actions within this hour and its neighbours.
        seen: u64,
        /// The actions so far.
        actions: u64,
    },
    /// The actor does far more than in any hour before.
    Rate {
        /// Actions in this hour so far.
        now: u64,
        /// The most in an hour before.
        most: u64,
    },
    /// The actor uses one command far more than it used to, next to its others.
    Mix {
        /// How often in this hour.
        used: u64,
        /// Actions in this hour so far.
        now: u64,
    },
}

impl Default for Profiles {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Profiles {
    /// Creates profiles of nobody.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            actors: HashMap::new(),
            known: BTreeMap::new(),
            young: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Takes an action, and tells how it departs from what the actor did before.
    ///
    /// Nothing is told of an actor before it did enough on three days, and of each kind of departure once an hour.
    /// The action is learned either way: what is done again and again becomes usual.
    pub fn observe(&mut self, actor: &str, command: &str, at: Timestamp) -> Option<Deviation> {
        if self.config.actors == 0 {
            return None;
        }
        let name = hash(actor);
        self.turn += 1;
        if let Some(actor) = self.actors.get(&name) {
            self.known.remove(&actor.turn);
            self.young.remove(&actor.turn);
        } else {
            self.make_room();
        }
        let profile = self.actors.entry(name).or_insert_with(|| Actor::new(at));
        profile.turn = self.turn;
        let told = profile.observe(hash(command), at, &self.config);
        let queue =
            if profile.is_known(at, &self.config) { &mut self.known } else { &mut self.young };
        queue.insert(self.turn, name);
        told
    }

    /// Returns how many actors are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actors.len()
    }

    /// Tells whether nobody is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    /// Forgets who was not seen for longest, when the room is taken.
    fn make_room(&mut self) {
        if self.actors.len() < self.config.actors {
            return;
        }
        let crowded = self.young.len() >= self.config.actors / 4;
        let queue = if crowded && !self.young.is_empty() || self.known.is_empty() {
            &mut self.young
        } else {
            &mut self.known
        };
        if let Some((_, name)) = queue.pop_first() {
            self.actors.remove(&name);
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewCommand { actions } => {
                write!(f, "used a command that is new after {actions} actions")
            }
            Self::OddHour { hour, seen, actions } => {
                write!(f, "active about {hour:02}:00 UTC, as in {seen} of {actions} actions before")
            }
            Self::Rate { now, most } => {
                write!(f, "{now} actions in this hour, and never more than {most} before")
            }
            Self::Mix { used, now } => {
                write!(
                    f,
                    "{used} of {now} actions in this hour with a command that is rarer otherwise"
                )
            }
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
