//! A store that forgets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardkit_core::Timestamp;

use super::{
    Batch, Durability, HistoryQuery, HistoryRow, Loaded, MOST_SUPERSEDED, Message, MessageHead,
    MessageQuery, Payload, Store, StoreError,
};
use crate::{Notification, Record, Space};

/// A store in memory: for programs that need not survive their own death, and for tests.
///
/// A clone is the same store. So a test can drop the service that owns one, as a crash does, and start another on the
/// clone; [`fail_commits`](Self::fail_commits) is the full disk.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<(Space, String), Vec<u8>>,
    messages: BTreeMap<u64, Message>,
    superseded: BTreeMap<u64, u64>,
    receipts: BTreeMap<(String, String), (String, Timestamp)>,
    history: Vec<HistoryRow>,
    last_sequence: u64,
    rows: u64,
    commits: u64,
    failing: bool,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets every commit fail from now on, as a full disk does.
    pub fn fail_commits(&self) {
        self.lock().failing = true;
    }

    /// Lets commits succeed again.
    pub fn heal(&self) {
        self.lock().failing = false;
    }

    /// Returns how many commits there were.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole once it can be seen: nothing in between panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let state = self.lock();
        let records = state.records.iter().map(|((space, key), value)| Record {
            space: *space,
            key: key.clone(),
            value: Some(value.clone()),
        });
        let waiting = state.messages.values().filter(|message| message.head.state.is_waiting());
        Ok(Loaded {
            records: records.collect(),
            messages: waiting.map(|message| message.head.clone()).collect(),
            last_sequence: state.last_sequence,
            damage: None,
        })
    }

    fn commit(&mut self, batch: &Batch, _: Durability) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.failing {
            return Err(StoreError::message("the store was told to fail"));
        }
        state.commits += 1;
        state.apply(batch);
        Ok(())
    }

    fn payload(&mut self, sequence: u64) -> Result<Option<Payload>, StoreError> {
        let state = self.lock();
        Ok(state.messages.get(&sequence).map(|message| {
            let place = (message.head.channel.as_str().to_owned(), message.head.incident.clone());
            Payload {
                notification: message.notification.clone(),
                superseded: state.superseded_by(sequence),
                receipt: state.receipts.get(&place).map(|(receipt, _)| receipt.clone()),
            }
        }))
    }

    fn messages(&mut self, query: &MessageQuery) -> Result<Vec<MessageHead>, StoreError> {
        let limit = query.limit.min(HistoryQuery::MAX) as usize;
        let state = self.lock();
        let heads = state.messages.values().rev().map(|message| &message.head);
        Ok(heads.filter(|head| query.matches(head)).take(limit).cloned().collect())
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, StoreError> {
        let limit = query.limit.min(HistoryQuery::MAX) as usize;
        let state = self.lock();
        let rows = state.history.iter().rev().filter(|row| query.matches(row));
        Ok(rows.take(limit).cloned().collect())
    }

    fn prune(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let mut left = limit;
        state.receipts.retain(|_, (_, at)| *at >= before);
        let mut take = |old: bool| {
            let taken = old && left > 0;
            left -= u32::from(taken);
            taken
        };
        state.history.retain(|row| !take(row.transition.at < before));
        let rows = limit - left;
        left = limit;
        let mut take = |old: bool| {
            let taken = old && left > 0;
            left -= u32::from(taken);
            taken
        };
        state.messages.retain(|_, message| !take(is_done(&message.head, before)));
        Ok(u64::from(rows.max(limit - left)))
    }

    fn rebuild(&mut self, running: &Batch) -> Result<String, StoreError> {
        let mut state = self.lock();
        let (last_sequence, failing) = (state.last_sequence, state.failing);
        *state = State { last_sequence, failing, ..State::default() };
        state.apply(running);
        Ok("the store in memory was begun anew".to_owned())
    }
}

fn is_done(head: &MessageHead, before: Timestamp) -> bool {
    head.queued_at < before && head.at < before && !head.state.is_waiting()
}

impl State {
    /// The newest first, and what those superseded themselves.
    fn superseded_by(&self, sequence: u64) -> Vec<Notification> {
        let mut by = vec![sequence];
        let mut found = Vec::new();
        // Whoever supersedes is newer, so that one pass from the newest on meets all.
        for (sequence, older) in self.superseded.range(..sequence).rev() {
            if by.contains(older) && found.len() < MOST_SUPERSEDED {
                by.push(*sequence);
                found.extend(self.messages.get(sequence).map(|one| one.notification.clone()));
            }
        }
        found
    }

    fn apply(&mut self, batch: &Batch) {
        for Record { space, key, value } in &batch.records {
            match value {
                Some(value) => self.records.insert((*space, key.clone()), value.clone()),
                None => self.records.remove(&(*space, key.clone())),
            };
        }
        for message in &batch.messages {
            self.last_sequence = self.last_sequence.max(message.head.sequence);
            self.messages.insert(message.head.sequence, message.clone());
        }
        for update in &batch.updates {
            let Some(message) = self.messages.get_mut(&update.sequence) else { continue };
            let head = &mut message.head;
            head.channel = update.channel.clone();
            head.state = update.state;
            head.attempts = update.attempts;
            head.at = update.at;
            head.expires_at = update.expires_at;
            head.reason.clone_from(&update.reason);
            if let Some(by) = update.superseded_by {
                self.superseded.insert(update.sequence, by);
            }
            if let Some(receipt) = &update.receipt {
                let place = (head.channel.as_str().to_owned(), head.incident.clone());
                self.receipts.insert(place, (receipt.clone(), update.at));
            }
        }
        for transition in &batch.transitions {
            self.rows += 1;
            self.history.push(HistoryRow { number: self.rows, transition: transition.clone() });
        }
    }
}
