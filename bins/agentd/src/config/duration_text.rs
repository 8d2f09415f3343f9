use serde::{Deserialize, Deserializer, Serializer, de};
use std::borrow::Cow;
use std::time::Duration;
pub(crate) fn serialize<S: Serializer>(value: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&format_args!("{}ms", value.as_millis()))
}
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let t = Cow::<'de, str>::deserialize(d)?;
    t.trim_end_matches("ms").parse().map(Duration::from_millis).map_err(de::Error::custom)
}
