//! Pagers.

use std::time::Duration;

use super::Context;
use super::global::{SecretOrFile, url};
use super::http::Http;
use super::receivers::secret;
use super::section::Section;
use crate::receiver::{ChannelKind, OpsgenieConfig, PagerDutyConfig, PushoverConfig};

pub(super) fn pagerduty(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    Http::of(section, &context.global.http).refuse_sign_in(section);
    let own_url = url(section, "url");
    section.unsupported(
        &["service_key", "service_key_file"],
        "is of the old interface: give the routing_key of an integration of the Events API v2",
    );
    let config = PagerDutyConfig {
        routing_key: secret(section, context, "routing_key"),
        url: if own_url.is_empty() { context.global.pagerduty_url.clone() } else { own_url },
        summary: context.text(
            section,
            "description",
            r#"{{ template "pagerduty.default.description" . }}"#,
        ),
    };
    section.unused(&[
        "client",
        "client_url",
        "details",
        "images",
        "links",
        "severity",
        "class",
        "component",
        "group",
    ]);
    config.into()
}

pub(super) fn opsgenie(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    Http::of(section, &context.global.http).refuse_sign_in(section);
    let own_url = url(section, "api_url");
    let mut key = SecretOrFile::read(section, "api_key");
    if key.is_none() {
        key = context.global.opsgenie_api_key.clone();
    }
    if key.is_none() {
        section.error(section.at(), "api_key", "is missing, here and in global.opsgenie_api_key");
    }
    let mut config = OpsgenieConfig {
        api_key: key.source(context.base),
        url: if own_url.is_empty() { context.global.opsgenie_api_url.clone() } else { own_url },
        message: context.text(section, "message", r#"{{ template "opsgenie.default.message" . }}"#),
        description: context.text(
            section,
            "description",
            r#"{{ template "opsgenie.default.description" . }}"#,
        ),
        ..OpsgenieConfig::default()
    };
    if let Some(tags) = section.plain("tags") {
        config.tags = tags.split(',').map(|tag| tag.trim().to_owned()).collect();
    }
    for mut responder in section.sections("responders") {
        let kind = responder.text("type").unwrap_or_default().to_ascii_lowercase();
        if let ("team", Some(name)) = (kind.as_str(), responder.plain("name")) {
            config.teams.push(name.to_owned());
        } else {
            let reason = "only teams by name are supported";
            responder.error(responder.at(), "", reason);
        }
        responder.unsupported(&["id", "username"], "only teams by name are supported");
        responder.finish();
    }
    section.unused(&[
        "source",
        "details",
        "entity",
        "actions",
        "note",
        "priority",
        "update_alerts",
    ]);
    config.into()
}

pub(super) fn pushover(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    Http::of(section, &context.global.http).refuse_sign_in(section);
    let config = PushoverConfig {
        user: secret(section, context, "user_key"),
        token: secret(section, context, "token"),
        title: context.text(section, "title", r#"{{ template "pushover.default.title" . }}"#),
        text: context.text(section, "message", r#"{{ template "pushover.default.message" . }}"#),
        retry: go_duration(section, "retry").unwrap_or(Duration::from_mins(1)),
        expire: go_duration(section, "expire").unwrap_or(Duration::from_hours(1)),
        ..PushoverConfig::default()
    };
    section.unused(&["url", "url_title", "sound", "priority", "html"]);
    config.into()
}

/// Go's own durations: these two keys alone have them, and whole units are all that anybody writes.
fn go_duration(section: &mut Section<'_>, key: &str) -> Option<Duration> {
    let (at, text) = section.text_at(key)?;
    let duration = crate::duration::parse(text).filter(|_| !text.contains([' ', 'd', 'w']));
    if duration.is_none() {
        section.error(at, key, "must be a duration such as 30s or 1h30m");
    }
    duration
}
