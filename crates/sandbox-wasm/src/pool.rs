//! The slots that all calls share, and the queue before them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wardkit_sandbox::SandboxError;

/// Lets as many calls run as there are slots; plugins that wait take turns.
#[derive(Debug)]
pub(crate) struct Pool {
    slots: usize,
    most_of_one: usize,
    most_waiting: usize,
    queue: Mutex<Queue>,
}

/// A plugin among those that share a pool.
pub(crate) type PluginId = u64;

/// One slot, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    pool: Arc<Pool>,
    plugin: PluginId,
}

impl Pool {
    pub(crate) fn new(slots: usize, most_waiting: usize) -> Self {
        let slots = slots.max(1);
        // A slot in eight is out of reach for whoever has all others, so that a flood holds nobody else up.
        let most_of_one = (slots - slots / 8).max(1);
        Self { slots, most_of_one, most_waiting, queue: Mutex::default() }
    }

    /// Waits for a slot.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Busy`] when too many wait already, or none came free in time.
    pub(crate) fn enter(
        self: &Arc<Self>,
        plugin: PluginId,
        patience: Duration,
    ) -> Result<Slot, SandboxError> {
        let mut queue = self.lock();
        if queue.waiting == 0 && self.has_room(&queue, plugin) {
            queue.start(plugin);
            return Ok(self.slot(plugin));
        }
        if queue.waiting >= self.most_waiting {
            return Err(SandboxError::Busy { running: queue.running });
        }
        let turn = queue.wait(plugin);
        // Others may wait for a plugin that has all it may; this one need not.
        self.admit(&mut queue);
        let (mut queue, timeout) = turn
            .called
            .wait_timeout_while(queue, patience, |_| !turn.is_called.load(Ordering::Relaxed))
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() && !turn.is_called.load(Ordering::Relaxed) {
            queue.leave(plugin, &turn);
            return Err(SandboxError::Busy { running: queue.running });
        }
        Ok(self.slot(plugin))
    }

    fn slot(self: &Arc<Self>, plugin: PluginId) -> Slot {
        Slot { pool: Arc::clone(self), plugin }
    }

    fn has_room(&self, queue: &Queue, plugin: PluginId) -> bool {
        let own = queue.own.get(&plugin).copied().unwrap_or_default();
        queue.running < self.slots && own < self.most_of_one
    }

    /// Calls those who wait, one of each plugin in turn.
    fn admit(&self, queue: &mut Queue) {
        let mut passed_over = 0;
        while passed_over < queue.turns.len() {
            let Some(plugin) = queue.turns.pop_front() else { return };
            if !self.has_room(queue, plugin) {
                queue.turns.push_back(plugin);
                passed_over += 1;
                continue;
            }
            passed_over = 0;
            let line = queue.lines.entry(plugin).or_default();
            let next = line.pop_front();
            if line.is_empty() {
                queue.lines.remove(&plugin);
            } else {
                queue.turns.push_back(plugin);
            }
            if let Some(turn) = next {
                queue.waiting -= 1;
                queue.start(plugin);
                turn.is_called.store(true, Ordering::Relaxed);
                turn.called.notify_one();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing under the lock panics half way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut queue = self.pool.lock();
        queue.end(self.plugin);
        self.pool.admit(&mut queue);
    }
}

#[derive(Debug, Default)]
struct Queue {
    running: usize,
    own: BTreeMap<PluginId, usize>,
    waiting: usize,
    lines: BTreeMap<PluginId, VecDeque<Arc<Turn>>>,
    /// The plugins that have a line, whose turn is next at the front.
    turns: VecDeque<PluginId>,
}

/// One who waits. It is called under the queue's lock.
#[derive(Debug, Default)]
struct Turn {
    is_called: AtomicBool,
    called: Condvar,
}

impl Queue {
    fn start(&mut self, plugin: PluginId) {
        self.running += 1;
        *self.own.entry(plugin).or_default() += 1;
    }

    fn end(&mut self, plugin: PluginId) {
        self.running -= 1;
        let own = self.own.entry(plugin).or_default();
        *own = own.saturating_sub(1);
        if *own == 0 {
            self.own.remove(&plugin);
        }
    }

    fn wait(&mut self, plugin: PluginId) -> Arc<Turn> {
        let turn = Arc::new(Turn::default());
        if !self.lines.contains_key(&plugin) {
            self.turns.push_back(plugin);
        }
        self.lines.entry(plugin).or_default().push_back(Arc::clone(&turn));
        self.waiting += 1;
        turn
    }

    fn leave(&mut self, plugin: PluginId, turn: &Arc<Turn>) {
        let Some(line) = self.lines.get_mut(&plugin) else { return };
        line.retain(|other| !Arc::ptr_eq(other, turn));
        self.waiting -= 1;
        if line.is_empty() {
            self.lines.remove(&plugin);
            self.turns.retain(|other| *other != plugin);
        }
    }
}

#[cfg(test)]
mod tests;
