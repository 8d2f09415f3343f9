//! From leases to attempts, and what follows from their outcomes.

use std::sync::Arc;

use tokio::sync::oneshot;
use wardkit_core::{Event, Labels, Severity, Timestamp};

use super::ServiceError;
use super::attempts::{Job, Report};
use super::owner::{Owner, SOURCE};
use crate::{
    Alert, ChannelId, Condition, Delivery, Fate, Finished, Input, Kind, Lease, MessageQuery,
    MessageState, Notification, NotificationKey, NotifiedAlert, Now, OutboxChanges, Outcome,
    Payload, Urgency,
};

impl Owner {
    /// Tells the engine what became of messages, and the world of those that died, until nothing more follows.
    pub(super) fn settle(&mut self, now: Now) {
        for _ in 0..MOST_ROUNDS {
            let finished = std::mem::take(&mut self.changes.finished);
            let channels = std::mem::take(&mut self.changes.channels);
            if finished.is_empty() && channels.is_empty() {
                return;
            }
            for one in finished {
                self.finished(now, one);
            }
            for change in channels {
                let (kind, severity) = match change.failing {
                    Some(_) => ("alerting.channel.failed", Severity::Error),
                    None => ("alerting.channel.recovered", Severity::Notice),
                };
                let event = Event::new(now.wall, kind, severity, SOURCE)
                    .with_subject(change.channel.as_str())
                    .with_message(change.failing.unwrap_or_default());
                self.event(event);
            }
        }
    }

    fn finished(&mut self, now: Now, one: Finished) {
        let fate = match one.state {
            MessageState::Sent if one.channel == one.origin => Fate::Sent,
            MessageState::Sent => Fate::Rerouted(one.channel.clone()),
            MessageState::Cancelled => Fate::Cancelled,
            MessageState::Dead => Fate::Dead,
            // A newer one says it.
            _ => return,
        };
        if one.state == MessageState::Sent {
            let waited = now.wall.duration_since(one.queued_at).unwrap_or_default();
            self.latency.entry(one.channel.clone()).or_default().add(waited.as_secs_f64());
        } else if fate == Fate::Dead {
            self.died(now, &one);
        }
        let Finished { key, incident, origin, kind, .. } = one;
        self.step(now, Input::Delivered { key, incident, channel: origin, kind, fate });
    }

    /// Makes an alert of a dead message, unless it was itself about one.
    fn died(&mut self, now: Now, one: &Finished) {
        let event = Event::new(now.wall, "alerting.delivery.died", Severity::Error, SOURCE)
            .with_subject(one.channel.as_str())
            .with_message(one.reason.clone())
            .with_detail("key", one.key.as_str())
            .with_detail("incident", one.incident.as_str());
        self.event(event);
        let payload = self.payload_of(one.sequence, &OutboxChanges::default());
        let about_itself = payload.is_ok_and(|payload| {
            payload.is_some_and(|payload| failed_channel(&payload.notification).is_some())
        });
        if about_itself || one.kind == Kind::Test {
            return;
        }
        let labels = [
            ("alertname", DEAD_ALERT),
            ("channel", one.channel.as_str()),
            ("receiver", one.receiver.as_str()),
            ("severity", "critical"),
        ];
        // A name that is too long for a label is not worth losing the alert for.
        let labels = Labels::from_pairs(labels)
            .or_else(|_| Labels::from_pairs([labels[0], labels[3]]))
            .unwrap_or_default();
        let summary = format!("A notification for {} could not be delivered", one.receiver);
        self.own.push(own_alert(
            labels,
            &summary,
            &one.reason,
            now.wall,
            Some(now.wall.saturating_add(DEAD_LASTS)),
        ));
    }

    /// Sends word of a dead message through another channel than the one that it died on.
    pub(super) fn past_its_own_failure(&self, mut notification: Notification) -> Notification {
        let failed = failed_channel(&notification);
        if failed.as_deref() == Some(notification.channel.as_str())
            && let Some(other) = self.outbox.other_than(&notification.channel)
        {
            notification.channel = other;
        }
        notification
    }

    /// Hands the attempts over.
    pub(super) fn dispatch(&mut self, changes: &OutboxChanges) {
        for lease in &changes.leases {
            match self.job(lease, changes) {
                Ok(job) => {
                    // Nobody makes attempts any more: the next run does.
                    let _ = self.jobs.blocking_send(job);
                }
                Err(outcome) => self.failed.push((lease.sequence, outcome)),
            }
        }
    }

    fn job(&mut self, lease: &Lease, changes: &OutboxChanges) -> Result<Job, Outcome> {
        let Some(channel) = self.channels.get(&lease.channel).map(Arc::clone) else {
            return Err(Outcome::Permanent { reason: "the channel is gone".to_owned() });
        };
        let payload = self
            .payload_of(lease.sequence, changes)
            .map_err(|error| Outcome::Retry { after: None, reason: error.to_string() })?;
        let Some(payload) = payload else {
            return Err(Outcome::Permanent { reason: "what it says is lost".to_owned() });
        };
        let receipt = payload.receipt.clone();
        let mut notification = payload.merged();
        notification.channel = lease.channel.clone();
        let links = (self.surroundings.links)(&notification);
        let delivery = Delivery { notification, attempt: lease.attempt, links, receipt };
        let report = Report::Outbox(lease.sequence);
        Ok(Job { channel, delivery, timeout: lease.timeout, report })
    }

