//! What a selector asks of the labels of a series.

use std::fmt;

use crate::Labels;
use crate::pattern::Pattern;
use crate::text::quoted;

/// What a selector asks of one label, as in `job=~"api.*"`.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: String,
    value: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal,
    NotEqual,
    Matches(Pattern),
    NotMatches(Pattern),
}

/// How a [`Matcher`] compares; there are these four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

impl Matcher {
    /// Creates a matcher. A pattern matches whole values, in the syntax of Go's `regexp`.
    ///
    /// # Errors
    ///
    /// Returns [`PatternError`](crate::PatternError) when the value is not a pattern where the operator needs one.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, crate::PatternError> {
        let (name, value) = (name.into(), value.into());
        let test = match op {
            MatchOp::Equal => Test::Equal,
            MatchOp::NotEqual => Test::NotEqual,
            MatchOp::Matches => Test::Matches(Pattern::new(&value)?),
            MatchOp::NotMatches => Test::NotMatches(Pattern::new(&value)?),
        };
        Ok(Self { name, value, test })
    }

    /// Returns the label that it looks at.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how it compares.
    #[must_use]
    pub const fn op(&self) -> MatchOp {
        match self.test {
            Test::Equal => MatchOp::Equal,
            Test::NotEqual => MatchOp::NotEqual,
            Test::Matches(_) => MatchOp::Matches,
            Test::NotMatches(_) => MatchOp::NotMatches,
        }
    }

    /// Returns what it compares with.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns whether a value is one that it wants; a label that is not there has the value `""`.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal => self.value == value,
            Test::NotEqual => self.value != value,
            Test::Matches(pattern) => pattern.is_match(value),
            Test::NotMatches(pattern) => !pattern.is_match(value),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op() == other.op() && self.value == other.value
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op() {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Matches => "=~",
            MatchOp::NotMatches => "!~",
        };
        write!(f, "{}{op}{}", self.name, quoted(&self.value))
    }
}

/// Which series an expression looks at: all that every one of its matchers wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: Option<String>,
    matchers: Vec<Matcher>,
}

impl Selector {
    /// Creates a selector; the name of the metric is a matcher of [`Labels::NAME`].
    #[must_use]
    pub fn new(matchers: Vec<Matcher>) -> Self {
        let is_name = |matcher: &&Matcher| {
            matcher.name == Labels::NAME
                && matcher.op() == MatchOp::Equal
                && !matcher.value.is_empty()
        };
        let name = matchers.iter().find(is_name).map(|matcher| matcher.value.clone());
        Self { name, matchers }
    }

    /// Returns the name of the metric where all series must have this one: what a source can look up.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns all matchers, that of the name among them.
    #[must_use]
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// Returns whether all matchers want these labels.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let wants = |matcher: &Matcher| matcher.matches(labels.value(&matcher.name).unwrap_or(""));
        self.matchers.iter().all(wants)
    }
}

impl fmt::Display for Selector {
    /// Writes it as in an expression.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.name.as_deref().filter(|name| is_metric_name(name));
        f.write_str(plain.unwrap_or(""))?;
        // One of the matchers says the same as the name in front.
        let mut left_out = plain.is_none();
        let mut count = 0;
        for matcher in &self.matchers {
            if !left_out && matcher.name == Labels::NAME && plain == Some(&matcher.value) {
                left_out = true;
                continue;
            }
            write!(f, "{}{matcher}", if count == 0 { "{" } else { ", " })?;
            count += 1;
        }
        match (count, plain) {
            (0, Some(_)) => Ok(()),
            (0, None) => f.write_str("{}"),
            _ => f.write_str("}"),
        }
    }
}

/// Whether a name can stand before the braces and be read as that.
fn is_metric_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_' || first == b':')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
        && !crate::token::is_reserved(name)
}
