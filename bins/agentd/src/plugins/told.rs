//! What is told of calls: that they fail when they begin to, that they succeed again, and that there are too many. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};

use super::call::Failure;
use super::{Cause, SOURCE};

/// What was told, so that it is told once.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What went wrong with the last call of a plugin, if anything did.
    failing: BTreeMap<String, String>,
    busy: BTreeMap<String, Busy>,
    answers: BTreeMap<String, String>,
    /// When it was told last what a plugin was denied, as uptime.
    denied: BTreeMap<String, Duration>,
}

#[derive(Debug)]
struct Busy {
    told: Duration,
    /// Calls that were refused since.
    since: u64,
}

impl Told {
    /// Takes note of a call that gave nothing, and returns what is to be told: not what whoever asked did wrong, and
    /// nothing twice in a row.
    pub(super) fn failed(
        &mut self,
        plugin: &str,
        cause: &Cause,
        failure: &Failure,
        at: Timestamp,
    ) -> Option<Event> {
        let is_callers = cause.has_asker() && failure.reason.is_callers();
        let text = format!("{}: {}", failure.reason.as_str(), failure.text);
        if is_callers || self.failing.get(plugin) == Some(&text) {
            return None;
        }
        self.failing.insert(plugin.to_owned(), text);
        let kind =
            if failure.reason.has_run() { "plugins.call.failed" } else { "plugins.call.refused" };
        let event = Event::new(at, kind, Severity::Warning, SOURCE);
        Some(
            about(event, plugin, cause)
                .with_message(&*failure.text)
                .with_detail("reason", failure.reason.as_str()),
        )
    }

    /// Takes note of a call that gave what it should, and returns what is to be told: that it does again.
    pub(super) fn succeeded(
        &mut self,
        plugin: &str,
        cause: &Cause,
        at: Timestamp,
    ) -> Option<Event> {
        self.failing.remove(plugin)?;
        let event = Event::new(at, "plugins.call.succeeded", Severity::Notice, SOURCE);
        Some(about(event, plugin, cause).with_message("it answers again"))
    }

    /// Takes note of an answer that nobody waits for, and returns what is to be told: it is not the one before.
    pub(super) fn answered(
        &mut self,
        plugin: &str,
        cause: &Cause,
        answer: &str,
        at: Timestamp,
    ) -> Option<Event> {
        let mut end = answer.len().min(MOST_ANSWER);
        while !answer.is_char_boundary(end) {
            end -= 1;
        }
        let shown = answer[..end].to_owned();
        let old = self.answers.insert(plugin.to_owned(), shown.clone());
        if old.as_ref() == Some(&shown) {
            return None;
        }
        let event = Event::new(at, "plugins.call.answered", Severity::Info, SOURCE);
        Some(about(event, plugin, cause).with_detail("answer", shown))
    }

    /// Returns what is to be told of what a plugin tried and was denied: at once, and then of one call in a minute.
    pub(super) fn denied(
        &mut self,
        plugin: &str,
        denials: &BTreeMap<String, String>,
        at: Timestamp,
        uptime: Duration,
    ) -> Option<Event> {
        let told = self.denied.get(plugin);
        let is_soon = told.is_some_and(|told| uptime.saturating_sub(*told) < PAUSE);
        if denials.is_empty() || is_soon {
            return None;
        }
        self.denied.insert(plugin.to_owned(), uptime);
        let event = Event::new(at, "plugins.denied", Severity::Warning, SOURCE);
        let event = event.with_subject(plugin).with_message("it tried what it may not");
        let some = denials.iter().take(MOST_DENIALS);
        Some(some.fold(event, |event, (name, why)| event.with_detail(name.clone(), why.clone())))
    }

    /// Takes note of a call that found no room, and returns what is to be told: at once, and then once a minute.
    pub(super) fn refused_busy(
        &mut self,
        plugin: &str,
        at: Timestamp,
        uptime: Duration,
    ) -> Option<Event> {
        self.failing.entry(plugin.to_owned()).or_insert_with(|| "busy".to_owned());
        if let Some(busy) = self.busy.get_mut(plugin) {
            busy.since += 1;
            return None;
        }
        self.busy.insert(plugin.to_owned(), Busy { told: uptime, since: 0 });
        Some(busy_event(plugin, 1, at))
    }

    /// Returns what is to be told of calls that found no room since it was told last.
    pub(super) fn remind(&mut self, at: Timestamp, uptime: Duration) -> Vec<Event> {
        let mut events = Vec::new();
        self.busy.retain(|plugin, busy| {
            if uptime.saturating_sub(busy.told) < PAUSE {
                return true;
            }
            let count = std::mem::take(&mut busy.since);
            busy.told = uptime;
            if count > 0 {
                events.push(busy_event(plugin, count, at));
            }
            count > 0
        });
        events
    }

