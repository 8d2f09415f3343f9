//! Pushover: a message that rings, when it must, until somebody reacts.

use std::time::Duration;

use url::form_urlencoded::Serializer;
use wardkit_alerting::Urgency;
use wardkit_alerting::receiver::{ChannelConfig, PushoverConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, or_own, post};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    pushover: &PushoverConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let url = or_own(&pushover.url, "https://api.pushover.net/1/messages.json");
    let vendor = Pushover {
        url: url.to_owned(),
        token: http::value("token", &pushover.token)?,
        user: http::value("user", &pushover.user)?,
        device: pushover.device.clone(),
        title: Template::of("title", &pushover.title, Markup::Plain)?,
        text: Template::of("text", &pushover.text, Markup::Plain)?,
        retry: pushover.retry,
        expire: pushover.expire,
    };
    let secrets = [&pushover.token, &pushover.user];
    Ok(Box::new(HttpChannel::new(vendor, ("url", url), &secrets, config, options)?))
}

struct Pushover {
    url: String,
    token: Secret<String>,
    user: Secret<String>,
    device: String,
    title: Template,
    text: Template,
    retry: Duration,
    expire: Duration,
}

impl Pushover {
    fn body(&self, told: Told<'_>) -> String {
        let title = self.title.text(told, TITLE, |limit| limit.cut(&told.title()).into_owned());
        let text =
            self.text.text(told, TEXT, |limit| told.text(Markup::Plain, limit, AckLink::OnButton));
        let mut form = Serializer::new(String::new());
        form.append_pair("token", self.token.expose());
        form.append_pair("user", self.user.expose());
        form.append_pair("title", &title);
        form.append_pair("message", &text);
        form.append_pair("timestamp", &told.notification().at.as_unix_seconds().to_string());
        if !self.device.is_empty() {
            form.append_pair("device", &self.device);
        }
        if let Some(url) = told.ack_url().filter(|url| url.len() <= LONGEST_URL) {
            form.append_pair("url", url).append_pair("url_title", "Acknowledge");
        }
        let urgency = told.notification().urgency;
        if urgency == Urgency::Critical && !told.is_resolved() {
            form.append_pair("priority", "2");
            form.append_pair("retry", &self.retry.as_secs().to_string());
            form.append_pair("expire", &self.expire.as_secs().to_string());
        } else if urgency == Urgency::Info {
            form.append_pair("priority", "-1");
        }
        form.finish()
    }
}

impl Vendor for Pushover {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let request = post(&self.url, told, self.body(told));
        Ok(vec![request.with_header("content-type", FORM)?])
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const TITLE: Limit = Limit::characters(250);
const TEXT: Limit = Limit::characters(1024);
const LONGEST_URL: usize = 512;
