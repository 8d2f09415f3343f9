//! Secrets that are known by their structure.

use std::ops::Range;

use memchr::memmem;

use super::alphabet::Alphabet;
use super::{place, verify};

/// Looks whether a JSON web token begins here: `eyJ...`, a dot, its claims, and mostly a signature.
pub(super) fn json_token(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    if !place::begins(bytes, at, Alphabet::BASE64URL) {
        return None;
    }
    let mut header = [0; 384];
    let length = verify::base64(&bytes[at..bytes.len().min(at + 512)], &mut header);
    memmem::find(&header[..length], b"\"alg\"")?;
    // Each part ends where no other can begin, so that none is read twice.
    let part = |at| Alphabet::BASE64URL.run(bytes, at, usize::MAX);
    let header = part(at);
    let mut end = at + header;
    let mut parts = 1;
    while parts < 5 && bytes.get(end) == Some(&b'.') {
        end += 1 + part(end + 1);
        parts += 1;
    }
    // A dot that ends a sentence.
    if parts > 3 && bytes[end - 1] == b'.' {
        end -= 1;
    }
    (parts > 1).then_some(at..end)
}

/// Returns the body of the private key whose `BEGIN ` stands here; all that follows, if its end is missing.
pub(super) fn pem_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let line = &bytes[at..bytes.len().min(at + LONGEST_LABEL)];
    let label = memmem::find(line, PRIVATE_KEY)?;
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ';
    if !bytes[..at].ends_with(b"-----") || !line[..label].iter().all(plain) {
        return None;
    }
    let behind = &line[label + PRIVATE_KEY.len()..];
    let behind = behind.strip_prefix(b" BLOCK").unwrap_or(behind).strip_prefix(b"-----")?;
    let start = at + line.len() - behind.len();
    let end = memmem::find(&bytes[start..], PEM_END);
    Some(start..end.map_or(bytes.len(), |end| start + end))
}

/// What its label ends in, but for PGP's.
pub(super) const PRIVATE_KEY: &[u8] = b"PRIVATE KEY";

/// How the line begins that ends a key in PEM.
pub(super) const PEM_END: &[u8] = b"-----END";

/// Looks whether a Bitcoin private key begins here: 51 or 52 characters of Base58, 0x80 first, and 0x01 behind the key
/// where it is for compressed points. Its sum is not computed: that would take SHA-256.
pub(super) fn bitcoin_key(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let length = Alphabet::ALNUM.run(bytes, at, 53);
    let compressed = bytes.get(at).is_some_and(|first| matches!(first, b'K' | b'L'));
    if length != if compressed { 52 } else { 51 } || !place::begins(bytes, at, Alphabet::WORD) {
        return None;
    }
    let mut key = [0_u8; 38];
    for byte in &bytes[at..at + length] {
        let mut carry = BASE58.iter().position(|digit| digit == byte)?;
        for place in key.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
    }
    let fits =
        if compressed { key[0] == 0x80 && key[33] == 1 } else { key[0] == 0 && key[1] == 0x80 };
    fits.then_some(at..at + length)
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `BEGIN ENCRYPTED PRIVATE KEY` and its likes.
pub(super) const LONGEST_LABEL: usize = 64;
