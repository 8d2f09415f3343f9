//! When messages leave, and what becomes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use wardkit_alerting::{
    BucketConfig, ChannelId, ChannelSettings, Condition, Kind, MessageHead, MessageState,
    Notification, NotificationKey, Now, Outbox, OutboxChanges, OutboxConfig, Outcome, Urgency,
};

use crate::support::{channel, later, notification, start};

/// An outbox with what it decided last.
struct World {
    outbox: Outbox,
    now: Now,
    changes: OutboxChanges,
}

fn settings(parallel: usize, fallback: &[&str]) -> ChannelSettings {
    let mut settings = ChannelSettings::default();
    settings.parallel = parallel;
    settings.fallback = fallback.iter().map(|name| channel(name)).collect();
    settings
}

fn two_channels() -> BTreeMap<ChannelId, ChannelSettings> {
    [(channel("web"), settings(2, &["mail"])), (channel("mail"), settings(1, &[]))].into()
}

impl World {
    fn new(config: OutboxConfig, channels: BTreeMap<ChannelId, ChannelSettings>) -> Self {
        let now = start();
        let outbox = Outbox::new(config, channels, Vec::new(), 0, now);
        Self { outbox, now, changes: OutboxChanges::default() }
    }

    fn usual() -> Self {
        Self::new(OutboxConfig::default(), two_channels())
    }

    fn enqueue(&mut self, notification: Notification) {
        self.outbox.enqueue(self.now, notification, &mut self.changes);
    }

    fn fire(&mut self, incident: &str) {
        self.enqueue(notification(incident, "web", Condition::Firing, "fired"));
    }

    /// Lets time pass and returns what leaves: the message, its channel, and which attempt it is.
    fn lease(&mut self, after: Duration) -> Vec<(u64, String, u32)> {
        self.now = later(self.now, after);
        let mut changes = OutboxChanges::default();
        self.outbox.lease(self.now, &mut changes);
        let name = |id: &ChannelId| id.as_str().split('/').next().unwrap().to_owned();
        let leases = std::mem::take(&mut changes.leases);
        self.merge(changes);
        leases.iter().map(|one| (one.sequence, name(&one.channel), one.attempt)).collect()
    }

    fn finish(&mut self, sequence: u64, outcome: Outcome) {
        let mut changes = OutboxChanges::default();
        self.outbox.finish(self.now, sequence, outcome, &mut changes);
        self.merge(changes);
    }

    fn merge(&mut self, changes: OutboxChanges) {
        self.changes.finished.extend(changes.finished);
        self.changes.channels.extend(changes.channels);
        self.changes.batch.messages.extend(changes.batch.messages);
        self.changes.batch.updates.extend(changes.batch.updates);
        self.changes.batch.transitions.extend(changes.batch.transitions);
    }

    /// What became of messages since last asked.
    fn fates(&mut self) -> Vec<(u64, MessageState)> {
        let finished = std::mem::take(&mut self.changes.finished);
        finished.iter().map(|one| (one.sequence, one.state)).collect()
    }

    fn history(&self) -> Vec<&str> {
        self.changes.batch.transitions.iter().map(|one| one.what.as_str()).collect()
    }
}

fn sent() -> Outcome {
    Outcome::Sent { receipt: None }
}

fn retry() -> Outcome {
    Outcome::Retry { after: None, reason: "refused".to_owned() }
}

fn web(sequence: u64, attempt: u32) -> (u64, String, u32) {
    (sequence, "web".to_owned(), attempt)
}

const SECOND: Duration = Duration::from_secs(1);
const NOW: Duration = Duration::ZERO;

#[test]
fn message_leaves_at_once_and_is_done_when_it_is_taken() {
    let mut world = World::usual();
    world.fire("a");
    assert_eq!(world.lease(NOW), [web(1, 1)]);
    assert_eq!(world.lease(NOW), []);
    world.finish(1, sent());
    assert_eq!(world.fates(), [(1, MessageState::Sent)]);
    assert!(world.outbox.is_empty());
    assert_eq!(world.history(), ["delivery.sent"]);
}

