//! Numbers of cards, found by their digits alone.

use std::ops::Range;

/// Calls `found` with every number of a payment card: its range, and how sure that is one.
///
/// A card has at least 13 bytes of digits and separators, so one of any 12 neighbours tells whether there is more to
/// look at; most are letters.
pub(super) fn cards(bytes: &[u8], mut found: impl FnMut(Range<usize>, u8)) {
    let mut at = STRIDE - 1;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_digit() || matches!(byte, b' ' | b'-') {
            let region = around(bytes, at);
            at = at.max(region.end);
            if region.len() >= MIN {
                among(bytes, region, &mut found);
            }
        }
        at += STRIDE;
    }
}

/// Returns the digits around this place, with single separators between.
fn around(bytes: &[u8], at: usize) -> Range<usize> {
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let separator = |at: usize| matches!(bytes.get(at), Some(b' ' | b'-'));
    let mut start = at;
    while start > 0 && (digit(start - 1) || separator(start - 1) && digit(start)) {
        start -= 1;
    }
    start += usize::from(!digit(start));
    let mut end = at;
    while digit(end) || separator(end) && digit(end + 1) {
        end += 1;
    }
    start.min(end)..end
}

/// Looks for cards among groups of digits with single separators between.
fn among(bytes: &[u8], region: Range<usize>, found: &mut impl FnMut(Range<usize>, u8)) {
    let mut before = 0;
    let mut at = region.start;
    while at < region.end {
        let mut lengths = [0; 6];
        let mut groups = bytes[at..region.end].split(|byte| !byte.is_ascii_digit());
        lengths.iter_mut().zip(&mut groups).for_each(|(length, group)| *length = group.len());
        let mut next = at + lengths[0] + 1;
        if let Some(length) = extent(before, &lengths)
            && let Some(sure) = card(bytes, at..at + length)
        {
            found(at..at + length, sure);
            next = at + length + 1;
        }
        before = lengths[0];
        at = next;
    }
}

/// Returns how many bytes belong together, from the lengths of the groups that begin here and of the one before.
fn extent(before: usize, lengths: &[usize; 6]) -> Option<usize> {
    let extent = |groups: usize| lengths[..groups].iter().sum::<usize>() + groups - 1;
    // More fours on either side make it a table of numbers.
    match (before, lengths) {
        (_, [MIN..=MAX, ..]) => Some(lengths[0]),
        (4, _) | (_, [4, 4, 4, 4, 4, ..]) => None,
        (_, [4, 4, 4, 4, 3, ..]) if before == 0 && lengths[5] == 0 => Some(extent(5)),
        (_, [4, 4, 4, 4, ..]) => Some(extent(4)),
        (_, [4, 6, 5 | 4, ..]) => Some(extent(3)),
        _ => None,
    }
}

/// Tells how sure this is a card, if it is one.
fn card(bytes: &[u8], range: Range<usize>) -> Option<u8> {
    let text = &bytes[range.clone()];
    let mut digits = [0_u8; MAX];
    let mut count = 0;
    for byte in text.iter().filter(|byte| byte.is_ascii_digit()) {
        *digits.get_mut(count)? = byte - b'0';
        count += 1;
    }
    let digits = &digits[..count];
    if !is_issued(digits) || !luhn(digits) || is_joined(bytes, &range) {
        return None;
    }
    if text.len() > count {
        return (text.contains(&b' ') != text.contains(&b'-')).then_some(90);
    }
    let alone = range.len() == bytes.trim_ascii().len();
    (alone || is_example(digits) || is_beside_payment(bytes, &range)).then_some(80)
}

/// Tells whether the digits are a part of something longer: of a decimal, a version, a word.
fn is_joined(bytes: &[u8], range: &Range<usize>) -> bool {
    let before = |count: usize| range.start.checked_sub(count).and_then(|at| bytes.get(at));
    let after = |count: usize| bytes.get(range.end + count);
    let word = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(byte))
    };
    let fraction = |byte: Option<&u8>, beyond: Option<&u8>| {
        matches!(byte, Some(b'.' | b',' | b':')) && beyond.is_some_and(u8::is_ascii_digit)
    };
    let escape = matches!(before(1), Some(b'n' | b'r' | b't')) && before(2) == Some(&b'\\');
    word(before(1)) && !escape
        || word(after(0))
        || fraction(after(0), after(1))
        || fraction(before(1), before(2))
}

/// Tells whether an issuer gives out such numbers: ISO/IEC 7812's beginnings with their lengths.
fn is_issued(digits: &[u8]) -> bool {
    let Some(first) = digits.first_chunk::<4>() else { return false };
    let first = first.iter().fold(0_u16, |number, digit| number * 10 + u16::from(*digit));
    let count = digits.len();
    match first {
        // Visa
        4000..=4999 => matches!(count, 13 | 16 | 19),
        // American Express
        3400..=3499 | 3700..=3799 => count == 15,
        // Diners Club
        3000..=3059 | 3600..=3699 | 3800..=3999 => count == 14,
        // UnionPay
        6200..=6299 => (16..=19).contains(&count),
        // Mastercard, Mir, JCB, Discover, RuPay
        2221..=2720
        | 5100..=5599
        | 2200..=2204
        | 3528..=3589
        | 6011
        | 6440..=6599
        | 6000..=6009
        | 8100..=8199 => count == 16,
        _ => false,
    }
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit @ 5..) => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Tells whether these are the digits of a network's published test number: few different ones. Whoever tries masking
/// out tries it with them.
fn is_example(digits: &[u8]) -> bool {
    let mut seen = [false; 10];
    for digit in digits {
        seen[usize::from(*digit % 10)] = true;
    }
    seen.iter().filter(|seen| **seen).count() <= 3
}

/// Tells whether a word of payment is near. Numbers of 16 digits are also ids, one in ten has Luhn's sum, and one in
/// five of those begins like a card: without such a word a log of ids would lose some.
fn is_beside_payment(bytes: &[u8], range: &Range<usize>) -> bool {
    let before = &bytes[range.start.saturating_sub(NEAR)..range.start];
    let after = &bytes[range.end..bytes.len().min(range.end + NEAR)];
    [before, after].into_iter().any(|text| {
        let mut words = text.split(|byte| !byte.is_ascii_alphabetic());
        words.any(|word| PAYMENT.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())))
            || memchr::memmem::find(text, b"ard").is_some_and(|at| {
                // `cardNumber`, `creditCard`, `CARDHOLDER` is in the list of words.
                at > 0 && matches!(text[at - 1], b'c' | b'C')
            })
    })
}

const PAYMENT: &[&str] = &[
    "card",
    "cards",
    "cardno",
    "cardnumber",
    "pan",
    "cc",
    "ccn",
    "ccnum",
    "creditcard",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "amex",
    "maestro",
    "jcb",
    "diners",
    "discover",
    "unionpay",
    "mir",
    "rupay",
    "payment",
    "pay",
    "paid",
    "cvv",
    "cvc",
    "kreditkarte",
    "karte",
    "carte",
    "tarjeta",
];

/// As far as a word of payment tells of a number.
const NEAR: usize = 40;
const STRIDE: usize = 12;
const MIN: usize = 13;
const MAX: usize = 19;
