//! Collects what is wrong.

use crate::Violation;

/// Collects violations.
#[derive(Default)]
pub(super) struct Found(Vec<Violation>);

impl Found {
    pub(super) fn check(&mut self, key: &str, sound: bool, reason: &str) {
        if !sound {
            self.0.push(Violation::new(key, reason));
        }
    }

    /// A key that has no default and without which nobody can be told.
    pub(super) fn needs(&mut self, key: &str, is_there: bool) {
        self.check(key, is_there, "is needed");
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.0
    }
}
