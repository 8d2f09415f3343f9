//! Which chat platforms a file talks to, and by which library.

use crate::flow::lower::Dialect;
use crate::flow::tree::{Expr, ExprKind, Span};

/// A library that bots are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Framework {
    /// python-telegram-bot.
    PythonTelegramBot,
    Aiogram,
    /// pyTelegramBotAPI.
    Telebot,
    Pyrogram,
    Telethon,
    /// discord.py and its forks, with what is built upon them.
    DiscordPython,
    SlackBolt,
    Telegraf,
    Grammy,
    NodeTelegramBotApi,
    DiscordJs,
    WhatsappWeb,
    Baileys,
}

impl Framework {
    /// Returns the libraries that a file imports, the first first.
    pub(crate) fn imported(dialect: Dialect, text: &str) -> Vec<Self> {
        let names = match dialect {
            Dialect::Python => PYTHON,
            Dialect::JavaScript => SCRIPT,
        };
        let mut found = Vec::new();
        for line in text.lines() {
            let Some(module) = imported_module(dialect, line) else { continue };
            let known = names.iter().find(|(name, _)| {
                module
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', ' ', ',']))
            });
            if let Some((_, framework)) = known
                && !found.contains(framework)
            {
                found.push(*framework);
            }
        }
        found
    }

    /// Whether it talks to Telegram.
    pub(crate) const fn is_telegram(self) -> bool {
        matches!(
            self,
            Self::PythonTelegramBot
                | Self::Aiogram
                | Self::Telebot
                | Self::Pyrogram
                | Self::Telethon
                | Self::Telegraf
                | Self::Grammy
                | Self::NodeTelegramBotApi
        )
    }
}

/// A place where a bot is made: what receives updates and calls handlers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    pub(crate) framework: Framework,
    pub(crate) at: Span,
}

impl Application {
    /// Returns the bot that a call makes.
    pub(super) fn of(call: &Expr<'_>, imported: &[Framework]) -> Option<Self> {
        let ExprKind::Call(inner) = &call.kind else { return None };
        let name = inner.callee.dotted()?;
        // `dotted` looks through calls: only the call that ends the name is meant, not those that hang on it.
        if matches!(inner.callee.kind, ExprKind::Member(ref of, _) if matches!(of.kind, ExprKind::Call(_)))
        {
            return None;
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        let makes = |framework: &&Framework| match framework {
            Framework::PythonTelegramBot => {
                name.ends_with("Application.builder")
                    || matches!(last, "ApplicationBuilder" | "Updater")
            }
            Framework::Aiogram => last == "Dispatcher",
            Framework::Telebot => matches!(last, "TeleBot" | "AsyncTeleBot"),
            Framework::Telethon => last == "TelegramClient",
            Framework::DiscordPython => {
                matches!(last, "Bot" | "AutoShardedBot" | "Client" | "AutoShardedClient")
            }
            Framework::SlackBolt => matches!(last, "App" | "AsyncApp"),
            Framework::Telegraf => last == "Telegraf",
            Framework::Grammy => last == "Bot",
            Framework::NodeTelegramBotApi => last == "TelegramBot",
            Framework::Pyrogram | Framework::DiscordJs | Framework::WhatsappWeb => last == "Client",
            Framework::Baileys => matches!(last, "makeWASocket" | "default"),
        };
        let framework = *imported.iter().find(makes)?;
        Some(Self { framework, at: call.at })
    }
}

/// Returns the module that a line imports.
fn imported_module(dialect: Dialect, line: &str) -> Option<&str> {
    let line = line.trim_start();
    if dialect == Dialect::Python {
        let rest = line.strip_prefix("from ").or_else(|| line.strip_prefix("import "))?;
        return Some(rest.trim());
    }
    let rest = line
        .split_once("require(")
        .or_else(|| line.split_once(" from "))
        .or_else(|| line.split_once("from\""))
        .map(|(_, rest)| rest)?;
    let rest = rest.trim_start().strip_prefix(['"', '\'', '`'])?;
    rest.split(['"', '\'', '`']).next()
}

const PYTHON: &[(&str, Framework)] = &[
    ("telegram", Framework::PythonTelegramBot),
    ("aiogram", Framework::Aiogram),
    ("telebot", Framework::Telebot),
    ("pyrogram", Framework::Pyrogram),
    ("hydrogram", Framework::Pyrogram),
    ("telethon", Framework::Telethon),
    ("discord", Framework::DiscordPython),
    ("nextcord", Framework::DiscordPython),
    ("disnake", Framework::DiscordPython),
    ("interactions", Framework::DiscordPython),
    ("redbot", Framework::DiscordPython),
    ("slack_bolt", Framework::SlackBolt),
];

const SCRIPT: &[(&str, Framework)] = &[
    ("telegraf", Framework::Telegraf),
    ("grammy", Framework::Grammy),
    ("@grammyjs", Framework::Grammy),
    ("node-telegram-bot-api", Framework::NodeTelegramBotApi),
    ("discord.js", Framework::DiscordJs),
    ("@discordjs", Framework::DiscordJs),
    ("@sapphire", Framework::DiscordJs),
    ("@slack/bolt", Framework::SlackBolt),
    ("whatsapp-web.js", Framework::WhatsappWeb),
    ("@whiskeysockets/baileys", Framework::Baileys),
    ("@adiwajshing/baileys", Framework::Baileys),
    ("baileys", Framework::Baileys),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_what_is_imported() {
        let check = |dialect, text: &str, expected: &[Framework]| {
            assert_eq!(Framework::imported(dialect, text), expected, "{text}");
        };
        let python = Dialect::Python;
        check(python, "from telegram.ext import Application\n", &[Framework::PythonTelegramBot]);
        check(
            python,
            "import telebot\nimport discord\n",
            &[Framework::Telebot, Framework::DiscordPython],
        );
        check(python, "import telegrammar\n# import discord\n", &[]);
        let script = Dialect::JavaScript;
        check(script, "const { Telegraf } = require('telegraf');\n", &[Framework::Telegraf]);
        check(script, "import { Bot } from \"grammy\";\n", &[Framework::Grammy]);
        check(script, "import x from './telegraf';\n", &[]);
    }
}
