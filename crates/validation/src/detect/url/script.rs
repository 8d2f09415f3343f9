//! Names that mix alphabets.

/// Returns whether a label looks like another one: letters of several alphabets that share shapes, or a whole
/// word of shapes that Latin has too under an end that only Latin names have.
pub(super) fn deceives(host: &str) -> bool {
    if !host.is_ascii() || contains_punycode(host) {
        let latin_end =
            host.rsplit('.').next().is_some_and(|end| end.is_ascii() && !end.starts_with("xn--"));
        return host.split('.').any(|label| match label.strip_prefix("xn--") {
            Some(encoded) => decode(encoded).is_some_and(|label| label_deceives(&label, latin_end)),
            None => label_deceives(label.chars().as_str(), latin_end),
        });
    }
    false
}

fn contains_punycode(host: &str) -> bool {
    host.split('.').any(|label| label.starts_with("xn--"))
}

fn label_deceives(label: &str, latin_end: bool) -> bool {
    let latin = label.chars().any(|c| c.is_ascii_alphabetic());
    let mut others = label.chars().filter(|c| is_near_latin(*c)).peekable();
    if others.peek().is_none() {
        return label.chars().any(is_phonetic);
    }
    latin || (latin_end && others.all(has_latin_shape))
}

/// Letters of the alphabets whose shapes Latin shares: Greek, Cyrillic, Armenian, Cherokee.
const fn is_near_latin(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{531}'..='\u{587}' | '\u{13a0}'..='\u{13fd}')
}

/// Letters of phonetics, in which no name is written.
const fn is_phonetic(c: char) -> bool {
    matches!(c, '\u{250}'..='\u{258}' | '\u{25a}' | '\u{25c}'..='\u{2af}' | '\u{1d00}'..='\u{1d25}')
}

const fn has_latin_shape(c: char) -> bool {
    matches!(
        c,
        '\u{430}'
            | '\u{441}'
            | '\u{435}'
            | '\u{43e}'
            | '\u{440}'
            | '\u{445}'
            | '\u{443}'
            | '\u{456}'
            | '\u{458}'
            | '\u{455}'
            | '\u{4bb}'
            | '\u{501}'
            | '\u{51b}'
            | '\u{51d}'
            | '\u{475}'
            | '\u{4cf}'
            | '\u{43c}'
            | '\u{43a}'
            | '\u{433}'
            | '\u{3bf}'
            | '\u{3b1}'
            | '\u{3bd}'
            | '\u{3c1}'
            | '\u{3b9}'
            | '\u{585}'
    )
}

/// Decodes a label (RFC 3492). A label has at most 63 letters, so a longer one decodes to nothing.
fn decode(encoded: &str) -> Option<String> {
    if encoded.len() > 63 {
        return None;
    }
    let (mut label, tail): (Vec<char>, &str) = match encoded.rsplit_once('-') {
        Some((plain, tail)) => (plain.chars().collect(), tail),
        None => (Vec::new(), encoded),
    };
    let (mut code, mut at, mut bias, mut first) = (128_u32, 0_u32, 72_u32, true);
    let mut digits = tail.bytes();
    while digits.len() > 0 {
        let (start, mut weight, mut k) = (at, 1_u32, 36_u32);
        loop {
            let digit = match digits.next()? {
                b @ b'a'..=b'z' => u32::from(b - b'a'),
                b @ b'A'..=b'Z' => u32::from(b - b'A'),
                b @ b'0'..=b'9' => u32::from(b - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            k += 36;
        }
        let count = u32::try_from(label.len()).ok()? + 1;
        bias = adapted(at - start, count, first);
        first = false;
        code = code.checked_add(at / count)?;
        at %= count;
        label.insert(usize::try_from(at).ok()?, char::from_u32(code)?);
        at += 1;
    }
    Some(label.into_iter().collect())
}

const fn adapted(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_labels_are_read() {
        assert_eq!(decode("mnchen-3ya").unwrap(), "m\u{fc}nchen");
        assert_eq!(decode("80ak6aa92e").unwrap(), "\u{430}\u{440}\u{440}\u{4cf}\u{435}");
        for wrong in ["99999999999", "\u{e9}", "a-b-\u{30}\u{30}", &"9".repeat(64)] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_in_one_alphabet_do_not_deceive() {
        for honest in [
            "example.com",
            "m\u{fc}nchen.de",
            "xn--mnchen-3ya.de",
            "\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.\u{440}\u{444}",
            "\u{4f8b}\u{3048}.jp",
            "\u{442}\u{430}\u{43a}\u{441}\u{438}.com",
        ] {
            assert!(!deceives(honest), "{honest}");
        }
        for hostile in [
            "p\u{430}ypal.com",
            "xn--80ak6aa92e.com",
            "\u{430}\u{440}\u{440}\u{4cf}\u{435}.com",
            "g\u{3bf}\u{3bf}gle.com",
            "\u{261}oogle.com",
        ] {
            assert!(deceives(hostile), "{hostile}");
        }
    }
}
