//! What each vendor gets, held against what it documents: shapes, required fields, limits.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wardkit_alerting::receiver::ChannelConfig;
use wardkit_alerting::{Delivery, Outcome};

use super::{
    TOKEN, channel, firing, flood, last, last_json, notification, resolved, secret, vendors,
};
use crate::support::{Server, ok};

/// Sends it and returns head and body of the request.
async fn told(
    config: &ChannelConfig,
    answer: &str,
    delivery: &Delivery,
    server: &Server,
) -> (String, String) {
    let outcome = channel(config).send(delivery).await;
    assert!(
        matches!(outcome, Outcome::Sent { .. }),
        "{}: {outcome:?} {answer}",
        config.kind.as_str()
    );
    last(server)
}

/// Sends all deliveries through the kind, the n-th of it, and returns what was asked.
async fn exchange(kind: &str, nth: usize, delivery: &Delivery) -> (String, String) {
    let answer = vendors("http://127.0.0.1:1")
        .into_iter()
        .filter(|(c, _)| c.kind.as_str() == kind)
        .nth(nth)
        .unwrap()
        .1;
    let server = Server::always(ok(answer));
    let found = vendors(server.url("").as_str())
        .into_iter()
        .filter(|(c, _)| c.kind.as_str() == kind)
        .nth(nth);
    told(&found.unwrap().0, answer, delivery, &server).await
}

async fn body(kind: &str, nth: usize, delivery: &Delivery) -> Value {
    serde_json::from_str(&exchange(kind, nth, delivery).await.1).unwrap()
}

