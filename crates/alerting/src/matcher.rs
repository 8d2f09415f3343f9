//! What labels must be like.

mod go_regex;
mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use wardkit_core::Labels;

pub(crate) use go_regex::{GoRegex, quoted};

/// What one label must be like: `severity="critical"`, in Alertmanager's syntax.
///
/// A label that is missing has the empty value. Regular expressions are those of Go and must match all of a value.
/// As JSON it is what Alertmanager's API has: `{"name", "value", "isRegex", "isEqual"}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    pattern: Option<GoRegex>,
}

impl Matcher {
    /// The longest value or regular expression, in bytes.
    pub const MAX_VALUE: usize = 16 * 1024;

    /// Creates a matcher.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMatcher`] when the name is none, or the value is too long or not a regular expression where
    /// it must be one.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, InvalidMatcher> {
        let (name, value) = (name.into(), value.into());
        let invalid = |reason: String| InvalidMatcher { matcher: shown(&name), reason };
        if !is_name(&name) {
            return Err(invalid("it has no name of a label".to_owned()));
        }
        if value.len() > Self::MAX_VALUE {
            return Err(invalid(format!("its value is longer than {} bytes", Self::MAX_VALUE)));
        }
        let pattern = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(GoRegex::new(&value).map_err(invalid)?),
        };
        Ok(Self { name, op, value, pattern })
    }

    /// Returns the name of the label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how the label is compared.
    #[must_use]
    pub const fn op(&self) -> MatchOp {
        self.op
    }

    /// Returns what it is compared with.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns whether labels are as it says.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.value(&self.name).unwrap_or_default())
    }

    /// Returns whether a value of the label is as it says.
    #[must_use]
    pub fn matches_value(&self, value: &str) -> bool {
        let alike = match &self.pattern {
            Some(pattern) => pattern.is_match(value),
            None => value == self.value,
        };
        alike == self.op.is_positive()
    }

    /// Returns all values that match, when those are few and none is the empty one: what an index goes by.
    pub(crate) fn values(&self) -> Option<Vec<&str>> {
        let values = match (self.op, &self.pattern) {
            (MatchOp::Equal, _) => vec![self.value.as_str()],
            (MatchOp::Regex, Some(pattern)) => pattern.literals()?,
            _ => return None,
        };
        values.iter().all(|value| !value.is_empty()).then_some(values)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.op.as_str())?;
        quoted(f, &self.value)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Matcher {
    type Err = InvalidMatcher;

    /// Reads one matcher: `name="value"`, `name=value`, and the same with `!=`, `=~` and `!~`.
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        parse::matcher(text)
    }
}

/// By name, then value, then operator, as Alertmanager sorts them.
impl Ord for Matcher {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.name, &self.value, self.op).cmp(&(&other.name, &other.value, other.op))
    }
}

impl PartialOrd for Matcher {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Matcher {}

/// How a [`Matcher`] compares. There are no others in the syntax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

impl MatchOp {
    /// Returns how it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }

    const fn is_positive(self) -> bool {
        matches!(self, Self::Equal | Self::Regex)
    }
}

/// Several [`Matcher`]s, all of which must match; without any, everything does.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Vec<Matcher>", into = "Vec<Matcher>")]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// The most that there may be.
    pub const MAX: usize = 256;

    /// Returns whether labels are as all of them say.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// Returns them, sorted.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Matcher> {
        self.0.iter()
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Vec<Matcher>> for Matchers {
    type Error = InvalidMatcher;

    /// Sorts matchers as Alertmanager does.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidMatcher`] when there are too many.
    fn try_from(mut matchers: Vec<Matcher>) -> Result<Self, InvalidMatcher> {
        if let Some(matcher) = matchers.get(Self::MAX) {
            let reason = format!("more than {} matchers", Self::MAX);
            return Err(InvalidMatcher { matcher: shown(&matcher.name), reason });
        }
        matchers.sort();
        Ok(Self(matchers))
    }
}

impl From<Matchers> for Vec<Matcher> {
    fn from(matchers: Matchers) -> Self {
        matchers.0
    }
}

/// `{a="b",c=~"d"}`
impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if index == 0 { "" } else { "," })?;
        }
        f.write_str("}")
    }
}

impl FromStr for Matchers {
    type Err = InvalidMatcher;

    /// Reads matchers with commas between them, in braces or without.
    fn from_str(text: &str) -> Result<Self, InvalidMatcher> {
        Self::try_from(parse::matchers(text)?)
    }
}

/// Why a text is no matcher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("matcher `{matcher}`: {reason}")]
pub struct InvalidMatcher {
    /// The text, shortened.
    pub matcher: String,
    /// What is wrong with it.
    pub reason: String,
}

/// As Alertmanager's API has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

impl From<Matcher> for Wire {
    fn from(matcher: Matcher) -> Self {
        Self {
            is_regex: matcher.pattern.is_some(),
            is_equal: matcher.op.is_positive(),
            name: matcher.name,
            value: matcher.value,
        }
    }
}

impl TryFrom<Wire> for Matcher {
    type Error = InvalidMatcher;

    fn try_from(wire: Wire) -> Result<Self, InvalidMatcher> {
        let op = match (wire.is_regex, wire.is_equal) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (true, false) => MatchOp::NotRegex,
        };
        Self::new(wire.name, op, wire.value)
    }
}

const fn yes() -> bool {
    true
}

/// A colon is allowed, though no label has one in its name: the syntax has it.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= Labels::MAX_NAME
        && bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || b"_:".contains(&byte))
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_:".contains(&byte))
}

/// A text of an operator in a message: short, without control characters.
fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
