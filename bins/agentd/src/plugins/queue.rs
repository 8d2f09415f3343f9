//! Which call is next: plugins take turns, and none keeps the others from theirs. Pure.

use std::collections::{BTreeMap, VecDeque};

/// Calls that wait, and those that run.
#[derive(Debug)]
pub(super) struct Queue<J> {
    /// Calls of one plugin that wait at a time.
    most_waiting: usize,
    /// Calls that run at a time, of all plugins.
    most_running: usize,
    running: usize,
    lines: BTreeMap<String, Line<J>>,
    /// Whose turn it was last.
    last: String,
}

#[derive(Debug)]
struct Line<J> {
    waiting: VecDeque<J>,
    running: usize,
    /// Calls of this plugin that may run at a time: one, until its grant is known.
    most_running: usize,
}

impl<J> Queue<J> {
    pub(super) fn new(most_waiting: usize, most_running: usize) -> Self {
        let (lines, last) = (BTreeMap::new(), String::new());
        Self { most_waiting, most_running, running: 0, lines, last }
    }

    /// Holds to other limits from now on. What waits already stays.
    pub(super) fn limit(&mut self, most_waiting: usize, most_running: usize) {
        (self.most_waiting, self.most_running) = (most_waiting, most_running);
    }

    /// Takes a call in, or gives it back when too many of this plugin wait.
    pub(super) fn offer(&mut self, plugin: &str, job: J) -> Result<(), J> {
        let line = self.lines.entry(plugin.to_owned()).or_insert_with(|| Line {
            waiting: VecDeque::new(),
            running: 0,
            most_running: 1,
        });
        if line.waiting.len() >= self.most_waiting {
            return Err(job);
        }
        line.waiting.push_back(job);
        Ok(())
    }

    /// Returns the call that runs now: of the first plugin after the last one whose turn may be.
    pub(super) fn next(&mut self) -> Option<J> {
        if self.running >= self.most_running {
            return None;
        }
        let can = |line: &Line<J>| !line.waiting.is_empty() && line.running < line.most_running;
        let names = self.lines.iter().filter(|(_, line)| can(line)).map(|(name, _)| name);
        let after = names.clone().find(|name| **name > self.last);
        let name = after.or_else(|| names.clone().next())?.clone();
        let line = self.lines.get_mut(&name)?;
        let job = line.waiting.pop_front()?;
        line.running += 1;
        self.running += 1;
        self.last = name;
        Some(job)
    }

    /// Takes note of a call that ended, and of how many of this plugin may run at a time.
    pub(super) fn ended(&mut self, plugin: &str, most_running: Option<usize>) {
        self.running = self.running.saturating_sub(1);
        if let Some(line) = self.lines.get_mut(plugin) {
            line.running = line.running.saturating_sub(1);
            line.most_running = most_running.unwrap_or(line.most_running).max(1);
        }
    }

    /// Forgets plugins that are not there any more, and returns the calls of theirs that waited.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) -> Vec<J> {
        let gone = self.lines.iter_mut().filter(|(name, _)| !is_there(name));
        let left = gone.flat_map(|(_, line)| line.waiting.drain(..)).collect();
        self.lines.retain(|name, line| is_there(name) || line.running > 0);
        left
    }

    /// Returns how many calls of each plugin wait.
    pub(super) fn lengths(&self) -> impl Iterator<Item = (&str, usize)> {
        self.lines.iter().map(|(name, line)| (name.as_str(), line.waiting.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_take_turns_and_a_full_line_is_its_own() {
        let mut queue = Queue::new(3, 2);
        for number in 0..3 {
            queue.offer("loud", number).unwrap();
        }
        assert_eq!(queue.offer("loud", 3), Err(3));
        queue.offer("quiet", 10).unwrap();
        assert_eq!(queue.next(), Some(0));
        assert_eq!(
            queue.next(),
            Some(10),
            "a plugin runs once at a time, and the other one has its turn"
        );
        assert_eq!(queue.next(), None);
        queue.ended("loud", Some(2));
        assert_eq!(queue.next(), Some(1));
        assert_eq!(queue.next(), None, "both places are taken");
        queue.ended("quiet", None);
        assert_eq!(queue.next(), Some(2), "its grant allows two at a time");
        assert_eq!(queue.lengths().collect::<Vec<_>>(), [("loud", 0), ("quiet", 0)]);
    }

    #[test]
    fn what_waited_for_a_plugin_that_is_gone_is_given_back() {
        let mut queue = Queue::new(3, 2);
        for number in 0..3 {
            queue.offer("gone", number).unwrap();
        }
        assert_eq!(queue.next(), Some(0));
        assert_eq!(queue.retain(|name| name != "gone"), [1, 2]);
        queue.ended("gone", None);
        assert!(queue.retain(|name| name != "gone").is_empty());
        assert_eq!((queue.next(), queue.lengths().count()), (None, 0));
    }
}
