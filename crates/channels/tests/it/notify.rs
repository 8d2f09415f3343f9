//! Channels against servers that hold to what the vendors document.

mod contract;
mod direct;
mod faults;
mod mail;
mod props;
mod telegram;
mod templates;
mod words;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wardkit_alerting::receiver::{
    AlertmanagerConfig, ChannelConfig, DiscordConfig, MatrixConfig, NtfyConfig, OpsgenieConfig,
    PagerDutyConfig, PushoverConfig, SecretSource, SlackConfig, SmsConfig, SmsVendor, TeamsConfig,
    TelegramConfig, WebhookConfig,
};
use wardkit_alerting::{
    AckLinks, Channel, ChannelId, Condition, Delivery, Fingerprint, Kind, Notification,
    NotificationKey, NotifiedAlert, Outcome, Urgency,
};
use wardkit_channels::notify::{NotifyOptions, build};
use wardkit_core::{Labels, ManualClock, Timestamp};

use crate::support::Server;

pub(super) const TOKEN: &str = "hunter2hunter2";

/// 2026-11-21 12:00:00 UTC.
pub(super) const NOON: i64 = 1_795_262_400;

pub(super) fn options() -> NotifyOptions {
    let mut options = NotifyOptions::default();
    "http://monitor.example/".clone_into(&mut options.external_url);
    options.clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(NOON)));
    options
}

pub(super) fn channel(config: &ChannelConfig) -> Box<dyn Channel> {
    build(&ChannelId::new("ops", config.kind.as_str(), 0), config, &options()).unwrap()
}

pub(super) fn refusal(config: &ChannelConfig) -> String {
    let built = build(&ChannelId::new("ops", config.kind.as_str(), 0), config, &options());
    built.err().unwrap().to_string()
}

pub(super) fn alert(instance: &str, annotations: &[(&str, &str)]) -> NotifiedAlert {
    let pairs = [("alertname", "DiskFull"), ("instance", instance), ("severity", "critical")];
    let labels = Labels::from_pairs(pairs).unwrap();
    let pairs = annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    NotifiedAlert {
        fingerprint: Fingerprint::of(&labels),
        condition: Condition::Firing,
        labels,
        annotations: pairs.collect(),
        starts_at: Timestamp::from_unix_seconds(NOON - 840),
        ends_at: None,
        generator_url: "http://prometheus.example/graph?a=b&c=d".to_owned(),
    }
}

pub(super) fn notification(alerts: Vec<NotifiedAlert>) -> Notification {
    Notification {
        key: NotificationKey::new(&["a", "test"]),
        kind: Kind::Group,
        receiver: "ops".to_owned(),
        channel: ChannelId::new("ops", "webhook", 0),
        person: None,
        incident: "incident-7".to_owned(),
        group_key: "{}:{alertname=\"DiskFull\"}".to_owned(),
        group_labels: Labels::from_pairs([("alertname", "DiskFull")]).unwrap(),
        alerts,
        truncated: 0,
        urgency: Urgency::Critical,
        at: Timestamp::from_unix_seconds(NOON),
        max_age: Duration::from_hours(1),
    }
}

pub(super) fn delivery(notification: Notification) -> Delivery {
    Delivery {
        notification,
        attempt: 1,
        links: AckLinks {
            acknowledge: Some("http://monitor.example/ack/abc".to_owned()),
            token: Some("ack:abc".to_owned()),
        },
        receipt: None,
    }
}

/// An alert with everything that somebody wants to know.
pub(super) fn firing() -> Delivery {
    delivery(notification(vec![alert(
        "db1:9100",
        &[
            ("summary", "The disk is <full> & *hot*"),
            ("description", "3 % are left."),
            ("value", "97.2"),
            ("runbook_url", "https://wiki.example/disk_(full)"),
        ],
    )]))
}

pub(super) fn resolved() -> Delivery {
    let mut delivery = firing();
    let alert = &mut delivery.notification.alerts[0];
    alert.condition = Condition::Resolved;
    alert.ends_at = Some(Timestamp::from_unix_seconds(NOON - 60));
    delivery
}

/// More than any vendor takes: 200 alerts, each with a page to read.
pub(super) fn flood() -> Delivery {
    let page = "é_*[]()~`>#+-=|{}.!\\ \u{1f525}".repeat(100);
    let alerts = (0..200)
        .map(|number| alert(&format!("db{number}"), &[("summary", &page), ("description", &page)]));
    let mut delivery = delivery(notification(alerts.collect()));
    delivery.notification.truncated = 5;
    delivery
}