async fn form(kind: &str, nth: usize, delivery: &Delivery) -> BTreeMap<String, String> {
    let body = exchange(kind, nth, delivery).await.1;
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn length(value: &Value) -> usize {
    value.as_str().unwrap().encode_utf16().count()
}

#[tokio::test]
async fn every_vendor_gets_the_same_key_with_every_attempt() {
    let count = vendors("http://127.0.0.1:1").len();
    for index in 0..count {
        let answer = vendors("http://127.0.0.1:1")[index].1;
        let server = Server::always(ok(answer));
        let (config, _) = vendors(server.url("").as_str()).swap_remove(index);
        let channel = channel(&config);
        for attempt in 1..=2 {
            let mut delivery = firing();
            delivery.attempt = attempt;
            channel.send(&delivery).await;
        }
        let heard = server.heard();
        assert_eq!(heard[0], heard[1], "{}", config.kind.as_str());
        let line = format!("idempotency-key: {}\r\n", firing().notification.key);
        assert!(heard[0].contains(&line), "{}", heard[0]);
    }
}

#[tokio::test]
async fn a_webhook_is_alertmanagers_fourth_version() {
    let body = body("webhook", 0, &firing()).await;
    let expected = json!({
        "receiver": "ops",
        "status": "firing",
        "alerts": [{
            "status": "firing",
            "labels": {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"},
            "annotations": {
                "summary": "The disk is <full> & *hot*",
                "description": "3 % are left.",
                "value": "97.2",
                "runbook_url": "https://wiki.example/disk_(full)",
            },
            "startsAt": "2026-11-21T11:46:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph?a=b&c=d",
            "fingerprint": firing().notification.alerts[0].fingerprint.to_string(),
        }],
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"},
        "commonAnnotations": {
            "summary": "The disk is <full> & *hot*",
            "description": "3 % are left.",
            "value": "97.2",
            "runbook_url": "https://wiki.example/disk_(full)",
        },
        "externalURL": "http://monitor.example/",
        "version": "4",
        "groupKey": "{}:{alertname=\"DiskFull\"}",
        "truncatedAlerts": 0,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_webhook_ends_alerts_and_leaves_some_out() {
    let ended = body("webhook", 0, &resolved()).await;
    assert_eq!(ended["status"], "resolved");
    assert_eq!(ended["alerts"][0]["endsAt"], "2026-11-21T11:59:00Z");
    let server = Server::always(ok(""));
    let mut webhook = wardkit_alerting::receiver::WebhookConfig::default();
    (webhook.url, webhook.max_alerts) = (server.url("/"), 3);
    channel(&ChannelConfig::new(webhook)).send(&flood()).await;
    let body = last_json(&server);
    assert_eq!(
        (body["alerts"].as_array().unwrap().len(), &body["truncatedAlerts"]),
        (3, &json!(202))
    );
}

#[tokio::test]
async fn a_webhook_is_signed_and_named() {
    let server = Server::always(ok(""));
    let mut webhook = wardkit_alerting::receiver::WebhookConfig::default();
    webhook.url = server.url("/");
    webhook.signing_key = secret();
    webhook.bearer_token = secret();
    webhook.headers.insert("X-Team".to_owned(), "ops".to_owned());
    channel(&ChannelConfig::new(webhook)).send(&firing()).await;
    let (head, body) = last(&server);
    assert!(head.contains(&format!("\r\nauthorization: Bearer {TOKEN}\r\n")), "{head}");
    assert!(head.contains("\r\nx-team: ops\r\n"), "{head}");
    let signature = head.lines().find_map(|line| line.strip_prefix("x-wardkit-signature: "));
    let (time, code) = signature.unwrap().split_once(",v1=").unwrap();
    assert_eq!(time, "t=1795262400");
    assert_eq!(code, hmac(TOKEN, &format!("1795262400.{body}")));
}

/// RFC 2104 over SHA-256, written out: what a receiver does to check it.
fn hmac(key: &str, text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        for (at, key) in key.bytes().enumerate() {
            block[at] ^= key;
        }
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[tokio::test]
async fn slack_gets_blocks_within_their_limits() {
    for (nth, delivery) in [(0, firing()), (1, firing()), (0, flood()), (1, resolved())] {
        let (head, body) = exchange("slack", nth, &delivery).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        let is_bot = nth == 1;
        assert_eq!(head.starts_with("POST /api/chat.postMessage "), is_bot, "{head}");
        assert_eq!(head.contains(&format!("authorization: Bearer {TOKEN}")), is_bot);
        assert_eq!(body.get("channel").is_some(), is_bot);
        assert!((1..=40_000).contains(&length(&body["text"])));
        let attachment = &body["attachments"][0];
        assert!(["good", "danger"].contains(&attachment["color"].as_str().unwrap()));
        let blocks = attachment["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        assert_eq!(blocks[0]["type"], "header");
        assert!((1..=150).contains(&length(&blocks[0]["text"]["text"])));
        assert_eq!(blocks[1]["text"]["type"], "mrkdwn");
        assert!((1..=3000).contains(&length(&blocks[1]["text"]["text"])));
        if delivery.notification.alerts[0].ends_at.is_none() {
            let button = &blocks[2]["elements"][0];
            assert_eq!(button["url"], "http://monitor.example/ack/abc");
            assert!(length(&button["text"]["text"]) <= 75);
        } else {
            assert_eq!(blocks.len(), 2);
        }
    }
    let text = body("slack", 0, &firing()).await;
    let text = text["attachments"][0]["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(text.contains("The disk is &lt;full&gt; &amp; *hot*"), "{text}");
    assert!(text.contains("<https://wiki.example/disk_(full)|Runbook>"), "{text}");
}

#[tokio::test]
async fn discord_gets_an_embed_and_calls_nobody() {
    for delivery in [firing(), resolved(), flood()] {
        let (head, body) = exchange("discord", 0, &delivery).await;
        assert!(head.starts_with(&format!("POST /hooks/{TOKEN}?wait=true ")), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let embed = &body["embeds"][0];
        assert!((1..=256).contains(&length(&embed["title"])));
        assert!((1..=4096).contains(&length(&embed["description"])));
        assert!(embed["color"].as_u64().unwrap() <= 0x00ff_ffff);
        assert_eq!(body["allowed_mentions"], json!({"parse": []}));
    }
    let mut end = resolved();
    end.receipt = Some("42".to_owned());
    let (head, _) = exchange("discord", 0, &end).await;
    assert!(head.starts_with(&format!("PATCH /hooks/{TOKEN}/messages/42 ")), "{head}");
}

#[tokio::test]
async fn ntfy_gets_a_message_with_a_button() {
    for delivery in [firing(), resolved(), flood()] {
        let body = body("ntfy", 0, &delivery).await;
        assert_eq!(body["topic"], "ops");
        assert!(body["message"].as_str().unwrap().len() <= 4096);
        assert!(body["title"].as_str().unwrap().len() <= 250);
        assert!((1..=5).contains(&body["priority"].as_u64().unwrap()));
        assert!(body["tags"].is_array());
    }
    let urgent = body("ntfy", 0, &firing()).await;
    assert_eq!(urgent["priority"], 5);
    assert_eq!(
        urgent["actions"],
        json!([{
            "action": "http", "label": "Acknowledge", "url": "http://monitor.example/ack/abc",
            "method": "POST", "clear": true,
        }])
    );
    assert_eq!(body("ntfy", 0, &resolved()).await.get("actions"), None);
}

#[tokio::test]
async fn matrix_gets_an_event_whose_transaction_is_the_key() {
    for delivery in [firing(), flood()] {
        let (head, body) = exchange("matrix", 0, &delivery).await;
        let key = &delivery.notification.key;
        let path = "/_matrix/client/v3/rooms/!a%2Fb:example.org/send/m.room.message/";
        assert!(head.starts_with(&format!("PUT {path}{key} HTTP")), "{head}");
        assert!(head.contains(&format!("authorization: Bearer {TOKEN}")));
        assert!(body.len() < 65_000, "{}", body.len());
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&body["msgtype"], &body["format"]),
            (&json!("m.text"), &json!("org.matrix.custom.html"))
        );
        assert!(body["body"].as_str().unwrap().starts_with("[FIRING:"));
        assert!(body["formatted_body"].as_str().unwrap().starts_with("<b>[FIRING:"));
    }
}

#[tokio::test]
async fn pagerduty_gets_an_event_that_its_end_finds() {
    for delivery in [firing(), flood()] {
        let event = body("pagerduty", 0, &delivery).await;
        assert_eq!(
            (&event["event_action"], &event["routing_key"]),
            (&json!("trigger"), &json!(TOKEN))
        );
        assert!((1..=255).contains(&length(&event["dedup_key"])));
        let payload = &event["payload"];
        assert!((1..=1024).contains(&length(&payload["summary"])));
        assert!(length(&payload["source"]) >= 1);
        assert_eq!(payload["severity"], "critical");
        assert_eq!(payload["timestamp"], "2026-11-21T11:46:00Z");
        assert!(event.to_string().len() < 512 * 1024);
    }
    let (begin, end) =
        (body("pagerduty", 0, &firing()).await, body("pagerduty", 0, &resolved()).await);
    assert_eq!(end["event_action"], "resolve");
    assert_eq!(begin["dedup_key"], end["dedup_key"]);
    assert_eq!(begin["links"][0]["href"], "http://monitor.example/ack/abc");
}

#[tokio::test]
async fn opsgenie_gets_an_alert_and_closes_it() {
    for delivery in [firing(), flood()] {
        let (head, body) = exchange("opsgenie", 0, &delivery).await;
        assert!(head.starts_with("POST /v2/alerts HTTP"), "{head}");
        assert!(head.contains(&format!("authorization: GenieKey {TOKEN}")));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!((1..=130).contains(&length(&body["message"])));
        assert!((1..=512).contains(&length(&body["alias"])));
        assert!(length(&body["description"]) <= 15_000);
        assert_eq!(body["priority"], "P1");
        assert_eq!(body["responders"], json!([{"type": "team", "name": "sre"}]));
        assert!(body["details"].as_object().unwrap().values().all(Value::is_string));
    }
    let alias = body("opsgenie", 0, &firing()).await["alias"].as_str().unwrap().to_owned();
    let (head, _) = exchange("opsgenie", 0, &resolved()).await;
    let expected = format!("POST /v2/alerts/{alias}/close?identifierType=alias HTTP");
    assert!(head.starts_with(&expected), "{head}");
}

#[tokio::test]
async fn pushover_gets_a_form_that_rings_for_what_is_critical() {
    for delivery in [firing(), flood()] {
        let form = form("pushover", 0, &delivery).await;
        assert_eq!((form["token"].as_str(), form["user"].as_str()), (TOKEN, "user2user2"));
        assert!((1..=1024).contains(&form["message"].encode_utf16().count()));
        assert!(form["title"].encode_utf16().count() <= 250);
        assert_eq!(
            (form["priority"].as_str(), form["retry"].as_str(), form["expire"].as_str()),
            ("2", "60", "3600")
        );
        assert!(form["url"].len() <= 512 && form["url_title"].len() <= 100);
        assert_eq!(form["timestamp"], "1795262400");
    }
    assert_eq!(form("pushover", 0, &resolved()).await.get("priority"), None);
}

#[tokio::test]
async fn teams_gets_an_adaptive_card() {
    for delivery in [firing(), resolved(), flood()] {
        let (_, body) = exchange("teams", 0, &delivery).await;
        assert!(body.len() <= 28 * 1024, "{}", body.len());
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["type"], "message");
        let attachment = &body["attachments"][0];
        assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
        let card = &attachment["content"];
        assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
        assert!(card["body"].as_array().unwrap().iter().all(|block| block["type"] == "TextBlock"));
        assert_eq!(
            card.get("actions").is_some(),
            delivery.notification.alerts[0].ends_at.is_none()
        );
    }
}

#[tokio::test]
async fn a_text_message_is_short_and_goes_to_one_number() {
    for delivery in [firing(), flood()] {
        let (head, _) = exchange("sms", 0, &delivery).await;
        assert!(head.starts_with("POST /2010-04-01/Accounts/AC1/Messages.json HTTP"), "{head}");
        // AC1:hunter2hunter2
        assert!(head.contains("authorization: Basic QUMxOmh1bnRlcjJodW50ZXIy"), "{head}");
        let twilio = form("sms", 0, &delivery).await;
        assert_eq!((twilio["From"].as_str(), twilio["To"].as_str()), ("+4900000", "+4912345"));
        assert!((1..=450).contains(&twilio["Body"].encode_utf16().count()));
        let vonage = form("sms", 1, &delivery).await;
        assert_eq!((vonage["api_key"].as_str(), vonage["api_secret"].as_str()), ("AC1", TOKEN));
        assert_eq!(
            (vonage["to"].as_str(), vonage["client-ref"].as_str()),
            ("4912345", delivery.notification.key.as_str())
        );
        assert_eq!(vonage["text"], twilio["Body"]);
        assert!(vonage["text"].contains("http://monitor.example/ack/abc"), "{}", vonage["text"]);
    }
}

#[tokio::test]
async fn another_alertmanager_gets_the_alerts_with_their_beginnings() {
    let (head, body) = exchange("alertmanager", 0, &firing()).await;
    assert!(head.starts_with("POST /api/v2/alerts HTTP"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body[0]["labels"]["alertname"], "DiskFull");
    assert_eq!(body[0]["startsAt"], "2026-11-21T11:46:00Z");
    assert_eq!(body[0]["endsAt"], "2026-11-21T17:00:00Z");
    let ended = self::body("alertmanager", 0, &resolved()).await;
    assert_eq!(ended[0]["endsAt"], "2026-11-21T11:59:00Z");
}

#[tokio::test]
async fn nobody_is_told_of_nothing_twice_by_an_empty_group() {
    // A group without alerts is one that is over; no vendor's text is empty for it.
    let delivery = super::delivery(notification(Vec::new()));
    for (kind, field) in
        [("ntfy", "/message"), ("telegram", "/text"), ("discord", "/embeds/0/description")]
    {
        let body = body(kind, 0, &delivery).await;
        assert!(!body.pointer(field).unwrap().as_str().unwrap().is_empty());
    }
}
