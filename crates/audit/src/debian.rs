//! Versions of Debian's packages: `[epoch:]upstream[-revision]`.

use std::cmp::Ordering;

/// Orders versions of Debian's packages as dpkg does.
///
/// ```
/// use wardkit_audit::debian_order;
///
/// assert!(debian_order("1:1.0~rc1-1", "1:1.0-1").is_lt());
/// ```
#[must_use]
pub fn debian_order(a: &str, b: &str) -> Ordering {
    let ((a_epoch, a), (b_epoch, b)) = (epoch(a.trim()), epoch(b.trim()));
    let ((a, a_revision), (b, b_revision)) = (revision(a), revision(b));
    let part = parts(a.as_bytes(), b.as_bytes());
    let last = || parts(a_revision.as_bytes(), b_revision.as_bytes());
    a_epoch.cmp(&b_epoch).then(part).then_with(last)
}

fn epoch(text: &str) -> (u64, &str) {
    let split = text.split_once(':');
    split.and_then(|(epoch, rest)| Some((epoch.parse().ok()?, rest))).unwrap_or((0, text))
}

fn revision(text: &str) -> (&str, &str) {
    text.rsplit_once('-').unwrap_or((text, "0"))
}

/// Letters and digits take turns; `~` comes before the end, letters before other signs.
fn parts(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (words, rest) = (words(a), words(b));
        for index in 0..words.0.len().max(rest.0.len()) {
            let order = weight(words.0.get(index)).cmp(&weight(rest.0.get(index)));
            if order.is_ne() {
                return order;
            }
        }
        let ((left, a_rest), (right, b_rest)) = (digits(words.1), digits(rest.1));
        let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

fn words(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| !byte.is_ascii_digit()).count())
}

/// Returns a number without zeros before it, and what follows.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let (number, rest) =
        text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    (&number[number.iter().take_while(|byte| **byte == b'0').count()..], rest)
}

fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(sign) => 256 + i32::from(*sign),
    }
}
