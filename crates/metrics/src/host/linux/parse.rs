//! The few shapes that procfs' texts have. All of it takes any bytes.

/// Returns the lines, without their ends.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(b'\n', text).chain(std::iter::once(text.len())).filter_map(move |end| {
        let line = text.get(from..end)?;
        from = end + 1;
        (!line.is_empty()).then_some(line)
    })
}

/// Returns the words between spaces.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Returns a whole number of decimal digits, when it is one and fits.
pub(super) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Returns any finite number.
pub(super) fn decimal(word: &[u8]) -> Option<f64> {
    let value = std::str::from_utf8(word).ok()?.parse::<f64>().ok()?;
    value.is_finite().then_some(value)
}

/// Returns the value after `key` and a space at the start of a line.
pub(super) fn value_of<'t>(text: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    lines(text).find_map(|line| {
        let mut words = words(line);
        (words.next()? == key).then(|| words.next()).flatten()
    })
}

/// A counter as a sample. Above 2^53 the nearest number that a sample can hold.
#[expect(clippy::cast_precision_loss, reason = "samples are floating point by their format")]
pub(super) fn sample(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_or_nothing() {
        let rows: [(&[u8], Option<u64>); 8] = [
            (b"0", Some(0)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"", None),
            (b"-1", None),
            (b"+1", None),
            (b"1e3", None),
            (b"\xff", None),
        ];
        for (word, expected) in rows {
            assert_eq!(number(word), expected, "{word:?}");
        }
        assert_eq!(decimal(b"0.25"), Some(0.25));
        assert_eq!(decimal(b"nan"), None);
        assert_eq!(decimal(b"1e999"), None);
    }

    #[test]
    fn empty_lines_are_none() {
        let found: Vec<_> = lines(b"\na b\n\nc\n").collect();
        assert_eq!(found, [&b"a b"[..], b"c"]);
        assert_eq!(words(b"  a \tb ").collect::<Vec<_>>(), [&b"a"[..], b"b"]);
        assert_eq!(value_of(b"x 1\nkey 2 3\n", b"key"), Some(&b"2"[..]));
        assert_eq!(value_of(b"key", b"key"), None);
    }
}
