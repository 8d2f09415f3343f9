use std::sync::Arc;

use crate::{HostCaps, Outcome, Policy, SandboxError};

/// Something that runs programs under a policy.
///
/// Implementations block; a program with an event loop calls them from a thread.
pub trait Sandbox: Send + Sync {
    /// Says what can be enforced here.
    fn probe(&self) -> HostCaps;

    /// Makes a program ready to be run any number of times, each time as if it was the first.
    ///
    /// # Errors
    ///
    /// When the program is not valid, or when this host cannot keep what the policy demands.
    fn prepare(&self, program: &[u8], policy: &Policy) -> Result<Box<dyn Prepared>, SandboxError>;
}

/// A program that is ready to be run under its policy.
pub trait Prepared: Send + Sync {
    /// Runs it once: hands it the input and takes what it gives.
    ///
    /// The capabilities are shared, because a question that outlives the program's deadline is left to end by itself.
    ///
    /// # Errors
    ///
    /// When it could not be run. However it ended, that is in the outcome.
    fn call(
        &self,
        input: &[u8],
        capabilities: &Arc<dyn Capabilities>,
    ) -> Result<Outcome, SandboxError>;
}

/// What a program may ask its host for while it runs. Who implements it decides each time.
pub trait Capabilities: Send + Sync {
    /// Answers one question: `http` with a request, `kv.get` with a key.
    ///
    /// # Errors
    ///
    /// [`Refused`] when it was not granted or could not be done; the program is told and goes on.
    fn ask(
        &self,
        name: &str,
        request: &[u8],
        deadline: std::time::Duration,
    ) -> Result<Vec<u8>, Refused>;
}

/// Nothing was granted.
impl Capabilities for () {
    fn ask(&self, _: &str, _: &[u8], _: std::time::Duration) -> Result<Vec<u8>, Refused> {
        Err(Refused::NotGranted)
    }
}

/// Why a question of a program was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It was not granted.
    #[error("it was not granted")]
    NotGranted,
    /// The question is not one.
    #[error("the request is not valid: {0}")]
    Invalid(String),
    /// A quota is used up.
    #[error("the quota is used up: {0}")]
    Quota(String),
    /// It could not be done.
    #[error("it failed: {0}")]
    Failed(String),
}
