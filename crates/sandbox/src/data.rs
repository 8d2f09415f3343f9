//! Amounts as text in files.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{Share, Size, Span};

macro_rules! as_text {
    ($type:ty, $pattern:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(|error| D::Error::custom(format_args!("{text:?} {error}")))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

as_text!(Size, r"^\s*[0-9]+\s*(kB|KiB|MB|MiB|GB|GiB)?\s*$");
as_text!(Share, r"^\s*[0-9]+(\.[0-9])?\s*%\s*$");
as_text!(Span, r"^\s*[0-9]+\s*(ms|s|m|h)\s*$");
