//! The reader of a bot's buttons.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use wardkit_alerting::Violation;
use wardkit_alerting::receiver::TelegramConfig;
use wardkit_core::Secret;
use wardkit_retry::Idempotency;

use super::super::{NotifyOptions, http};
use super::{OWN, TEXT, bot, chat};
use crate::{HttpClient, HttpRequest, LongBody};

/// Asks Telegram for the presses of a bot's buttons: no port of this machine needs to be open for an acknowledgement.
///
/// One reader per bot; Telegram refuses a second one. It keeps what was not confirmed by a later question for a day, so
/// that a reader that is started anew goes on where the last one was.
pub struct TelegramUpdates {
    client: HttpClient,
    bot: Secret<String>,
    chats: Vec<Watched>,
    next: i64,
}

/// A chat whose buttons count, and who may press them.
struct Watched {
    chat: Value,
    by: Vec<String>,
}

/// Somebody pressed the button under a message.
#[derive(Clone)]
#[non_exhaustive]
pub struct Press {
    /// What the button carries: the token of the acknowledgement.
    pub token: String,
    /// Who pressed it, as Telegram names them: `@name`, or the number.
    pub by: String,
    /// Their number, which no other user ever has.
    pub user: i64,
    /// Whether they are among those who may.
    pub is_allowed: bool,
    id: String,
    chat: i64,
    message: Message,
}

/// Hides the token, which acknowledges.
impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Press")
            .field("by", &self.by)
            .field("is_allowed", &self.is_allowed)
            .finish_non_exhaustive()
    }
}

