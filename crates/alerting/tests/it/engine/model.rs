//! What the engine should do, written down naively: no timers, no indexes, no records. Times are whole seconds.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) const WAIT: i64 = 5;
pub(crate) const INTERVAL: i64 = 20;
pub(crate) const REPEAT: i64 = 100;
pub(crate) const TIMEOUT: i64 = 30;
pub(crate) const ACK: i64 = 60;
pub(crate) const REOPEN: i64 = 50;
/// What the engine grants each alert after a restart.
const GRACE: i64 = 300;
/// How late a tick is when something stood still.
const STANDSTILL: i64 = 30;

/// In these minutes of a day `y` is told nothing.
pub(crate) const HOURS: std::ops::Range<i64> = 22 * 60 + 15..22 * 60 + 18;

/// The name and the job of an alert; `c` is critical, `a` silences `b` of its job, and `d` depends on a parent.
pub(crate) type Name = (char, char);

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) wall: i64,
    pub(crate) told: Vec<String>,
    alerts: BTreeMap<Name, Alert>,
    groups: BTreeMap<char, Group>,
    /// The name that is silenced, from when until when.
    silences: Vec<(char, i64, i64)>,
    /// Whether what `d` depends on is down.
    pub(crate) down: bool,
}

#[derive(Debug)]
struct Alert {
    starts: i64,
    ended: Option<i64>,
    expires: i64,
    explicit: bool,
    episode: i64,
    dismissed: bool,
}

#[derive(Debug, Default)]
struct Group {
    members: BTreeSet<Name>,
    flushed: bool,
    next: i64,
    told: Option<Told>,
    incident: Option<Incident>,
}

#[derive(Debug, Default)]
struct Told {
    firing: BTreeSet<(Name, i64)>,
    resolved: BTreeSet<(Name, i64)>,
    at: i64,
    /// Whether the last word never arrived, and whether one before it did.
    dead: bool,
    heard: bool,
}

#[derive(Debug)]
struct Incident {
    state: State,
    until: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Triggered,
    Acked,
    Snoozed,
    Resolved,
    Reopened,
}

/// What happens by itself, in the order of what is due at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Expire(Name),
    Flush(char),
    Unattended(char),
    Forget(char),
}

impl Model {
    pub(crate) fn at(now: i64, wall: i64) -> Self {
        Self { now, wall, ..Self::default() }
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        let until = self.now + seconds;
        while let Some((at, _)) = self.first().filter(|&(at, _)| at <= until) {
            self.skip((at - self.now).max(0));
            self.run();
        }
        self.skip(until - self.now);
    }

    pub(crate) fn skip(&mut self, seconds: i64) {
        self.now += seconds;
        self.wall += seconds;
    }

    /// Nothing runs for a while; `due` is when the engine wanted to be woken.
    pub(crate) fn outage(&mut self, seconds: i64, due: Option<i64>) {
        self.skip(seconds);
        let late = due.map_or(0, |due| self.now - due);
        if late > STANDSTILL {
            self.alerts.values_mut().for_each(|alert| alert.expires += late);
        }
        self.run();
    }

    pub(crate) fn crash(&mut self) {
        let least = self.now + GRACE;
        self.alerts.values_mut().for_each(|alert| alert.expires = alert.expires.max(least));
    }

    /// A restart tells critical news that nobody was told of at once instead of at the next interval.
    pub(crate) fn tells_early(&mut self, job: char) {
        let group = &self.groups[&job];
        let is_told = |name: &Name| {
            let hash = (*name, if job == 'y' { self.alerts[name].episode } else { 0 });
            group.told.as_ref().is_some_and(|told| told.firing.contains(&hash))
        };
        let critical = ('c', job);
        let lasts = self.alerts[&critical].ended.is_none();
        assert!(job == 'y' && lasts && !is_told(&critical), "a restart tells {job}");
        self.flush(job);
    }

    pub(crate) fn post(&mut self, name: Name, lease: Option<i64>) {
        let expires = self.now + lease.unwrap_or(TIMEOUT);
        let mut alert = Alert {
            starts: self.wall,
            ended: None,
            expires,
            explicit: lease.is_some(),
            episode: self.wall,
            dismissed: false,
        };
        match self.alerts.get_mut(&name) {
            Some(known) if known.dismissed && known.ended.is_some_and(|end| self.wall <= end) => {
                known.expires = known.expires.max(expires);
            }
            Some(known) if known.ended.is_none() => {
                known.starts = known.starts.min(self.wall);
                if !(known.explicit && known.expires > expires) {
                    (known.expires, known.explicit) = (expires, lease.is_some());
                }
            }
            known => {
                if let Some(known) = known.filter(|it| it.ended.is_some_and(|end| self.wall < end))
                {
                    alert.starts = alert.starts.min(known.starts);
                }
                self.alerts.insert(name, alert);
                self.join(name);
            }
        }
        self.run();
    }

    pub(crate) fn resolve(&mut self, name: Name) {
        if let Some(alert) = self.alerts.get_mut(&name) {
            if alert.dismissed {
                alert.dismissed = false;
                self.release(name);
            } else if alert.ended.is_none() {
                alert.starts = alert.starts.min(self.wall);
                self.end(name);
            }
        }
    }

