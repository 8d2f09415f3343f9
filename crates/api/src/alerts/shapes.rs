//! The documents of Alertmanager's API v2, field by field in its order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

/// What runs, and by which configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatus {
    /// Who works together.
    pub cluster: Cluster,
    /// The configuration.
    pub config: ServerConfig,
    /// Since when it runs.
    #[serde(with = "millis")]
    pub uptime: Timestamp,
    /// What was built.
    pub version_info: Version,
}

impl ServerStatus {
    /// Describes a program that works alone.
    #[must_use]
    pub fn new(config: String, started: Timestamp, version: &str) -> Self {
        let cluster = Cluster { peers: Vec::new(), status: "disabled".to_owned() };
        let version_info = Version { version: version.to_owned(), ..Version::default() };
        Self { cluster, config: ServerConfig { original: config }, uptime: started, version_info }
    }
}

/// Who works together: nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cluster {
    /// The others.
    pub peers: Vec<String>,
    /// Whether there are any.
    pub status: String,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServerConfig {
    /// As an Alertmanager would write it, without secrets.
    pub original: String,
}

/// What was built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Version {
    /// Of the sources.
    pub branch: String,
    /// When.
    pub build_date: String,
    /// By whom.
    pub build_user: String,
    /// Of the compiler, where it is Go's.
    pub go_version: String,
    /// Of the sources.
    pub revision: String,
    /// Of the program.
    pub version: String,
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReceiverName {
    /// The name.
    pub name: String,
}

/// An alert and what is done about it.
///
/// Exhaustive on purpose: who answers says all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownAlert {
    /// What is said of it.
    pub annotations: BTreeMap<String, String>,
    /// Until when it lasts, as far as is known.
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
    /// What tells it from others.
    pub fingerprint: String,
    /// Who is told.
    pub receivers: Vec<ReceiverName>,
    /// Since when it lasts.
    #[serde(with = "millis")]
    pub starts_at: Timestamp,
    /// What is done about it.
    pub status: AlertStatus,
    /// When it was brought last.
    #[serde(with = "millis")]
    pub updated_at: Timestamp,
    /// Where to look at what brought it.
    #[serde(rename = "generatorURL", default, skip_serializing_if = "String::is_empty")]
    pub generator_url: String,
    /// What it is.
    pub labels: Labels,
}

/// What is done about an alert.
///
/// Exhaustive for the same reason as [`ShownAlert`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    /// The fingerprints of the alerts that hold it back.
    pub inhibited_by: Vec<String>,
    /// The silences that hold it back.
    pub silenced_by: Vec<String>,
    /// In a word.
    pub state: AlertState,
}

/// What is done about an alert, in a word.
///
/// Exhaustive on purpose: the foreign format has no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Nothing was decided yet.
    Unprocessed,
    /// Its receivers are told.
    Active,
    /// Something holds it back.
    Suppressed,
}

/// Alerts that are told of together.
///
/// Exhaustive for the same reason as [`ShownAlert`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownGroup {
    /// The alerts.
    pub alerts: Vec<ShownAlert>,
    /// What makes the group.
    pub labels: Labels,
    /// Who is told.
    pub receiver: ReceiverName,
}

/// A silence.
///
/// Exhaustive for the same reason as [`ShownAlert`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownSilence {
    /// Its name.
    pub id: String,
    /// How it is.
    pub status: SilenceStatus,
    /// When it was changed last.
    #[serde(with = "millis")]
    pub updated_at: Timestamp,
    /// Why.
    pub comment: String,
    /// Who made it.
    pub created_by: String,
    /// Until when it holds.
    #[serde(with = "millis")]
    pub ends_at: Timestamp,
    /// What it holds back.
    pub matchers: Vec<ShownMatcher>,
    /// Since when it holds.
    #[serde(with = "millis")]
    pub starts_at: Timestamp,
}

/// How a silence is.
///
/// Exhaustive for the same reason as [`ShownAlert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceStatus {
    /// In a word.
    pub state: SilenceState,
}

/// How a silence is, in a word.
///
/// Exhaustive on purpose: the foreign format has no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It holds alerts back.
    Active,
    /// It will.
    Pending,
    /// It is over.
    Expired,
}

/// What a label must be like.
///
/// Exhaustive for the same reason as [`ShownAlert`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownMatcher {
    /// Whether it must be like it, or must not.
    #[serde(default = "yes")]
    pub is_equal: bool,
    /// Whether `value` is a regular expression.
    pub is_regex: bool,
    /// The label.
    pub name: String,
    /// What it is compared with.
    pub value: String,
}

