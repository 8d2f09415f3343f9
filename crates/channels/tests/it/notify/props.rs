//! Any alert becomes a text that its vendor takes.

use proptest::prelude::*;
use serde_json::Value;
use wardkit_alerting::receiver::{ChannelConfig, TelegramConfig};
use wardkit_alerting::{Delivery, Outcome};

use super::{alert, channel, delivery, notification, secret};
use crate::support::{Server, ok};

fn deliveries() -> impl Strategy<Value = Delivery> {
    let text = prop_oneof![
        "[a-z ]{0,20}",
        "\\PC{0,300}",
        "(?s).{0,100}",
        "[_*\\[\\]()~`>#+=|{}.!&<>\"'\\\\-]{0,300}"
    ];
    let alert = (text.clone(), text.clone(), text.clone(), text).prop_map(
        |(summary, description, url, label)| {
            let mut alert = alert(
                "db1",
                &[("summary", &summary), ("description", &description), ("runbook_url", &url)],
            );
            let label: String = label.chars().take(100).collect();
            alert.labels.insert("label", label).unwrap();
            alert.generator_url = format!("https://{url}");
            alert
        },
    );
    (prop::collection::vec(alert, 0..20), any::<u64>()).prop_map(|(alerts, truncated)| {
        let mut delivery = delivery(notification(alerts));
        delivery.notification.truncated = truncated;
        delivery
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_alert_becomes_a_message_that_telegram_takes(deliveries in prop::collection::vec(deliveries(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = Server::always(ok(r#"{"ok":true,"result":{"message_id":42}}"#));
        let mut telegram = TelegramConfig::default();
        telegram.token = secret();
        telegram.api_url = server.url("");
        "1".clone_into(&mut telegram.chat);
        let channel = channel(&ChannelConfig::new(telegram));
        for delivery in deliveries {
            let outcome = runtime.block_on(channel.send(&delivery));
            let is_sent = matches!(outcome, Outcome::Sent { .. });
            prop_assert!(is_sent);
            let body: Value = super::last_json(&server);
            let text = body["text"].as_str().unwrap();
            prop_assert!((1..=4096).contains(&text.encode_utf16().count()));
            prop_assert!(super::telegram::is_sound_markdown(text), "{}", text);
        }
    }
}
