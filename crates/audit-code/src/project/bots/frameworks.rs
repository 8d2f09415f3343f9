//! How bots are built.

use std::collections::BTreeSet;

/// A library that bots are built with.
#[derive(Debug)]
pub(super) struct Framework {
    pub(super) name: &'static str,
    is_script: bool,
    /// What is imported.
    modules: &'static [&'static str],
    /// What is called, by the end of its name.
    builders: &'static [&'static str],
    /// Whether it has one place for the errors of all handlers.
    pub(super) has_error_handler: bool,
    /// Whether anybody may write to such a bot.
    pub(super) is_open: bool,
}

impl Framework {
    /// Whether its own sources are among the files.
    pub(super) fn lies_in(&self, files: &[String]) -> bool {
        self.modules.iter().filter(|_| !self.is_script).any(|module| {
            files.iter().any(|path| {
                let path = path.strip_prefix("src/").unwrap_or(path);
                path.strip_prefix(module) == Some("/__init__.py")
            })
        })
    }
}

/// Returns the framework that builds a bot by such a call.
pub(super) fn of(
    is_script: bool,
    callee: &str,
    imports: &BTreeSet<String>,
) -> Option<&'static Framework> {
    ALL.iter().find(|one| {
        one.is_script == is_script
            && one.modules.iter().any(|module| imports.contains(*module))
            && one.builders.iter().any(|builder| {
                callee
                    .strip_suffix(builder)
                    .is_some_and(|owner| owner.is_empty() || owner.ends_with('.'))
            })
    })
}

pub(super) fn named(name: &str) -> Option<&'static Framework> {
    ALL.iter().find(|one| one.name == name)
}

/// Whether a source imports a framework for Telegram's own interface of bots.
pub(super) fn is_telegram(imports: &BTreeSet<String>) -> bool {
    let names = ["telegram", "aiogram", "telebot", "telegraf", "grammy", "node-telegram-bot-api"];
    names.iter().any(|name| imports.contains(*name))
}

/// Words of which a source that builds a bot has one.
pub(super) const WORDS: &[&str] = &[
    "telegram",
    "aiogram",
    "telebot",
    "discord",
    "nextcord",
    "disnake",
    "pyrogram",
    "telethon",
    "slack_bolt",
    "vkbottle",
    "telegraf",
    "grammy",
    "@slack/bolt",
    "vk-io",
    "eris",
];

const ALL: [Framework; 14] = [
    Framework {
        name: "python-telegram-bot",
        is_script: false,
        modules: &["telegram"],
        builders: &["Application.builder", "ApplicationBuilder", "Updater"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "aiogram",
        is_script: false,
        modules: &["aiogram"],
        builders: &["Dispatcher"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "telebot",
        is_script: false,
        modules: &["telebot"],
        builders: &["TeleBot", "AsyncTeleBot"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "discord.py",
        is_script: false,
        modules: &["discord", "nextcord", "disnake"],
        builders: &[
            "Bot",
            "AutoShardedBot",
            "InteractionBot",
            "discord.Client",
            "AutoShardedClient",
        ],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "Pyrogram",
        is_script: false,
        modules: &["pyrogram"],
        builders: &["Client"],
        has_error_handler: false,
        is_open: true,
    },
    Framework {
        name: "Telethon",
        is_script: false,
        modules: &["telethon"],
        builders: &["TelegramClient"],
        has_error_handler: false,
        is_open: true,
    },
    Framework {
        name: "Bolt for Python",
        is_script: false,
        modules: &["slack_bolt"],
        builders: &["App", "AsyncApp"],
        has_error_handler: true,
        is_open: false,
    },
    Framework {
        name: "vkbottle",
        is_script: false,
        modules: &["vkbottle"],
        builders: &["Bot"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "Telegraf",
        is_script: true,
        modules: &["telegraf"],
        builders: &["Telegraf"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "grammY",
        is_script: true,
        modules: &["grammy"],
        builders: &["Bot"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "node-telegram-bot-api",
        is_script: true,
        modules: &["node-telegram-bot-api"],
        builders: &["TelegramBot", "TelegramApi", "TelegramBotApi"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "discord.js",
        is_script: true,
        modules: &["discord.js", "eris"],
        builders: &["Client"],
        has_error_handler: true,
        is_open: true,
    },
    Framework {
        name: "Bolt for JavaScript",
        is_script: true,
        modules: &["@slack/bolt"],
        builders: &["App"],
        has_error_handler: true,
        is_open: false,
    },
    Framework {
        name: "vk-io",
        is_script: true,
        modules: &["vk-io"],
        builders: &["VK"],
        has_error_handler: true,
        is_open: true,
    },
];
