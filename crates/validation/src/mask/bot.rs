//! Tokens of bots that have no prefix: Telegram's and Discord's.

use std::ops::Range;

use super::alphabet::Alphabet;
use super::{place, verify};

/// Looks whether this digit and colon stand in a Telegram bot token: `123456789:` and 35 characters.
pub(super) fn telegram(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let digits = 1 + Alphabet::DIGIT.run_back(bytes, at, 12);
    let start = at + 1 - digits;
    if !(6..=12).contains(&digits) {
        return None;
    }
    // As the address of its API has it, `/bot123456789:...`.
    if !place::begins(bytes, start, Alphabet::WORD) && !bytes[..start].ends_with(b"bot") {
        return None;
    }
    let body = at + if bytes[at + 1] == b':' { 2 } else { 4 };
    let length = Alphabet::BASE64URL.run(bytes, body, TELEGRAM + 1);
    let end = body + length;
    (length == TELEGRAM && verify::mixed(&bytes[body..end]).is_some()).then_some(start..end)
}

/// Looks whether a Discord bot token begins here: the bot's number in Base64, a dot, a time, a dot, a sum.
pub(super) fn discord(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let number = Alphabet::BASE64URL.run(bytes, at, 31);
    if !(22..=30).contains(&number) || !place::begins(bytes, at, Alphabet::BASE64URL) {
        return None;
    }
    let mut digits = [0; 24];
    let length = verify::base64(&bytes[at..at + number], &mut digits);
    if !(16..=22).contains(&length) || !digits[..length].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let time = dot(bytes, at + number)?;
    let length = Alphabet::BASE64URL.run(bytes, time, 9);
    let sum = dot(bytes, time + length).filter(|_| (5..=8).contains(&length))?;
    let length = Alphabet::BASE64URL.run(bytes, sum, 64);
    (25..=60).contains(&length).then_some(at..sum + length)
}

fn dot(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b'.')).then_some(at + 1)
}

const TELEGRAM: usize = 35;
