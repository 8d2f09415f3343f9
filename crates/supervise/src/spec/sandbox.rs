//! The sandbox that a service runs in.

use std::fmt;
use std::sync::Arc;

/// The sandbox of a service: what the declaration calls its policy, and what the policy says.
///
/// A declaration has the name alone. Whoever reads declarations reads the policies, too, and keeps with the name what was
/// read; a service whose policy was not read, or could not be, is not started. So a policy changes when declarations do,
/// and not while they stand.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct Sandbox {
    name: String,
    read: Option<Result<Arc<str>, String>>,
}

impl Sandbox {
    /// Names a policy that was not read yet.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), read: None }
    }

    /// Keeps what the policy says, for whoever starts the service; or why it is not to be had.
    pub fn keep(&mut self, read: Result<String, String>) {
        self.read = Some(read.map(Into::into));
    }

    /// Returns what the declaration calls the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what the policy says.
    ///
    /// # Errors
    ///
    /// Says why that is not known.
    pub fn policy(&self) -> Result<&str, &str> {
        match &self.read {
            Some(Ok(policy)) => Ok(policy),
            Some(Err(reason)) => Err(reason),
            None => Err("the policy was not read"),
        }
    }
}

impl From<String> for Sandbox {
    fn from(name: String) -> Self {
        Self::named(name)
    }
}

impl From<Sandbox> for String {
    fn from(sandbox: Sandbox) -> Self {
        sandbox.name
    }
}

/// What the policy says is left out: it may have variables for the program.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_was_not_read_is_none() {
        let mut sandbox = Sandbox::named("policies/bot.toml");
        sandbox.policy().expect_err("it was not read");
        sandbox.keep(Err("line 3: no".to_owned()));
        assert_eq!(sandbox.policy(), Err("line 3: no"));
        sandbox.keep(Ok("{}".to_owned()));
        assert_eq!(sandbox.policy(), Ok("{}"));
        assert_ne!(sandbox, Sandbox::named("policies/bot.toml"));
    }
}
