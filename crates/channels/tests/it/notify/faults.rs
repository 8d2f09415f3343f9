//! Servers that do not do what they should.

use std::time::Duration;

use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{ChannelConfig, SecretSource, WebhookConfig};

use super::{TOKEN, channel, firing, reason, refusal, vendors};
use crate::support::{Server, status};

fn webhook(url: String) -> ChannelConfig {
    let mut webhook = WebhookConfig::default();
    webhook.url = url;
    let mut config = ChannelConfig::new(webhook);
    config.timeout = Duration::from_secs(1);
    config
}

/// What becomes of an answer, with each vendor.
async fn all(line: &'static str, headers: &'static str) -> Vec<Outcome> {
    let server = Server::of(move |peer, _| while peer.hear() && peer.say(status(line, headers)) {});
    let mut outcomes = Vec::new();
    for (config, _) in vendors(server.url("").as_str()) {
        outcomes.push(channel(&config).send(&firing()).await);
    }
    // Nobody was asked twice: trying again is somebody else's.
    assert_eq!(server.heard().len(), outcomes.len());
    outcomes
}

#[tokio::test]
async fn what_may_pass_is_tried_later() {
    for line in ["408 Late", "425 Early", "429 Many", "500 Ouch", "502 Bad", "503 Busy", "599 ?"] {
        for outcome in all(line, "").await {
            let Outcome::Retry { after: None, reason } = outcome else {
                panic!("{line}: {outcome:?}")
            };
            assert!(reason.contains(&line[..3]), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_told() {
    for line in ["429 Too Many Requests", "503 Service Unavailable"] {
        for outcome in all(line, "Retry-After: 7\r\n").await {
            let Outcome::Retry { after, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
    }
    for outcome in all("503 Busy", "Retry-After: 99999999\r\n").await {
        let Outcome::Retry { after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(after, Some(Duration::from_hours(24)));
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    for line in ["400 Bad", "401 Who", "403 No", "404 Gone", "410 Gone", "422 What"] {
        for outcome in all(line, "").await {
            let Outcome::Permanent { reason } = outcome else { panic!("{line}: {outcome:?}") };
            assert!(reason.contains(&line[..3]), "{reason}");
        }
    }
}

#[tokio::test]
async fn no_redirect_is_followed_wherever_it_leads() {
    for line in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        for outcome in all(line, "Location: http://169.254.169.254/latest/\r\n").await {
            let Outcome::Permanent { reason } = outcome else { panic!("{outcome:?}") };
            assert!(reason.contains("redirects are not followed"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_vendors_own_wait_is_read_from_its_body() {
    let bodies = [
        ("discord", r#"{"retry_after":1.5}"#, 1500),
        ("telegram", r#"{"ok":false,"error_code":429,"parameters":{"retry_after":9}}"#, 9000),
        ("matrix", r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":250}"#, 250),
    ];
    for (kind, body, millis) in bodies {
        let answer = format!("HTTP/1.1 429 Many\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let server = Server::always(answer);
        let vendors = vendors(server.url("").as_str());
        let (config, _) = vendors.iter().find(|(c, _)| c.kind.as_str() == kind).unwrap();
        let Outcome::Retry { after, .. } = channel(config).send(&firing()).await else { panic!() };
        assert_eq!(after, Some(Duration::from_millis(millis)), "{kind}");
    }
}

#[tokio::test]
async fn a_refusal_with_status_200_is_a_refusal() {
    let bodies = [
        ("slack", 1, r#"{"ok":false,"error":"channel_not_found"}"#, false),
        ("slack", 1, r#"{"ok":false,"error":"ratelimited"}"#, true),
        ("slack", 1, "<html>a proxy</html>", true),
        ("sms", 1, r#"{"messages":[{"status":"1"}]}"#, true),
        ("sms", 1, r#"{"messages":[{"status":"4","error-text":"Bad Credentials"}]}"#, false),
        ("sms", 1, "{}", true),
    ];
    for (kind, nth, body, passes) in bodies {
        let server = Server::always(crate::support::ok(body));
        let vendors = vendors(server.url("").as_str());
        let (config, _) = vendors.iter().filter(|(c, _)| c.kind.as_str() == kind).nth(nth).unwrap();
        let outcome = channel(config).send(&firing()).await;
        assert_eq!(matches!(outcome, Outcome::Retry { .. }), passes, "{body}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Permanent { .. }), !passes, "{body}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_giant_answer_is_cut_off_and_counts() {
    let server = Server::of(|peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        while peer.say([b'x'; 8192]) {}
    });
    let outcome = channel(&webhook(server.url("/"))).send(&firing()).await;
    assert_eq!(outcome, Outcome::Sent { receipt: None });
}

#[tokio::test]
async fn garbage_hangs_and_broken_connections_are_tried_later() {
    let garbage = Server::of(|peer, _| {
        peer.hear();
        peer.say("\0\0\0 this is no HTTP\r\n\r\n");
    });
    let hangs = Server::of(|peer, _| {
        peer.hear();
        peer.wait_for_end();
    });
    let hangs_in_the_middle = Server::of(|peer, _| {
        peer.hear();
        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.wait_for_end();
    });
    let breaks = Server::of(|peer, _| {
        peer.hear();
    });
    for server in [garbage, hangs, hangs_in_the_middle, breaks] {
        let outcome = channel(&webhook(server.url("/"))).send(&firing()).await;
        assert!(matches!(outcome, Outcome::Retry { after: None, .. }), "{outcome:?}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = channel(&webhook(format!("http://{free}/"))).send(&firing()).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
}

#[tokio::test]
async fn no_reason_holds_a_secret() {
    let body = format!("{{\"description\":\"no bot {TOKEN}\",\"message\":\"no {TOKEN}\"}}");
    for line in ["404 Not Found", "500 Ouch"] {
        let answer = format!("HTTP/1.1 {line}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let server = Server::always(answer);
        for (config, _) in vendors(server.url("").as_str()) {
            let said = reason(channel(&config).send(&firing()).await);
            assert!(!said.contains(TOKEN), "{said}");
            assert!(said.contains("***") && said.contains(&line[..3]), "{said}");
        }
    }
}

#[tokio::test]
async fn what_can_never_work_is_found_before_the_first_alert() {
    let mut header = WebhookConfig::default();
    header.url = "http://127.0.0.1:1/".to_owned();
    header.headers.insert("X-A".to_owned(), "a\r\nB: c".to_owned());
    let mut reference = WebhookConfig::default();
    reference.secret_url = SecretSource::At("env:HOOK".to_owned());
    let mut user = WebhookConfig::default();
    user.url = "https://user:hunter2@example.com/".to_owned();
    for (config, expected) in [
        (header, "channel ops/webhook[0]: headers.X-A: header `X-A` is refused"),
        (reference, "secret-url: has no value: its reference was not looked up"),
        (user, "url: must be http:// or https:// with a host and without a user"),
        (WebhookConfig::default(), "url: exactly one of"),
    ] {
        let error = refusal(&ChannelConfig::new(config));
        assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
    }
}
