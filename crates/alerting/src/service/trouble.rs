//! Commits, and what is done while the store keeps nothing.

use std::time::Duration;

use wardkit_core::{Event, Health, Labels, Severity};

use super::delivery::own_alert;
use super::owner::{Owner, SOURCE};
use super::{ServiceError, ServiceMetrics};
use crate::{Batch, Durability, Message, Now, Record, Space, StoreError};

/// The store keeps nothing.
#[derive(Debug)]
pub(super) struct Trouble {
    reason: String,
    /// When to try again.
    retry_at: Duration,
}

/// What the commits did so far.
#[derive(Debug, Default)]
pub(super) struct Commits {
    count: u64,
    failures: u64,
    seconds: f64,
    dropped: u64,
    /// Since when commits are not known to survive a loss of power.
    relaxed_since: Option<Duration>,
}

impl Owner {
    /// Keeps what a round decided, with all that could not be kept before. `awaited` says that somebody relies on it.
    pub(super) fn keep(&mut self, now: Now, batch: &Batch, awaited: bool) -> Result<(), String> {
        if let Some(trouble) = &self.trouble
            && now.boot < trouble.retry_at
        {
            let reason = trouble.reason.clone();
            self.hold(batch);
            return Err(reason);
        }
        let mut due =
            self.commits.relaxed_since.is_some_and(|since| now.boot >= since + SYNC_WITHIN);
        if batch.is_empty() && self.pending.is_empty() && !due {
            return Ok(());
        }
        due |= awaited || !batch.messages.is_empty() || self.trouble.is_some();
        let durability = match self.config.durability {
            Durability::Full if due => Durability::Full,
            _ => Durability::Relaxed,
        };
        match self.commit(now, batch, durability) {
            Ok(()) => {
                self.recovered(now);
                Ok(())
            }
            Err(error) => Err(self.failed_to_keep(now, batch, &error)),
        }
    }

    fn commit(
        &mut self,
        now: Now,
        batch: &Batch,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let started = self.now().boot;
        if self.pending.is_empty() && !batch.is_empty() {
            self.store.commit(batch, durability)?;
        } else {
            self.hold(batch);
            let mut all = std::mem::take(&mut self.pending);
            if all.is_empty() {
                all.records.push(synced(now));
            }
            let kept = self.store.commit(&all, durability);
            if kept.is_err() {
                self.pending = all;
            }
            kept?;
        }
        self.commits.count += 1;
        self.commits.seconds += self.now().boot.saturating_sub(started).as_secs_f64();
        self.commits.relaxed_since = match (durability, self.config.durability) {
            (Durability::Relaxed, Durability::Full) => {
                self.commits.relaxed_since.or(Some(now.boot))
            }
            _ => None,
        };
        Ok(())
    }

    /// Tries once more to keep what could not be kept: after this, nobody holds it.
    pub(super) fn keep_at_last(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let now = self.now();
        if let Some(trouble) = &mut self.trouble {
            trouble.retry_at = now.boot;
        }
        // What is lost then, those who brought it were told.
        let _ = self.keep(now, &Batch::default(), true);
    }

    /// Returns why nothing new is taken, when it is not.
    pub(super) fn refusal(&self) -> Option<ServiceError> {
        let trouble = self.trouble.as_ref()?;
        let full = self.pending.messages.len() + self.pending.transitions.len();
        (full >= self.config.pending)
            .then(|| ServiceError::Unavailable { reason: trouble.reason.clone() })
    }

    /// Returns when a commit is due that nobody asks for.
    pub(super) fn next_commit(&self) -> Option<Duration> {
        let retry = self.trouble.as_ref().map(|trouble| trouble.retry_at);
        let sync = self.commits.relaxed_since.map(|since| since + SYNC_WITHIN);
        retry.into_iter().chain(sync).min()
    }

    pub(super) fn metrics(&self) -> ServiceMetrics {
        ServiceMetrics {
            engine: self.engine.stats(),
            rules: self.engine.rule_totals(),
            outbox: self.outbox.view(),
            latency: self.latency.clone(),
            commits_total: self.commits.count,
            commit_seconds_total: self.commits.seconds,
            commit_failures_total: self.commits.failures,
            pending: self.pending.messages.len() + self.pending.transitions.len(),
            history_dropped_total: self.commits.dropped,
            store_failing: self.trouble.as_ref().map(|trouble| trouble.reason.clone()),
        }
    }

    pub(super) fn health(&self) -> Health {
        if let Some(trouble) = &self.trouble {
            return Health::degraded(format!("the store keeps nothing: {}", trouble.reason));
        }
        let channels = self.outbox.view().channels;
        let failing = channels.iter().filter(|channel| channel.failing && channel.waiting > 0);
        let names: Vec<&str> = failing.map(|channel| channel.channel.as_str()).collect();
        if names.is_empty() {
            Health::Up
        } else {
            Health::degraded(format!("nothing is taken by {}", names.join(", ")))
        }
    }

