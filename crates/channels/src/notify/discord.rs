//! Discord: a webhook of a channel.

use serde_json::{Value, json};
use wardkit_alerting::receiver::{ChannelConfig, DiscordConfig};
use wardkit_alerting::{Kind, Outcome};
use wardkit_core::Secret;

use super::http::{self, Answer, HttpChannel, Vendor, by_status, post_json, seconds, sent};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    discord: &DiscordConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let url = http::value("webhook-url", &discord.webhook_url)?;
    let vendor = Discord {
        url: Secret::new(url.expose().trim_end_matches('/').to_owned()),
        username: discord.username.clone(),
        title: Template::of("title", &discord.title, Markup::Plain)?,
        text: Template::of("text", &discord.text, Markup::Markdown)?,
    };
    let secrets = [&discord.webhook_url];
    let url = ("webhook-url", url.expose().as_str());
    Ok(Box::new(HttpChannel::new(vendor, url, &secrets, config, options)?))
}

struct Discord {
    url: Secret<String>,
    username: String,
    title: Template,
    text: Template,
}

impl Discord {
    fn body(&self, told: Told<'_>) -> Value {
        let title = self.title.text(told, TITLE, |limit| limit.cut(&told.title()).into_owned());
        let text =
            self.text.text(told, TEXT, |limit| told.text(Markup::Markdown, limit, AckLink::InText));
        let colour = if told.is_resolved() { GREEN } else { RED };
        let mut body = json!({
            "embeds": [{"title": title, "description": text, "color": colour}],
            // No name in an alert calls anybody.
            "allowed_mentions": {"parse": []},
        });
        if !self.username.is_empty() {
            body["username"] = json!(USERNAME.cut(&self.username));
        }
        body
    }
}

impl Vendor for Discord {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let body = self.body(told);
        let mut requests = Vec::new();
        let receipt = told.delivery.receipt.as_deref();
        // The end is written over the beginning: nobody needs to be called for it.
        if let Some(id) = receipt.filter(|id| told.is_resolved() && is_id(id))
            && told.notification().kind == Kind::Group
        {
            let url = format!("{}/messages/{id}", self.url.expose());
            requests.push(post_json(&url, told, &body)?.into_patch());
        }
        let url = format!("{}?wait=true", self.url.expose());
        requests.push(post_json(&url, told, &body)?);
        Ok(requests)
    }

    fn outcome(&self, answer: &Answer<'_>) -> Option<Outcome> {
        if answer.response.is_success() {
            return Some(sent(answer.text("/id").map(str::to_owned)));
        }
        let after = seconds(answer.json.as_ref()?.get("retry_after"))?;
        match by_status(answer) {
            Outcome::Retry { reason, .. } => Some(Outcome::Retry { after: Some(after), reason }),
            other => Some(other),
        }
    }

    fn edits(&self) -> bool {
        true
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const TITLE: Limit = Limit::characters(256);
const TEXT: Limit = Limit::characters(4096);
const USERNAME: Limit = Limit::characters(80);
const RED: u32 = 0x00d9_3025;
const GREEN: u32 = 0x001e_8e3e;