    /// Forgets plugins that are not run any more.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.failing.retain(|plugin, _| is_there(plugin));
        self.busy.retain(|plugin, _| is_there(plugin));
        self.answers.retain(|plugin, _| is_there(plugin));
        self.denied.retain(|plugin, _| is_there(plugin));
    }
}

fn about(event: Event, plugin: &str, cause: &Cause) -> Event {
    let event = event.with_subject(plugin).with_detail("on", cause.as_str());
    match cause {
        Cause::Event(kind) => event.with_detail("event", kind.clone()),
        _ => event,
    }
}

fn busy_event(plugin: &str, count: u64, at: Timestamp) -> Event {
    let event = Event::new(at, "plugins.busy", Severity::Warning, SOURCE);
    let message = "too many of its calls wait: it was not called";
    event.with_subject(plugin).with_message(message).with_detail("refused", count)
}

/// What of an answer is told.
const MOST_ANSWER: usize = 1024;
/// A plugin that has too much to do has it all the time.
const PAUSE: Duration = Duration::from_mins(1);
/// Of one call.
const MOST_DENIALS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::call::Reason;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn kind(event: Option<Event>) -> String {
        event.map_or_else(String::new, |event| event.kind.to_string())
    }

    #[test]
    fn what_fails_again_and_again_is_told_once_and_its_end_too() {
        let mut told = Told::default();
        let trap = Failure::new(Reason::Trap, "it trapped: unreachable");
        let gone = Failure::new(Reason::Inactive, "it is not installed");
        let input = Failure::new(Reason::Input, "no JSON");
        let (plugin, cause) = ("org.example.hello", Cause::Schedule);
        assert_eq!(kind(told.succeeded(plugin, &cause, AT)), "");
        assert_eq!(kind(told.failed(plugin, &Cause::Api, &input, AT)), "");
        assert_eq!(kind(told.failed(plugin, &cause, &trap, AT)), "plugins.call.failed");
        assert_eq!(kind(told.failed(plugin, &cause, &trap, AT)), "");
        assert_eq!(
            kind(told.failed("org.example.other", &cause, &trap, AT)),
            "plugins.call.failed"
        );
        assert_eq!(kind(told.failed(plugin, &cause, &gone, AT)), "plugins.call.refused");
        assert_eq!(kind(told.succeeded(plugin, &cause, AT)), "plugins.call.succeeded");
        assert_eq!(kind(told.succeeded(plugin, &cause, AT)), "");
        assert_eq!(kind(told.failed(plugin, &cause, &input, AT)), "plugins.call.refused");
        assert_eq!(kind(told.answered(plugin, &cause, "{}", AT)), "plugins.call.answered");
        assert_eq!(kind(told.answered(plugin, &cause, "{}", AT)), "");
        assert_eq!(
            kind(told.answered(plugin, &cause, &"é".repeat(1000), AT)),
            "plugins.call.answered"
        );
    }

    #[test]
    fn calls_without_room_are_all_told_without_filling_the_log() {
        let mut told = Told::default();
        let plugin = "org.example.hello";
        let second = Duration::from_secs;
        assert_eq!(kind(told.refused_busy(plugin, AT, second(0))), "plugins.busy");
        for _ in 0..7 {
            assert_eq!(kind(told.refused_busy(plugin, AT, second(1))), "");
        }
        assert!(told.remind(AT, second(59)).is_empty());
        let events = told.remind(AT, second(60));
        assert_eq!(events[0].details["refused"].to_string(), "7");
        assert!(told.remind(AT, second(120)).is_empty());
        assert_eq!(kind(told.refused_busy(plugin, AT, second(121))), "plugins.busy");
        assert_eq!(kind(told.succeeded(plugin, &Cause::Api, AT)), "plugins.call.succeeded");
    }

    #[test]
    fn what_is_denied_is_told_at_once_and_then_once_a_minute() {
        let mut told = Told::default();
        let denials = BTreeMap::from([("http".to_owned(), "it was not granted".to_owned())]);
        let none = BTreeMap::new();
        let mut denied =
            |denials, at| kind(told.denied("a.b.c", denials, AT, Duration::from_secs(at)));
        assert_eq!(denied(&none, 0), "");
        assert_eq!(denied(&denials, 1), "plugins.denied");
        assert_eq!(denied(&denials, 60), "");
        assert_eq!(denied(&denials, 61), "plugins.denied");
    }
}
