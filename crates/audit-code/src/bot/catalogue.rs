//! The checks, as they are written.

use wardkit_audit::{Check, Effort, EngineKind, Kind, Profile, Severity};

/// A check.
pub(super) struct Entry {
    pub(super) id: &'static str,
    component: &'static str,
    title: &'static str,
    severity: Severity,
    kind: Kind,
    description: &'static str,
    expected: &'static str,
    recommendation: &'static str,
    effort: Effort,
    cwe: &'static [u16],
    owasp: &'static [&'static str],
    profiles: &'static [Profile],
}

impl Entry {
    pub(super) fn check(&self) -> Check {
        Check {
            id: self.id.into(),
            engine: EngineKind::Flow,
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

/// Every check.
pub(super) const ALL: &[Entry] = &[
    Entry {
        id: "bot-admin-gate-missing",
        component: "Bot",
        title: "Anybody may give a command for administrators",
        severity: Severity::High,
        kind: Kind::Security,
        description: "Whoever finds the command, by guessing or by reading the menu, bans, deletes, pays or stops the bot.",
        expected: "A filter, a decorator or the first lines of the handler compare the numeric id or the rights of who asks.",
        recommendation: "Refuse whoever is not in the list of administrators, or ask for the platform's permission, before anything is done.",
        effort: Effort::Small,
        cwe: &[862],
        owasp: &["A01:2025"],
        profiles: &[Profile::Ci],
    },
    Entry {
        id: "no-audit-log-admin",
        component: "Bot",
        title: "A command for administrators leaves no trace",
        severity: Severity::Medium,
        kind: Kind::Security,
        description: "After a mistake or a theft of an account nobody can tell who banned, paid or deleted what.",
        expected: "Each such command writes who gave it, upon whom, and how it ended.",
        recommendation: "Write one line of log with the id of who asked, the command and its arguments.",
        effort: Effort::Small,
        cwe: &[778],
        owasp: &["A09:2025"],
        profiles: &[],
    },
    Entry {
        id: "bot-flood-retryafter",
        component: "Bot",
        title: "Messages to many stop at the first limit",
        severity: Severity::Low,
        kind: Kind::Bug,
        description: "Telegram answers 429 after some thirty messages a second: the rest of the users get nothing, and the bot may be held back for longer.",
        expected: "The loop keeps a pace, and waits for as long as the answer says before it tries again.",
        recommendation: "Catch the error that carries `retry_after` and wait, or use the library's rate limiter.",
        effort: Effort::Small,
        cwe: &[754],
        owasp: &["A10:2025"],
        profiles: &[Profile::Ci],
    },
];
