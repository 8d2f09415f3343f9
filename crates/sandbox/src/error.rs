use std::io;

use crate::{Guarantee, Strength};

/// Why a program was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// This host cannot keep what the policy demands.
    #[error("{guarantee} cannot be enforced here, it is {found}: {reason}{}", told(remedy.as_deref()))]
    Unenforceable {
        /// What cannot be kept.
        guarantee: Guarantee,
        /// How well it could be kept.
        found: Strength,
        /// Why not better.
        reason: String,
        /// What an operator could change.
        remedy: Option<String>,
    },
    /// The program, or what it is handed, is not what it should be.
    #[error("{what}: {reason}")]
    Invalid {
        /// The program, the input or the part of the policy.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The sandbox could not be made.
    #[error("{step} failed")]
    Setup {
        /// What was being done.
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// As many programs run as may; this one can be tried again.
    #[error("{running} programs run already")]
    Busy {
        /// How many.
        running: usize,
    },
}

fn told(remedy: Option<&str>) -> String {
    remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default()
}
