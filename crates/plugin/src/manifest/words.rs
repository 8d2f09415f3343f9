//! Words of a manifest that are more than text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns it as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                text.to_owned().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                $check(&text).map_err(str::to_owned)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

word! {
    /// The name of a plugin among all: a domain of its author's, backwards, and a word: `org.example.hello`.
    PluginId, check_id
}

word! {
    /// A file within a plugin, by its path from the plugin's folder. It cannot lead out of there.
    FilePath, check_path
}

word! {
    /// Why a plugin wants something, for whoever installs it.
    Reason, check_reason
}

fn check_id(text: &str) -> Result<(), &'static str> {
    let label = |label: &str| {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        label.starts_with(|c: char| c.is_ascii_lowercase())
            && label.bytes().all(inner)
            && !label.ends_with('-')
    };
    if text.len() > 100 || !text.split('.').all(label) {
        return Err("is no id: words of a-z, 0-9 and -, joined by full stops, at most 100 bytes");
    }
    let words = text.split('.').count();
    if words < 3 {
        Err("is no id: a domain backwards and a word, as org.example.hello")
    } else {
        Ok(())
    }
}

fn check_path(text: &str) -> Result<(), &'static str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    // 100 bytes are what the oldest header of tar holds.
    if text.is_empty() || text.len() > 100 || !text.split('/').all(part) {
        return Err(
            "is no path within the plugin: letters, digits, . _ - and /, at most 100 bytes",
        );
    }
    Ok(())
}

fn check_reason(text: &str) -> Result<(), &'static str> {
    if text.trim().len() < SHORTEST_REASON {
        return Err("says too little: whoever installs the plugin has to understand it");
    }
    if text.len() > 300 || text.chars().any(char::is_control) {
        return Err("is longer than 300 bytes or has control characters");
    }
    Ok(())
}

const SHORTEST_REASON: usize = 8;

/// A span of time with its unit: `500ms`, `30s`, `2m`, `1h`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is no span of time such as 500ms, 30s or 2m".to_owned();
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(digits);
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        // A day is longer than anything that a plugin is allowed, and no sum overflows.
        let span = number.checked_mul(*millis).filter(|span| (1..=86_400_000).contains(span));
        span.map(|span| Self(Duration::from_millis(span))).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let unit = UNITS.iter().rev().find(|(_, unit)| millis.is_multiple_of(u128::from(*unit)));
        let (name, unit) = unit.unwrap_or(&UNITS[0]);
        write!(f, "{}{name}", millis / u128::from(*unit))
    }
}

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
