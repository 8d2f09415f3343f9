//! How the fields of a policy are written in configuration.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::duration::{print, read};

/// What an absent limit or name is written as, so that a printed configuration shows every key.
pub(crate) const NONE: &str = "none";

/// Durations as a list of texts.
pub(crate) mod durations {
    use super::{Deserialize, Deserializer, Duration, Serializer, print, read};

    pub(crate) fn serialize<S: Serializer>(values: &[Duration], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|&value| print(value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Duration>, D::Error> {
        Vec::<String>::deserialize(from)?.iter().map(|text| read(text)).collect()
    }
}

/// A duration as text, or `none`.
pub(crate) mod limit {
    use super::{Cow, Deserialize, Deserializer, Duration, NONE, Serializer, read};
    use crate::duration;

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => duration::serialize(value, to),
            None => to.serialize_str(NONE),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        if text == NONE { Ok(None) } else { read(&text).map(Some) }
    }
}

/// A name, or `none`.
pub(crate) mod name {
    use super::{Deserialize, Deserializer, NONE, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes the field by reference")]
    pub(crate) fn serialize<S: Serializer>(
        value: &Option<String>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_deref().unwrap_or(NONE).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<String>, D::Error> {
        String::deserialize(from).map(|text| (text != NONE).then_some(text))
    }
}