const fn yes() -> bool {
    true
}

/// A silence that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SilenceWish {
    /// The silence that is changed; none for a new one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Why.
    pub comment: String,
    /// Who wants it.
    pub created_by: String,
    /// Until when.
    pub ends_at: Timestamp,
    /// What it holds back.
    pub matchers: Vec<ShownMatcher>,
    /// Since when.
    pub starts_at: Timestamp,
    /// Whether it ends when the alerts that it holds back do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_resolved: bool,
}

impl SilenceWish {
    /// Wants a new silence.
    #[must_use]
    pub fn new(matchers: Vec<ShownMatcher>, starts_at: Timestamp, ends_at: Timestamp) -> Self {
        let (id, comment, created_by) = Default::default();
        Self { id, comment, created_by, ends_at, matchers, starts_at, until_resolved: false }
    }
}

/// The name of a silence that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceId {
    /// The name.
    #[serde(rename = "silenceID")]
    pub id: String,
}

/// Times with milliseconds, never more and never fewer: clients of the format parse it by a pattern.
mod millis {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use wardkit_core::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(
        at: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let nanos = at.as_unix_nanos();
        let millis = nanos.div_euclid(NANOS_PER_MILLI).rem_euclid(1000);
        let seconds = Timestamp::from_unix_seconds(at.as_unix_seconds()).to_string();
        let seconds = seconds.trim_end_matches('Z');
        serializer.collect_str(&format_args!("{seconds}.{millis:03}Z"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(from)
    }

    const NANOS_PER_MILLI: i64 = 1_000_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_written_as_alertmanager_writes_it() {
        let alert = ShownAlert {
            annotations: BTreeMap::from([("summary".to_owned(), "x é".to_owned())]),
            ends_at: Timestamp::from_unix_seconds(1_795_298_973),
            fingerprint: "0ba8d9ad3a01413e".to_owned(),
            receivers: vec![ReceiverName { name: "team".to_owned() }],
            starts_at: Timestamp::from_unix_nanos(1_795_298_673_073_999_999),
            status: AlertStatus {
                inhibited_by: vec!["8723e22a3889cd40".to_owned()],
                silenced_by: Vec::new(),
                state: AlertState::Suppressed,
            },
            updated_at: Timestamp::from_unix_nanos(-1_000_000),
            generator_url: "http://p/g".to_owned(),
            labels: Labels::from_pairs([("alertname", "B"), ("host", "h1")]).unwrap(),
        };
        let text = serde_json::to_string(&alert).unwrap();
        assert_eq!(
            text,
            "{\"annotations\":{\"summary\":\"x é\"},\"endsAt\":\"2026-11-21T22:09:33.000Z\",\
             \"fingerprint\":\"0ba8d9ad3a01413e\",\"receivers\":[{\"name\":\"team\"}],\
             \"startsAt\":\"2026-11-21T22:04:33.073Z\",\"status\":{\"inhibitedBy\":[\"8723e22a3889cd40\"],\
             \"silencedBy\":[],\"state\":\"suppressed\"},\"updatedAt\":\"1969-12-31T23:59:59.999Z\",\
             \"generatorURL\":\"http://p/g\",\"labels\":{\"alertname\":\"B\",\"host\":\"h1\"}}"
        );
        assert_eq!(serde_json::from_str::<ShownAlert>(&text).unwrap().labels, alert.labels);
    }

    #[test]
    fn a_silence_is_written_as_alertmanager_writes_it() {
        let at = Timestamp::from_unix_seconds(1_795_298_673);
        let silence = ShownSilence {
            id: "i".to_owned(),
            status: SilenceStatus { state: SilenceState::Active },
            updated_at: at,
            comment: "c".to_owned(),
            created_by: "me".to_owned(),
            ends_at: at,
            matchers: vec![ShownMatcher {
                is_equal: true,
                is_regex: false,
                name: "a".to_owned(),
                value: "b".to_owned(),
            }],
            starts_at: at,
        };
        assert_eq!(
            serde_json::to_string(&silence).unwrap(),
            "{\"id\":\"i\",\"status\":{\"state\":\"active\"},\"updatedAt\":\"2026-11-21T22:04:33.000Z\",\
             \"comment\":\"c\",\"createdBy\":\"me\",\"endsAt\":\"2026-11-21T22:04:33.000Z\",\
             \"matchers\":[{\"isEqual\":true,\"isRegex\":false,\"name\":\"a\",\"value\":\"b\"}],\
             \"startsAt\":\"2026-11-21T22:04:33.000Z\"}"
        );
    }
}
