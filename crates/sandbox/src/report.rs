use std::collections::BTreeMap;

use crate::{Guarantee, Policy, SandboxError, Strength};

/// What enforced each guarantee in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Report(BTreeMap<Guarantee, Enforcement>);

impl Report {
    /// Notes how a guarantee is kept.
    pub fn note(&mut self, guarantee: Guarantee, enforcement: Enforcement) {
        self.0.insert(guarantee, enforcement);
    }

    /// Returns how a guarantee is kept; [`Strength::Absent`] when nothing was noted.
    #[must_use]
    pub fn strength(&self, guarantee: Guarantee) -> Strength {
        self.0.get(&guarantee).map_or(Strength::Absent, |found| found.strength)
    }

    /// Returns what was noted, in the order of the guarantees.
    pub fn iter(&self) -> impl Iterator<Item = (Guarantee, &Enforcement)> {
        self.0.iter().map(|(guarantee, found)| (*guarantee, found))
    }

    /// Whether everything that a policy demands is kept.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Unenforceable`] names the first guarantee that is kept less well than the policy demands.
    pub fn satisfies(&self, policy: &Policy) -> Result<(), SandboxError> {
        let weak =
            Guarantee::ALL.into_iter().find(|one| self.strength(*one) < policy.demands(*one));
        let Some(guarantee) = weak else { return Ok(()) };
        let found = self.0.get(&guarantee);
        Err(SandboxError::Unenforceable {
            guarantee,
            found: self.strength(guarantee),
            reason: found
                .map_or_else(|| "nothing enforces it".into(), |found| found.mechanism.clone()),
            remedy: found.and_then(|found| found.remedy.clone()),
        })
    }
}

/// How one guarantee is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Enforcement {
    /// How well.
    pub strength: Strength,
    /// By what; or, when it is not enforced, why not.
    pub mechanism: String,
    /// What an operator could change so that it is enforced.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub remedy: Option<String>,
}

impl Enforcement {
    /// It is kept this well, by this.
    #[must_use]
    pub fn new(strength: Strength, mechanism: impl Into<String>) -> Self {
        Self { strength, mechanism: mechanism.into(), remedy: None }
    }

    /// Says what an operator could change.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// What a host, or an engine on it, can enforce: the report that the best possible run would have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct HostCaps {
    /// How each guarantee can be kept here.
    pub best: Report,
}

impl HostCaps {
    /// Takes what can be kept here.
    #[must_use]
    pub fn new(best: Report) -> Self {
        Self { best }
    }
}