#[test]
fn failed_message_waits_longer_each_time_but_never_longer_than_ten_minutes() {
    let mut config = OutboxConfig::default();
    config.breaker_failures = u32::MAX;
    let mut channels = two_channels();
    channels.insert(channel("web"), settings(1, &[]));
    let mut world = World::new(config, channels);
    let mut one = notification("a", "web", Condition::Firing, "fired");
    one.max_age = Duration::from_hours(1000);
    world.enqueue(one);
    assert_eq!(world.lease(NOW), [web(1, 1)]);
    for attempt in 1..30 {
        world.finish(1, retry());
        let update = world.changes.batch.updates.last().unwrap();
        assert_eq!((update.state, update.attempts), (MessageState::Failed, attempt));
        let pause = update.at.duration_since(world.now.wall).unwrap();
        let longest = SECOND.saturating_mul(1 << (attempt - 1).min(20)).min(SECOND * 600);
        assert!(pause <= longest, "{pause:?} after {attempt}");
        assert_eq!(world.lease(pause), [web(1, attempt + 1)]);
    }
}

#[test]
fn retry_after_is_honoured_by_all_messages_of_the_channel_and_capped() {
    let mut world = World::usual();
    world.fire("a");
    assert_eq!(world.lease(NOW), [web(1, 1)]);
    world.finish(1, Outcome::Retry { after: Some(SECOND * 90), reason: "429".to_owned() });
    world.fire("b");
    assert_eq!(world.lease(SECOND * 89), []);
    assert_eq!(world.lease(SECOND), [web(1, 2), web(2, 1)]);
    let day = Some(SECOND * 86_400);
    world.finish(1, Outcome::Retry { after: day, reason: "429".to_owned() });
    world.finish(2, sent());
    assert_eq!(world.lease(SECOND * 599), []);
    assert_eq!(world.lease(SECOND).len(), 1);
}

#[test]
fn refused_message_goes_to_the_fallback_at_once_with_the_same_key() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    assert_eq!(world.lease(NOW), [(1, "mail".to_owned(), 1)]);
    world.finish(1, sent());
    let key = NotificationKey::new(&["a", "web", "fired"]);
    let finished = world.changes.finished.first().unwrap();
    assert_eq!((&finished.key, finished.state), (&key, MessageState::Sent));
    assert_eq!((&finished.origin, &finished.channel), (&channel("web"), &channel("mail")));
    assert_eq!(world.history(), ["delivery.rerouted", "delivery.sent"]);
}

#[test]
fn message_that_nobody_takes_is_dead_and_can_be_replayed_once() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "550".to_owned() });
    assert_eq!(world.fates(), [(1, MessageState::Dead)]);
    let head = MessageHead {
        state: MessageState::Dead,
        channel: channel("mail"),
        ..world.changes.batch.messages[0].head.clone()
    };
    let mut changes = OutboxChanges::default();
    assert!(world.outbox.replay(world.now, &head, &mut changes));
    assert!(!world.outbox.replay(world.now, &head, &mut changes));
    assert_eq!(changes.batch.updates.len(), 1);
    assert_eq!(world.lease(NOW), [web(1, 1)]);
}

#[test]
fn message_that_is_too_old_is_dead() {
    let mut channels = two_channels();
    channels.insert(channel("web"), settings(1, &[]));
    let mut world = World::new(OutboxConfig::default(), channels);
    world.fire("a");
    world.lease(NOW);
    world.finish(1, Outcome::Retry { after: Some(SECOND * 600), reason: "503".to_owned() });
    assert_eq!(world.lease(SECOND * 3601), []);
    assert_eq!(world.fates(), [(1, MessageState::Dead)]);
}

