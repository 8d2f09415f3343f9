//! Microsoft Teams: an adaptive card, by a workflow.

use serde_json::{Value, json};
use wardkit_alerting::receiver::{ChannelConfig, TeamsConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, post_json};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(teams: &TeamsConfig, config: &ChannelConfig, options: &NotifyOptions) -> Built {
    let url = http::value("webhook-url", &teams.webhook_url)?;
    let vendor = Teams {
        url: url.clone(),
        title: Template::of("title", &teams.title, Markup::Plain)?,
        text: Template::of("text", &teams.text, Markup::Markdown)?,
    };
    let secrets = [&teams.webhook_url];
    let url = ("webhook-url", url.expose().as_str());
    Ok(Box::new(HttpChannel::new(vendor, url, &secrets, config, options)?))
}

struct Teams {
    url: Secret<String>,
    title: Template,
    text: Template,
}

impl Teams {
    fn body(&self, told: Told<'_>) -> Value {
        let title = self.title.text(told, TITLE, |limit| limit.cut(&told.title()).into_owned());
        let text = self
            .text
            .text(told, TEXT, |limit| told.text(Markup::Markdown, limit, AckLink::OnButton));
        let colour = if told.is_resolved() { "good" } else { "attention" };
        let mut card = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [
                {"type": "TextBlock", "text": Markup::Markdown.escape(&title), "weight": "bolder",
                    "size": "medium", "wrap": true, "color": colour},
                {"type": "TextBlock", "text": text, "wrap": true},
            ],
        });
        if let Some(url) = told.ack_url() {
            card["actions"] =
                json!([{"type": "Action.OpenUrl", "title": "Acknowledge", "url": url}]);
        }
        json!({"type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }]})
    }
}

impl Vendor for Teams {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        Ok(vec![post_json(self.url.expose(), told, &self.body(told))?])
    }
}

const TITLE: Limit = Limit::characters(250);
/// A message may have 28 KB; JSON writes a character in up to six bytes.
const TEXT: Limit = Limit::bytes(4 * 1024);
