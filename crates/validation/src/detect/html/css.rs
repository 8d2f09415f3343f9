//! Styles that load or run something.

/// Tells whether a style does more than format, its escapes and comments undone.
pub(super) fn is_active(style: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(style.len().min(LONGEST));
    let mut rest = &style[..style.len().min(LONGEST)];
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'/' if tail.starts_with(b"*") => {
                rest = memchr::memmem::find(&tail[1..], b"*/")
                    .map_or(&tail[1..], |end| &tail[end + 3..]);
            }
            b'\\' => {
                let (byte, taken) = escape(tail);
                plain.push(byte);
                rest = &tail[taken..];
            }
            0..=b' ' => {}
            _ => plain.push(first.to_ascii_lowercase()),
        }
    }
    ACTIVE.iter().any(|word| memchr::memmem::find(&plain, word.as_bytes()).is_some())
}

/// Reads what follows a backslash: up to six hexadecimal digits and a blank, or the character itself.
fn escape(rest: &[u8]) -> (u8, usize) {
    let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits == 0 {
        return rest.first().map_or((b'\\', 0), |byte| (byte.to_ascii_lowercase(), 1));
    }
    let value = rest[..digits].iter().fold(0_u32, |value, digit| {
        value << 4 | char::from(*digit).to_digit(16).unwrap_or_default()
    });
    let blank = usize::from(rest.get(digits).is_some_and(u8::is_ascii_whitespace));
    (u8::try_from(value).map_or(b'?', |byte| byte.to_ascii_lowercase()), digits + blank)
}

const ACTIVE: &[&str] = &[
    "expression(",
    "-moz-binding",
    "behavior:",
    "behaviour:",
    "@import",
    "javascript:",
    "vbscript:",
    "url(",
    "-o-link",
    "image-set(",
    "position:fixed",
    "position:absolute",
    "animation",
    "transition",
    "@charset",
    "src(",
];

/// A style is short.
const LONGEST: usize = 4096;
