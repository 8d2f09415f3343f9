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
    if value.len() < 8 || value.first() == Some(&b'/') {
        return false;
    }
    let mut seen = Seen::default();
    let mut stretch = Stretch::default();
    let mut best = Stretch::default();
    for (at, byte) in value.iter().enumerate() {
        let kind = match byte {
            b'0'..=b'9' => 1,
            b'A'..=b'Z' => 2,
            b'a'..=b'z' => 3,
            b':' if value[at..].starts_with(b"://") => return false,
            b'!'..=b'~' => 0,
            _ => return false,
        };
        seen.dots |= *byte == b'.';
        seen.digits |= kind == 1;
        if kind == 0 {
            best = best.better(stretch);
            stretch = Stretch::default();
            continue;
        }
        let change = usize::from(seen.last != 0 && seen.last != kind);
        seen.changes += change;
        // Where a stretch begins, its kind changes from nothing.
        stretch.changes += if stretch.length > 0 { change } else { 0 };
        stretch.length += 1;
        seen.last = kind;
    }
    let best = best.better(stretch);
    let short = value.len() < 16;
    if !seen.digits {
        // Words in camel case change the case too, but not that often.
        return value.len() >= 20 && seen.changes * 25 >= value.len() * 9;
    }
    // Names of things are words with a number here and there: one stretch has to be mixed in itself.
    let (changes, length) = if short { (3, 6) } else { (4, 8) };
    !(short && seen.dots) && seen.changes >= changes && best.length >= length && best.changes >= 2
}

/// What a value is made of.
#[derive(Default)]
struct Seen {
    digits: bool,
    dots: bool,
    /// How often the kind of character changes between digits, upper and lower case; others do not count.
    changes: usize,
    last: u8,
}

/// Letters and digits with nothing between.
#[derive(Clone, Copy, Default)]
struct Stretch {
    length: usize,
    changes: usize,
}

impl Stretch {
    /// Returns the longer one of those that are mixed.
    fn better(self, other: Self) -> Self {
        if other.changes >= 2 && other.length > self.length { other } else { self }
    }
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
const LOOKED_AT: usize = 64;
