use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wardkit_core::{Secret, Timestamp};

use super::S3Credentials;
use crate::format::Id;

/// Signs requests with version 4 of AWS's signatures, as its documentation "Signature Version 4 signing process" says.
pub(super) struct Signer {
    region: String,
    credentials: S3Credentials,
}

/// What a signature covers.
pub(super) struct Signed<'a> {
    pub(super) method: &'static str,
    pub(super) host: &'a str,
    /// Encoded.
    pub(super) path: &'a str,
    /// Encoded, and sorted by name.
    pub(super) query: &'a str,
    /// The SHA-256 of the body, in hexadecimal digits.
    pub(super) body: &'a str,
    pub(super) now: Timestamp,
}

impl Signer {
    pub(super) fn new(region: &str, credentials: &S3Credentials) -> Self {
        Self { region: region.to_owned(), credentials: credentials.clone() }
    }

    /// Adds the signature to the headers, all of which it covers.
    pub(super) fn sign(&self, request: &Signed<'_>, headers: &mut Vec<(&'static str, String)>) {
        let time = compact(request.now);
        let day = &time[..8];
        headers.push(("x-amz-content-sha256", request.body.to_owned()));
        headers.push(("x-amz-date", time.clone()));
        if let Some(token) = &self.credentials.session_token {
            headers.push(("x-amz-security-token", token.expose().clone()));
        }
        let (names, canonical) = canonical(request, headers);
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", Id::of(canonical.as_bytes()));
        let signature = Id::from_bytes(mac(&self.key(day)[..], &text));
        let access_key = &self.credentials.access_key;
        headers.push((
            "authorization",
            format!(
                "{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
            ),
        ));
    }

    /// The key of a day, derived step by step.
    fn key(&self, day: &str) -> zeroize::Zeroizing<[u8; 32]> {
        let secret = Secret::new(format!("AWS4{}", self.credentials.secret_key.expose()));
        let mut key = zeroize::Zeroizing::new(mac(secret.expose().as_bytes(), day));
        for step in [self.region.as_str(), "s3", "aws4_request"] {
            key = zeroize::Zeroizing::new(mac(&key[..], step));
        }
        key
    }
}

/// The names of the signed headers, and the request in its one canonical form.
fn canonical(request: &Signed<'_>, headers: &[(&'static str, String)]) -> (String, String) {
    let mut all: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.push(("host", request.host));
    all.sort_unstable();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut text = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
    for (name, value) in all {
        text.extend([name, ":", value.trim(), "\n"]);
    }
    text.extend(["\n", &names, "\n", request.body]);
    (names, text)
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = mac.expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// `20231114T221320Z`.
fn compact(now: Timestamp) -> String {
    let seconds = Timestamp::from_unix_seconds(now.as_unix_seconds());
    seconds.to_string().chars().filter(|char| !matches!(char, '-' | ':')).collect()
}

/// A text as it stands in an address; a slash is kept in a path.
pub(super) fn encoded(text: &str, with_slash: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || (byte == b'/' && !with_slash);
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(path: &str, query: &str, mut headers: Vec<(&'static str, String)>) -> String {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        let signer = Signer::new("us-east-1", &S3Credentials::new("AKIAIOSFODNN7EXAMPLE", secret));
        let request = Signed {
            method: "GET",
            host: "examplebucket.s3.amazonaws.com",
            path,
            query,
            body: &Id::of(b"").to_string(),
            now: "2013-05-24T00:00:00Z".parse().expect("a time"),
        };
        signer.sign(&request, &mut headers);
        let (_, value) = headers.pop().expect("signed");
        value.rsplit_once("Signature=").expect("complete").1.to_owned()
    }

    /// The examples of "Signature Calculations for the Authorization Header" in the documentation of S3.
    #[test]
    fn the_documentations_examples_are_signed_alike() {
        assert_eq!(
            signature("/test.txt", "", vec![("range", "bytes=0-9".to_owned())]),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert_eq!(
            signature("/", "lifecycle=", Vec::new()),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        assert_eq!(
            signature("/", "max-keys=2&prefix=J", Vec::new()),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn all_but_plain_characters_are_encoded() {
        assert_eq!(encoded("a b/ü~", false), "a%20b/%C3%BC~");
        assert_eq!(encoded("a/+=", true), "a%2F%2B%3D");
    }
}
