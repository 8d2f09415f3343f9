use std::fmt;

/// Why rules cannot be used.
#[derive(Debug)]
pub struct RuleError {
    /// The file, as it was named.
    pub file: String,
    /// The rule, when the file could be read so far.
    pub rule: String,
    /// The key that is wrong, when it is one.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl RuleError {
    pub(crate) fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { file: String::new(), rule: String::new(), key, reason: reason.into() }
    }

    pub(crate) fn of_rule(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.rule);
        self
    }

    /// Returns the same error once more: what caused it is kept.
    pub(crate) fn again(&self) -> Self {
        Self {
            file: self.file.clone(),
            rule: self.rule.clone(),
            key: self.key,
            reason: self.reason.clone(),
        }
    }

    pub(crate) fn in_file(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.file.as_str(), self.rule.as_str(), self.key] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for RuleError {}
