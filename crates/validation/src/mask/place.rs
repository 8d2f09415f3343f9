//! Whether something can begin where it stands.

use super::alphabet::Alphabet;

/// Tells whether a run of this alphabet can begin here, so that it is not the end of a longer one.
///
/// An escape ends in letters or digits and separates all the same: `\n` in JSON, `%3D` in addresses, `\u003d`, and the colours of terminals.
pub(super) fn begins(bytes: &[u8], at: usize, alphabet: Alphabet) -> bool {
    let before = &bytes[..at];
    let Some(&last) = before.last() else { return true };
    let joins = last.is_ascii_alphanumeric() || matches!(last, b'_' | b'-') && alphabet.has(last);
    if !joins {
        return true;
    }
    let hex = |byte: &u8| byte.is_ascii_hexdigit();
    match before {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'%', first, second] => hex(first) && hex(second),
        [.., b'\\', b'u', b'0', b'0', first, second] | [.., b'\\', b'x', first, second] => {
            hex(first) && hex(second)
        }
        [.., b'm'] => {
            let code = before.len() - 1;
            let digits = before[..code].iter().rev().take(12);
            let digits = digits.take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
            digits < 12 && before[..code - digits].ends_with(b"[")
        }
        _ => false,
    }
}

/// Returns how many bytes from `at` on are the end of an escape that begins before.
pub(super) fn escape(bytes: &[u8], at: usize) -> usize {
    match (bytes[..at].last(), bytes.get(at..)) {
        (Some(b'\\'), Some([b'n' | b'r' | b't', ..])) => 1,
        (Some(b'%'), Some([first, second, ..]))
            if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() =>
        {
            2
        }
        _ => 0,
    }
}

/// Returns how many bytes from `at` on are the end of an escape that sets a colour, such as `3m`.
pub(super) fn colour(bytes: &[u8], at: usize) -> usize {
    let digits = bytes[at..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let ends =
        matches!(bytes[..at].last(), Some(b'[' | b';')) && bytes.get(at + digits) == Some(&b'm');
    if ends && digits > 0 { digits + 1 } else { 0 }
}

/// Returns how many bytes from `at` on are escapes that set colours: `tracing` writes them between a field and its
/// value.
pub(super) fn colours(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    for _ in 0..4 {
        let rest = bytes.get(end..).unwrap_or_default();
        let Some(code) = [&b"\x1b["[..], b"\\u001b[", b"\\x1b["]
            .iter()
            .find_map(|begin| rest.strip_prefix(*begin))
        else {
            break;
        };
        let length =
            code.iter().take(12).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if code.get(length) != Some(&b'm') {
            break;
        }
        end += rest.len() - code.len() + length + 1;
    }
    end - at
}

/// Tells whether nothing of the alphabet follows.
pub(super) fn ends(bytes: &[u8], at: usize, alphabet: Alphabet) -> bool {
    bytes.get(at).is_none_or(|byte| !alphabet.has(*byte))
}
