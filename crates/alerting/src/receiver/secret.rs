//! Where a secret is.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wardkit_core::Secret;

/// Where a secret is, or the secret itself once the program has looked.
///
/// In a configuration it is `env:NAME` or `file:/path`, never the value: files of configuration are copied, committed
/// and mailed. Only a configuration of Alertmanager brings values.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum SecretSource {
    /// There is none.
    #[default]
    None,
    /// `env:NAME` or `file:/path`, for the program to look up.
    At(String),
    /// The value.
    Value(Secret<String>),
}

impl SecretSource {
    /// Takes a value.
    #[must_use]
    pub fn of(value: impl Into<String>) -> Self {
        Self::Value(Secret::new(value.into()))
    }

    /// Returns the value; none when there is no secret, or nobody has looked yet.
    #[must_use]
    pub const fn value(&self) -> Option<&Secret<String>> {
        match self {
            Self::Value(value) => Some(value),
            Self::None | Self::At(_) => None,
        }
    }

    /// Returns whether there is none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Returns whether there is one, looked up or not.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        !self.is_none()
    }

    pub(super) fn resolve(
        &mut self,
        read: &mut impl FnMut(&str) -> Result<Secret<String>, String>,
    ) -> Result<(), String> {
        let Self::At(place) = self else { return Ok(()) };
        let value = read(place)?;
        if value.expose().is_empty() {
            return Err(format!("{place} is empty"));
        }
        *self = Self::Value(value);
        Ok(())
    }
}

/// Two configurations are alike when their secrets are: a reload must see a changed one.
impl PartialEq for SecretSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::At(one), Self::At(other)) => one == other,
            (Self::Value(one), Self::Value(other)) => one.expose() == other.expose(),
            _ => false,
        }
    }
}

impl Eq for SecretSource {}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str(""),
            Self::At(place) => serializer.serialize_str(place),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let place = Cow::<'de, str>::deserialize(deserializer)?;
        if place.is_empty() {
            return Ok(Self::None);
        }
        let is_place = place.strip_prefix("env:").is_some_and(|name| !name.is_empty())
            || place.strip_prefix("file:").is_some_and(|path| path.starts_with('/'));
        if !is_place {
            // Not shown: it may be the secret.
            let reason = "a secret must be env:NAME or file:PATH with an absolute path";
            return Err(serde::de::Error::custom(reason));
        }
        Ok(Self::At(place.into_owned()))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}
