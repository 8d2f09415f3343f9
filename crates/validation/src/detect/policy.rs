//! What is looked for, and how closely.

use super::{Level, Sink, Verdict, pipeline};
use crate::Error;

/// What is looked for in texts that go to one sink, and how closely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    sink: Option<Sink>,
    strictness: u8,
    cap: usize,
}

impl Default for Policy {
    /// Returns the policy for messages of which nobody knows where they go.
    fn default() -> Self {
        Self { sink: None, strictness: 2, cap: 64 * 1024 }
    }
}

impl Policy {
    /// Returns the policy for texts that go to a sink.
    #[must_use]
    pub fn for_sink(sink: Sink) -> Self {
        Self { sink: Some(sink), ..Self::default() }
    }

    /// Sets how much doubt is enough for a finding: 1 for what no harmless text has, to 4. 2 is usual.
    #[must_use]
    pub const fn with_strictness(mut self, strictness: u8) -> Self {
        self.strictness = strictness;
        self
    }

    /// Judges a text.
    ///
    /// # Errors
    ///
    /// The text is longer than the policy's cap: nothing is said of it, and it must not pass.
    pub fn check(&self, text: &str) -> Result<Verdict, Error> {
        if text.len() > self.cap {
            return Err(Error::TooLarge { len: text.len(), cap: self.cap });
        }
        let findings = pipeline::findings(text, self.sink, self.strictness, &[]);
        let level = match findings.first() {
            None => Level::Clean,
            Some(worst) if worst.rule.confidence >= SURE => Level::Reject,
            Some(_) => Level::Suspicious,
        };
        Ok(Verdict::new(level, findings))
    }

    /// Judges bytes, which must be UTF-8.
    ///
    /// # Errors
    ///
    /// As [`Policy::check`], and where the bytes are no UTF-8.
    pub fn check_bytes(&self, bytes: &[u8]) -> Result<Verdict, Error> {
        if bytes.len() > self.cap {
            return Err(Error::TooLarge { len: bytes.len(), cap: self.cap });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Error::NotUtf8 { at: error.valid_up_to() })?;
        self.check(text)
    }
}

/// From this confidence on a finding alone is reason to reject, in per cent.
const SURE: u8 = 80;