    pub(crate) fn silence(&mut self, name: char, seconds: i64) {
        self.silences.push((name, self.wall, self.wall + seconds));
    }

    pub(crate) fn act(&mut self, job: char, state: State, seconds: Option<i64>) {
        let now = self.now;
        let Some(group) = self.groups.get_mut(&job).filter(|group| group.is_open()) else {
            return;
        };
        let attended = matches!(group.state(), Some(State::Acked | State::Snoozed));
        if state == State::Triggered && !attended {
            return;
        }
        if state == State::Resolved {
            for name in group.members.clone() {
                if let Some(alert) = self.alerts.get_mut(&name).filter(|it| it.ended.is_none()) {
                    alert.dismissed = true;
                    self.end(name);
                }
            }
            return;
        }
        let critical = group.members.iter().any(|&(name, _)| name == 'c');
        let hold = seconds.or((state == State::Acked && critical).then_some(ACK));
        group.incident = Some(Incident { state, until: hold.map(|hold| now + hold) });
    }

    /// The last word about a job never arrived.
    pub(crate) fn died(&mut self, job: char) {
        let group = self.groups.get_mut(&job).filter(|group| group.incident.is_some());
        if let Some(told) = group.and_then(|group| group.told.as_mut()) {
            told.dead = true;
        }
    }

    pub(crate) fn firing(&self) -> usize {
        self.alerts.values().filter(|alert| alert.ended.is_none()).count()
    }

    pub(crate) fn incidents(&self) -> Vec<(char, State)> {
        let state = |(&job, group): (&char, &Group)| Some((job, group.incident.as_ref()?.state));
        self.groups.iter().filter_map(state).collect()
    }

    pub(crate) fn is_held(&self, (name, job): Name) -> bool {
        let lasts = |alert: &Alert| alert.ended.is_none();
        let inhibited = name == 'b' && self.alerts.get(&('a', job)).is_some_and(lasts);
        let silenced = |&(other, from, until): &(char, i64, i64)| {
            other == name && from <= self.wall && self.wall < until
        };
        let parent = self.down && name == 'd';
        parent || inhibited || self.silences.iter().any(silenced)
    }

    fn is_hour(&self, job: char) -> bool {
        job == 'y' && HOURS.contains(&(self.wall.rem_euclid(86_400) / 60))
    }

    fn first(&self) -> Option<(i64, Due)> {
        let leased = self.alerts.iter().filter(|(_, it)| it.ended.is_none() || it.dismissed);
        let expiries = leased.map(|(&name, alert)| (alert.expires, Due::Expire(name)));
        let filled = self.groups.iter().filter(|(_, group)| !group.members.is_empty());
        let flushes = filled.map(|(&job, group)| (group.next, Due::Flush(job)));
        let incidents = self.groups.iter().filter_map(|(&job, group)| {
            let incident = group.incident.as_ref()?;
            let due = match incident.state {
                State::Acked | State::Snoozed => Due::Unattended(job),
                State::Resolved if group.members.is_empty() => Due::Forget(job),
                _ => return None,
            };
            Some((incident.until?, due))
        });
        expiries.chain(flushes).chain(incidents).min()
    }

    fn run(&mut self) {
        while let Some((_, due)) = self.first().filter(|&(at, _)| at <= self.now) {
            match due {
                Due::Expire(name) => self.expire(name),
                Due::Flush(job) => self.flush(job),
                Due::Unattended(job) => self.unattended(job),
                Due::Forget(job) => drop(self.groups.remove(&job)),
            }
        }
    }

    fn expire(&mut self, name: Name) {
        let alert = self.alerts.get_mut(&name).unwrap();
        if alert.dismissed {
            alert.dismissed = false;
            self.release(name);
        } else {
            self.end(name);
        }
    }

    fn release(&mut self, name: Name) {
        let in_group = self.groups.get(&name.1).is_some_and(|group| group.members.contains(&name));
        let alert = &self.alerts[&name];
        if !in_group && alert.ended.is_some() && !alert.dismissed {
            self.alerts.remove(&name);
        }
    }

    fn end(&mut self, name: Name) {
        self.alerts.get_mut(&name).unwrap().ended = Some(self.wall);
        let group = self.groups.get_mut(&name.1).unwrap();
        let lasts = |name: &Name| self.alerts[name].ended.is_none();
        if group.is_open() && !group.members.iter().any(lasts) {
            let until = Some(self.now + REOPEN);
            group.incident = Some(Incident { state: State::Resolved, until });
        }
    }

    fn join(&mut self, name: Name) {
        let (now, held) = (self.now, self.is_held(name));
        let group = self.groups.entry(name.1).or_default();
        if group.members.is_empty() {
            (group.flushed, group.next) = (false, now + WAIT);
        }
        if group.flushed && name.0 == 'c' {
            group.next = group.next.min(now + WAIT);
        } else if !group.flushed && self.alerts[&name].starts + WAIT <= self.wall {
            group.next = now;
        }
        group.members.insert(name);
        if !held {
            group.open(now);
        }
    }

