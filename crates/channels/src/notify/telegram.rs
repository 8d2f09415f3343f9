//! Telegram: a message with a button, and the reader of its presses.

mod updates;

use serde_json::{Value, json};
use wardkit_alerting::receiver::{ChannelConfig, TelegramConfig, TelegramMarkup};
use wardkit_alerting::{Kind, Outcome};
use wardkit_core::Secret;

use super::http::{self, Answer, HttpChannel, Vendor, by_status, or_own, post_json, seconds, sent};
use super::markup::{Limit, Markup};
use super::template::Template;
use super::words::{AckLink, Told};
use super::{Built, NotifyOptions};
use crate::{Error, HttpRequest};

pub use updates::{Press, TelegramUpdates, UpdatesError};

pub(super) fn build(
    telegram: &TelegramConfig,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Built {
    let base = or_own(&telegram.api_url, OWN);
    let own = markup(telegram.markup);
    let vendor = Telegram {
        bot: bot(telegram)?,
        chat: chat(&telegram.chat),
        topic: telegram.topic,
        quiet: telegram.quiet,
        has_button: !telegram.acknowledged_by.is_empty(),
        text: Template::of("text", &telegram.text, own)?,
        own,
    };
    let url = ("api-url", base);
    Ok(Box::new(HttpChannel::new(vendor, url, &[&telegram.token], config, options)?))
}

struct Telegram {
    /// Where the bot's methods are; it holds the token.
    bot: Secret<String>,
    chat: Value,
    topic: Option<i64>,
    quiet: bool,
    /// Whether anybody may press the button: one that nobody hears would be a promise.
    has_button: bool,
    text: Template,
    /// What the operator's template is written in.
    own: Markup,
}

impl Telegram {
    fn body(&self, told: Told<'_>) -> Value {
        let token = told.ack_token().filter(|token| self.has_button && fits_button(token));
        let ack = if token.is_some() { AckLink::OnButton } else { AckLink::InText };
        // The usual words are written in what the operator's template is: a note about that one may stand below.
        let usual = if self.text.is_usual() { Markup::MarkdownV2 } else { self.own };
        let text = self.text.text(told, TEXT, |limit| {
            let title = usual.strong(&told.title());
            let rest = limit.most.saturating_sub(limit.unit.count(&title) + 1);
            let rest = Limit { most: rest, unit: limit.unit };
            format!("{title}\n{}", told.text(usual, rest, ack))
        });
        let mut body = json!({
            "chat_id": self.chat,
            "text": text,
            "link_preview_options": {"is_disabled": true},
        });
        match usual {
            Markup::MarkdownV2 => body["parse_mode"] = json!("MarkdownV2"),
            Markup::ChatHtml => body["parse_mode"] = json!("HTML"),
            _ => {}
        }
        if let Some(token) = token {
            let button = json!({"text": "Acknowledge", "callback_data": token});
            body["reply_markup"] = json!({"inline_keyboard": [[button]]});
        }
        body
    }

    fn method(&self, name: &str) -> String {
        format!("{}/{name}", self.bot.expose())
    }
}

impl Vendor for Telegram {
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error> {
        let mut body = self.body(told);
        let mut requests = Vec::new();
        let earlier = told.delivery.receipt.as_deref().and_then(|id| id.parse::<i64>().ok());
        if let Some(id) = earlier {
            // The end is written over the beginning: nobody needs to be called for it.
            if told.is_resolved() && told.notification().kind == Kind::Group {
                let mut edit = body.clone();
                edit["message_id"] = json!(id);
                requests.push(post_json(&self.method("editMessageText"), told, &edit)?);
            }
            body["reply_parameters"] =
                json!({"message_id": id, "allow_sending_without_reply": true});
        }
        if let Some(topic) = self.topic {
            body["message_thread_id"] = json!(topic);
        }
        if self.quiet {
            body["disable_notification"] = json!(true);
        }
        requests.push(post_json(&self.method("sendMessage"), told, &body)?);
        Ok(requests)
    }

    fn outcome(&self, answer: &Answer<'_>) -> Option<Outcome> {
        let json = answer.json.as_ref()?;
        if json["ok"].as_bool() == Some(true) {
            return Some(sent(json["result"]["message_id"].as_i64().map(|id| id.to_string())));
        }
        // An edit that was made already, before a crash.
        if answer.text("/description").is_some_and(|said| said.contains("message is not modified"))
        {
            return Some(sent(None));
        }
        let after = seconds(json.pointer("/parameters/retry_after"))?;
        match by_status(answer) {
            Outcome::Retry { reason, .. } => Some(Outcome::Retry { after: Some(after), reason }),
            other => Some(other),
        }
    }

    fn edits(&self) -> bool {
        true
    }

    /// A chat takes one message in a second.
    fn parallel(&self) -> usize {
        1
    }
}

fn bot(telegram: &TelegramConfig) -> Result<Secret<String>, Vec<wardkit_alerting::Violation>> {
    let token = http::value("token", &telegram.token)?;
    // It stands in a URL's path.
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b":-_".contains(&byte);
    if !token.expose().bytes().all(is_word) {
        let reason = "is not a bot's token: letters, digits, :, - and _";
        return Err(vec![wardkit_alerting::Violation::new("token", reason)]);
    }
    let base = or_own(&telegram.api_url, OWN);
    Ok(Secret::new(format!("{base}/bot{}", token.expose())))
}

fn chat(chat: &str) -> Value {
    chat.parse::<i64>().map_or_else(|_| json!(chat), |number| json!(number))
}

const fn markup(markup: TelegramMarkup) -> Markup {
    match markup {
        TelegramMarkup::MarkdownV2 => Markup::MarkdownV2,
        TelegramMarkup::Plain => Markup::Plain,
        _ => Markup::ChatHtml,
    }
}

/// A button carries 1 to 64 bytes.
const fn fits_button(token: &str) -> bool {
    !token.is_empty() && token.len() <= 64
}

const OWN: &str = "https://api.telegram.org";
const TEXT: Limit = Limit::characters(4096);
