//! The policy that a command goes by.

use std::io;
use std::path::{Path, PathBuf};

use wardkit_cli::Report;
use wardkit_custody::Rules;
use wardkit_integrity::{Baseline, Policy, PolicyError};

use super::{Kept, refused};
use crate::commands::{could_not_run, note};

/// A policy, and the text it was read from.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    text: Option<String>,
    /// Whether it was named on the command line: then its slips are worth a word.
    pub(super) is_given: bool,
}

impl Loaded {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules::new(&self.policy, self.text.as_deref())
    }
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("cannot read the policy {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the policy {} is not acceptable", path.display())]
    Refused {
        path: PathBuf,
        #[source]
        source: PolicyError,
    },
}

/// Takes the policy that was named, else the one of the baseline, else the one that lets nothing change.
pub(super) fn load(
    kept: &Kept,
    given: Option<&Path>,
    baseline: Option<&Baseline>,
) -> Result<Loaded, Report> {
    if let Some(path) = given {
        let loaded = read(path).map_err(|error| {
            could_not_run(error).with_hint("the format: docs/operator/integrity-policy.md")
        })?;
        let digest = loaded.policy.digest();
        if let Some(baseline) = baseline.filter(|baseline| baseline.header().policy != digest) {
            let generation = baseline.generation();
            note(&format!("the policy is another than the one of baseline {generation}"));
        }
        return Ok(loaded);
    }
    let stored = baseline.map(|baseline| kept.baselines.policy(baseline)).transpose();
    Ok(match stored.map_err(refused)?.flatten() {
        Some((policy, text)) => Loaded { policy, text: Some(text), is_given: false },
        None => Loaded { policy: Policy::everything(), text: None, is_given: false },
    })
}

fn read(path: &Path) -> Result<Loaded, Unusable> {
    let unreadable = |source| Unusable::Unreadable { path: path.to_owned(), source };
    let text = wardkit_cli::read_small_text(path).map_err(unreadable)?;
    let refused = |source| Unusable::Refused { path: path.to_owned(), source };
    let policy = Policy::parse(&text).map_err(refused)?;
    Ok(Loaded { policy, text: Some(text), is_given: true })
}