#[test]
fn failing_channel_hands_its_messages_on_after_five_minutes() {
    let mut world = World::usual();
    world.fire("a");
    let mut mailed = Vec::new();
    for _ in 0..400 {
        for (sequence, name, _) in world.lease(SECOND) {
            if name == "mail" {
                mailed.push(sequence);
                world.finish(sequence, sent());
            } else {
                world.finish(sequence, retry());
            }
        }
    }
    assert_eq!(mailed, [1]);
}

#[test]
fn what_waits_behind_an_attempt_under_way_is_not_handed_on_before_it() {
    let mut config = OutboxConfig::default();
    config.breaker_failures = 1;
    let mut world = World::new(config, two_channels());
    world.fire("a");
    world.lease(NOW);
    world.enqueue(notification("a", "web", Condition::Resolved, "resolved"));
    world.fire("b");
    world.lease(NOW);
    world.finish(3, retry());
    // The channel takes nothing, and the first word of the incident is under way for long.
    assert_eq!(world.lease(SECOND * 400), [(3, "mail".to_owned(), 1)]);
    world.finish(1, retry());
    assert_eq!(world.fates(), [(1, MessageState::Superseded)]);
    world.finish(3, sent());
    assert_eq!(world.lease(SECOND * 10), [(2, "mail".to_owned(), 1)]);
}

#[test]
fn refused_message_gives_way_to_a_newer_one_instead_of_coming_after_it() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    world.enqueue(notification("a", "web", Condition::Resolved, "resolved"));
    world.enqueue(notification("a", "mail", Condition::Resolved, "resolved"));
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    assert_eq!(world.fates(), [(1, MessageState::Superseded)]);
    assert_eq!(world.lease(NOW), [(3, "mail".to_owned(), 1), web(2, 1)]);
}

#[test]
fn message_that_is_handed_on_keeps_its_place_in_the_order() {
    let mut world = World::usual();
    let mut call = notification("a", "web", Condition::Firing, "called");
    call.kind = Kind::Escalation;
    world.enqueue(call);
    world.lease(NOW);
    world.fire("busy");
    let other = notification("other", "mail", Condition::Firing, "fired");
    world.enqueue(other);
    world.lease(NOW);
    world.enqueue(notification("a", "mail", Condition::Firing, "fired"));
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    world.finish(3, sent());
    assert_eq!(world.lease(NOW), [(1, "mail".to_owned(), 1)]);
    world.finish(1, sent());
    assert_eq!(world.lease(NOW), [(4, "mail".to_owned(), 1)]);
}

#[test]
fn restart_remembers_which_channel_a_message_was_for() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    let heads = world.outbox.heads(world.now).collect();
    world.outbox = Outbox::new(OutboxConfig::default(), two_channels(), heads, 1, world.now);
    assert_eq!(world.lease(NOW), [(1, "mail".to_owned(), 1)]);
    world.finish(1, Outcome::Permanent { reason: "550".to_owned() });
    let finished = world.changes.finished.pop().unwrap();
    assert_eq!((finished.origin, finished.state), (channel("web"), MessageState::Dead));
}

#[test]
fn replayed_message_does_not_take_the_place_of_newer_news() {
    let mut world = World::usual();
    world.fire("a");
    let head =
        MessageHead { state: MessageState::Dead, ..world.changes.batch.messages[0].head.clone() };
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "404".to_owned() });
    world.lease(NOW);
    world.finish(1, Outcome::Permanent { reason: "550".to_owned() });
    world.enqueue(notification("a", "web", Condition::Firing, "and more"));
    let mut changes = OutboxChanges::default();
    assert!(!world.outbox.replay(world.now, &head, &mut changes));
    assert_eq!(changes, OutboxChanges::default());
    assert_eq!(world.lease(NOW), [web(2, 1)]);
}

