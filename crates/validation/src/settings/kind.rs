//! What a setting may be.

use std::net::IpAddr;
use std::path::{Component, PathBuf};
use std::time::Duration;

use super::{SettingFault, leftover};
use crate::duration;
use crate::sink::characters::{deceives, is_control};

/// What a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum SettingKind {
    /// A name of a host or an address: `example.org`, `10.0.0.1`, `::1`.
    Host,
    /// A port, 1 to 65535.
    Port,
    /// A path, without `..` and without a `~` that no shell replaces.
    Path,
    /// An address with a scheme and a host, without a user or password in it. Only its form is looked at: what goes out
    /// goes through `SafeUrl`.
    Url,
    /// A span of time: `90s`, `1h30m`.
    Duration,
    /// A number of bytes: `512`, `10 MB`, `64 MiB`.
    Size,
    /// A whole number that is not negative.
    Number,
    /// `true` or `false`; also `yes`, `no`, `on`, `off`.
    Switch,
    /// A name: letters, digits, `_`, `-`, `.`, and a letter or `_` first.
    Identifier,
    /// Where a secret is kept: `env:NAME` or `file:/path`.
    Secret,
    /// Any text of one line.
    Text,
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretRef {
    /// In a variable of the environment.
    Env(String),
    /// In a file, by its absolute path.
    File(PathBuf),
}

/// A value that is what its setting says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Port(u16),
    Path(PathBuf),
    Duration(Duration),
    Number(u64),
    Switch(bool),
    Secret(SecretRef),
}

/// No value is longer; a text that is belongs into a file of its own.
const LONGEST: usize = 4096;

impl SettingKind {
    /// Reads a value.
    pub(super) fn read(self, text: &str) -> Result<Value, SettingFault> {
        // Editors leave byte order marks and non-breaking spaces at the ends.
        let value = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if value.is_empty() {
            return Err(SettingFault::Empty);
        }
        if value.len() > LONGEST {
            return Err(SettingFault::TooLong);
        }
        if value.chars().any(|c| is_control(c) || deceives(c)) {
            return Err(SettingFault::Hidden);
        }
        if let Some(fault) = leftover::find(value) {
            return Err(fault);
        }
        self.convert(value).ok_or(match self {
            Self::Secret => SettingFault::InlineSecret,
            _ => SettingFault::WrongKind(self.expected()),
        })
    }

    fn convert(self, value: &str) -> Option<Value> {
        match self {
            Self::Host => is_host(value).then(|| Value::Text(value.to_owned())),
            Self::Port => digits(value)?.parse().ok().filter(|port| *port > 0).map(Value::Port),
            Self::Path => path(value).map(Value::Path),
            Self::Url => is_url(value).then(|| Value::Text(value.to_owned())),
            Self::Duration => duration::parse(value).map(Value::Duration),
            Self::Size => size(value).map(Value::Number),
            Self::Number => digits(value)?.parse().ok().map(Value::Number),
            Self::Switch => match value.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(Value::Switch(true)),
                "false" | "no" | "off" => Some(Value::Switch(false)),
                _ => None,
            },
            Self::Identifier => is_identifier(value).then(|| Value::Text(value.to_owned())),
            Self::Secret => secret(value).map(Value::Secret),
            Self::Text => Some(Value::Text(value.to_owned())),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Host => "a host such as example.org, 10.0.0.1 or ::1, without scheme and port",
            Self::Port => "a port from 1 to 65535",
            Self::Path => "a path without .. and ~",
            Self::Url => "an address such as https://example.org/, without user and password",
            Self::Duration => "a span of time such as 90s or 1h30m",
            Self::Size => "a number of bytes such as 512, 10 MB or 64 MiB",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
            Self::Identifier => "a name of letters, digits, _, - and ., at most 64 of them",
            Self::Secret => "env:NAME or file:/path",
            Self::Text => "a text",
        }
    }
}

/// Returns the text when it is digits: the standard parser also takes a plus sign.
fn digits(value: &str) -> Option<&str> {
    value.bytes().all(|b| b.is_ascii_digit()).then_some(value)
}

fn is_host(value: &str) -> bool {
    if value.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = value.strip_suffix('.').unwrap_or(value);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    // A name that ends in digits is an address that is none, and some readers take it for one.
    let last_is_number =
        name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    name.len() <= 253 && !last_is_number && name.split('.').all(label)
}

fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let plain_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let odd = |c: char| c.is_whitespace() || matches!(c, '\\' | '<' | '>' | '"' | '`' | '{' | '}');
    if !plain_scheme || value.contains(odd) || authority.contains('@') {
        return false;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, rest)) => {
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("1")))
            }
            None => return false,
        },
        None => authority
            .split_once(':')
            .map_or((authority, Some("1")), |(host, port)| (host, Some(port))),
    };
    let bracketed = authority.starts_with('[');
    let port = port.and_then(digits).and_then(|port| port.parse::<u16>().ok());
    let host = if bracketed {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.contains(':') && is_host(host)
    };
    host && port.is_some()
}

fn path(value: &str) -> Option<PathBuf> {
    let path = PathBuf::from(value);
    let climbs = path.components().any(|part| part == Component::ParentDir);
    (!climbs && !value.starts_with('~')).then_some(path)
}

fn size(value: &str) -> Option<u64> {
    let end = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(end);
    let factor: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        "TB" => 1_000_000_000_000,
        "TiB" => 1 << 40,
        // "10M" is 10 000 000 to some and 10 485 760 to others.
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn is_identifier(value: &str) -> bool {
    value.len() <= 64
        && value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn secret(value: &str) -> Option<SecretRef> {
    if let Some(name) = value.strip_prefix("env:") {
        let legal = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return legal.then(|| SecretRef::Env(name.to_owned()));
    }
    let path = path(value.strip_prefix("file:")?)?;
    path.is_absolute().then_some(SecretRef::File(path))
}
