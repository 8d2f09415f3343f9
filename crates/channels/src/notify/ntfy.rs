//! ntfy: a message to a topic, with a button that acknowledges.

use serde_json::{Value, json};
use wardkit_alerting::Urgency;
use wardkit_alerting::receiver::{ChannelConfig, NtfyConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, bearer, or_own, post_json};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(ntfy: &NtfyConfig, config: &ChannelConfig, options: &NotifyOptions) -> Built {
    let token = if ntfy.token.is_some() { Some(http::value("token", &ntfy.token)?) } else { None };
    let url = or_own(&ntfy.url, "https://ntfy.sh");
    let vendor = Ntfy {
        url: url.to_owned(),
        authorization: token.as_ref().map(bearer),
        topic: ntfy.topic.clone(),
        title: Template::of("title", &ntfy.title, Markup::Plain)?,
        text: Template::of("text", &ntfy.text, Markup::Plain)?,
    };
    Ok(Box::new(HttpChannel::new(vendor, ("url", url), &[&ntfy.token], config, options)?))
}

struct Ntfy {
    url: String,
    authorization: Option<Secret<String>>,
    topic: String,
    title: Template,
    text: Template,
}

impl Ntfy {
    fn body(&self, told: Told<'_>) -> Value {
        let title = self.title.text(told, TITLE, |limit| limit.cut(&told.title()).into_owned());
        let text =
            self.text.text(told, TEXT, |limit| told.text(Markup::Plain, limit, AckLink::OnButton));
        let (priority, tag) = match (told.is_resolved(), told.notification().urgency) {
            (true, _) => (3, "white_check_mark"),
            (false, Urgency::Critical) => (5, "rotating_light"),
            (false, Urgency::Warning) => (4, "warning"),
            (false, Urgency::Info) => (3, "information_source"),
        };
        let mut body = json!({
            "topic": self.topic,
            "title": title,
            "message": text,
            "priority": priority,
            "tags": [tag],
        });
        if let Some(url) = told.ack_url() {
            body["click"] = json!(url);
            // The page behind the link acknowledges by POST alone.
            body["actions"] = json!([{
                "action": "http", "label": "Acknowledge", "url": url, "method": "POST",
                "clear": true,
            }]);
        }
        body
    }
}

impl Vendor for Ntfy {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let mut request = post_json(&self.url, told, &self.body(told))?;
        if let Some(authorization) = &self.authorization {
            request = request.with_secret_header("authorization", authorization)?;
        }
        Ok(vec![request])
    }
}

const TITLE: Limit = Limit::bytes(250);
/// What is longer becomes an attachment, which a locked telephone does not show.
const TEXT: Limit = Limit::bytes(4096);
