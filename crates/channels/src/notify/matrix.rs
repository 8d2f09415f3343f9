//! Matrix: a message in a room.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use wardkit_alerting::receiver::{ChannelConfig, MatrixConfig};
use wardkit_alerting::{Outcome, Violation};
use wardkit_core::Secret;

use super::http::{self, Answer, HttpChannel, Vendor, bearer, by_status, sent};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub(super) fn build(
    matrix: &MatrixConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let token = http::value("token", &matrix.token)?;
    let base = room(&matrix.homeserver, &matrix.room)
        .ok_or_else(|| vec![Violation::new("homeserver", "is no URL")])?;
    let vendor = Matrix {
        base,
        authorization: bearer(&token),
        text: Template::of("text", &matrix.text, Markup::ChatHtml)?,
    };
    let url = ("homeserver", matrix.homeserver.as_str());
    Ok(Box::new(HttpChannel::new(vendor, url, &[&matrix.token], config, options)?))
}

/// Returns where messages of a room go; the room's name is escaped.
fn room(homeserver: &str, room: &str) -> Option<Url> {
    let mut url = Url::parse(homeserver).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().extend([
        "_matrix",
        "client",
        "v3",
        "rooms",
        room,
        "send",
        "m.room.message",
    ]);
    Some(url)
}

struct Matrix {
    base: Url,
    authorization: Secret<String>,
    text: Template,
}

impl Matrix {
    fn body(&self, told: Told<'_>) -> Value {
        let title = told.title();
        let plain = told.text(Markup::Plain, PLAIN, AckLink::InText);
        let html = self.text.text(told, HTML, |limit| {
            let text = told.text(Markup::ChatHtml, limit, AckLink::InText).replace('\n', "<br>");
            format!("{}<br>{text}", Markup::ChatHtml.strong(&title))
        });
        json!({
            "msgtype": "m.text",
            "body": format!("{title}\n{plain}"),
            "format": "org.matrix.custom.html",
            "formatted_body": html,
        })
    }
}

impl Vendor for Matrix {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        // A transaction's id is the key: the server tells what it has already.
        let url = format!("{}/{}", self.base, told.notification().key);
        let request = HttpRequest::put(url, self.body(told).to_string())
            .with_header("content-type", "application/json")?
            .with_header("idempotency-key", told.notification().key.as_str())?
            .with_secret_header("authorization", &self.authorization)?;
        Ok(vec![request])
    }

    fn outcome(&self, answer: &Answer<'_>) -> Option<Outcome> {
        if answer.response.is_success() {
            return Some(sent(answer.text("/event_id").map(str::to_owned)));
        }
        let millis = answer.json.as_ref()?.get("retry_after_ms")?.as_u64()?;
        match by_status(answer) {
            Outcome::Retry { reason, .. } => {
                Some(Outcome::Retry { after: Some(Duration::from_millis(millis)), reason })
            }
            other => Some(other),
        }
    }
}

/// Together well within the 64 KiB of an event.
const PLAIN: Limit = Limit::bytes(12 * 1024);
const HTML: Limit = Limit::bytes(24 * 1024);
