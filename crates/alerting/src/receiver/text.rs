//! What a notification says, where the operator wants other words than the usual ones.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a notification says, where the operator wants other words than the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Text {
    /// The usual words.
    #[default]
    Usual,
    /// A template in the language of Jinja, as native configuration has them.
    Jinja(String),
    /// A template of Go's, as a configuration of Alertmanager has them.
    Go {
        /// The template.
        source: String,
        /// The texts of the files that define what the template calls.
        definitions: Arc<[String]>,
    },
}

impl Text {
    /// Takes a template in the language of Jinja.
    #[must_use]
    pub fn jinja(source: impl Into<String>) -> Self {
        Self::Jinja(source.into())
    }

    /// Takes a template of Go's that calls nothing but what Alertmanager itself defines.
    #[must_use]
    pub fn go(source: impl Into<String>) -> Self {
        Self::Go { source: source.into(), definitions: Arc::default() }
    }

    /// Returns whether it is the usual words.
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        matches!(self, Self::Usual)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Usual => serializer.serialize_str(""),
            Self::Jinja(source) | Self::Go { source, .. } => serializer.serialize_str(source),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(if source.is_empty() { Self::Usual } else { Self::Jinja(source.into_owned()) })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}
