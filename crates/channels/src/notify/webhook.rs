//! A request to a program of the operator's own, as Alertmanager sends it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wardkit_alerting::receiver::{ChannelConfig, WebhookConfig};
use wardkit_core::{Clock, Secret};

use super::http::{self, HttpChannel, Vendor, basic, bearer, post};
use super::markup::Markup;
use super::payload::Payload;
use super::template::Template;
use super::words::Told;
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    webhook: &WebhookConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let (key, url) = if webhook.secret_url.is_some() {
        ("secret-url", http::value("secret-url", &webhook.secret_url)?)
    } else {
        ("url", Secret::new(webhook.url.clone()))
    };
    let optional = |key, secret: &wardkit_alerting::receiver::SecretSource| {
        if secret.is_none() { Ok(None) } else { http::value(key, secret).map(Some) }
    };
    let authorization = match optional("bearer-token", &webhook.bearer_token)? {
        Some(token) => Some(bearer(&token)),
        None if webhook.username.is_empty() => None,
        None => {
            let password = optional("password", &webhook.password)?;
            let password = password.as_ref().map_or("", |password| password.expose());
            Some(basic(&webhook.username, password))
        }
    };
    let vendor = Webhook {
        authorization,
        signing_key: optional("signing-key", &webhook.signing_key)?,
        headers: webhook.headers.clone(),
        body: Template::of("body", &webhook.body, Markup::Plain)?,
        content_type: webhook.content_type.clone(),
        max_alerts: webhook.max_alerts,
        clock: Arc::clone(&options.clock),
        url: url.clone(),
    };
    let secrets = [&webhook.bearer_token, &webhook.password, &webhook.signing_key];
    Ok(Box::new(HttpChannel::new(vendor, (key, url.expose()), &secrets, config, options)?))
}

struct Webhook {
    url: Secret<String>,
    authorization: Option<Secret<String>>,
    signing_key: Option<Secret<String>>,
    headers: BTreeMap<String, String>,
    body: Template,
    content_type: String,
    max_alerts: usize,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// Returns the body, and whether the operator's own was to be it and failed. What a program expects is a format,
    /// not words: it gets the one that is known.
    fn body(&self, told: Told<'_>) -> (String, bool) {
        let own = self.body.render(told);
        if let Some(Ok(body)) = own {
            return (body, false);
        }
        let payload = Payload::of(told.notification(), told.external_url, self.max_alerts);
        (serde_json::to_string(&payload).unwrap_or_default(), own.is_some())
    }
}

impl Vendor for Webhook {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let (body, has_failed) = self.body(told);
        let signature = self.signing_key.as_ref().map(|key| {
            signature(key.expose().as_bytes(), self.clock.now().as_unix_seconds(), &body)
        });
        let content_type = match self.content_type.as_str() {
            "" => "application/json",
            own => own,
        };
        let mut request =
            post(self.url.expose(), told, body).with_header("content-type", content_type)?;
        for (name, value) in &self.headers {
            request = request.with_header(name, value)?;
        }
        if let Some(authorization) = &self.authorization {
            request = request.with_secret_header("authorization", authorization)?;
        }
        if has_failed {
            request = request.with_header("x-wardkit-template", "failed")?;
        }
        if let Some(signature) = signature {
            request = request.with_header("x-wardkit-signature", &signature)?;
        }
        Ok(vec![request])
    }

    /// A program of one's own is asked for more than a vendor is.
    fn parallel(&self) -> usize {
        32
    }
}

/// Returns `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`, so that an old request cannot be sent again later.
fn signature(key: &[u8], seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    let mut text = format!("t={seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
