//! Slack: a webhook of a channel, or a bot.

use serde_json::{Value, json};
use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{ChannelConfig, SlackConfig};
use wardkit_core::Secret;

use super::http::{self, Answer, HttpChannel, Vendor, bearer, or_own, post_json, sent};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(slack: &SlackConfig, config: &ChannelConfig, options: &NotifyOptions) -> Built {
    let (key, url, token) = if slack.token.is_some() {
        let url = format!("{}/chat.postMessage", or_own(&slack.api_url, OWN));
        ("api-url", Secret::new(url), Some(http::value("token", &slack.token)?))
    } else {
        ("webhook-url", http::value("webhook-url", &slack.webhook_url)?, None)
    };
    let vendor = Slack {
        url: url.clone(),
        authorization: token.as_ref().map(bearer),
        channel: slack.channel.clone(),
        username: slack.username.clone(),
        title: Template::of("title", &slack.title, Markup::Plain)?,
        text: Template::of("text", &slack.text, Markup::Mrkdwn)?,
    };
    let secrets = [&slack.token, &slack.webhook_url];
    Ok(Box::new(HttpChannel::new(vendor, (key, url.expose()), &secrets, config, options)?))
}

struct Slack {
    url: Secret<String>,
    authorization: Option<Secret<String>>,
    channel: String,
    username: String,
    title: Template,
    text: Template,
}

impl Slack {
    fn body(&self, told: Told<'_>) -> Value {
        let title = self.title.text(told, TITLE, |limit| limit.cut(&told.title()).into_owned());
        let text =
            self.text.text(told, TEXT, |limit| told.text(Markup::Mrkdwn, limit, AckLink::OnButton));
        let colour = if told.is_resolved() { "good" } else { "danger" };
        let mut blocks = vec![
            json!({"type": "header", "text": {"type": "plain_text", "text": title}}),
            json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}}),
        ];
        if let Some(url) = told.ack_url().filter(|url| url.len() <= LONGEST_URL) {
            blocks.push(json!({"type": "actions", "elements": [{
                "type": "button", "style": "primary", "url": url,
                "text": {"type": "plain_text", "text": "Acknowledge"},
            }]}));
        }
        // What a telephone shows while it is locked.
        let preview = Markup::Mrkdwn.escape(&title).into_owned();
        let mut body = json!({
            "text": preview,
            "attachments": [{"color": colour, "fallback": title, "blocks": blocks}],
        });
        for (key, value) in [("channel", &self.channel), ("username", &self.username)] {
            if !value.is_empty() {
                body[key] = json!(value);
            }
        }
        body
    }
}

impl Vendor for Slack {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let mut request = post_json(self.url.expose(), told, &self.body(told))?;
        if let Some(authorization) = &self.authorization {
            request = request.with_secret_header("authorization", authorization)?;
        }
        Ok(vec![request])
    }

    /// A bot is told what is wrong with status 200.
    fn outcome(&self, answer: &Answer<'_>) -> Option<Outcome> {
        self.authorization.as_ref().filter(|_| answer.response.is_success())?;
        let is_done = answer.json.as_ref().and_then(|json| json["ok"].as_bool());
        Some(match (is_done, answer.text("/error").unwrap_or("nothing that Slack says")) {
            (Some(true), _) => sent(answer.text("/ts").map(str::to_owned)),
            (
                _,
                "ratelimited"
                | "rate_limited"
                | "internal_error"
                | "fatal_error"
                | "service_unavailable"
                | "request_timeout",
            )
            | (None, _) => {
                Outcome::Retry { after: None, reason: "Slack cannot take it now".to_owned() }
            }
            (_, error) => Outcome::Permanent { reason: format!("Slack refuses it: {error}") },
        })
    }
}

const OWN: &str = "https://slack.com/api";
/// A header's text, and a section's.
const TITLE: Limit = Limit::characters(150);
const TEXT: Limit = Limit::characters(3000);
const LONGEST_URL: usize = 3000;