/// Why Telegram does not tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdatesError {
    /// There was no answer.
    #[error("Telegram was not reached")]
    Unreachable(#[source] crate::Error),
    /// There was another one than expected.
    #[error("Telegram answered {status}{}", hint(*status))]
    Refused {
        /// The status.
        status: u16,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
}

impl TelegramUpdates {
    /// Creates a reader of the buttons of a channel's bot.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the token or the URL.
    pub fn new(config: &TelegramConfig, options: &NotifyOptions) -> Result<Self, Vec<Violation>> {
        let base = http::or_own(&config.api_url, OWN);
        let client = http::client(base, 1, POLL + MARGIN, options)
            .map_err(|reason| vec![Violation::new("api-url", reason)])?;
        let mut reader = Self { client, bot: bot(config)?, chats: Vec::new(), next: 0 };
        reader.watch(config);
        Ok(reader)
    }

    /// Creates the readers of channels, one for each bot: of those channels whose button somebody may press.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with a token or a URL.
    pub fn of_bots<'c>(
        configs: impl IntoIterator<Item = &'c TelegramConfig>,
        options: &NotifyOptions,
    ) -> Result<Vec<Self>, Vec<Violation>> {
        let mut readers: Vec<Self> = Vec::new();
        for config in configs.into_iter().filter(|config| !config.acknowledged_by.is_empty()) {
            let own = bot(config)?;
            match readers.iter_mut().find(|reader| reader.bot.expose() == own.expose()) {
                Some(reader) => reader.watch(config),
                None => readers.push(Self::new(config, options)?),
            }
        }
        Ok(readers)
    }

    fn watch(&mut self, config: &TelegramConfig) {
        self.chats.push(Watched { chat: chat(&config.chat), by: config.acknowledged_by.clone() });
    }

    /// Waits up to 50 seconds for presses, and returns those in its chats; none is an answer, too. What was returned is
    /// not told again once the next call was made.
    ///
    /// Cancel-safe: what was not returned is told again.
    ///
    /// # Errors
    ///
    /// [`UpdatesError`]; wait before the next call, longer when it says so.
    pub async fn presses(&mut self) -> Result<Vec<Press>, UpdatesError> {
        let question = json!({
            "offset": self.next,
            "limit": MOST_UPDATES,
            "timeout": POLL.as_secs(),
            "allowed_updates": ["callback_query"],
        });
        let answer: Updates = self.call("getUpdates", &question).await?;
        let mut presses = Vec::new();
        for update in answer.result {
            self.next = self.next.max(update.update_id.saturating_add(1));
            presses.extend(update.callback_query.and_then(|query| self.press(query)));
        }
        Ok(presses)
    }

    /// Tells whoever pressed the button what came of it.
    ///
    /// # Errors
    ///
    /// [`UpdatesError`]; it is not worth a second try.
    pub async fn answer(&self, press: &Press, text: &str) -> Result<(), UpdatesError> {
        let text: String = text.chars().take(200).collect();
        let said = json!({"callback_query_id": press.id, "text": text});
        self.call::<Value>("answerCallbackQuery", &said).await.map(drop)
    }

    /// Writes a line below the message and takes its button away: everybody in the chat sees what came of it.
    ///
    /// # Errors
    ///
    /// [`UpdatesError`]; it is not worth a second try.
    pub async fn mark(&self, press: &Press, line: &str) -> Result<(), UpdatesError> {
        let mut body = json!({"chat_id": press.chat, "message_id": press.message.number});
        let whole = press.message.text.as_ref().map(|text| format!("{text}\n\n{line}"));
        // A message that is too old to be shown, or too long for another line, loses its button alone.
        let Some(whole) = whole.filter(|text| TEXT.holds(text)) else {
            return self.call::<Value>("editMessageReplyMarkup", &body).await.map(drop);
        };
        body["text"] = json!(whole);
        body["link_preview_options"] = json!({"is_disabled": true});
        if !press.message.entities.is_null() {
            // What is bold and what is a link, by its place: the line comes after all of it.
            body["entities"] = press.message.entities.clone();
        }
        self.call::<Value>("editMessageText", &body).await.map(drop)
    }

    fn press(&self, query: Query) -> Option<Press> {
        let message = query.message?;
        let here = &message.chat;
        let name = here.username.as_ref().map(|name| json!(format!("@{name}")));
        let is_here = |one: &&Watched| {
            one.chat == json!(here.id) || name.as_ref().is_some_and(|name| one.chat == *name)
        };
        let mut watched = self.chats.iter().filter(is_here).peekable();
        watched.peek()?;
        let is_name = |name: &String| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty()
        };
        let name = query.from.username.filter(is_name).map(|name| format!("@{name}"));
        let number = query.from.id.to_string();
        let is_who = |user: &String| {
            *user == number || name.as_ref().is_some_and(|name| user.eq_ignore_ascii_case(name))
        };
        Some(Press {
            is_allowed: watched.any(|one| one.by.iter().any(is_who)),
            token: query.data?,
            user: query.from.id,
            id: query.id,
            chat: here.id,
            by: name.unwrap_or(number),
            message,
        })
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        method: &str,
        body: &Value,
    ) -> Result<T, UpdatesError> {
        let url = format!("{}/{method}", self.bot.expose());
        let request = HttpRequest::post(url, body.to_string(), Idempotency::Unsafe)
            .with_header("content-type", "application/json")
            .map_err(UpdatesError::Unreachable)?
            .with_max_body(LONGEST_ANSWER, LongBody::Refused)
            .once();
        let answer = self.client.send(&request).await.map_err(UpdatesError::Unreachable)?;
        let refused = |after| UpdatesError::Refused { status: answer.status(), after };
        if !answer.is_success() {
            let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
            let after = body.as_ref().and_then(|body| body.pointer("/parameters/retry_after"));
            return Err(refused(http::seconds(after)));
        }
        serde_json::from_slice(answer.body()).map_err(|_| refused(None))
    }
}

impl fmt::Debug for TelegramUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelegramUpdates").field("next", &self.next).finish_non_exhaustive()
    }
}

const fn hint(status: u16) -> &'static str {
    match status {
        401 | 404 => ": it does not know the bot's token",
        409 => ": another program reads this bot's buttons, or it has a webhook",
        _ => "",
    }
}

#[derive(Deserialize)]
struct Updates {
    #[serde(default)]
    result: Vec<Update>,
}

#[derive(Deserialize)]
struct Update {
    update_id: i64,
    callback_query: Option<Query>,
}

#[derive(Deserialize)]
struct Query {
    id: String,
    from: Named,
    message: Option<Message>,
    data: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Message {
    #[serde(default, rename = "message_id")]
    number: i64,
    chat: Named,
    text: Option<String>,
    #[serde(default)]
    entities: Value,
}

#[derive(Clone, Deserialize)]
struct Named {
    id: i64,
    username: Option<String>,
}

/// How long Telegram keeps a question that it has no answer to.
const POLL: Duration = Duration::from_secs(50);
const MARGIN: Duration = Duration::from_secs(10);
/// The rest comes with the next answer.
const MOST_UPDATES: usize = 20;
/// So many messages of the greatest length, with all that may come with them.
const LONGEST_ANSWER: usize = 1024 * 1024;