pub(super) fn secret() -> SecretSource {
    SecretSource::of(TOKEN)
}

/// A channel of every kind that goes over HTTP, to one server, with an answer of success for each.
pub(super) fn vendors(base: &str) -> Vec<(ChannelConfig, &'static str)> {
    let hook = SecretSource::of(format!("{base}/hooks/{TOKEN}"));
    let mut webhook = WebhookConfig::default();
    webhook.url = format!("{base}/hooks/{TOKEN}");
    let mut slack = SlackConfig::default();
    slack.webhook_url = hook.clone();
    let mut bot = SlackConfig::default();
    (bot.token, bot.api_url, bot.channel) = (secret(), format!("{base}/api"), "#ops".to_owned());
    let mut discord = DiscordConfig::default();
    discord.webhook_url = hook.clone();
    let mut telegram = TelegramConfig::default();
    (telegram.token, telegram.api_url) = (secret(), base.to_owned());
    "-100".clone_into(&mut telegram.chat);
    let mut ntfy = NtfyConfig::default();
    (ntfy.url, ntfy.topic, ntfy.token) = (base.to_owned(), "ops".to_owned(), secret());
    let mut matrix = MatrixConfig::default();
    (matrix.homeserver, matrix.token) = (base.to_owned(), secret());
    "!a/b:example.org".clone_into(&mut matrix.room);
    let mut pagerduty = PagerDutyConfig::default();
    (pagerduty.routing_key, pagerduty.url) = (secret(), format!("{base}/v2/enqueue"));
    let mut opsgenie = OpsgenieConfig::default();
    (opsgenie.api_key, opsgenie.url) = (secret(), base.to_owned());
    opsgenie.teams = vec!["sre".to_owned()];
    let mut pushover = PushoverConfig::default();
    (pushover.token, pushover.user) = (secret(), SecretSource::of("user2user2"));
    pushover.url = format!("{base}/1/messages.json");
    let mut teams = TeamsConfig::default();
    teams.webhook_url = hook;
    let mut twilio = SmsConfig::default();
    (twilio.url, twilio.account, twilio.secret) = (base.to_owned(), "AC1".to_owned(), secret());
    (twilio.from, twilio.to) = ("+4900000".to_owned(), "+4912345".to_owned());
    let mut vonage = twilio.clone();
    vonage.vendor = SmsVendor::Vonage;
    let mut other = AlertmanagerConfig::default();
    (other.url, other.username, other.password) = (base.to_owned(), "am".to_owned(), secret());
    vec![
        (ChannelConfig::new(webhook), "anything"),
        (ChannelConfig::new(slack), "ok"),
        (ChannelConfig::new(bot), r#"{"ok":true,"ts":"1.2"}"#),
        (ChannelConfig::new(discord), r#"{"id":"42"}"#),
        (ChannelConfig::new(telegram), r#"{"ok":true,"result":{"message_id":42}}"#),
        (ChannelConfig::new(ntfy), r#"{"id":"x"}"#),
        (ChannelConfig::new(matrix), r#"{"event_id":"$x"}"#),
        (ChannelConfig::new(pagerduty), r#"{"status":"success"}"#),
        (ChannelConfig::new(opsgenie), r#"{"result":"Request will be processed"}"#),
        (ChannelConfig::new(pushover), r#"{"status":1,"request":"x"}"#),
        (ChannelConfig::new(teams), ""),
        (ChannelConfig::new(twilio), r#"{"sid":"SM1"}"#),
        (ChannelConfig::new(vonage), r#"{"messages":[{"status":"0","message-id":"m1"}]}"#),
        (ChannelConfig::new(other), ""),
    ]
}

/// Returns the body of the request that a server heard last, as JSON.
pub(super) fn last_json(server: &Server) -> Value {
    serde_json::from_str(&last(server).1).unwrap()
}

/// Returns head and body of the request that a server heard last.
pub(super) fn last(server: &Server) -> (String, String) {
    let request = server.heard().pop().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

pub(super) fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Retry { reason, .. } | Outcome::Permanent { reason } => reason,
        other => panic!("{other:?}"),
    }
}
