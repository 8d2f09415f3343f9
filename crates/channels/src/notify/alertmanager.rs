//! Another Alertmanager.

use std::time::Duration;

use serde_json::{Value, json};
use wardkit_alerting::Condition;
use wardkit_alerting::receiver::{AlertmanagerConfig, ChannelConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, basic, post_json};
use super::words::Told;
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    other: &AlertmanagerConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let authorization = if other.username.is_empty() {
        None
    } else if other.password.is_none() {
        Some(basic(&other.username, ""))
    } else {
        Some(basic(&other.username, http::value("password", &other.password)?.expose()))
    };
    let vendor = Alertmanager {
        url: format!("{}/api/v2/alerts", other.url.trim_end_matches('/')),
        authorization,
        lasts: other.lasts,
    };
    let url = ("url", other.url.as_str());
    Ok(Box::new(HttpChannel::new(vendor, url, &[&other.password], config, options)?))
}

struct Alertmanager {
    url: String,
    authorization: Option<Secret<String>>,
    lasts: Duration,
}

impl Alertmanager {
    fn body(&self, told: Told<'_>) -> Value {
        let notification = told.notification();
        let alerts = notification.alerts.iter().map(|alert| {
            let end = match alert.condition {
                Condition::Resolved => alert.ends_at.unwrap_or(notification.at),
                Condition::Firing => notification.at.saturating_add(self.lasts),
            };
            let mut body = json!({
                "labels": alert.labels,
                "annotations": alert.annotations,
                "startsAt": alert.starts_at.to_string(),
                "endsAt": end.to_string(),
            });
            // It refuses what is no URL, an empty one too.
            if alert.generator_url.starts_with("http") {
                body["generatorURL"] = json!(alert.generator_url);
            }
            body
        });
        alerts.collect()
    }
}

impl Vendor for Alertmanager {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let mut request = post_json(&self.url, told, &self.body(told))?;
        if let Some(authorization) = &self.authorization {
            request = request.with_secret_header("authorization", authorization)?;
        }
        Ok(vec![request])
    }

    fn parallel(&self) -> usize {
        8
    }
}
