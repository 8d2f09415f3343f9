//! What has code of its own to be found.

use super::super::recogniser::{Recogniser, Sensitive, Special, along, special};

pub(super) static TABLE: &[&Recogniser] = &[
    &PRIVATE_KEY,
    &JSON_TOKEN,
    &BITCOIN_KEY,
    &AUTHORIZATION,
    &COOKIE,
    &URL_CREDENTIALS,
    &ASSIGNMENT,
    &NAMED_TOKEN,
    &SQL_PASSWORD,
    &TELEGRAM_TOKEN,
    &DISCORD_TOKEN,
    &CARD,
    &IBAN,
    &EMAIL,
    &PHONE,
    &IPV4,
    &IPV6,
];

pub(in crate::mask) static PRIVATE_KEY: Recogniser = special(
    "secret.private-key",
    Sensitive::Secret,
    "private key in PEM, OpenSSH or OpenPGP armour",
    "its BEGIN line, up to its END line",
    Special::PemKey,
);

pub(in crate::mask) static JSON_TOKEN: Recogniser = special(
    "secret.json-web-token",
    Sensitive::Secret,
    "JSON web token",
    "its first part is a JSON object with `alg`",
    Special::JsonToken,
);

pub(in crate::mask) static BITCOIN_KEY: Recogniser = special(
    "secret.bitcoin-private-key",
    Sensitive::Secret,
    "Bitcoin private key for wallets",
    "Base58, length, version and compression bytes",
    Special::BitcoinKey,
);

pub(in crate::mask) static AUTHORIZATION: Recogniser = special(
    "secret.authorization",
    Sensitive::Secret,
    "credentials of HTTP",
    "the header, or `Bearer` or `Basic` before a credential",
    Special::Authorization,
);

pub(in crate::mask) static COOKIE: Recogniser = along(
    "secret.cookie",
    Sensitive::Secret,
    "cookies of HTTP",
    "the header, and a name and a value in it",
);

pub(in crate::mask) static URL_CREDENTIALS: Recogniser = special(
    "secret.url-credentials",
    Sensitive::Secret,
    "password in an address",
    "scheme, `://`, user, colon, and an `@` before the host",
    Special::At,
);

pub(in crate::mask) static ASSIGNMENT: Recogniser = special(
    "secret.assignment",
    Sensitive::Secret,
    "value of a name such as `password` or `client_secret`",
    "the name, and a value that is no placeholder",
    Special::Name,
);

pub(in crate::mask) static NAMED_TOKEN: Recogniser = along(
    "secret.named-token",
    Sensitive::Secret,
    "value of a name such as `token` or `api_key`",
    "the name, and a value that looks drawn at random",
);

pub(in crate::mask) static SQL_PASSWORD: Recogniser = special(
    "secret.sql-password",
    Sensitive::Secret,
    "password in SQL",
    "a quoted text behind `IDENTIFIED BY`",
    Special::Identified,
);

pub(in crate::mask) static TELEGRAM_TOKEN: Recogniser = special(
    "secret.telegram-bot-token",
    Sensitive::Secret,
    "Telegram bot token",
    "8 to 10 digits, a colon, 35 characters",
    Special::TelegramToken,
);

pub(in crate::mask) static DISCORD_TOKEN: Recogniser = special(
    "secret.discord-bot-token",
    Sensitive::Secret,
    "Discord bot token",
    "its first part is the bot's number in Base64",
    Special::DiscordToken,
);

pub(in crate::mask) static CARD: Recogniser = along(
    "pii.card",
    Sensitive::Card,
    "payment card number",
    "issuer, length and Luhn's sum; ungrouped only beside a word of payment or alone",
);

pub(in crate::mask) static IBAN: Recogniser = special(
    "pii.iban",
    Sensitive::Iban,
    "international bank account number",
    "country, its length, sum modulo 97",
    Special::Iban,
);

pub(in crate::mask) static EMAIL: Recogniser = along(
    "pii.email",
    Sensitive::Email,
    "mail address",
    "local part, `@`, a domain that may exist",
);

pub(in crate::mask) static PHONE: Recogniser = special(
    "pii.phone",
    Sensitive::Phone,
    "telephone number",
    "`+`, a country's code, its length",
    Special::Phone,
);

pub(in crate::mask) static IPV4: Recogniser =
    special("pii.ipv4", Sensitive::Ip, "IPv4 address", "four numbers up to 255", Special::IpV4);

pub(in crate::mask) static IPV6: Recogniser =
    special("pii.ipv6", Sensitive::Ip, "IPv6 address", "it parses as one", Special::IpV6);
