//! Text messages, by the interfaces of Twilio and Vonage.

use url::form_urlencoded::Serializer;
use wardkit_alerting::Outcome;
use wardkit_alerting::receiver::{ChannelConfig, SmsConfig, SmsVendor};
use wardkit_core::Secret;

use super::http::{self, Answer, HttpChannel, Vendor, basic, or_own, post, sent};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(sms: &SmsConfig, config: &ChannelConfig, options: &NotifyOptions) -> Built {
    let own = match sms.vendor {
        SmsVendor::Vonage => "https://rest.nexmo.com",
        _ => "https://api.twilio.com",
    };
    let base = or_own(&sms.url, own);
    let url = match sms.vendor {
        SmsVendor::Vonage => format!("{base}/sms/json"),
        _ => format!("{base}/2010-04-01/Accounts/{}/Messages.json", sms.account),
    };
    let vendor = Sms {
        url,
        vendor: sms.vendor,
        account: sms.account.clone(),
        secret: http::value("secret", &sms.secret)?,
        from: sms.from.clone(),
        to: sms.to.clone(),
        text: Template::of("text", &sms.text, Markup::Plain)?,
    };
    Ok(Box::new(HttpChannel::new(vendor, ("url", base), &[&sms.secret], config, options)?))
}

struct Sms {
    url: String,
    vendor: SmsVendor,
    account: String,
    secret: Secret<String>,
    from: String,
    to: String,
    text: Template,
}

impl Sms {
    fn body(&self, told: Told<'_>) -> String {
        let text = self.text.text(told, TEXT, |limit| {
            let title = told.title();
            let rest = limit.most.saturating_sub(limit.unit.count(&title) + 1);
            let rest = Limit { most: rest, unit: limit.unit };
            format!("{title}\n{}", told.text(Markup::Plain, rest, AckLink::InText))
        });
        let mut form = Serializer::new(String::new());
        if self.vendor == SmsVendor::Vonage {
            form.append_pair("api_key", &self.account);
            form.append_pair("api_secret", self.secret.expose());
            form.append_pair("from", &self.from);
            // Vonage has numbers without the plus.
            form.append_pair("to", self.to.trim_start_matches('+'));
            form.append_pair("text", &text);
            form.append_pair("type", if text.is_ascii() { "text" } else { "unicode" });
            form.append_pair("client-ref", told.notification().key.as_str());
        } else {
            form.append_pair("From", &self.from);
            form.append_pair("To", &self.to);
            form.append_pair("Body", &text);
        }
        form.finish()
    }
}

impl Vendor for Sms {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let mut request = post(&self.url, told, self.body(told))
            .with_header("content-type", "application/x-www-form-urlencoded")?;
        if self.vendor != SmsVendor::Vonage {
            let authorization = basic(&self.account, self.secret.expose());
            request = request.with_secret_header("authorization", &authorization)?;
        }
        Ok(vec![request])
    }

    /// Vonage says what is wrong with status 200.
    fn outcome(&self, answer: &Answer<'_>) -> Option<Outcome> {
        if !answer.response.is_success() {
            return None;
        }
        if self.vendor != SmsVendor::Vonage {
            return Some(sent(answer.text("/sid").map(str::to_owned)));
        }
        let reason = |status: &str| format!("Vonage refuses it with status {status}");
        Some(match answer.text("/messages/0/status") {
            Some("0") => sent(answer.text("/messages/0/message-id").map(str::to_owned)),
            // Too many at a time, and trouble of its own.
            Some(status @ ("1" | "5" | "10")) => {
                Outcome::Retry { after: None, reason: reason(status) }
            }
            Some(status) => Outcome::Permanent { reason: reason(status) },
            None => Outcome::Retry {
                after: None,
                reason: "it does not answer as Vonage does".to_owned(),
            },
        })
    }
}

/// Three messages of a telephone's; each is paid for.
const TEXT: Limit = Limit::characters(450);