    /// Tells of a store that was damaged.
    pub(super) fn damaged(&mut self, now: Now, what: &str) {
        let event = Event::new(now.wall, "alerting.store.damaged", Severity::Critical, SOURCE);
        self.event(event.with_message(what));
        let ends = now.wall.saturating_add(DAMAGE_LASTS);
        let summary = "The database of alerts was damaged and begun anew";
        self.own.push(own_alert(labels("AlertStoreDamaged"), summary, what, now.wall, Some(ends)));
    }

    /// Holds in memory what cannot be kept: the history first gives way.
    fn hold(&mut self, batch: &Batch) {
        let pending = &mut self.pending;
        pending.records.extend_from_slice(&batch.records);
        pending.messages.extend_from_slice(&batch.messages);
        pending.updates.extend_from_slice(&batch.updates);
        pending.transitions.extend_from_slice(&batch.transitions);
        let surplus = pending.transitions.len().saturating_sub(self.config.pending);
        pending.transitions.drain(..surplus);
        self.commits.dropped += surplus as u64;
        if pending.records.len() + pending.updates.len() > COMPACT_FROM {
            compact(pending);
        }
    }

    fn failed_to_keep(&mut self, now: Now, batch: &Batch, error: &StoreError) -> String {
        self.commits.failures += 1;
        if self.pending.is_empty() {
            self.hold(batch);
        }
        if error.is_damaged() && self.rebuild(now) {
            return "the store was damaged and begun anew: bring it again".to_owned();
        }
        let reason = reason_of(error);
        if self.trouble.is_none() {
            let event = Event::new(now.wall, "alerting.store.failed", Severity::Critical, SOURCE);
            self.event(event.with_message(reason.clone()));
            let summary = "Alerts are not kept on disk";
            self.own.push(own_alert(labels(STORE_ALERT), summary, &reason, now.wall, None));
        }
        self.trouble =
            Some(Trouble { reason: reason.clone(), retry_at: now.boot.saturating_add(RETRY) });
        reason
    }

    fn recovered(&mut self, now: Now) {
        if self.trouble.take().is_none() {
            return;
        }
        let event = Event::new(now.wall, "alerting.store.recovered", Severity::Notice, SOURCE);
        self.event(event);
        let summary = "Alerts are kept on disk again";
        let over = own_alert(labels(STORE_ALERT), summary, "", now.wall, Some(now.wall));
        self.own.push(over);
    }

    /// Begins the store anew with what runs. Returns whether it could.
    fn rebuild(&mut self, now: Now) -> bool {
        let mut running = std::mem::take(&mut self.pending);
        compact(&mut running);
        let fresh: Vec<u64> = running.messages.iter().map(|one| one.head.sequence).collect();
        let heads: Vec<_> = self.outbox.heads(now).collect();
        for head in heads.into_iter().filter(|head| !fresh.contains(&head.sequence)) {
            // What cannot be read here, the store may still save from what it puts aside.
            if let Ok(Some(payload)) = self.store.payload(head.sequence) {
                running.messages.push(Message { head, notification: payload.merged() });
            }
        }
        running.messages.sort_unstable_by_key(|one| one.head.sequence);
        running.records = self.engine.records();
        for hook in &self.surroundings.hooks {
            running.records.extend(hook.records());
        }
        match self.store.rebuild(&running) {
            Ok(what) => {
                self.damaged(now, &what);
                true
            }
            Err(error) => {
                let event = Event::new(now.wall, "alerting.store.lost", Severity::Critical, SOURCE);
                self.event(event.with_message(reason_of(&error)));
                self.pending = running;
                false
            }
        }
    }
}

/// Leaves only what holds: the last record of a key, the last update of a message.
fn compact(batch: &mut Batch) {
    let mut seen = std::collections::HashSet::new();
    let mut records = std::mem::take(&mut batch.records);
    records.reverse();
    records.retain(|record| seen.insert((record.space, record.key.clone())));
    records.reverse();
    batch.records = records;
    let mut seen = std::collections::HashSet::new();
    batch.updates.reverse();
    batch.updates.retain(|update| seen.insert(update.sequence));
    batch.updates.reverse();
}

/// What makes a commit of nothing: it makes those before it survive a loss of power.
fn synced(now: Now) -> Record {
    let value = now.wall.as_unix_nanos().to_le_bytes().to_vec();
    Record { space: Space::Meta, key: "synced".to_owned(), value: Some(value) }
}

fn labels(name: &str) -> Labels {
    Labels::from_pairs([("alertname", name), ("severity", "critical")]).unwrap_or_default()
}

/// The whole chain in one line.
fn reason_of(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The alert that says that nothing is kept.
const STORE_ALERT: &str = "AlertStoreFailed";
/// How often a store that keeps nothing is tried.
const RETRY: Duration = Duration::from_secs(1);
/// How long outcomes of attempts may be in memory of the system only. What a loss of power takes of them is told
/// again, with the same keys.
const SYNC_WITHIN: Duration = Duration::from_secs(1);
/// How long the alert of a damaged store lasts.
const DAMAGE_LASTS: Duration = Duration::from_hours(1);
/// From how many rows on those that no longer hold are thrown away.
const COMPACT_FROM: usize = 20_000;
