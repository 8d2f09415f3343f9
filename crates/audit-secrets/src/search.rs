//! What secrets a text has.

use std::collections::HashMap;
use std::ops::Range;

use wardkit_audit::Check;
use wardkit_validation::{Recognisers, Sensitive};

use crate::judge::{self, Worth};
use crate::literal::Literals;
use crate::place::Syntax;
use crate::rules::Rules;
use crate::shown::{Mark, shown};
use crate::{catalogue, structure};

/// Finds secrets in texts.
pub(crate) struct Search {
    recognisers: Recognisers,
    literals: Option<Literals>,
    checks: HashMap<&'static str, Check>,
    pub(crate) rules: Option<Rules>,
    /// Seconds since 1970, by which tokens run out.
    pub(crate) now: Option<i64>,
}

/// A secret in a text.
#[derive(Debug)]
pub(crate) struct Secret<'s> {
    pub(crate) check: &'s Check,
    pub(crate) range: Range<usize>,
    pub(crate) mark: Mark,
    pub(crate) shown: String,
    pub(crate) worth: Worth,
    /// Whether its shape alone tells what it is.
    pub(crate) has_shape: bool,
    /// Whether whoever has it can act as a bot.
    pub(crate) is_of_a_bot: bool,
    /// Whether it stands there in Base64.
    pub(crate) is_encoded: bool,
}

impl Search {
    pub(crate) fn new() -> Self {
        Self {
            recognisers: Recognisers::new(&[Sensitive::Secret]),
            literals: Literals::new(),
            checks: catalogue::by_recogniser(),
            rules: None,
            now: None,
        }
    }

    /// Returns the secrets of a text, in order. `is_over` tells that there is no time left.
    pub(crate) fn secrets<'s>(
        &'s self,
        path: &str,
        text: &str,
        is_over: &dyn Fn() -> bool,
    ) -> Vec<Secret<'s>> {
        let syntax = Syntax::of(path);
        let mut secrets = self.in_text(text, syntax);
        if matches!(syntax, Syntax::Code | Syntax::Data) {
            self.in_literals(text, syntax, &mut secrets);
        }
        for blob in encoded(text) {
            if is_over() {
                break;
            }
            let known = |secret: &Secret<'_>| {
                secret.range.start < blob.end && blob.start < secret.range.end
            };
            let part = &text[blob.clone()];
            if !secrets.iter().any(known)
                && let Some(decoded) = readable(part)
            {
                secrets.extend(self.in_decoded(&decoded, &blob));
            }
        }
        if let Some(rules) = &self.rules {
            let known: Vec<Range<usize>> =
                secrets.iter().map(|secret| secret.range.clone()).collect();
            let is_known = |range: &Range<usize>| {
                known.iter().any(|known| known.start < range.end && range.start < known.end)
            };
            let found = rules.find(path, text, is_over);
            secrets.extend(
                found
                    .into_iter()
                    .filter(|(_, range)| !is_known(range))
                    .map(|(check, range)| secret(check, &text[range.clone()], range, Worth::Real)),
            );
        }
        secrets.sort_by_key(|secret| secret.range.start);
        secrets
    }

    fn in_text(&self, text: &str, syntax: Syntax) -> Vec<Secret<'_>> {
        let mut secrets = Vec::new();
        for found in self.recognisers.find(text) {
            let worth = judge::worth(text, &found, syntax, self.now);
            let id = judge::id(text, &found);
            let check = self.checks.get(id);
            if let (Some(check), Some(value)) = (check, text.get(found.range.clone()))
                && worth > Worth::Nothing
            {
                let mut secret = secret(check, value, found.range, worth);
                secret.has_shape = !BY_CONTEXT.contains(&id);
                secret.is_of_a_bot = OF_BOTS.contains(&id);
                secrets.push(secret);
            }
        }
        secrets
    }

    /// Looks at quoted texts that go by the name of a secret, and that nothing else has found.
    fn in_literals<'s>(&'s self, text: &str, syntax: Syntax, secrets: &mut Vec<Secret<'s>>) {
        let known: Vec<Range<usize>> = secrets.iter().map(|secret| secret.range.clone()).collect();
        for literal in self.literals.iter().flat_map(|literals| literals.find(text)) {
            let range = literal.value;
            // In the order of the text, as what is known is.
            let next = known.partition_point(|known| known.end <= range.start);
            if known.get(next).is_some_and(|known| known.start < range.end) {
                continue;
            }
            let value = &text[range.clone()];
            let named = self.recognisers.find_beside(&text[literal.name], value);
            for mut found in named {
                if found.range != (0..value.len()) || !BY_CONTEXT.contains(&found.recogniser.id) {
                    continue;
                }
                found.range = range.clone();
                let worth = judge::worth(text, &found, syntax, self.now);
                if let Some(check) = self.checks.get(found.recogniser.id)
                    && worth > Worth::Nothing
                {
                    secrets.push(secret(check, value, range.clone(), worth));
                }
            }
        }
        secrets.sort_by_key(|secret| secret.range.start);
    }

    /// Looks once more at what was in Base64; only for what is known by its shape.
    fn in_decoded(&self, decoded: &str, blob: &Range<usize>) -> Vec<Secret<'_>> {
        let mut secrets = self.in_text(decoded, Syntax::Generated);
        secrets.retain(|secret| secret.has_shape);
        for secret in &mut secrets {
            secret.range = blob.clone();
            secret.is_encoded = true;
        }
        secrets
    }
}

