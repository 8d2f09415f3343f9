//! Texts of the operator's own.

use serde_json::Value;
use wardkit_alerting::receiver::{
    ChannelConfig, NtfyConfig, SecretSource, SlackConfig, Text, WebhookConfig,
};

use super::{channel, delivery, firing, last, last_json, notification, refusal};
use crate::support::{Server, ok};

/// What a template makes of a delivery where nothing is escaped.
async fn plain(template: &str, delivery: &wardkit_alerting::Delivery) -> String {
    let server = Server::always(ok(""));
    let mut ntfy = NtfyConfig::default();
    (ntfy.url, ntfy.topic) = (server.url(""), "ops".to_owned());
    ntfy.text = Text::jinja(template);
    channel(&ChannelConfig::new(ntfy)).send(delivery).await;
    last_json(&server)["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_template_names_what_a_notification_has() {
    for (template, expected) in [
        ("{{ status }} {{ kind }} {{ urgency }} {{ receiver }}", "firing group critical ops"),
        ("{{ alerts[0].labels.instance }}", "db1:9100"),
        (
            "{% for a in alerts %}{{ a.annotations.summary }}{% endfor %}",
            "The disk is <full> & *hot*",
        ),
        ("{{ alerts[0].starts_at }} {{ alerts[0].lasted }}", "2026-11-21 11:46:00 UTC 14m"),
        ("{{ firing }}/{{ resolved }}/{{ truncated }}", "1/0/0"),
        (
            "{{ ack_url }} {{ external_url }}",
            "http://monitor.example/ack/abc http://monitor.example/",
        ),
        ("{{ common_labels.severity|upper }} {{ group_labels.alertname }}", "CRITICAL DiskFull"),
        ("{{ title }}", "[FIRING:1] DiskFull on db1:9100 (critical)"),
        // What an alert does not have is nothing, however deep.
        ("[{{ common_labels.nothing }}{{ nothing.at.all }}]", "[]"),
    ] {
        assert_eq!(plain(template, &firing()).await, expected, "{template}");
    }
}

#[tokio::test]
async fn a_template_that_fails_gives_way_to_the_usual_words_and_says_so() {
    for (template, reason) in [
        ("{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}", "fuel"),
        ("{{ common_annotations.summary / 0 }}", "line 1: "),
        ("{% if false %}x{% endif %}", "its text is empty"),
        (
            "{% for i in range(9000) %}0123456789012345678901234567890123456789{% endfor %}",
            "256 KiB",
        ),
    ] {
        let text = plain(template, &firing()).await;
        assert!(text.starts_with("DiskFull firing since"), "{text}");
        let note = text.lines().last().unwrap();
        assert!(note.starts_with("(the channel's own template was not used: "), "{note}");
        assert!(note.contains(reason), "{note}");
    }
}

#[tokio::test]
async fn a_webhook_whose_body_fails_gets_alertmanagers() {
    let server = Server::always(ok(""));
    let mut webhook = WebhookConfig::default();
    webhook.url = server.url("/");
    webhook.body =
        Text::jinja("{\"n\": {{ alerts|length }}, \"s\": {{ common_annotations.summary|tojson }}}");
    webhook.content_type = "application/vnd.own+json".to_owned();
    channel(&ChannelConfig::new(webhook.clone())).send(&firing()).await;
    let (head, body) = last(&server);
    assert!(head.contains("content-type: application/vnd.own+json"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body, serde_json::json!({"n": 1, "s": "The disk is <full> & *hot*"}));
    webhook.body = Text::jinja("{{ alerts / 0 }}");
    channel(&ChannelConfig::new(webhook)).send(&firing()).await;
    let (head, body) = last(&server);
    assert!(head.contains("x-wardkit-template: failed"), "{head}");
    assert!(body.contains("\"version\":\"4\""), "{body}");
}

#[tokio::test]
async fn a_long_text_is_cut_at_the_border_of_a_character() {
    let text = plain("{% for i in range(3000) %}🔥{% endfor %}", &firing()).await;
    assert!(text.len() <= 4096 && text.ends_with("🔥…"), "{}", text.len());
}

#[tokio::test]
async fn values_are_escaped_as_the_vendor_reads_them() {
    let server = Server::always(ok("ok"));
    let mut slack = SlackConfig::default();
    slack.webhook_url = SecretSource::of(server.url("/x"));
    slack.text = Text::jinja("<!here> {{ common_annotations.summary }}");
    channel(&ChannelConfig::new(slack)).send(&firing()).await;
    let text = &last_json(&server)["attachments"][0]["blocks"][1]["text"]["text"];
    assert_eq!(text, "<!here> The disk is &lt;full&gt; &amp; *hot*");
}

#[test]
fn a_template_that_never_works_is_refused_with_its_line() {
    for (template, expected) in [
        ("{{ a", "text: line 1: syntax error"),
        ("a\n{{ a|nofilter }}", "text: line 2: unknown filter"),
        ("{% include 'x' %}", "text: line 1: "),
        ("{{ nofunction() }}", "text: line 1: unknown function"),
    ] {
        let mut ntfy = NtfyConfig::default();
        (ntfy.topic, ntfy.text) = ("ops".to_owned(), Text::jinja(template));
        let error = refusal(&ChannelConfig::new(ntfy));
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_thousand_alerts_fit_the_fuel() {
    let alerts = (0..1000).map(|number| super::alert(&format!("db{number}"), &[]));
    let delivery = delivery(notification(alerts.collect()));
    let template =
        "{% for a in alerts %}{% if a.labels.instance == 'db999' %}last{% endif %}{% endfor %}";
    assert_eq!(plain(template, &delivery).await, "last");
}
