//! Which package a path belongs to, where somebody accepts by package.

use std::path::Path;

use wardkit_cli::Report;
use wardkit_integrity::{Acceptance, Algorithm, Dpkg, Ledger};

use crate::commands::could_not_run;

/// The packages of this host, as far as they are asked for.
pub(super) struct Packages(Option<Ledger>);

impl Packages {
    pub(super) fn for_accepting(accept: &[Acceptance]) -> Result<Self, Report> {
        if !accept.iter().any(|what| matches!(what, Acceptance::Package(_))) {
            return Ok(Self(None));
        }
        let mut ledger = Ledger::new(vec![Box::new(Dpkg::new("/"))], Algorithm::default());
        ledger.begin(None).map_err(could_not_run)?;
        Ok(Self(Some(ledger)))
    }

    /// Returns the name of the package that a path belongs to.
    pub(super) fn owner(&self, path: &Path) -> Option<String> {
        Some(self.0.as_ref()?.package_of(path)?.name)
    }
}