fn secret<'s>(check: &'s Check, value: &str, range: Range<usize>, worth: Worth) -> Secret<'s> {
    let mark = Mark::of(value.as_bytes());
    Secret {
        check,
        range,
        mark,
        shown: shown(value),
        worth,
        has_shape: false,
        is_of_a_bot: false,
        is_encoded: false,
    }
}

/// Returns the stretches of a text that may be Base64 of something that has a secret in it.
fn encoded(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            // Most stretches are shorter than the shortest: one look at where they would end skips them.
            let Some(probe) = bytes.get(at + SHORTEST_ENCODED - 1) else { break };
            if !is_base64(*probe) {
                at += SHORTEST_ENCODED;
                continue;
            }
            let probe = at + SHORTEST_ENCODED - 1;
            let start = bytes[at..probe]
                .iter()
                .rposition(|byte| !is_base64(*byte))
                .map_or(at, |end| at + end + 1);
            let rest = bytes[probe..].iter().position(|byte| !is_base64(*byte));
            let end = rest.map_or(bytes.len(), |rest| probe + rest);
            at = end + 1;
            if (SHORTEST_ENCODED..=LONGEST_ENCODED).contains(&(end - start)) {
                return Some(start..end);
            }
        }
        None
    })
}

/// Returns what Base64 stands for, if it is text.
fn readable(part: &str) -> Option<String> {
    let is_text =
        |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~'));
    // Pictures are told by their first bytes.
    let begin = structure::base64(&part[..SHORTEST_ENCODED], 24)?;
    if !is_text(&begin) {
        return None;
    }
    let decoded = structure::base64(part, LONGEST_ENCODED)?;
    if is_text(&decoded) { String::from_utf8(decoded).ok() } else { None }
}

fn is_base64(byte: u8) -> bool {
    BASE64[usize::from(byte)]
}

const BASE64: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// What is known by the name beside it, not by its shape.
const BY_CONTEXT: [&str; 6] = [
    "secret.assignment",
    "secret.authorization",
    "secret.cookie",
    "secret.named-token",
    "secret.password-hash",
    "secret.url-credentials",
];

/// The tokens that bots sign in with.
const OF_BOTS: [&str; 5] = [
    "secret.discord-bot-token",
    "secret.matrix-access-token",
    "secret.slack-app-token",
    "secret.slack-token",
    "secret.telegram-bot-token",
];

/// A Telegram token in Base64 has 60 characters, an AWS key 27 and its brackets.
const SHORTEST_ENCODED: usize = 36;

/// What is longer is a file in a file.
const LONGEST_ENCODED: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_base64_are_found_wherever_they_stand() {
        let long = "A".repeat(SHORTEST_ENCODED);
        for before in 0..2 * SHORTEST_ENCODED {
            let text = format!("{} {long} b", ".".repeat(before));
            let found: Vec<_> = encoded(&text).collect();
            let start = before + 1;
            let whole = start..start + SHORTEST_ENCODED;
            assert_eq!(found, std::slice::from_ref(&whole), "{before}");
        }
        assert_eq!(encoded(&long).count(), 1);
        assert_eq!(encoded(&long[1..]).count(), 0);
        assert_eq!(encoded(&format!("{long}.{long}")).count(), 2);
    }
}
