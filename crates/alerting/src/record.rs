//! What is kept over a restart.

/// A row of state that the engine, the rules or an escalation wants kept: the last one of a space and key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub space: Space,
    /// Which one.
    pub key: String,
    /// What it says, for its owner alone; none deletes it.
    pub value: Option<Vec<u8>>,
}

/// Whose a [`Record`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Space {
    /// Alerts that last.
    Alert,
    /// Groups of alerts, and what was last told of them.
    Group,
    /// Incidents: who knows, who was called.
    Incident,
    /// Silences.
    Silence,
    /// Escalations under way.
    Escalation,
    /// States of rules.
    Rule,
    /// The rest: when the state was last written.
    Meta,
}

impl Space {
    /// All spaces.
    pub const ALL: [Self; 7] = [
        Self::Alert,
        Self::Group,
        Self::Incident,
        Self::Silence,
        Self::Escalation,
        Self::Rule,
        Self::Meta,
    ];

    /// Returns the name, which is part of the stored format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Group => "group",
            Self::Incident => "incident",
            Self::Silence => "silence",
            Self::Escalation => "escalation",
            Self::Rule => "rule",
            Self::Meta => "meta",
        }
    }
}