    /// Returns what a message says: from memory where that is all of it, else from the store.
    fn payload_of(
        &mut self,
        sequence: u64,
        changes: &OutboxChanges,
    ) -> Result<Option<Payload>, crate::StoreError> {
        let absorbs = |update: &crate::MessageUpdate| update.superseded_by == Some(sequence);
        let batch = &changes.batch;
        let fresh = batch.messages.binary_search_by_key(&sequence, |one| one.head.sequence);
        if let (Ok(place), false) = (fresh, batch.updates.iter().any(absorbs))
            && self
                .channels
                .get(&batch.messages[place].head.channel)
                .is_none_or(|channel| !channel.capabilities().edits)
        {
            return Ok(Some(Payload::of(batch.messages[place].notification.clone())));
        }
        let pending = &self.pending.messages;
        if let Ok(place) = pending.binary_search_by_key(&sequence, |one| one.head.sequence) {
            return Ok(Some(Payload::of(pending[place].notification.clone())));
        }
        self.store.payload(sequence)
    }

    pub(super) fn replay(&mut self, now: Now, wanted: &[u64]) -> Result<usize, ServiceError> {
        let mut count = 0;
        for sequence in wanted {
            let mut query = MessageQuery::default();
            (query.before, query.limit) = (sequence.checked_add(1), 1);
            let found = self.store.messages(&query).map_err(ServiceError::Read)?;
            let head = found.first().filter(|head| head.sequence == *sequence);
            if let Some(head) = head
                && self.outbox.replay(now, head, &mut self.changes)
            {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Starts an attempt to tell a channel a test word.
    pub(super) fn start_test(
        &mut self,
        channel: &ChannelId,
        by: &str,
    ) -> Result<oneshot::Receiver<Outcome>, ServiceError> {
        let Some(sender) = self.channels.get(channel).map(Arc::clone) else {
            return Err(ServiceError::NoChannel(channel.to_string()));
        };
        let notification = test_word(channel, by, self.now().wall);
        let links = (self.surroundings.links)(&notification);
        let delivery = Delivery { notification, attempt: 1, links, receipt: None };
        let (reply, outcome) = oneshot::channel();
        let timeout = sender.capabilities().timeout;
        let job = Job { channel: sender, delivery, timeout, report: Report::Test(reply) };
        // Nobody makes attempts any more: whoever waits learns it from the dropped reply.
        let _ = self.jobs.blocking_send(job);
        Ok(outcome)
    }
}

/// Returns the channel that a notification says has failed.
fn failed_channel(notification: &Notification) -> Option<String> {
    let labels = notification.common_labels();
    let about = labels.value("alertname") == Some(DEAD_ALERT);
    about.then(|| labels.value("channel").unwrap_or_default().to_owned())
}

/// Creates an alert of the service's own.
pub(super) fn own_alert(
    labels: Labels,
    summary: &str,
    description: &str,
    at: Timestamp,
    ends_at: Option<Timestamp>,
) -> Alert {
    let annotations = [("summary", summary), ("description", description)];
    Alert {
        labels,
        annotations: annotations.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        starts_at: at,
        ends_at,
        generator_url: String::new(),
    }
}

fn test_word(channel: &ChannelId, by: &str, at: Timestamp) -> Notification {
    let receiver = channel.as_str().split('/').next().unwrap_or_default().to_owned();
    let labels = Labels::from_pairs([("alertname", "Test"), ("severity", "info")]);
    let labels = labels.unwrap_or_default();
    let moment = at.to_string();
    let key = NotificationKey::new(&["test", channel.as_str(), &moment]);
    let alert = own_alert(
        labels.clone(),
        "This is a test",
        &format!("{by} wants to know whether {channel} works. Nothing is wrong."),
        at,
        None,
    );
    Notification {
        incident: format!("test-{}", key.as_str()),
        key,
        kind: Kind::Test,
        receiver,
        channel: channel.clone(),
        person: None,
        group_key: "{}:{alertname=\"Test\"}".to_owned(),
        group_labels: labels,
        alerts: vec![NotifiedAlert {
            fingerprint: alert.fingerprint(),
            condition: Condition::Firing,
            labels: alert.labels,
            annotations: alert.annotations,
            starts_at: at,
            ends_at: None,
            generator_url: String::new(),
        }],
        truncated: 0,
        urgency: Urgency::Info,
        at,
        max_age: std::time::Duration::ZERO,
    }
}

/// The alert that says that a notification could not be delivered.
const DEAD_ALERT: &str = "NotificationFailed";
/// How long it lasts after the last one that died.
const DEAD_LASTS: std::time::Duration = std::time::Duration::from_mins(30);
/// What follows from what follows ends somewhere.
const MOST_ROUNDS: usize = 64;
