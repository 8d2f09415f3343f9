//! Which series: a name and what their labels must be.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use super::Error;
use crate::series::{self, end_of_value, unescaped};

/// Chooses series as Prometheus does: `name{label="value",other!="value",third=~"regex",fourth!~"regex"}`.
///
/// Without a name, `{label="value"}`, it looks at every series. A regular expression must match the whole value; a label
/// that a series lacks counts as empty.
#[derive(Clone, Debug)]
pub struct Selector {
    name: Option<String>,
    matchers: Vec<Matcher>,
}

#[derive(Clone, Debug)]
struct Matcher {
    label: String,
    text: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal,
    NotEqual,
    Matches(Regex),
    MatchesNot(Regex),
}

impl Selector {
    /// Chooses all series with this name, which is not checked: one that no series has finds none.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), matchers: Vec::new() }
    }

    /// Chooses every series.
    #[must_use]
    pub const fn all() -> Self {
        Self { name: None, matchers: Vec::new() }
    }

    /// Returns the name, if only one is wanted.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Tells whether a series is chosen by its key, `name{label="value"}`.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        self.name.as_deref().is_none_or(|name| series::name(key) == name)
            && self.matchers.iter().all(|matcher| matcher.accepts(key))
    }
}

impl Matcher {
    fn accepts(&self, key: &str) -> bool {
        let found = labels_of(key).find(|(label, _)| *label == self.label);
        let value = found.map_or(Cow::Borrowed(""), |(_, value)| value);
        match &self.test {
            Test::Equal => value == self.text,
            Test::NotEqual => value != self.text,
            Test::Matches(regex) => regex.is_match(&value),
            Test::MatchesNot(regex) => !regex.is_match(&value),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or_default())?;
        if self.matchers.is_empty() && self.name.is_some() {
            return Ok(());
        }
        f.write_str("{")?;
        for (index, matcher) in self.matchers.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let sign = match matcher.test {
                Test::Equal => "=",
                Test::NotEqual => "!=",
                Test::Matches(_) => "=~",
                Test::MatchesNot(_) => "!~",
            };
            write!(f, "{comma}{}{sign}\"", matcher.label)?;
            for letter in matcher.text.chars() {
                match letter {
                    '\\' => f.write_str("\\\\")?,
                    '"' => f.write_str("\\\"")?,
                    '\n' => f.write_str("\\n")?,
                    other => write!(f, "{other}")?,
                }
            }
            f.write_str("\"")?;
        }
        f.write_str("}")
    }
}

impl FromStr for Selector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(wrong(LONGEST, "it is too long"));
        }
        let mut cursor = Cursor { text, at: 0 };
        cursor.blanks();
        let name = cursor.word(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
        cursor.blanks();
        let mut matchers = Vec::new();
        if cursor.eat("{") {
            loop {
                cursor.blanks();
                if cursor.eat("}") {
                    break;
                }
                matchers.push(cursor.matcher()?);
                if matchers.len() > MOST_MATCHERS {
                    return Err(wrong(cursor.at, "it has too many conditions"));
                }
                cursor.blanks();
                if !cursor.eat(",") && !cursor.rest().starts_with('}') {
                    return Err(wrong(cursor.at, "expected `,` or `}`"));
                }
            }
        } else if name.is_empty() {
            return Err(wrong(cursor.at, "expected a name or `{`"));
        }
        cursor.blanks();
        if !cursor.rest().is_empty() {
            return Err(wrong(cursor.at, "something follows its end"));
        }
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), matchers })
    }
}

/// Returns the labels of a series by its key, values without their escapes. What is no key has none.
pub fn labels_of(key: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    series::labels(key).map(|(label, value)| (label, unescaped(value)))
}

#[derive(Debug)]
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    fn word(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Reads a value in quotes, and takes its escapes away.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let inner = self.rest().strip_prefix('"')?;
        let value = &inner[..end_of_value(inner)?];
        self.at += value.len() + 2;
        Some(unescaped(value))
    }

    fn matcher(&mut self) -> Result<Matcher, Error> {
        let label = self.word(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if label.is_empty() {
            return Err(wrong(self.at, "expected a label"));
        }
        self.blanks();
        let signs = ["=~", "!~", "!=", "="];
        let Some(sign) = signs.into_iter().find(|sign| self.eat(sign)) else {
            return Err(wrong(self.at, "expected `=`, `!=`, `=~` or `!~`"));
        };
        self.blanks();
        let start = self.at;
        let Some(text) = self.quoted() else {
            return Err(wrong(start, "expected a value in double quotes"));
        };
        let build = |text: &str| {
            let mut builder = RegexBuilder::new(text);
            builder.size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build()
        };
        // Alone first: `a)|(b` is none, and would become one between the anchors.
        let regex = || {
            build(&text)
                .and_then(|_| build(&format!("^(?s:{text})$")))
                .map_err(|_| wrong(start, "not a regular expression, or too large a one"))
        };
        let accepts = match sign {
            "=" => Test::Equal,
            "!=" => Test::NotEqual,
            "=~" => Test::Matches(regex()?),
            _ => Test::MatchesNot(regex()?),
        };
        Ok(Matcher { label: label.to_owned(), text: text.into_owned(), test: accepts })
    }
}

fn wrong(at: usize, reason: &str) -> Error {
    Error::Selector { at, reason: reason.to_owned() }
}

/// Longer than any that a person or a dashboard writes.
const LONGEST: usize = 8192;
const MOST_MATCHERS: usize = 64;
/// A bound on the memory of one expression, which a stranger may have written.
const REGEX_BYTES: usize = 1 << 20;
