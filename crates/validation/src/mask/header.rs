//! Credentials as HTTP's headers carry them.

use std::ops::Range;

use super::alphabet::Alphabet;
use super::{assignment, verify};

/// Returns the credential in the value of `Authorization` that begins here.
pub(super) fn authorization(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let at = at + quotes(bytes, at);
    let scheme = Alphabet::BASE64URL.run(bytes, at, LONGEST_SCHEME);
    let known =
        SCHEMES.iter().find(|known| bytes[at..at + scheme].eq_ignore_ascii_case(known.as_bytes()));
    let Some(known) = known else {
        let judged = at + credential(&bytes[..bytes.len().min(at + JUDGED)], at);
        return verify::random(&bytes[at..judged]).then(|| at..at + credential(bytes, at));
    };
    let start = at + scheme + blanks(bytes, at + scheme);
    // A scheme with parameters is secret to the end of the header.
    let end = if WITH_PARAMETERS.contains(known) {
        start + to_end(bytes, start)
    } else {
        start + credential(bytes, start)
    };
    let value = &bytes[start..end];
    (start > at + scheme && !value.is_empty() && !assignment::is_placeholder(value))
        .then_some(start..end)
}

/// Returns the value of `Cookie` that begins here, if there is a cookie in it.
pub(super) fn cookie(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + quotes(bytes, at);
    let name = Alphabet::NAME.run(bytes, start, 64);
    if name == 0 || bytes.get(start + name) != Some(&b'=') {
        return None;
    }
    let end = start + to_end(bytes, start);
    (end > start + name + 4).then_some(start..end)
}

/// Returns the credential behind the word `bearer` or `basic` that ends here.
pub(super) fn scheme(bytes: &[u8], word: &[u8], at: usize) -> Option<Range<usize>> {
    let gap = match bytes.get(at..)? {
        [b'%', b'2', b'0', ..] => 3,
        _ => blanks(bytes, at),
    };
    if gap == 0 {
        return None;
    }
    let start = at + gap + quotes(bytes, at + gap);
    let end = start + TOKEN.run(bytes, start, bytes.len());
    let value = &bytes[start..end];
    if value.len() < 8 {
        return None;
    }
    if word.eq_ignore_ascii_case(b"bearer") {
        return (value.len() >= 16 && verify::random(value)).then_some(start..end);
    }
    let mut plain = [0; 96];
    let length = verify::base64(value, &mut plain);
    let plain = &plain[..length];
    let text = plain.iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
    (text && plain.contains(&b':')).then_some(start..end)
}

fn quotes(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take(3).take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b'[')).count()
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take(8).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

fn credential(bytes: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| *byte <= b' ' || b"\"'\\<>,;)]}`".contains(byte);
    bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at)
}

fn to_end(bytes: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'\\');
    bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at)
}

const SCHEMES: &[&str] = &[
    "bearer",
    "basic",
    "token",
    "bot",
    "apikey",
    "api-key",
    "key",
    "ssws",
    "negotiate",
    "ntlm",
    "splunk",
    "genie-key",
    "hmac",
    "digest",
    "oauth",
    "aws4-hmac-sha256",
    "sharedkey",
    "signature",
    "credential",
];

/// Their parameters have quotes and commas; a signature is among them.
const WITH_PARAMETERS: &[&str] =
    &["digest", "oauth", "aws4-hmac-sha256", "signature", "hmac", "credential"];

/// As much as is looked at to judge whether something is a credential.
const JUDGED: usize = 64;
const LONGEST_SCHEME: usize = 20;

/// RFC 6750, section 2.1.
const TOKEN: Alphabet = Alphabet::ENTRA.or(Alphabet::BASE64);
