//! A notification as Alertmanager tells webhooks of it, version 4.

use serde::Serialize;
use wardkit_alerting::{Annotations, Condition, Notification, NotifiedAlert};
use wardkit_core::Labels;

/// The body of a webhook's request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload<'a> {
    receiver: &'a str,
    status: Condition,
    alerts: Vec<PayloadAlert<'a>>,
    group_labels: &'a Labels,
    common_labels: Labels,
    common_annotations: Annotations,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'static str,
    group_key: &'a str,
    truncated_alerts: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayloadAlert<'a> {
    status: Condition,
    labels: &'a Labels,
    annotations: &'a Annotations,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: String,
}

impl<'a> Payload<'a> {
    /// Takes the first `most` alerts; 0 is all of them.
    pub(crate) fn of(notification: &'a Notification, external_url: &'a str, most: usize) -> Self {
        let all = notification.alerts.len();
        let kept = if most == 0 { all } else { most.min(all) };
        let left_out = u64::try_from(all - kept).unwrap_or(u64::MAX);
        Self {
            receiver: &notification.receiver,
            status: notification.condition(),
            alerts: notification.alerts.iter().take(kept).map(PayloadAlert::of).collect(),
            group_labels: &notification.group_labels,
            common_labels: notification.common_labels(),
            common_annotations: notification.common_annotations(),
            external_url,
            version: "4",
            group_key: &notification.group_key,
            truncated_alerts: notification.truncated.saturating_add(left_out),
        }
    }
}

impl<'a> PayloadAlert<'a> {
    fn of(alert: &'a NotifiedAlert) -> Self {
        let end = alert.ends_at.filter(|_| alert.condition == Condition::Resolved);
        Self {
            status: alert.condition,
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.starts_at.to_string(),
            ends_at: end.map_or_else(|| NO_TIME.to_owned(), |end| end.to_string()),
            generator_url: &alert.generator_url,
            fingerprint: alert.fingerprint.to_string(),
        }
    }
}

/// Go's time without a value: what Alertmanager sends for an alert that lasts.
const NO_TIME: &str = "0001-01-01T00:00:00Z";