#[test]
fn failures_of_what_was_under_way_do_not_make_the_pause_longer() {
    let mut config = OutboxConfig::default();
    config.breaker_failures = 2;
    let mut world = World::new(config, [(channel("web"), settings(40, &[]))].into());
    for number in 0..40 {
        world.fire(&number.to_string());
    }
    assert_eq!(world.lease(NOW).len(), 40);
    for sequence in 1..=40 {
        world.finish(sequence, retry());
    }
    assert_eq!(world.lease(SECOND).len(), 1);
}

#[test]
fn newer_state_supersedes_what_was_not_sent() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    world.finish(1, Outcome::Retry { after: Some(SECOND * 60), reason: "503".to_owned() });
    world.enqueue(notification("a", "web", Condition::Resolved, "resolved"));
    assert_eq!(world.fates(), [(1, MessageState::Superseded)]);
    assert_eq!(world.changes.batch.updates.last().unwrap().superseded_by, Some(2));
    assert_eq!(world.lease(SECOND * 59), []);
    assert_eq!(world.lease(SECOND), [web(2, 1)]);
}

#[test]
fn resolve_waits_for_the_fire_under_way_and_takes_its_place_when_that_fails() {
    for (outcome, fate) in [(sent(), MessageState::Sent), (retry(), MessageState::Superseded)] {
        let mut world = World::usual();
        world.fire("a");
        world.lease(NOW);
        world.enqueue(notification("a", "web", Condition::Resolved, "resolved"));
        assert_eq!(world.lease(SECOND), []);
        world.finish(1, outcome);
        assert_eq!(world.fates(), [(1, fate)]);
        assert_eq!(world.lease(SECOND), [web(2, 1)]);
    }
}

#[test]
fn steps_of_an_escalation_do_not_supersede_news_of_the_group() {
    let mut world = World::usual();
    world.fire("a");
    let mut step = notification("a", "web", Condition::Firing, "step");
    step.kind = Kind::Escalation;
    world.enqueue(step);
    assert_eq!(world.lease(NOW), [web(1, 1)]);
    world.finish(1, sent());
    assert_eq!(world.lease(NOW), [web(2, 1)]);
}

#[test]
fn what_is_called_back_does_not_leave_and_is_not_tried_again() {
    let mut world = World::usual();
    world.fire("a");
    world.fire("b");
    world.fire("c");
    assert_eq!(world.lease(NOW), [web(1, 1), web(2, 1)]);
    for incident in ["a", "b", "c"] {
        let changes = &mut world.changes;
        world.outbox.cancel(world.now, incident, &[Kind::Group], "acknowledged", changes);
    }
    assert_eq!(world.fates(), [(3, MessageState::Cancelled)]);
    world.finish(1, retry());
    world.finish(2, sent());
    assert_eq!(world.fates(), [(1, MessageState::Cancelled), (2, MessageState::Sent)]);
    assert_eq!(world.lease(SECOND * 60), []);
}

#[test]
fn critical_messages_leave_first_and_have_a_reserve() {
    let mut limited = settings(100, &[]);
    limited.per_minute = Some(20);
    let channels = [(channel("web"), limited)].into();
    let mut world = World::new(OutboxConfig::default(), channels);
    for number in 0..20 {
        world.fire(&format!("warning {number}"));
    }
    // Ten at once, two of which are kept for what is critical.
    assert_eq!(world.lease(NOW).len(), 8);
    let mut critical = notification("critical", "web", Condition::Firing, "fired");
    critical.urgency = Urgency::Critical;
    world.enqueue(critical);
    assert_eq!(world.lease(NOW), [web(21, 1)]);
    // The critical one took from the reserve, which fills first.
    assert_eq!(world.lease(SECOND * 3), []);
    assert_eq!(world.lease(SECOND * 4).len(), 1);
}

