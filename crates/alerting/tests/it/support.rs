//! What several areas need.

use std::time::Duration;

use wardkit_alerting::{
    ChannelId, Condition, Fingerprint, Kind, Notification, NotificationKey, NotifiedAlert, Now,
    Urgency,
};
use wardkit_core::{Labels, Timestamp};

/// Noon of a day, with the host up for an hour.
pub(crate) fn start() -> Now {
    Now { wall: Timestamp::from_unix_seconds(1_800_000_000), boot: Duration::from_hours(1) }
}

/// Lets time pass by both clocks.
pub(crate) fn later(now: Now, by: Duration) -> Now {
    Now { wall: now.wall.saturating_add(by), boot: now.boot + by }
}

/// Names a channel by its receiver.
pub(crate) fn channel(receiver: &str) -> ChannelId {
    ChannelId::new(receiver, "webhook", 0)
}

/// A notification of one alert: its incident, the channel's receiver, whether it lasts, and what makes its key.
pub(crate) fn notification(
    incident: &str,
    receiver: &str,
    condition: Condition,
    key: &str,
) -> Notification {
    let labels = Labels::from_pairs([("alertname", incident)]).unwrap();
    let at = start().wall;
    Notification {
        key: NotificationKey::new(&[incident, receiver, key]),
        kind: Kind::Group,
        receiver: receiver.to_owned(),
        channel: channel(receiver),
        person: None,
        incident: incident.to_owned(),
        group_key: format!("{{}}:{{alertname=\"{incident}\"}}"),
        group_labels: labels.clone(),
        alerts: vec![NotifiedAlert {
            fingerprint: Fingerprint::of(&labels),
            condition,
            labels,
            annotations: [("summary".to_owned(), key.to_owned())].into(),
            starts_at: at,
            ends_at: (condition == Condition::Resolved).then_some(at),
            generator_url: String::new(),
        }],
        truncated: 0,
        urgency: Urgency::Warning,
        at,
        max_age: Duration::from_hours(1),
    }
}
