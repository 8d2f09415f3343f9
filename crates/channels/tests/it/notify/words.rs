//! The usual words.

use wardkit_alerting::receiver::{ChannelConfig, NtfyConfig};
use wardkit_alerting::{Condition, Delivery, Kind, Urgency};
use wardkit_channels::notify::test_notification;
use wardkit_core::Timestamp;

use super::{alert, channel, delivery, firing, flood, last_json, notification, resolved};
use crate::support::{Server, ok};

async fn words(delivery: &Delivery) -> (String, String) {
    let server = Server::always(ok(""));
    let mut ntfy = NtfyConfig::default();
    (ntfy.url, ntfy.topic) = (server.url(""), "ops".to_owned());
    channel(&ChannelConfig::new(ntfy)).send(delivery).await;
    let body = last_json(&server);
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (text("title"), text("message"))
}

#[tokio::test]
async fn they_say_what_since_when_where_how_much_and_what_to_do() {
    let (title, text) = words(&firing()).await;
    assert_eq!(title, "[FIRING:1] DiskFull on db1:9100 (critical)");
    let expected = "DiskFull firing since 2026-11-21 11:46:00 UTC, for 14m\n\
                    instance=db1:9100\n\
                    The disk is <full> & *hot*\n\
                    3 % are left.\n\
                    value: 97.2\n\
                    Runbook: https://wiki.example/disk_(full)\n\
                    Source: http://prometheus.example/graph?a=b&c=d\n\
                    to ops";
    assert_eq!(text, expected);
    let (title, text) = words(&resolved()).await;
    assert_eq!(title, "[RESOLVED] DiskFull on db1:9100");
    assert!(text.starts_with("DiskFull resolved at 2026-11-21 11:59:00 UTC after 13m\n"), "{text}");
}

#[tokio::test]
async fn alerts_share_what_they_have_in_common() {
    let mut alerts =
        vec![alert("db1", &[("summary", "full")]), alert("db2", &[("summary", "full")])];
    alerts[1].condition = Condition::Resolved;
    alerts[1].ends_at = Some(Timestamp::from_unix_seconds(super::NOON));
    for alert in &mut alerts {
        alert.generator_url.clear();
    }
    let (title, text) = words(&delivery(notification(alerts))).await;
    assert_eq!(title, "[FIRING:1] DiskFull (critical)");
    let expected = "full\n\
                    DiskFull firing since 2026-11-21 11:46:00 UTC, for 14m\n\
                    instance=db1\n\
                    DiskFull resolved at 2026-11-21 12:00:00 UTC after 14m\n\
                    instance=db2\n\
                    to ops";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn what_does_not_fit_is_counted() {
    let (title, text) = words(&flood()).await;
    assert_eq!(title, "[FIRING:205] DiskFull (critical)");
    let told = text.lines().filter(|line| line.starts_with("DiskFull firing")).count();
    assert!((1..60).contains(&told), "{told}");
    assert!(text.contains(&format!("\n… {} more\n", 205 - told)), "{text}");
    assert!(text.ends_with("\nto ops"), "{text}");
}

#[tokio::test]
async fn the_title_says_why_somebody_is_called() {
    for (kind, expected) in [
        (Kind::Escalation, "ESCALATION [FIRING:1] DiskFull on db1:9100 (critical)"),
        (Kind::Reminder, "REMINDER [FIRING:1] DiskFull on db1:9100 (critical)"),
        (Kind::Flapping, "FLAPPING [FIRING:1] DiskFull on db1:9100 (critical)"),
        (Kind::Digest, "DIGEST [FIRING:1] DiskFull on db1:9100 (critical)"),
    ] {
        let mut delivery = firing();
        delivery.notification.kind = kind;
        assert_eq!(words(&delivery).await.0, expected);
    }
    let mut delivery = firing();
    delivery.notification.urgency = Urgency::Info;
    assert_eq!(words(&delivery).await.0, "[FIRING:1] DiskFull on db1:9100");
}

#[tokio::test]
async fn a_link_is_one_of_the_web_and_a_line_is_one_line() {
    let mut delivery = firing();
    let alert = &mut delivery.notification.alerts[0];
    alert.annotations.insert("runbook_url".to_owned(), "javascript:alert(1)".to_owned());
    alert.annotations.insert("value".to_owned(), "1\n\n2\u{0}\u{202e}3".to_owned());
    let (_, text) = words(&delivery).await;
    assert!(text.contains("\nRunbook: javascript:alert(1)\n"), "{text}");
    assert!(text.contains("\nvalue: 1 2 3\n"), "{text}");
}

#[tokio::test]
async fn a_test_says_that_it_is_one() {
    let channel = wardkit_alerting::ChannelId::new("ops", "ntfy", 0);
    let trial = test_notification("ops", &channel, Timestamp::from_unix_seconds(super::NOON));
    assert_eq!((trial.kind, trial.condition()), (Kind::Test, Condition::Firing));
    let mut delivery = delivery(trial.clone());
    delivery.links = wardkit_alerting::AckLinks::default();
    let (title, text) = words(&delivery).await;
    assert_eq!(title, "TEST [FIRING:1] TestAlert");
    assert!(text.contains("This is a test of ops/ntfy[0]. Nothing is wrong"), "{text}");
    let later = test_notification("ops", &channel, Timestamp::from_unix_seconds(super::NOON + 1));
    assert_ne!(trial.key, later.key);
}
