//! Names that are nearly those of libraries that bots use.

use wardkit_audit::{Finding, Sink, Status};

use super::place;
use crate::{Ecosystem, Inventory, Source, checks};

/// Tells of names that are one letter beside a known one.
pub(crate) fn names(inventories: &[&Inventory], sink: &mut Sink) {
    for inventory in inventories {
        let packages =
            inventory.packages.iter().map(|one| (one.ecosystem, &one.name, one.line, &one.source));
        let wishes =
            inventory.wishes.iter().map(|one| (one.ecosystem, &one.name, one.line, &one.source));
        let mut told: Vec<&str> = Vec::new();
        for (ecosystem, name, line, source) in wishes.chain(packages) {
            let Some(known) = meant(ecosystem, name).filter(|_| *source == Source::Registry) else {
                continue;
            };
            if told.contains(&name.as_str()) {
                continue;
            }
            told.push(name);
            let current = format!("{name} is one letter beside {known}.");
            let finding = Finding::new(&checks::named("dep-typosquat"), Status::Fail, current);
            sink.report(finding.about(name, "").at(place(inventory, line)));
        }
    }
}

/// Returns the library that somebody who wrote this name may have meant.
fn meant(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let (known, others): (&[&str], &[&str]) = match ecosystem {
        Ecosystem::PyPi => (&PYTHON, &PYTHON_OTHERS),
        Ecosystem::Npm => (&NODE, &NODE_OTHERS),
        _ => return None,
    };
    if known.contains(&name) || others.contains(&name) {
        return None;
    }
    known.iter().copied().find(|one| is_beside(one.as_bytes(), name.as_bytes()))
}

/// Whether one letter is more, less, other, or in the other order.
fn is_beside(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if a == b || b.len() - a.len() > 1 {
        return false;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    if a.len() < b.len() {
        return a[same..] == b[same + 1..];
    }
    let (a, b) = (&a[same..], &b[same..]);
    let is_swapped = a.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
    a[1..] == b[1..] || is_swapped
}

const PYTHON: [&str; 40] = [
    "aiogram",
    "aiohttp",
    "aiosqlite",
    "anthropic",
    "apscheduler",
    "asyncpg",
    "celery",
    "cryptography",
    "discord-py",
    "django",
    "fastapi",
    "flask",
    "httpx",
    "hikari",
    "jinja2",
    "langchain",
    "motor",
    "nextcord",
    "openai",
    "pillow",
    "psycopg2",
    "py-cord",
    "pydantic",
    "pymongo",
    "pyrogram",
    "pytelegrambotapi",
    "python-dotenv",
    "python-telegram-bot",
    "pyyaml",
    "redis",
    "requests",
    "slack-bolt",
    "slack-sdk",
    "sqlalchemy",
    "stripe",
    "telethon",
    "tweepy",
    "twilio",
    "urllib3",
    "uvicorn",
];

/// Libraries of their own that happen to be near.
const PYTHON_OTHERS: [&str; 8] =
    ["django-", "httpx2", "psycopg", "request", "psycopg3", "httpcore", "rediss", "pyrogrammod"];

const NODE: [&str; 28] = [
    "axios",
    "bullmq",
    "discord.js",
    "dotenv",
    "eris",
    "express",
    "fastify",
    "grammy",
    "ioredis",
    "jsonwebtoken",
    "knex",
    "lodash",
    "mongoose",
    "mongodb",
    "mysql2",
    "node-fetch",
    "node-telegram-bot-api",
    "openai",
    "prisma",
    "puppeteer",
    "redis",
    "sequelize",
    "socket.io",
    "stripe",
    "telegraf",
    "telegram",
    "typeorm",
    "whatsapp-web.js",
];

const NODE_OTHERS: [&str; 5] = ["express4", "mysql", "ioredis-", "knext", "redis4"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_is_told_and_two_are_not() {
        for (ecosystem, name, wanted) in [
            (Ecosystem::PyPi, "requests", None),
            (Ecosystem::PyPi, "reqeusts", Some("requests")),
            (Ecosystem::PyPi, "requestss", Some("requests")),
            (Ecosystem::PyPi, "aiogran", Some("aiogram")),
            (Ecosystem::PyPi, "telethn", Some("telethon")),
            (Ecosystem::PyPi, "requester", None),
            (Ecosystem::PyPi, "psycopg", None),
            (Ecosystem::Npm, "discord.jss", Some("discord.js")),
            (Ecosystem::Npm, "discord-js", Some("discord.js")),
            (Ecosystem::Npm, "telegraff", Some("telegraf")),
            (Ecosystem::Npm, "mysql", None),
            (Ecosystem::Npm, "left-pad", None),
            (Ecosystem::Cargo, "telethn", None),
        ] {
            assert_eq!(meant(ecosystem, name), wanted, "{name}");
        }
    }
}
