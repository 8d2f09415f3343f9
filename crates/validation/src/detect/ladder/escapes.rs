//! Backslash escapes of programming languages: `\x27`, `\u0027`, `\u{27}`, `\047`, and the pair `\r\n`.

use super::reading::Draft;

/// Decodes every escape. `\n` alone stays: it is far more often a part of a Windows path.
pub(super) fn decode(source: &str, draft: &mut Draft<'_>) {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', bytes.get(at..).unwrap_or_default()) {
        let start = at + found;
        let rest = &bytes[start + 1..];
        if let [b'r', b'\\', b'n', ..] = rest {
            draft.replace(start..start + 4, "\r\n");
            at = start + 4;
            continue;
        }
        let Some((code, len)) = escape(rest) else {
            at = start + 1;
            continue;
        };
        let end = start + 1 + len;
        draft.replace_char(start..end, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        at = end;
    }
}

/// Reads what follows a backslash: the code and the number of bytes.
fn escape(rest: &[u8]) -> Option<(u32, usize)> {
    match rest.first()? {
        b'x' => Some((hexadecimal(rest.get(1..3)?)?, 3)),
        b'u' if rest.get(1) == Some(&b'{') => {
            let digits = rest[2..].iter().take(7).position(|byte| *byte == b'}')?;
            Some((hexadecimal(&rest[2..2 + digits])?, digits + 3))
        }
        b'u' => Some((hexadecimal(rest.get(1..5)?)?, 5)),
        b'U' => Some((hexadecimal(rest.get(1..9)?)?, 9)),
        b'0'..=b'3' => {
            let digits = rest.get(..3)?;
            let is_octal = digits.iter().all(|byte| matches!(byte, b'0'..=b'7'));
            is_octal.then(|| {
                let code = digits.iter().fold(0, |code, byte| code << 3 | u32::from(byte - b'0'));
                (code, 3)
            })
        }
        _ => None,
    }
}

/// Reads one to eight hexadecimal digits.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0_u32, |code, byte| Some(code << 4 | char::from(*byte).to_digit(16)?))
}
