//! What is looked for in a project as a whole.

mod entries;

use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity};

pub(super) use entries::ALL;

/// A check, as it is written.
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) component: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: Severity,
    pub(super) kind: Kind,
    pub(super) description: &'static str,
    pub(super) expected: &'static str,
    pub(super) recommendation: &'static str,
    pub(super) effort: Effort,
    pub(super) cwe: &'static [u16],
    pub(super) owasp: &'static [&'static str],
    pub(super) profiles: &'static [Profile],
}

impl Entry {
    pub(super) fn check(&self) -> Check {
        Check {
            id: self.id.into(),
            engine: EngineKind::Ast,
            component: self.component.into(),
            title: self.title.into(),
            severity: self.severity,
            kind: self.kind,
            description: self.description.into(),
            expected: self.expected.into(),
            recommendation: self.recommendation.into(),
            effort: self.effort,
            cwe: self.cwe.into(),
            owasp: self.owasp.into(),
            profiles: self.profiles.into(),
        }
    }
}
