//! A notification that asks whether a channel works.

use std::time::Duration;

use wardkit_alerting::{
    AckLinks, Annotations, ChannelId, Condition, Delivery, Fingerprint, Kind, Notification,
    NotificationKey, NotifiedAlert, Urgency,
};
use wardkit_core::{Labels, Timestamp};

/// Returns a notification by which somebody finds out whether a channel works: it says that it is a test, and it is
/// told once.
#[must_use]
pub fn test_notification(receiver: &str, channel: &ChannelId, at: Timestamp) -> Notification {
    let pairs = [("alertname", "TestAlert"), ("severity", "warning")];
    let labels = Labels::from_pairs(pairs).unwrap_or_default();
    let summary = format!("This is a test of {channel}. Nothing is wrong, nothing is to be done.");
    let alert = NotifiedAlert {
        fingerprint: Fingerprint::of(&labels),
        condition: Condition::Firing,
        labels: labels.clone(),
        annotations: Annotations::from([("summary".to_owned(), summary)]),
        starts_at: at,
        ends_at: None,
        generator_url: String::new(),
    };
    let moment = at.as_unix_nanos().to_string();
    Notification {
        key: NotificationKey::new(&["test", channel.as_str(), &moment]),
        kind: Kind::Test,
        receiver: receiver.to_owned(),
        channel: channel.clone(),
        person: None,
        incident: format!("test-{moment}"),
        group_key: "{}:{alertname=\"TestAlert\"}".to_owned(),
        group_labels: Labels::from_pairs([("alertname", "TestAlert")]).unwrap_or_default(),
        alerts: vec![alert],
        truncated: 0,
        urgency: Urgency::Warning,
        at,
        max_age: Duration::from_mins(5),
    }
}

/// What templates are tried on when they are loaded.
pub(crate) fn trial_delivery() -> Delivery {
    let channel = ChannelId::new("test", "test", 0);
    Delivery {
        notification: test_notification("test", &channel, Timestamp::UNIX_EPOCH),
        attempt: 1,
        links: AckLinks::default(),
        receipt: None,
    }
}
