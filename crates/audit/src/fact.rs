use serde::{Deserialize, Serialize};

use crate::Location;

/// What an engine saw in a file and needs for [`Engine::whole`](crate::Engine::whole), where files are judged together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact {
    /// What kind of fact it is, in the engine's own words.
    pub kind: String,
    /// Where.
    pub place: Location,
    /// What was seen, in a form that the engine reads again.
    pub text: String,
}

impl Fact {
    /// Creates a fact.
    #[must_use]
    pub fn new(kind: impl Into<String>, place: Location, text: impl Into<String>) -> Self {
        Self { kind: kind.into(), place, text: text.into() }
    }
}
