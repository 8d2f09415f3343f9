//! Checks of what a shape has found.

/// Letters and digits mixed, or letters of both cases: no word of a language, no plain number.
pub(super) fn mixed(text: &[u8]) -> Option<u8> {
    // The prefix is the same for all, and tells nothing.
    let body = &text[text.len().saturating_sub(20)..];
    let digits = body.iter().any(u8::is_ascii_digit);
    let upper = body.iter().any(u8::is_ascii_uppercase);
    let lower = body.iter().any(u8::is_ascii_lowercase);
    ((digits && (upper || lower)) || (upper && lower)).then_some(SURE)
}

/// GitHub's classic tokens end in the CRC-32 of what is between, in base 62.
pub(super) fn github(token: &[u8]) -> Option<u8> {
    let body = token.get(4..)?;
    let Some((random, sum)) = body.split_last_chunk::<6>().filter(|_| body.len() == 36) else {
        return Some(SURE);
    };
    let mut left = u64::from(crc32(random));
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[usize::try_from(left % 62).unwrap_or(0)];
        left /= 62;
    }
    Some(if digits == *sum { CERTAIN } else { SURE })
}

/// Tells whether a value looks drawn at random, as tokens are, and not like a word, a number, a path or a name.
pub(super) fn random(value: &[u8]) -> bool {
    let value = &value[..value.len().min(LOOKED_AT)];
    if value.len() < 8 || value.first() == Some(&b'/') || !value.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    if memchr::memmem::find(value, b"://").is_some() {
        return false;
    }
    let short = value.len() < 16;
    if short && value.contains(&b'.') {
        return false;
    }
    let digits = value.iter().any(u8::is_ascii_digit);
    let changes = changes(value);
    if !digits {
        // Words in camel case change the case too, but not that often.
        return value.len() >= 20 && changes * 25 >= value.len() * 9;
    }
    let wanted = if short { 3 } else { 4 };
    // Names of things are words with a number here and there: one stretch has to be mixed in itself.
    let stretch = if short { 6 } else { 8 };
    changes >= wanted
        && value
            .split(|byte| !byte.is_ascii_alphanumeric())
            .any(|part| part.len() >= stretch && self::changes(part) >= 2)
}

/// How often the kind of character changes between digits, upper and lower case; others do not count.
fn changes(value: &[u8]) -> usize {
    let mut last = 0;
    let mut changes = 0;
    for byte in value {
        let kind = match byte {
            b'0'..=b'9' => 1,
            b'A'..=b'Z' => 2,
            b'a'..=b'z' => 3,
            _ => continue,
        };
        changes += usize::from(last != 0 && last != kind);
        last = kind;
    }
    changes
}

/// Decodes as much Base64 of either kind as fits, and returns how many bytes.
pub(super) fn base64(text: &[u8], out: &mut [u8]) -> usize {
    let (mut bits, mut have, mut length) = (0_u32, 0, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            let Some(slot) = out.get_mut(length) else { break };
            *slot = u8::try_from(bits >> have & 0xff).unwrap_or(0);
            length += 1;
        }
    }
    length
}

/// The CRC-32 of zip and Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The confidence of a shape that nothing else has.
pub(super) const SURE: u8 = 95;
/// The confidence of a sum that is right.
pub(super) const CERTAIN: u8 = 99;

/// Enough to judge, and the most that judging costs.
const LOOKED_AT: usize = 96;
