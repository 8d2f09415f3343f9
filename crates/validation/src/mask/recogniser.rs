//! What is recognised, as data.

use std::fmt;
use std::str::FromStr;

use super::alphabet::Alphabet;
use crate::Error;

/// The kinds of what is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Sensitive {
    /// Tokens, passwords, keys: whoever has one may act.
    Secret,
    /// Numbers of payment cards.
    Card,
    /// International bank account numbers.
    Iban,
    /// Mail addresses.
    Email,
    /// Telephone numbers in international form.
    Phone,
    /// Addresses of hosts. Off by default: a log without them is of little use to whoever defends a host.
    Ip,
}

impl Sensitive {
    /// Every one.
    pub const ALL: &[Self] =
        &[Self::Secret, Self::Card, Self::Iban, Self::Email, Self::Phone, Self::Ip];

    /// Those that are masked unless others are chosen: all but [`Ip`](Self::Ip).
    pub const DEFAULT: &[Self] = &[Self::Secret, Self::Card, Self::Iban, Self::Email, Self::Phone];

    /// Returns the name, as configurations and command lines write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Ip => "ip",
        }
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Sensitive {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or(Error::Sensitive)
    }
}

/// One thing that is recognised. [`Recognisers::table`](crate::Recognisers::table) lists all of them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Recogniser {
    /// Its stable name, such as `secret.telegram-bot-token` or `pii.iban`.
    pub id: &'static str,
    /// Its kind.
    pub kind: Sensitive,
    /// Whose it is and what, as in `Telegram bot token`.
    pub what: &'static str,
    /// What tells it from other text.
    pub check: &'static str,
    /// How it is found.
    pub(super) finder: Finder,
}

/// How something is found.
#[derive(Debug)]
pub(super) enum Finder {
    /// By a shape that has a literal in it.
    Shapes { shapes: &'static [&'static [Part]], keep: Keep, verify: Option<Verify> },
    /// By code of its own.
    Special(Special),
    /// By the code of another recogniser, which tells the two apart.
    Along,
}

/// What is found where one of a few pairs of bytes stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    TelegramToken,
    DiscordToken,
    BitcoinKey,
    JsonToken,
    PemKey,
    Authorization,
    Name,
    Identified,
    At,
    Iban,
    Phone,
    IpV4,
    IpV6,
}

/// What of a shape stays readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    /// The literal that it begins with, such as the address of a webhook.
    Literal,
}

/// A further check of the whole shape: how sure, in per cent, or not at all.
pub(super) type Verify = fn(&[u8]) -> Option<u8>;

/// A part of a shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// These bytes.
    Lit(&'static str),
    /// That many bytes of an alphabet, as many as there are.
    Run(Alphabet, u16, u16),
}

/// As many as there are.
pub(super) const MANY: u16 = u16::MAX;

/// A recogniser of secrets by prefix, alphabet and length.
pub(super) const fn token(
    id: &'static str,
    what: &'static str,
    shapes: &'static [&'static [Part]],
) -> Recogniser {
    let finder = Finder::Shapes { shapes, keep: Keep::Nothing, verify: None };
    Recogniser { id, kind: Sensitive::Secret, what, check: PREFIX, finder }
}

/// The same with a further check.
pub(super) const fn checked_token(
    id: &'static str,
    what: &'static str,
    check: &'static str,
    verify: Verify,
    shapes: &'static [&'static [Part]],
) -> Recogniser {
    let finder = Finder::Shapes { shapes, keep: Keep::Nothing, verify: Some(verify) };
    Recogniser { id, kind: Sensitive::Secret, what, check, finder }
}

/// An address whose last part is the secret.
pub(super) const fn webhook(
    id: &'static str,
    what: &'static str,
    shapes: &'static [&'static [Part]],
) -> Recogniser {
    let finder = Finder::Shapes { shapes, keep: Keep::Literal, verify: None };
    Recogniser { id, kind: Sensitive::Secret, what, check: "address, alphabet and length", finder }
}

/// A recogniser with code of its own.
pub(super) const fn special(
    id: &'static str,
    kind: Sensitive,
    what: &'static str,
    check: &'static str,
    special: Special,
) -> Recogniser {
    Recogniser { id, kind, what, check, finder: Finder::Special(special) }
}

/// One that the code of another finds.
pub(super) const fn along(
    id: &'static str,
    kind: Sensitive,
    what: &'static str,
    check: &'static str,
) -> Recogniser {
    Recogniser { id, kind, what, check, finder: Finder::Along }
}

const PREFIX: &str = "prefix, alphabet and length";
