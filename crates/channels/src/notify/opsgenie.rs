//! Opsgenie: an alert, and its end.

use serde_json::{Value, json};
use wardkit_alerting::Urgency;
use wardkit_alerting::receiver::{ChannelConfig, OpsgenieConfig};
use wardkit_core::Secret;

use super::http::{self, HttpChannel, Vendor, or_own, post_json};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    opsgenie: &OpsgenieConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let url = or_own(&opsgenie.url, "https://api.opsgenie.com");
    let key = http::value("api-key", &opsgenie.api_key)?;
    let vendor = Opsgenie {
        url: url.to_owned(),
        authorization: Secret::new(format!("GenieKey {}", key.expose())),
        message: Template::of("message", &opsgenie.message, Markup::Plain)?,
        description: Template::of("description", &opsgenie.description, Markup::Plain)?,
        teams: opsgenie.teams.clone(),
        tags: opsgenie.tags.iter().take(MOST_TAGS).map(|tag| TAG.cut(tag).into_owned()).collect(),
    };
    Ok(Box::new(HttpChannel::new(vendor, ("url", url), &[&opsgenie.api_key], config, options)?))
}

struct Opsgenie {
    url: String,
    authorization: Secret<String>,
    message: Template,
    description: Template,
    teams: Vec<String>,
    tags: Vec<String>,
}

impl Opsgenie {
    fn body(&self, told: Told<'_>) -> Value {
        let notification = told.notification();
        let message =
            self.message.text(told, MESSAGE, |limit| limit.cut(&told.title()).into_owned());
        let description = self
            .description
            .text(told, DESCRIPTION, |limit| told.text(Markup::Plain, limit, AckLink::InText));
        let responders: Vec<_> =
            self.teams.iter().map(|team| json!({"type": "team", "name": team})).collect();
        json!({
            "message": message,
            "alias": told.incident_key(),
            "description": description,
            "details": notification.common_labels(),
            "responders": responders,
            "tags": self.tags,
            "source": "wardkit",
            "priority": match notification.urgency {
                Urgency::Critical => "P1",
                Urgency::Warning => "P3",
                Urgency::Info => "P5",
            },
        })
    }
}

impl Vendor for Opsgenie {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let request = if told.is_resolved() {
            let alias = told.incident_key();
            let url = format!("{}/v2/alerts/{alias}/close?identifierType=alias", self.url);
            post_json(&url, told, &json!({"source": "wardkit"}))?
        } else {
            post_json(&format!("{}/v2/alerts", self.url), told, &self.body(told))?
        };
        Ok(vec![request.with_secret_header("authorization", &self.authorization)?])
    }
}

const MESSAGE: Limit = Limit::characters(130);
const DESCRIPTION: Limit = Limit::characters(15_000);
const TAG: Limit = Limit::characters(50);
const MOST_TAGS: usize = 20;
