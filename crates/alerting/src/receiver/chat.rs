//! Chats.

use serde::{Deserialize, Serialize};

use super::violations::Found;
use super::{SecretSource, Text};

/// A message in Slack: by a webhook of the channel, or by a bot's token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SlackConfig {
    /// The webhook's URL, which is a secret, as `env:NAME` or `file:/path`.
    pub webhook_url: SecretSource,
    /// The bot's token, as `env:NAME` or `file:/path`. Instead of `webhook-url`.
    pub token: SecretSource,
    /// Where the bot's messages go; empty is Slack itself.
    pub api_url: String,
    /// The channel; needed with `token`.
    pub channel: String,
    /// The name that the message is shown under.
    pub username: String,
    /// The title, as a template.
    pub title: Text,
    /// The text, as a template.
    pub text: Text,
}

impl SlackConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("webhook-url", &mut self.webhook_url), ("token", &mut self.token)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let ways = [&self.webhook_url, &self.token].iter().filter(|way| way.is_some()).count();
        found.check("webhook-url", ways == 1, "exactly one of `webhook-url` and `token` is needed");
        let channel = self.token.is_none() || !self.channel.is_empty();
        found.check("channel", channel, "is needed with `token`");
    }
}

/// A message in Discord, by a webhook of the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DiscordConfig {
    /// The webhook's URL, which is a secret, as `env:NAME` or `file:/path`.
    pub webhook_url: SecretSource,
    /// The name that the message is shown under.
    pub username: String,
    /// The title, as a template.
    pub title: Text,
    /// The text, as a template.
    pub text: Text,
}

impl DiscordConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("webhook-url", &mut self.webhook_url)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("webhook-url", self.webhook_url.is_some());
    }
}

/// A message in Telegram, with a button that acknowledges where somebody may press it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TelegramConfig {
    /// The bot's token, as `env:NAME` or `file:/path`.
    pub token: SecretSource,
    /// The chat: a number, or `@name` of a channel.
    pub chat: String,
    /// Who may acknowledge by the button: numbers of users, or `@name`, which somebody else can take over once it is
    /// given up. While empty, there is no button.
    pub acknowledged_by: Vec<String>,
    /// The topic of the chat, for those that have them.
    pub topic: Option<i64>,
    /// Where the bot's requests go; empty is Telegram itself.
    pub api_url: String,
    /// Whether messages come without a sound.
    pub quiet: bool,
    /// The whole message, as a template. Values are escaped as `markup` asks for.
    pub text: Text,
    /// What a template of your own is written in.
    pub markup: TelegramMarkup,
}

/// What a message for Telegram is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum TelegramMarkup {
    /// Telegram's HTML.
    #[default]
    Html,
    /// Telegram's Markdown, version 2.
    MarkdownV2,
    /// Nothing: a sign is a sign.
    Plain,
}

impl TelegramConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("token", &mut self.token)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("token", self.token.is_some());
        let chat = self.chat.parse::<i64>().is_ok() || self.chat.starts_with('@');
        found.check("chat", chat, "must be a number or @name");
        let is_user = |user: &String| {
            let name = user.strip_prefix('@').filter(|name| !name.is_empty());
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            name.is_some_and(|name| name.chars().all(word))
                || user.parse::<i64>().is_ok_and(|number| number > 0)
        };
        let reason = "must be numbers of users, or names such as @ann";
        found.check("acknowledged-by", self.acknowledged_by.iter().all(is_user), reason);
    }
}

/// A message through ntfy, with a button that acknowledges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NtfyConfig {
    /// The server; empty is ntfy.sh.
    pub url: String,
    /// The topic. Whoever knows the topic of a public server reads it.
    pub topic: String,
    /// The token, as `env:NAME` or `file:/path`.
    pub token: SecretSource,
    /// The title, as a template.
    pub title: Text,
    /// The text, as a template.
    pub text: Text,
}

impl NtfyConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("token", &mut self.token)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let topic = (1..=64).contains(&self.topic.len()) && self.topic.chars().all(word);
        found.check("topic", topic, "must be 1 to 64 letters, digits, - and _");
    }
}

/// A message in a room of Matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MatrixConfig {
    /// The homeserver: `https://matrix.example.org`.
    pub homeserver: String,
    /// The room: `!abc:example.org`.
    pub room: String,
    /// The token, as `env:NAME` or `file:/path`.
    pub token: SecretSource,
    /// The text, as a template in HTML. Values are escaped.
    pub text: Text,
}

impl MatrixConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("token", &mut self.token)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("homeserver", !self.homeserver.is_empty());
        found.needs("token", self.token.is_some());
        let room = self.room.starts_with('!') || self.room.starts_with('#');
        found.check("room", room, "must be a room such as !abc:example.org");
    }
}

/// A card in a channel of Microsoft Teams, by a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TeamsConfig {
    /// The workflow's URL, which is a secret, as `env:NAME` or `file:/path`.
    pub webhook_url: SecretSource,
    /// The title, as a template.
    pub title: Text,
    /// The text, as a template.
    pub text: Text,
}

impl TeamsConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("webhook-url", &mut self.webhook_url)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("webhook-url", self.webhook_url.is_some());
    }
}
