//! Which of what the table recognises is to be told.
//!
//! The table masks logs, where a word too many does no harm. An audit costs a person's time, so each is looked at again:
//! structure first, then what stands around it, entropy last.

use wardkit_validation::Found;

use crate::place::Syntax;
use crate::structure::{self, JsonToken};
use crate::value;

/// How sure it is that a value gives access to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// It does not.
    Nothing,
    /// To little: a key for trials, a token that has run out.
    Little,
    /// It does.
    Real,
}

/// Returns the name of what was found. The value of `private_key` is a key before it is a password.
pub(crate) fn id(text: &str, found: &Found) -> &'static str {
    match found.recogniser.id {
        "secret.assignment"
            if text.get(found.range.clone()).is_some_and(|value| value.contains(ARMOUR)) =>
        {
            "secret.private-key"
        }
        id => id,
    }
}

/// Judges what was found in a text.
pub(crate) fn worth(text: &str, found: &Found, syntax: Syntax, now: Option<i64>) -> Worth {
    let Some(value) = text.get(found.range.clone()) else { return Worth::Nothing };
    let beside = Beside { text, value, start: found.range.start, syntax };
    let is_real = match id(text, found) {
        "secret.private-key" => structure::is_key(value),
        "secret.json-web-token" => {
            return match structure::json_token(value, now) {
                JsonToken::Live => Worth::Real,
                JsonToken::Harmless => Worth::Little,
            };
        }
        "secret.telegram-bot-token" => is_telegram(value),
        "secret.assignment" | "secret.sql-password" => beside.is_password(),
        "secret.named-token" => beside.is_token(),
        "secret.authorization" => beside.is_credential(),
        "secret.url-credentials" => beside.is_url_password(),
        "secret.cookie" | "secret.password-hash" => return Worth::Little,
        _ => is_issued(value),
    };
    match is_real {
        true if is_for_trials(value) => Worth::Little,
        true => Worth::Real,
        false => Worth::Nothing,
    }
}

/// A value of a shape that an issuer gave it.
fn is_issued(value: &str) -> bool {
    // The prefix of an address is no part of what was drawn.
    let drawn = value.rsplit(['/', '=', '?']).find(|part| part.len() >= 8).unwrap_or(value);
    !value::is_made_up(drawn)
}

fn is_telegram(token: &str) -> bool {
    let Some((number, body)) = token.split_once(':').or_else(|| token.split_once("%3A")) else {
        return false;
    };
    // Telegram's manual shows these.
    let is_shown_off = ["AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "AAFdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"];
    (8..=10).contains(&number.len())
        && !value::is_made_up(body)
        && !is_shown_off.iter().any(|shown| body.starts_with(shown))
}

/// Keys of payment services for trials move no money.
fn is_for_trials(value: &str) -> bool {
    [
        "sk_test_",
        "rk_test_",
        "rzp_test_",
        "access-sandbox-",
        "access_token$sandbox",
        "shippo_test_",
        "duffel_test_",
        "test_",
    ]
    .iter()
    .any(|prefix| value.starts_with(prefix))
        || value.contains(":TEST:")
}

/// A value with what is around it.
struct Beside<'t> {
    text: &'t str,
    value: &'t str,
    start: usize,
    syntax: Syntax,
}

impl Beside<'_> {
    /// The value of a name whose every value is secret.
    fn is_password(&self) -> bool {
        let value = self.value;
        self.is_literal()
            && (6..=256).contains(&value.len())
            && self.syntax != Syntax::Prose
            && value::is_mixed(value)
            && !value::is_reference(value)
            && !value::is_placeholder(value)
            && !value::is_name(value)
            && !self.is_named_in_it()
            && !value::is_sum(self.name(), value)
    }

    /// The value of a name whose value is secret when it was drawn at random.
    fn is_token(&self) -> bool {
        let value = self.value;
        let enough = match self.syntax {
            // Text for people shows what values look like.
            Syntax::Prose => 3.6,
            _ if value.len() < 20 => 2.8,
            _ => 3.1,
        };
        self.is_literal()
            && (8..=4096).contains(&value.len())
            && !value::is_reference(value)
            && !value::is_placeholder(value)
            && !value::is_name(value)
            && !value::is_sum(self.name(), value)
            && value::entropy(value.as_bytes()) >= enough
    }

    /// What follows `Bearer` or `Basic`.
    fn is_credential(&self) -> bool {
        let value = self.value.rsplit(' ').next().unwrap_or_default();
        value.len() >= 16
            && self.syntax != Syntax::Prose
            && !value::is_reference(value)
            && !value::is_placeholder(value)
            && !value::is_name(value)
            && value::entropy(value.as_bytes()) >= 3.2
    }

    /// The password in an address.
    fn is_url_password(&self) -> bool {
        let value = self.value;
        let host = self.text[self.start + value.len()..].trim_start_matches('@');
        let host = host.split(['/', ':', '"', '\'', ' ', '\n', '?']).next().unwrap_or_default();
        let is_nowhere =
            host.contains("example") || host.is_empty() || host.contains(['<', '{', '$']);
        value.len() >= 4
            && !is_nowhere
            && !value::is_reference(value)
            && !value::is_placeholder(value)
            && !value::is_name(value)
    }

    /// In code a value is a quoted text. Elsewhere it may stand bare, unless it is an expression.
    fn is_literal(&self) -> bool {
        let is_quoted =
            matches!(self.text.as_bytes()[..self.start].last(), Some(b'"' | b'\'' | b'`'));
        let is_expression =
            || self.value.contains(['(', ')', '{', '}', '<', '>', '|', '[', ']', ';', ',']);
        match self.syntax {
            Syntax::Code => is_quoted,
            Syntax::Data | Syntax::Prose => is_quoted || !is_expression(),
            Syntax::Generated => false,
        }
    }

    /// Returns the name that the value stands beside.
    fn name(&self) -> &str {
        let line = self.text[..self.start].rfind('\n').map_or(0, |end| end + 1);
        let line = line.max(self.text.floor_char_boundary(self.start.saturating_sub(96)));
        let before =
            self.text[line..self.start].trim_end_matches(|one: char| !one.is_ascii_alphanumeric());
        let part_of_name = |one: char| one.is_ascii_alphanumeric() || "_-.".contains(one);
        let start = before
            .rfind(|one| !part_of_name(one))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        &before[start..]
    }

    /// `password = "passwordInput1"`: the value says the name again.
    fn is_named_in_it(&self) -> bool {
        let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-', '.'], "");
        let (name, value) = (plain(self.name()), plain(self.value));
        name.len() > 3 && value.contains(&name)
    }
}

const ARMOUR: &str = "PRIVATE KEY-----";

#[cfg(test)]
mod tests;