#[test]
fn one_person_gets_no_more_than_their_share_over_all_channels() {
    let mut config = OutboxConfig::default();
    config.per_person = BucketConfig { per_minute: Some(60), burst: 5 };
    let mut channels = two_channels();
    channels.insert(channel("mail"), settings(100, &[]));
    channels.insert(channel("web"), settings(100, &[]));
    let mut world = World::new(config, channels);
    for number in 0..10 {
        for receiver in ["web", "mail"] {
            let incident = format!("incident {number}");
            let mut one = notification(&incident, receiver, Condition::Firing, "fired");
            one.person = Some("alice".to_owned());
            world.enqueue(one);
        }
    }
    assert_eq!(world.lease(NOW).len(), 4);
    let a_little = Duration::from_millis(10);
    assert_eq!(world.lease(SECOND + a_little).len(), 1);
    assert_eq!(world.lease(SECOND + a_little).len(), 1);
}

#[test]
fn failing_channel_is_left_alone_but_for_single_attempts() {
    let mut channels = two_channels();
    channels.insert(channel("web"), settings(8, &[]));
    let mut world = World::new(OutboxConfig::default(), channels);
    for number in 0..8 {
        world.fire(&format!("incident {number}"));
    }
    for (sequence, ..) in world.lease(NOW) {
        world.finish(sequence, retry());
    }
    assert!(world.changes.channels[0].failing.is_some());
    // An hour at once lets all pauses pass; one attempt asks whether it works.
    let probe = world.lease(SECOND * 1800);
    assert_eq!(probe.len(), 1);
    world.finish(probe[0].0, sent());
    assert_eq!(world.changes.channels.last().unwrap().failing, None);
    assert_eq!(world.lease(NOW).len(), 7);
}

#[test]
fn messages_of_a_channel_that_is_gone_leave_by_it_or_by_its_fallback() {
    let mut world = World::usual();
    world.fire("a");
    let rest: BTreeMap<_, _> = [(channel("mail"), settings(1, &[]))].into();
    world.outbox.reconfigure(world.now, rest.clone());
    assert_eq!(world.lease(NOW), [web(1, 1)]);
    assert_eq!(world.outbox.idle_retired(), []);
    world.finish(1, sent());
    assert_eq!(world.outbox.idle_retired(), [channel("web")]);
    world.fire("b");
    assert_eq!(world.lease(NOW), [(2, "mail".to_owned(), 1)]);

    // After a restart nobody remembers the channel: the last resort takes what waits for it.
    let mut config = OutboxConfig::default();
    config.last_resort = vec![channel("mail")];
    let head = world.changes.batch.messages[0].head.clone();
    world.outbox = Outbox::new(config, rest, vec![head], 2, world.now);
    assert_eq!(world.lease(NOW), [(1, "mail".to_owned(), 1)]);
}

#[test]
fn attempt_that_a_crash_cut_off_is_made_again_after_a_pause() {
    let mut world = World::usual();
    world.fire("a");
    world.lease(NOW);
    let head = MessageHead {
        state: MessageState::Leased,
        attempts: 1,
        ..world.changes.batch.messages[0].head.clone()
    };
    world.outbox = Outbox::new(OutboxConfig::default(), two_channels(), vec![head], 1, world.now);
    assert_eq!(world.lease(SECOND), [web(1, 2)]);
}

#[test]
fn wall_that_is_set_changes_nothing_of_what_waits() {
    for jump in [-3600, 3600] {
        let mut world = World::usual();
        world.fire("a");
        world.lease(NOW);
        world.finish(1, Outcome::Retry { after: Some(SECOND * 60), reason: "503".to_owned() });
        let seconds = world.now.wall.as_unix_seconds() + jump;
        world.now.wall = wardkit_core::Timestamp::from_unix_seconds(seconds);
        assert_eq!(world.lease(SECOND * 59), []);
        assert_eq!(world.lease(SECOND), [web(1, 2)]);
    }
}

#[test]
fn same_key_is_not_queued_twice() {
    let mut world = World::usual();
    world.fire("a");
    world.fire("a");
    assert_eq!(world.changes.batch.messages.len(), 1);
    assert_eq!(world.outbox.len(), 1);
}
