//! `PagerDuty`: an event of its API, version 2.

use serde_json::{Value, json};
use wardkit_alerting::Urgency;
use wardkit_alerting::receiver::{ChannelConfig, PagerDutyConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, or_own, post_json};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    pagerduty: &PagerDutyConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let url = or_own(&pagerduty.url, "https://events.pagerduty.com/v2/enqueue");
    let vendor = PagerDuty {
        url: url.to_owned(),
        routing_key: http::value("routing-key", &pagerduty.routing_key)?,
        summary: Template::of("summary", &pagerduty.summary, Markup::Plain)?,
    };
    let secrets = [&pagerduty.routing_key];
    Ok(Box::new(HttpChannel::new(vendor, ("url", url), &secrets, config, options)?))
}

struct PagerDuty {
    url: String,
    routing_key: Secret<String>,
    summary: Template,
}

impl PagerDuty {
    fn body(&self, told: Told<'_>) -> Value {
        let notification = told.notification();
        let mut body = json!({
            "routing_key": self.routing_key.expose(),
            // The same for all words of an incident: the end finds its beginning, and a repetition makes no second.
            "dedup_key": told.incident_key(),
            "event_action": if told.is_resolved() { "resolve" } else { "trigger" },
        });
        if told.is_resolved() {
            return body;
        }
        let labels = notification.common_labels();
        let text = told.text(Markup::Plain, DETAILS, AckLink::InText);
        let source = labels.value("instance").unwrap_or(&notification.receiver);
        body["payload"] = json!({
            "summary": self.summary.text(told, SUMMARY, |limit| limit.cut(&told.title()).into_owned()),
            "source": SOURCE.cut(source),
            "severity": match notification.urgency {
                Urgency::Critical => "critical",
                Urgency::Warning => "warning",
                Urgency::Info => "info",
            },
            "timestamp": notification.alerts.first().map(|alert| alert.starts_at.to_string()),
            "class": labels.value("alertname"),
            "component": labels.value("job"),
            "custom_details": {
                "text": text,
                "labels": labels,
                "firing": notification.alerts.len(),
                "group": GROUP.cut(&notification.group_key),
            },
        });
        body["client"] = json!("wardkit");
        if !told.external_url.is_empty() {
            body["client_url"] = json!(told.external_url);
        }
        let links = [
            ("Acknowledge", told.ack_url()),
            ("Source", notification.alerts.first().map(|alert| alert.generator_url.as_str())),
        ];
        let links: Vec<_> = links
            .into_iter()
            .filter_map(|(text, url)| Some((text, url.filter(|url| url.starts_with("http"))?)))
            .map(|(text, url)| json!({"href": url, "text": text}))
            .collect();
        body["links"] = json!(links);
        body
    }
}

impl Vendor for PagerDuty {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        Ok(vec![post_json(&self.url, told, &self.body(told))?])
    }
}

const SUMMARY: Limit = Limit::characters(1024);
const SOURCE: Limit = Limit::characters(255);
const GROUP: Limit = Limit::characters(1024);
/// An event may have 512 KB.
const DETAILS: Limit = Limit::bytes(16 * 1024);