    fn flush(&mut self, job: char) {
        let ends_told = job != 'y';
        let (now, mut group) = (self.now, self.groups.remove(&job).unwrap());
        (group.flushed, group.next) = (true, now + INTERVAL);
        let snoozed = group.state() == Some(State::Snoozed);
        let hour = self.is_hour(job);
        let held = |name: &Name| hour || snoozed || self.is_held(*name);
        let hash = |name: &Name| (*name, if ends_told { 0 } else { self.alerts[name].episode });
        let (firing, ended): (BTreeSet<Name>, BTreeSet<Name>) =
            group.members.iter().partition(|&name| self.alerts[name].ended.is_none());
        let (kept, firing): (BTreeSet<Name>, BTreeSet<Name>) =
            firing.iter().partition(|&it| held(it));
        if !firing.is_empty() {
            group.open(now);
        }
        let known = group.told.as_ref().map(|told| told.firing.clone()).unwrap_or_default();
        if hour || (snoozed && !kept.is_empty()) {
            let untold = ended.into_iter().filter(|name| !known.contains(&hash(name))).collect();
            return self.settle(job, group, &untold);
        }
        let worth = |name: &&Name| !held(name) || known.contains(&hash(name));
        let ends: BTreeSet<Name> = ended.iter().filter(worth).copied().collect();
        let new: BTreeSet<_> = firing.iter().map(hash).collect();
        let over: BTreeSet<_> = ends.iter().map(hash).collect();
        let wanted = match &group.told {
            None => !firing.is_empty(),
            Some(told) if !new.is_subset(&told.firing) => true,
            Some(told) if firing.is_empty() => {
                (!told.dead || told.heard) && !over.is_disjoint(&told.firing)
            }
            Some(told) if ends_told && !over.is_subset(&told.resolved) => true,
            Some(told) => group.state() != Some(State::Acked) && now - told.at >= REPEAT,
        };
        if wanted {
            let ends = if ends_told { ends } else { BTreeSet::new() };
            if !firing.is_empty() || !ends.is_empty() {
                self.told.push(line(now, "group", job, &firing, &ends));
            }
            let mut firing = new;
            firing.extend(kept.iter().map(hash).filter(|hash| known.contains(hash)));
            let heard = group.told.as_ref().is_some_and(Told::was_heard);
            group.told = Some(Told { firing, resolved: over, at: now, dead: false, heard });
        }
        self.settle(job, group, &ended);
    }

    fn settle(&mut self, job: char, mut group: Group, ended: &BTreeSet<Name>) {
        let now = self.now;
        group.members.retain(|name| !ended.contains(name));
        let comes_back = group.incident.as_ref().and_then(|it| it.until).is_some_and(|it| it > now);
        if !group.members.is_empty() || comes_back {
            self.groups.insert(job, group);
        }
        for name in ended {
            self.release(*name);
        }
    }

    fn unattended(&mut self, job: char) {
        let members = self.groups[&job].members.clone();
        let firing: BTreeSet<Name> = members
            .into_iter()
            .filter(|name| self.alerts[name].ended.is_none() && !self.is_held(*name))
            .collect();
        let hash = |name: &Name| (*name, if job == 'y' { self.alerts[name].episode } else { 0 });
        let hashes: Vec<_> = firing.iter().map(hash).collect();
        let (now, hour) = (self.now, self.is_hour(job));
        let group = self.groups.get_mut(&job).unwrap();
        group.incident = Some(Incident { state: State::Triggered, until: None });
        if !firing.is_empty() && !hour {
            let told = group.told.get_or_insert_default();
            (told.heard, told.dead) = (told.was_heard(), false);
            told.firing.extend(hashes);
            told.at = now;
            self.told.push(line(now, "reminder", job, &firing, &BTreeSet::new()));
        }
    }
}

impl Told {
    fn was_heard(&self) -> bool {
        !self.firing.is_empty() && (self.heard || !self.dead)
    }
}

impl Group {
    fn state(&self) -> Option<State> {
        self.incident.as_ref().map(|incident| incident.state)
    }

    fn is_open(&self) -> bool {
        self.state().is_some_and(|state| state != State::Resolved)
    }

    fn open(&mut self, now: i64) {
        if self.is_open() {
            return;
        }
        let again = self.incident.as_ref().and_then(|it| it.until).is_some_and(|until| now < until);
        let state = if again { State::Reopened } else { State::Triggered };
        self.incident = Some(Incident { state, until: None });
    }
}

fn line(
    now: i64,
    kind: &str,
    job: char,
    firing: &BTreeSet<Name>,
    ended: &BTreeSet<Name>,
) -> String {
    let receiver = if job == 'y' { "quiet" } else { "ops" };
    let firing = firing.iter().map(|(name, _)| format!(" {name}"));
    let ended = ended.iter().map(|(name, _)| format!(" -{name}"));
    let alerts: String = firing.chain(ended).collect();
    format!("{now} {kind} {receiver}{alerts}")
}
