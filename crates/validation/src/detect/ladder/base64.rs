//! Words that are text in Base64.

use super::reading::Draft;

/// Decodes every long word that turns out to be text.
pub(super) fn decode(source: &str, draft: &mut Draft<'_>) {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(word) = next_word(bytes, at) {
        at = word.end;
        if let Some(text) = text(&bytes[word.clone()]) {
            let padding =
                bytes[word.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            draft.replace(word.start..word.end + padding, &text);
            at += padding;
        }
    }
}

/// Finds the next run of the alphabet that is long enough. It looks at the byte where a run would end, and so passes
/// over ordinary prose in leaps.
fn next_word(bytes: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
    let mut start = from;
    while let Some(window) = bytes.get(start..start + SHORTEST) {
        if let Some(last) = window.iter().rposition(|byte| value(*byte).is_none()) {
            start += last + 1;
            continue;
        }
        let more = bytes[start + SHORTEST..].iter().take_while(|byte| value(**byte).is_some());
        let end = start + SHORTEST + more.count();
        return Some(start..end);
    }
    None
}

/// Decodes a word; none when that is no text. A word of anything else decodes to noise, which its first bytes tell.
fn text(word: &[u8]) -> Option<String> {
    let is_text = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if !bytes(&word[..SHORTEST.min(word.len())]).all(is_text) {
        return None;
    }
    let decoded: Vec<u8> = bytes(word).collect();
    let printable = decoded.iter().filter(|byte| is_text(**byte)).count();
    let text = String::from_utf8(decoded).ok()?;
    (printable * 10 >= text.len() * 9).then_some(text)
}

/// Decodes letters of the alphabet, four to three bytes; of an unfinished four what is whole.
fn bytes(word: &[u8]) -> impl Iterator<Item = u8> {
    word.chunks(4).flat_map(|four| {
        let bits = (0..4).fold(0_u32, |bits, index| {
            let letter = four.get(index).copied().and_then(value).unwrap_or_default();
            bits << 6 | u32::from(letter)
        });
        let [_, first, second, third] = bits.to_be_bytes();
        [first, second, third].into_iter().take(four.len() * 6 / 8)
    })
}

/// The value of a letter in either alphabet of RFC 4648.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Shorter words hold no attack worth the false alarms: 16 letters are 12 bytes.
const SHORTEST: usize = 16;
