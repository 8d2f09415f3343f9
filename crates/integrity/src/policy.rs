//! What is looked at, what may change, and how much it matters.

mod around;
mod automaton;
mod explain;
mod judge;
mod pattern;
mod rotation;
mod rule;
mod usage;

#[cfg(feature = "policy")]
mod parse;
#[cfg(feature = "policy")]
mod presets;
#[cfg(feature = "policy")]
mod problem;
#[cfg(feature = "policy")]
mod values;

pub use around::Around;
pub(crate) use around::open_file;
pub use explain::{Considered, Explanation};
pub use judge::{Nothing, Surroundings};
pub use pattern::{Pattern, PatternError};
#[cfg(feature = "policy")]
pub use problem::{PolicyError, PolicyProblem};
pub use rule::{Origin, Profile, Rule};
pub use usage::{Shadowed, Usage};

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use automaton::{Automaton, Found};

use crate::{Digest, EntryKind, Fields, Selection, Take};

/// What is looked at, what may change, and how much it matters.
///
/// Rules stand in an order, and **the first that covers a path decides**: exceptions stand above what they are taken
/// from, and whatever is added at the end can take nothing away from the rules above it. A path that no rule covers is
/// [`Static`](Profile::Static).
///
/// With the feature `policy`, [`Policy::parse`] reads the TOML that operators write.
///
/// # Examples
///
/// ```
/// use std::path::Path;
/// use wardkit_integrity::{EntryKind, Field, Pattern, Policy, Profile, Rule};
///
/// let logs = Rule::new([Pattern::parse("/var/log/**")?], Profile::Growing);
/// let policy = Policy::new([logs]);
/// assert_eq!(policy.rule(Path::new("/var/log/bot.log")).profile(), Profile::Growing);
/// assert_eq!(policy.rule(Path::new("/etc/passwd")).profile(), Profile::Static);
/// # Ok::<(), wardkit_integrity::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    roots: Vec<PathBuf>,
    full_every: Option<Duration>,
    rules: Vec<Rule>,
    /// For what no rule covers.
    rest: Rule,
    automaton: Automaton,
}

impl Policy {
    /// Creates a policy from rules, the deciding ones first.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let patterns = rules.iter().enumerate().flat_map(|(number, rule)| {
            rule.patterns().iter().map(move |pattern| (number, pattern))
        });
        let automaton = Automaton::new(patterns, |rule| rules[rule].profile() != Profile::Ignore);
        Self { roots: Vec::new(), full_every: None, rest: Rule::rest(), automaton, rules }
    }

    /// Creates the policy that lets nothing change, the time of the last access excepted.
    #[must_use]
    pub fn everything() -> Self {
        Self::new([])
    }

    /// Sets the directories to look at.
    #[must_use]
    pub fn with_roots(mut self, roots: impl IntoIterator<Item = PathBuf>) -> Self {
        self.roots = roots.into_iter().collect();
        self
    }

    /// Sets how long a content may go unread while its times and numbers stay the same.
    #[must_use]
    pub fn with_full_every(mut self, period: Duration) -> Self {
        self.full_every = Some(period);
        self
    }

    /// Returns the directories to look at, where the policy names them.
    #[must_use]
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Returns how long a content may go unread while its times and numbers stay the same.
    #[must_use]
    pub fn full_every(&self) -> Option<Duration> {
        self.full_every
    }

    /// Returns the rules, the deciding ones first.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the rule that decides about a path.
    #[must_use]
    pub fn rule(&self, path: &Path) -> &Rule {
        self.automaton.find(bytes(path)).rule.map_or(&self.rest, |rule| &self.rules[rule])
    }

    /// Returns what is compared of a path.
    #[must_use]
    pub fn fields(&self, path: &Path, kind: EntryKind) -> Fields {
        self.rule(path).fields(kind)
    }

    /// Returns a digest of all that the policy decides: it goes into the head of a baseline.
    ///
    /// Comments, line numbers and reasons do not count, and neither does the period of full scans.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            // With its length, so that no two lists of texts are the same bytes.
            hasher.update(&count(bytes.len()));
            hasher.update(bytes);
        };
        add(b"wardkit policy 1");
        add(&count(self.roots.len()));
        self.roots.iter().for_each(|root| add(bytes(root)));
        for rule in &self.rules {
            add(rule.profile().as_str().as_bytes());
            add(rule.severity().as_str().as_bytes());
            add(&count(rule.narrowed().iter().count()));
            rule.narrowed().iter().for_each(|field| add(field.as_str().as_bytes()));
            add(&count(rule.patterns().len()));
            rule.patterns().iter().for_each(|pattern| add(pattern.as_str().as_bytes()));
        }
        Digest::from_bytes(*hasher.finalize().as_bytes())
    }

    fn taken(&self, found: Found, kind: EntryKind) -> Take {
        let rule = found.rule.map_or(&self.rest, |rule| &self.rules[rule]);
        match rule.take(kind) {
            Take::Skip if kind == EntryKind::Directory && found.all_below.is_none() => {
                Take::Metadata
            }
            take => take,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::everything()
    }
}

impl Selection for Policy {
    /// Tells what to take. A directory that is ignored is entered nevertheless where a rule above keeps something below.
    fn take(&self, path: &Path, kind: EntryKind) -> Take {
        self.taken(self.automaton.find(bytes(path)), kind)
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// As wide on every machine.
fn count(length: usize) -> [u8; 8] {
    u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes()
}
