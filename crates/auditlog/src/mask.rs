//! What must not reach the log.

use serde_json::Value;

/// Finds what must not be written in texts, before they are hashed: what is once in the log cannot be taken out.
///
/// Called by [`Log::append`](crate::Log::append) on the caller's thread, once for each text of an entry, names of
/// fields excepted. It must not block, and has no way to fail: what it cannot judge, it masks.
pub trait Redact: Send + Sync {
    /// Returns what to write instead of `text`, or `None` when it may stand.
    fn redact(&self, text: &str) -> Option<String>;
}

/// Lets every text stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct RedactNothing;

impl Redact for RedactNothing {
    fn redact(&self, _: &str) -> Option<String> {
        None
    }
}

/// The names of fields whose values are never written, however deep they lie. Case, `-` and `_` do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedFields(Vec<String>);

impl MaskedFields {
    /// Takes the names.
    #[must_use]
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().map(folded).collect())
    }

    /// Adds names.
    #[must_use]
    pub fn with<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.0.extend(names.into_iter().map(folded));
        self
    }

    fn contains(&self, name: &str) -> bool {
        self.0.contains(&folded(name))
    }
}

impl Default for MaskedFields {
    /// Passwords, tokens, keys and cookies by their usual names.
    fn default() -> Self {
        Self::new(DEFAULT_FIELDS)
    }
}

/// Masks a value in place.
pub(crate) fn mask(value: &mut Value, fields: &MaskedFields, redact: &dyn Redact) {
    match value {
        Value::String(text) => mask_text(text, redact),
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, fields, redact)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if fields.contains(name) {
                    *value = MASK.into();
                } else {
                    mask(value, fields, redact);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks a text in place.
pub(crate) fn mask_text(text: &mut String, redact: &dyn Redact) {
    if let Some(masked) = redact.redact(text) {
        *text = masked;
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '-' | '_'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// As [`Secret`](wardkit_core::Secret) serialises.
const MASK: &str = "***";

const DEFAULT_FIELDS: [&str; 14] = [
    "access_token",
    "api_key",
    "authorization",
    "client_secret",
    "cookie",
    "credentials",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "refresh_token",
    "secret",
    "set_cookie",
    "token",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Digits;

    impl Redact for Digits {
        fn redact(&self, text: &str) -> Option<String> {
            let masked = text.replace(|character: char| character.is_ascii_digit(), "#");
            (masked != text).then_some(masked)
        }
    }

    #[test]
    fn named_fields_and_recognised_texts_are_masked_at_any_depth() {
        let mut value = json!({
            "API-Key": "a", "apikey": 7, "list": [{"passWord": {"x": 1}}, "card 42", 42, null],
            "note": "none",
        });
        mask(&mut value, &MaskedFields::default(), &Digits);
        let expected = json!({
            "API-Key": "***", "apikey": "***", "list": [{"passWord": "***"}, "card ##", 42, null],
            "note": "none",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn fields_may_be_added_or_replaced() {
        let check = |fields: MaskedFields| {
            let mut value = json!({"token": 1, "iban": 2});
            mask(&mut value, &fields, &RedactNothing);
            value
        };
        assert_eq!(check(MaskedFields::new(["iban"])), json!({"token": 1, "iban": "***"}));
        assert_eq!(
            check(MaskedFields::default().with(["IBAN"])),
            json!({"token": "***", "iban": "***"})
        );
    }
}
