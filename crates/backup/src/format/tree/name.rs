//! Texts of trees: JSON as Go writes it, and names as Go quotes them, which can be of any bytes.

use super::printable::is_printable;

/// Appends the inside of a JSON text. Go escapes more than JSON asks for.
pub(super) fn append_json(text: &str, json: &mut Vec<u8>) {
    // Bytes without any escape, the usual ones, at once.
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0xe2 if is_line_separator(&text.as_bytes()[at..]) => b"\\u202",
            0..0x20 | b'<' | b'>' | b'&' => b"\\u00",
            _ => continue,
        };
        json.extend_from_slice(&text.as_bytes()[plain..at]);
        json.extend_from_slice(escape);
        plain = at + 1;
        if byte == 0xe2 {
            json.push(if text.as_bytes()[at + 2] == 0xa8 { b'8' } else { b'9' });
            plain = at + 3;
        } else if escape == b"\\u00" {
            append_hex(byte.into(), 2, json);
        }
    }
    json.extend_from_slice(&text.as_bytes()[plain..]);
}

/// Appends the inside of a JSON text that is a name within the quotes of a text of Go.
pub(super) fn append_quoted(name: &[u8], json: &mut Vec<u8>) {
    if name.iter().all(|byte| matches!(byte, b' '..=b'~') && !needs_escape(*byte)) {
        json.extend_from_slice(name);
        return;
    }
    let mut quoted = Vec::with_capacity(name.len() * 2);
    for chunk in name.utf8_chunks() {
        chunk.valid().chars().for_each(|char| append_char(char, &mut quoted));
        for &byte in chunk.invalid() {
            quoted.extend_from_slice(b"\\x");
            append_hex(byte.into(), 2, &mut quoted);
        }
    }
    append_json(std::str::from_utf8(&quoted).expect("what is quoted is UTF-8"), json);
}

/// The name that Go quoted so, if it did.
pub(super) fn unquote(quoted: &str) -> Option<Vec<u8>> {
    let mut rest = quoted.as_bytes();
    let mut name = Vec::with_capacity(rest.len());
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        name.extend_from_slice(&rest[..at]);
        rest = rest[at..].strip_prefix(b"\\")?;
        let (&escape, behind) = rest.split_first()?;
        rest = behind;
        let plain = match escape {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'"' => escape,
            b'x' => u8::try_from(take_digits(&mut rest, 2, 16)?).ok()?,
            b'0'..=b'7' => {
                let low = take_digits(&mut rest, 2, 8)?;
                u8::try_from(u32::from(escape - b'0') * 64 + low).ok()?
            }
            b'u' | b'U' => {
                let code = take_digits(&mut rest, if escape == b'u' { 4 } else { 8 }, 16)?;
                let char = char::from_u32(code)?;
                name.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        };
        name.push(plain);
    }
    name.extend_from_slice(rest);
    Some(name)
}

fn append_char(char: char, quoted: &mut Vec<u8>) {
    let escape = match char {
        '"' => b'"',
        '\\' => b'\\',
        _ if is_printable(char) => {
            quoted.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
        '\x07' => b'a',
        '\x08' => b'b',
        '\x0c' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\x0b' => b'v',
        '\0'..' ' | '\x7f' => b'x',
        '\0'..='\u{ffff}' => b'u',
        _ => b'U',
    };
    quoted.extend_from_slice(&[b'\\', escape]);
    match escape {
        b'x' => append_hex(char.into(), 2, quoted),
        b'u' => append_hex(char.into(), 4, quoted),
        b'U' => append_hex(char.into(), 8, quoted),
        _ => {}
    }
}

fn append_hex(number: u32, digits: u32, text: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for place in (0..digits).rev() {
        text.push(DIGITS[(number >> (place * 4) & 0xf) as usize]);
    }
}

fn take_digits(rest: &mut &[u8], count: usize, base: u32) -> Option<u32> {
    let (digits, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    digits.iter().try_fold(0_u32, |number, &digit| {
        number.checked_mul(base)?.checked_add(char::from(digit).to_digit(base)?)
    })
}

const fn needs_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
}

/// U+2028 and U+2029, which JavaScript takes for ends of lines.
fn is_line_separator(bytes: &[u8]) -> bool {
    matches!(bytes, [0xe2, 0x80, 0xa8 | 0xa9, ..])
}
