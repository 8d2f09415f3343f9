//! Percent escapes: `%27`, `%u0027`, and bytes that are no proper UTF-8.

use super::reading::Draft;

/// Decodes every escape. Whatever a lenient decoder makes of wrong UTF-8 counts: overlong forms are read as what they
/// hide, and single bytes as Latin-1.
pub(super) fn decode(source: &str, draft: &mut Draft<'_>) {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'%', bytes.get(at..).unwrap_or_default()) {
        let start = at + found;
        let read = match escape(bytes, start) {
            Some((byte, end)) if byte < 0x80 => Some((char::from(byte), end)),
            Some((byte, end)) => Some(sequence(bytes, byte, end)),
            None => unicode(bytes, start),
        };
        let Some((character, end)) = read else {
            at = start + 1;
            continue;
        };
        draft.replace_char(start..end, character);
        at = end;
    }
}

/// Reads `%hh`.
fn escape(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    let [b'%', high, low] = *bytes.get(at..at + 3)? else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4 | digit(low)?, at + 3))
}

/// Reads `%uhhhh`, with surrogates as the replacement character.
fn unicode(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let [b'%', b'u' | b'U', digits @ ..] = bytes.get(at..at + 6)? else { return None };
    let code = super::escapes::hexadecimal(digits)?;
    Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), at + 6))
}

/// Reads the rest of a character whose first byte was escaped.
fn sequence(bytes: &[u8], first: u8, end: usize) -> (char, usize) {
    let latin = (char::from(first), end);
    let (more, mut code) = match first {
        0xc0..=0xdf => (1, u32::from(first & 0x1f)),
        0xe0..=0xef => (2, u32::from(first & 0x0f)),
        0xf0..=0xf7 => (3, u32::from(first & 0x07)),
        _ => return latin,
    };
    let mut end = end;
    for _ in 0..more {
        match escape(bytes, end) {
            Some((byte @ 0x80..=0xbf, after)) => {
                code = code << 6 | u32::from(byte & 0x3f);
                end = after;
            }
            _ => return latin,
        }
    }
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), end)
}
