//! The silences, and which alerts they silence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Labels, Timestamp};

use super::effect::Refusal;
use super::input::SilenceRequest;
use super::view::{Silence, SilenceState};
use crate::{MatchOp, Matcher};

/// The silences by name, with an index by one label value that each demands: the ones that demand none are few.
#[derive(Debug, Default)]
pub(super) struct Silences {
    all: BTreeMap<String, Entry>,
    by_value: HashMap<String, HashMap<String, Vec<Arc<Silence>>>>,
    others: Vec<Arc<Silence>>,
    due: BTreeSet<(Timestamp, Due, String)>,
    /// Those whose reminder was given, which a clock that is set back does not give again.
    reminded: BTreeSet<String>,
    /// Those that were to last until nothing of theirs does, and of which something ended in this step.
    pub(super) maybe_idle: BTreeSet<String>,
}

/// A silence, and where in the index it is.
#[derive(Debug)]
struct Entry {
    silence: Arc<Silence>,
    place: Option<Place>,
}

/// A label and the values of it that a silence demands.
#[derive(Clone, Debug)]
struct Place {
    name: String,
    values: Vec<String>,
}

/// What is due for a silence at a time of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Remind,
    End,
    Forget,
}

impl Silences {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.all.values().map(|entry| entry.silence.as_ref())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Silence> {
        self.all.get(id).map(|entry| entry.silence.as_ref())
    }

    pub(super) fn put(&mut self, silence: Silence, retention: Duration) {
        self.remove(&silence.id);
        let silence = Arc::new(silence);
        let place = self.place(&silence);
        match &place {
            Some(Place { name, values }) => {
                let by_value = self.by_value.entry(name.clone()).or_default();
                for value in values {
                    by_value.entry(value.clone()).or_default().push(Arc::clone(&silence));
                }
            }
            None => self.others.push(Arc::clone(&silence)),
        }
        self.arm(&silence, retention);
        self.all.insert(silence.id.clone(), Entry { silence, place });
    }

    /// Puts one that was ended, which has been said: only its removal is due.
    pub(super) fn put_ended(&mut self, silence: Silence, retention: Duration) {
        let id = silence.id.clone();
        self.put(silence, retention);
        self.due.retain(|(_, due, other)| *other != id || *due == Due::Forget);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(Entry { place, .. }) = self.all.remove(id) else {
            return;
        };
        let keep = |other: &Arc<Silence>| other.id != id;
        match place {
            Some(Place { name, values }) => {
                if let Some(by_value) = self.by_value.get_mut(&name) {
                    for value in values {
                        if let Some(list) = by_value.get_mut(&value) {
                            list.retain(keep);
                        }
                    }
                    by_value.retain(|_, list| !list.is_empty());
                    if by_value.is_empty() {
                        self.by_value.remove(&name);
                    }
                }
            }
            None => self.others.retain(keep),
        }
        self.due.retain(|(_, _, other)| other != id);
    }

    /// Makes all that lies ahead due again, after the wall's clock was set back.
    pub(super) fn rearm(&mut self, retention: Duration) {
        self.due.clear();
        let all: Vec<_> = self.all.values().map(|entry| Arc::clone(&entry.silence)).collect();
        for silence in all {
            self.arm(&silence, retention);
        }
    }

    /// Takes as said what was due before a restart: that a silence ended.
    pub(super) fn skip_past(&mut self, now: Timestamp) {
        self.due.retain(|&(at, due, _)| due == Due::Forget || at > now);
    }

    pub(super) fn first_due(&self) -> Option<Timestamp> {
        self.due.first().map(|&(at, ..)| at)
    }

    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<(Due, String)> {
        while self.first_due()? <= now {
            let (_, due, id) = self.due.pop_first()?;
            match due {
                Due::Remind if !self.reminded.insert(id.clone()) => {}
                Due::Forget => {
                    self.reminded.remove(&id);
                    return Some((due, id));
                }
                Due::Remind | Due::End => return Some((due, id)),
            }
        }
        None
    }

    /// Returns the first silence, by name, that is active and matches.
    pub(super) fn silencing(&self, labels: &Labels, now: Timestamp) -> Option<&Silence> {
        self.matching(labels, now).min_by(|one, other| one.id.cmp(&other.id))
    }

    /// Returns all silences that are active and match.
    pub(super) fn matching<'a, 'l>(
        &'a self,
        labels: &'l Labels,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Silence> + use<'a, 'l> {
        // With few names in the index it is cheaper to ask for them than to hash each label.
        let indexed = self.by_value.iter().filter_map(|(name, by_value)| {
            labels.value(name).and_then(|value| by_value.get(value))
        });
        let candidates = indexed.flatten().chain(&self.others).map(Arc::as_ref);
        candidates.filter(move |silence| {
            silence.state(now) == SilenceState::Active && silence.matchers.matches(labels)
        })
    }

    /// Returns the label that fewest other silences are indexed by: all may name the same alert, each another host.
    fn place(&self, silence: &Silence) -> Option<Place> {
        let places = silence.matchers.iter().filter_map(|matcher| {
            let mut values: Vec<_> = matcher.values()?.into_iter().map(str::to_owned).collect();
            values.sort();
            values.dedup();
            Some(Place { name: matcher.name().to_owned(), values })
        });
        places.min_by_key(|place| {
            let by_value = self.by_value.get(&place.name);
            let count = |value| by_value.and_then(|it| it.get(value)).map_or(0, Vec::len);
            place.values.iter().map(count).sum::<usize>()
        })
    }

    fn arm(&mut self, silence: &Silence, retention: Duration) {
        let mut due = |at, due| self.due.insert((at, due, silence.id.clone()));
        due(silence.ends_at, Due::End);
        due(silence.ends_at.saturating_add(retention), Due::Forget);
        if let Some(seconds) = silence.remind_before_seconds {
            let at = silence.ends_at.saturating_sub(Duration::from_secs(seconds));
            due(at.max(silence.starts_at), Due::Remind);
        }
    }
}

/// Returns why a silence can not be, by Alertmanager's rules.
pub(super) fn check(request: &SilenceRequest, now: Timestamp) -> Result<(), Refusal> {
    let refuse = |reason| Err(Refusal::Silence { reason });
    if request.matchers.is_empty() {
        return refuse("it has no matcher");
    }
    // One that says what a label is not is taken as it is: `env!="production"` is meant.
    let is_empty = |matcher: &Matcher| {
        matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex) && matcher.matches_value("")
    };
    if request.matchers.iter().all(is_empty) {
        return refuse("all its matchers match a missing label, so it would silence everything");
    }
    if request.ends_at <= request.starts_at {
        return refuse("it ends before it starts");
    }
    if request.ends_at <= now {
        return refuse("it has ended already");
    }
    if request.comment.len() > MAX_TEXT || request.created_by.len() > MAX_TEXT {
        return refuse("its comment or author is longer than 4096 bytes");
    }
    Ok(())
}

/// Returns whether a silence can be changed to what is asked instead of being replaced.
pub(super) fn is_changeable(silence: &Silence, request: &SilenceRequest, now: Timestamp) -> bool {
    silence.matchers == request.matchers
        && match silence.state(now) {
            SilenceState::Expired => false,
            SilenceState::Pending => request.starts_at >= now,
            SilenceState::Active => request.starts_at == silence.starts_at,
        }
}

/// The most bytes of what somebody says of a silence or an incident.
pub(super) const MAX_TEXT: usize = 4096;
