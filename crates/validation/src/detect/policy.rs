//! What is looked for, and how closely.

use wardkit_core::Timestamp;

use super::{Finding, Level, Rule, Sink, Verdict, pipeline, table};
use crate::Error;

mod set;
pub use set::Policies;

/// What is looked for in texts that go to one sink, and how closely.
///
/// ```
/// use wardkit_validation::{Action, Level, Policy, Sink};
///
/// let policy = Policy::for_sink(Sink::Header);
/// let verdict = policy.check("en%0d%0aSet-Cookie: admin=1")?;
/// assert_eq!(verdict.level(), Level::Reject);
/// assert_eq!(verdict.findings()[0].rule.id, "header.encoded-line");
/// assert_eq!(policy.action_for(&verdict), Action::Reject);
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Policy {
    /// Where the texts go; none for messages, of which nobody knows.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub sink: Option<Sink>,
    /// How much doubt is enough.
    pub strictness: Strictness,
    /// The longest text that is looked at, in bytes. A longer one is refused, never cut.
    pub cap: usize,
    /// What to do with a text that must not pass.
    pub action: Action,
    /// Rules that do not count for a while.
    pub exceptions: Vec<Exception>,
}

impl Default for Policy {
    /// Returns the policy for messages: no sink, strictness 2, 64 KiB.
    fn default() -> Self {
        Self {
            sink: None,
            strictness: Strictness::default(),
            cap: 64 * 1024,
            action: Action::Reject,
            exceptions: Vec::new(),
        }
    }
}

impl Policy {
    /// Returns the policy for texts that go to a sink.
    #[must_use]
    pub fn for_sink(sink: Sink) -> Self {
        Self { sink: Some(sink), ..Self::default() }
    }

    /// Judges a text. Exceptions do not count: they hold until a date, and this asks nobody for it.
    ///
    /// # Errors
    ///
    /// The text is longer than the cap: nothing is known of it, so it must not pass.
    pub fn check(&self, text: &str) -> Result<Verdict, Error> {
        self.judge(text, &|_| false)
    }

    /// Judges a text with the exceptions that hold at a time.
    ///
    /// # Errors
    ///
    /// As [`Policy::check`].
    pub fn check_at(&self, text: &str, now: Timestamp) -> Result<Verdict, Error> {
        self.judge(text, &|rule| {
            self.exceptions.iter().any(|exception| exception.holds_for(rule, now))
        })
    }

    /// Judges bytes.
    ///
    /// # Errors
    ///
    /// As [`Policy::check`], and when the bytes are no UTF-8: two programs would read two texts in them.
    pub fn check_bytes(&self, bytes: &[u8]) -> Result<Verdict, Error> {
        // Before UTF-8, so that a flood costs nothing.
        self.fits(bytes.len())?;
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Error::NotUtf8 { at: error.valid_up_to() })?;
        self.check(text)
    }

    /// Returns what the policy wants done with a text of which this is the verdict.
    #[must_use]
    pub fn action_for(&self, verdict: &Verdict) -> Action {
        match verdict.level() {
            Level::Clean => Action::Allow,
            Level::Suspicious => self.action.min(Action::Flag),
            Level::Reject => self.action,
        }
    }

    fn fits(&self, len: usize) -> Result<(), Error> {
        if len <= self.cap { Ok(()) } else { Err(Error::TooLarge { len, cap: self.cap }) }
    }

    fn judge(&self, text: &str, excepted: &dyn Fn(&Rule) -> bool) -> Result<Verdict, Error> {
        self.fits(text.len())?;
        let findings = pipeline::findings(text, self.sink, self.strictness.0, excepted);
        let level = findings.first().map_or(Level::Clean, Finding::level);
        Ok(Verdict::new(level, findings))
    }
}

/// How much doubt is enough for a finding, from 1, which leaves harmless texts alone, to 4, which often does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u8", into = "u8"))]
pub struct Strictness(u8);

impl Strictness {
    /// Returns the level of a number.
    ///
    /// # Errors
    ///
    /// The number is not 1 to 4.
    pub const fn new(level: u8) -> Result<Self, Error> {
        if matches!(level, 1..=4) { Ok(Self(level)) } else { Err(Error::Strictness) }
    }
}

impl Default for Strictness {
    /// Returns 2: a false alarm in some hundred harmless texts.
    fn default() -> Self {
        Self(2)
    }
}

impl TryFrom<u8> for Strictness {
    type Error = Error;

    fn try_from(level: u8) -> Result<Self, Error> {
        Self::new(level)
    }
}

impl From<Strictness> for u8 {
    fn from(level: Strictness) -> Self {
        level.0
    }
}

/// What to do with a text, the mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Action {
    /// Let it pass.
    Allow,
    /// Let it pass, and write down what was found.
    Flag,
    /// Let it pass with what was found blotted out, as [`Verdict::mask`] does.
    Mask,
    /// Do not let it pass.
    #[default]
    Reject,
}

/// A rule that does not count for a while, and who answers for that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", try_from = "RawException"))]
pub struct Exception {
    rule: String,
    until: Timestamp,
    owner: String,
    reason: String,
}

impl Exception {
    /// Excepts a rule until a time.
    ///
    /// # Errors
    ///
    /// No rule has that name, or owner or reason are blank.
    pub fn new(
        rule: &str,
        until: Timestamp,
        owner: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<Self, Error> {
        let (owner, reason) = (owner.into(), reason.into());
        if owner.trim().is_empty() || reason.trim().is_empty() {
            return Err(Error::Exception);
        }
        let rule = table::rule(rule).ok_or_else(|| Error::Rule { id: rule.to_owned() })?;
        Ok(Self { rule: rule.id.to_owned(), until, owner, reason })
    }

    /// Returns the rule's name.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// Returns the time from which on the rule counts again.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Returns who answers for it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns why it is.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    fn holds_for(&self, rule: &Rule, now: Timestamp) -> bool {
        self.rule == rule.id && now < self.until
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawException {
    rule: String,
    until: Timestamp,
    owner: String,
    reason: String,
}

#[cfg(feature = "serde")]
impl TryFrom<RawException> for Exception {
    type Error = Error;

    fn try_from(raw: RawException) -> Result<Self, Error> {
        Self::new(&raw.rule, raw.until, raw.owner, raw.reason)
    }
}
