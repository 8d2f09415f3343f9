//! Secrets that are known by their structure: private keys and JSON web tokens.

use serde::Deserialize;

use crate::value;

/// Tells whether the text between the lines of an armour is a key: Base64 throughout, and long enough for one.
pub(crate) fn is_key(body: &str) -> bool {
    let mut length = 0;
    let mut first = String::new();
    for line in body.replace("\\n", "\n").replace("\\r", "\n").lines() {
        // Quotes, concatenation and comments of the language around it.
        let line =
            line.trim_matches(|one: char| !one.is_ascii_alphanumeric() && !"+/=".contains(one));
        let line =
            line.trim_start_matches("+ ").trim_end_matches(" +").trim_end_matches(['"', '\'']);
        // `Proc-Type: 4,ENCRYPTED`, `Version: GnuPG`, the sum at the end of PGP's, and the lines of the armour itself.
        if line.is_empty()
            || line.contains(": ")
            || line.starts_with('=')
            || line.ends_with("PRIVATE KEY")
        {
            continue;
        }
        if !line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)) {
            return false;
        }
        length += line.len();
        if first.len() < 128 {
            first.push_str(line);
        }
    }
    length >= SHORTEST_KEY && !value::is_made_up(&first) && value::entropy(first.as_bytes()) > 3.5
}

/// What a JSON web token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonToken {
    /// One that somebody accepts, as far as can be seen.
    Live,
    /// One that has run out, has no signature, or is for everybody.
    Harmless,
}

/// Judges a JSON web token by its claims; `now` is in seconds since 1970, or unknown.
pub(crate) fn json_token(token: &str, now: Option<i64>) -> JsonToken {
    let mut parts = token.split('.').skip(1);
    let (claims, signature) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let decoded = base64(claims, MOST_CLAIMS).unwrap_or_default();
    let claims: Claims = serde_json::from_slice(&decoded).unwrap_or_default();
    let is_over = matches!((claims.exp, now), (Some(until), Some(now)) if until < to_float(now));
    let is_public = matches!(claims.role.as_deref(), Some("anon"));
    // The one of every tutorial.
    let is_shown_off = claims.name.as_deref() == Some("John Doe");
    if signature.len() < 16 || is_over || is_public || is_shown_off || value::is_made_up(signature)
    {
        JsonToken::Harmless
    } else {
        JsonToken::Live
    }
}

/// Decodes Base64 of either alphabet, at most `most` bytes of it. What is no Base64 is nothing.
pub(crate) fn base64(text: &str, most: usize) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let (mut bits, mut have) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(digit)) & 0x3fff;
        have += 6;
        if have >= 8 {
            have -= 8;
            decoded.push(u8::try_from(bits >> have & 0xff).unwrap_or_default());
        }
        if decoded.len() >= most {
            break;
        }
    }
    Some(decoded)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    exp: Option<f64>,
    role: Option<String>,
    name: Option<String>,
}

#[expect(clippy::cast_precision_loss, reason = "seconds of any date fit 52 bits")]
fn to_float(seconds: i64) -> f64 {
    seconds as f64
}

/// An Ed25519 key in PKCS #8 has 64 characters.
const SHORTEST_KEY: usize = 60;

/// Claims that are longer are not read to their end.
const MOST_CLAIMS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_in_both_alphabets() {
        assert_eq!(base64("aGk_", 9), base64("aGk/", 9));
        assert_eq!(base64("aGVsbG8=", 99).as_deref(), Some(&b"hello"[..]));
        assert_eq!(base64("aGVsbG8", 3).as_deref(), Some(&b"hel"[..]));
        assert_eq!(base64("a b", 9), None);
    }

    #[test]
    fn only_base64_is_a_key() {
        let line = "MC4CAQAwBQYDK2VwBCIEIJ8Xv2sQmZk0bT7rWq1uYc5eLd3fPnHgA9oKiRtVwSjB";
        assert!(is_key(&format!("\n{line}\n")));
        assert!(is_key(&format!("\\n{line}\\n")));
        assert!(is_key(&format!("\\n\" +\n  \"{line}\\n\" +\n")));
        assert!(is_key(&format!("\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0\n\n{line}\n")));
        for body in ["\n...\n", "\nMIIEpAIBAAKCAQEA...\n", "\nyour key here\n", "\nMIIE\n", ""] {
            assert!(!is_key(body), "{body}");
        }
    }

    #[test]
    fn a_token_that_has_run_out_is_harmless() {
        // {"exp":1000000000}
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2lnbmF0dXJlLW9mLTMyLWJ5dGVz";
        assert_eq!(json_token(token, Some(999_999_999)), JsonToken::Live);
        assert_eq!(json_token(token, Some(1_000_000_001)), JsonToken::Harmless);
        assert_eq!(json_token(token, None), JsonToken::Live);
        assert_eq!(
            json_token("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9", None),
            JsonToken::Harmless
        );
    }
}
