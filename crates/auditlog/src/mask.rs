//! What must not reach the log.

use serde_json::Value;

/// Finds what must not be written in texts, before they are hashed: what is once in the log cannot be taken out.
///
/// Called by [`Log::append`](crate::Log::append) on the caller's thread, once for each text of an entry, names of
/// fields excepted. It must not block, and has no way to fail: what it cannot judge, it masks.
pub trait Redact: Send + Sync {
    /// Returns what to write instead of `text`, or `None` when it may stand.
    fn redact(&self, text: &str) -> Option<String>;

    /// Returns what to write instead of `text`, a text or number in a field of this name or somewhere beneath it, or
    /// `None` when the name does not make it a secret. Called besides [`redact`](Self::redact), for each name above.
    fn redact_field(&self, name: &str, text: &str) -> Option<String> {
        let _ = (name, text);
        None
    }
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
    mask_beneath(value, &mut Vec::new(), fields, redact);
}

/// Masks a value beneath fields of these names.
fn mask_beneath<'v>(
    value: &'v mut Value,
    names: &mut Vec<&'v str>,
    fields: &MaskedFields,
    redact: &dyn Redact,
) {
    let by_field = |text: &str| names.iter().rev().find_map(|name| redact.redact_field(name, text));
    match value {
        Value::String(text) => match by_field(text) {
            Some(masked) => *text = masked,
            None => mask_text(text, redact),
        },
        Value::Number(number) => {
            if by_field(&number.to_string()).is_some() {
                *value = MASK.into();
            }
        }
        Value::Array(values) => {
            for value in values {
                mask_beneath(value, names, fields, redact);
            }
        }
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if fields.contains(name) {
                    *value = MASK.into();
                } else {
                    names.push(name);
                    mask_beneath(value, names, fields, redact);
                    names.pop();
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
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

    /// Takes the names that end in `pin` for those of secrets.
    struct Pins;

    impl Redact for Pins {
        fn redact(&self, text: &str) -> Option<String> {
            text.starts_with("card").then(|| "#".to_owned())
        }

        fn redact_field(&self, name: &str, text: &str) -> Option<String> {
            (name.ends_with("pin") && text != "none").then(|| "*".to_owned())
        }
    }

    #[test]
    fn name_makes_what_is_in_its_field_and_beneath_a_secret() {
        let mut value = json!({
            "room_pin": "1", "pins": "1", "pin": [{"old": 1, "was": "none", "set": true}, "card"],
            "note": "card 7",
        });
        mask(&mut value, &MaskedFields::default(), &Pins);
        let expected = json!({
            "room_pin": "*", "pins": "1", "pin": [{"old": "***", "was": "none", "set": true}, "*"],
            "note": "#",
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
