//! Chats.

use super::Context;
use super::global::{SecretOrFile, url};
use super::http::Http;
use super::receivers::{secret, secret_url};
use super::section::Section;
use crate::receiver::{
    ChannelKind, DiscordConfig, SecretSource, SlackConfig, TelegramConfig, TelegramMarkup,
};

pub(super) fn slack(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    let http = Http::of(section, &context.global.http);
    let mut config = SlackConfig {
        channel: section.plain("channel").unwrap_or_default().to_owned(),
        title: context.text(section, "title", r#"{{ template "slack.default.title" . }}"#),
        text: context.text(section, "text", r#"{{ template "slack.default.text" . }}"#),
        ..SlackConfig::default()
    };
    if !http.username.is_empty() {
        http.refuse_sign_in(section);
    }
    let place = secret_url(section, context, "api_url", &context.global.slack_api_url);
    if http.token.is_none() {
        config.webhook_url = place;
    } else {
        // A bot: its token signs in at the method that posts messages.
        config.token = http.token.source(context.base);
        config.api_url = bot_api(section, &place);
    }
    section.unused(&[
        "username",
        "color",
        "title_link",
        "pretext",
        "fields",
        "short_fields",
        "footer",
        "fallback",
        "callback_id",
        "icon_emoji",
        "icon_url",
        "image_url",
        "thumb_url",
        "link_names",
        "mrkdwn_in",
        "actions",
    ]);
    config.into()
}

/// The base of the interface whose method `chat.postMessage` is.
fn bot_api(section: &Section<'_>, place: &SecretSource) -> String {
    let url = place.value().map(|url| url.expose().as_str()).unwrap_or_default();
    match url.strip_suffix("/chat.postMessage") {
        Some("https://slack.com/api") => String::new(),
        Some(base) => base.trim_end_matches("/api").to_owned(),
        None => {
            let reason = "with a token, it must be https://slack.com/api/chat.postMessage";
            section.error(section.at(), "api_url", reason);
            String::new()
        }
    }
}

pub(super) fn telegram(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    Http::of(section, &context.global.http).refuse_sign_in(section);
    let own_url = url(section, "api_url");
    let chat = section.number::<i64>("chat_id").unwrap_or_default();
    if chat == 0 {
        section.error(section.at(), "chat_id", "is missing");
    }
    let mut markup = TelegramMarkup::Html;
    if let Some(node) = section.node("parse_mode") {
        match node.text() {
            Some("HTML") => {}
            Some("MarkdownV2") => markup = TelegramMarkup::MarkdownV2,
            Some("") => markup = TelegramMarkup::Plain,
            Some("Markdown") => {
                section.error(
                    node.at,
                    "parse_mode",
                    "is of old: MarkdownV2 and HTML are supported",
                );
            }
            _ => section.error(node.at, "parse_mode", "must be HTML or MarkdownV2"),
        }
    }
    let config = TelegramConfig {
        token: secret(section, context, "bot_token"),
        chat: chat.to_string(),
        // Alertmanager's have no button.
        acknowledged_by: Vec::new(),
        topic: section.number("message_thread_id"),
        api_url: if own_url.is_empty() { context.global.telegram_api_url.clone() } else { own_url },
        quiet: section.flag("disable_notifications").unwrap_or_default(),
        text: context.text(section, "message", r#"{{ template "telegram.default.message" . }}"#),
        markup,
    };
    config.into()
}

pub(super) fn discord(section: &mut Section<'_>, context: &Context<'_>) -> ChannelKind {
    Http::of(section, &context.global.http).refuse_sign_in(section);
    let config = DiscordConfig {
        webhook_url: secret_url(section, context, "webhook_url", &SecretOrFile::None),
        title: context.text(section, "title", r#"{{ template "discord.default.title" . }}"#),
        text: context.text(section, "message", r#"{{ template "discord.default.message" . }}"#),
        ..DiscordConfig::default()
    };
    config.into()
}
