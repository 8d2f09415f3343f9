//! The notation of series: `up{job="api"} 0 1+2x3 _x2 stale`.

use wardkit_promql::{Labels, Sample};

use super::metric;

/// Reads a series with its values, none where there is a gap.
///
/// # Errors
///
/// Returns what is wrong with it.
pub(super) fn read(text: &str) -> Result<(Labels, Vec<Option<f64>>), String> {
    let (labels, rest) = metric::prefix(text)?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t', '\n', '\r']) {
        return Err(format!("a space is wanted behind the metric {labels}"));
    }
    let mut values = Vec::new();
    for item in rest.split([' ', '\t', '\n', '\r']).filter(|item| !item.is_empty()) {
        add(item, &mut values).ok_or_else(|| format!("{item:?} is no value of a series"))?;
        if values.len() > MOST {
            return Err(format!("a series has more than {MOST} values"));
        }
    }
    Ok((labels, values))
}

/// Adds what one item stands for.
fn add(item: &str, values: &mut Vec<Option<f64>>) -> Option<()> {
    if let Some(rest) = item.strip_prefix('_') {
        let count = if rest.is_empty() { 1 } else { count(rest)? };
        values.extend(std::iter::repeat_n(None, count));
        return Some(());
    }
    let (first, rest) = first_value(item)?;
    if rest.is_empty() {
        values.push(Some(first));
        return Some(());
    }
    let (step, rest) = match rest.as_bytes()[0] {
        b'+' | b'-' => first_value(rest)?,
        _ => (0.0, rest),
    };
    let count = count(rest)?;
    let mut value = first;
    for _ in 0..=count {
        values.push(Some(value));
        value += step;
    }
    Some(())
}

/// Reads `x5`.
fn count(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('x')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // One too many is found by whoever counts them.
    is_number.then(|| digits.parse::<usize>().unwrap_or(usize::MAX).min(MOST))
}

/// Reads a number with its sign, or `stale`, and returns what follows.
fn first_value(text: &str) -> Option<(f64, &str)> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'+' => (1.0, &text[1..]),
        b'-' => (-1.0, &text[1..]),
        _ => (0.0, text),
    };
    let letters = unsigned.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters > 0 {
        let end =
            unsigned.bytes().position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b':'));
        let (word, rest) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        let value = match word.to_ascii_lowercase().as_str() {
            "inf" => f64::INFINITY,
            "nan" => f64::NAN,
            _ if word == "stale" && sign == 0.0 => return Some((Sample::STALE, rest)),
            _ => return None,
        };
        return Some((if sign < 0.0 { -value } else { value }, rest));
    }
    let (number, rest) = unsigned.split_at(number_length(unsigned)?);
    if rest.starts_with(|next: char| next != 'x' && (next.is_alphanumeric() || next == '_')) {
        return None;
    }
    let value = number.parse::<f64>().ok()?;
    Some((if sign < 0.0 { -value } else { value }, rest))
}

/// Returns how long the number at the beginning is.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    let mut has_digits = whole > 0;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        has_digits |= fraction > 0;
        end += 1 + fraction;
    }
    if !has_digits {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent == 0 {
            return None;
        }
        end += 1 + sign + exponent;
    }
    Some(end)
}

/// Values of one series: two years of minutes.
const MOST: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[f64]>) {
        let got = read(text).ok().map(|(_, values)| {
            values.into_iter().map(|value| value.unwrap_or(-999.0)).collect::<Vec<_>>()
        });
        assert_eq!(got.as_deref(), expected, "{text}");
    }

    #[test]
    fn the_notation_expands_as_in_prometheus() {
        check("x", Some(&[]));
        check("x{a=\"b\"} 1 -2 +3.5 .5 1e2", Some(&[1.0, -2.0, 3.5, 0.5, 100.0]));
        check("x 1+2x3 1-1x2 4x2", Some(&[1.0, 3.0, 5.0, 7.0, 1.0, 0.0, -1.0, 4.0, 4.0, 4.0]));
        check("x _ _x2 -1-1x1", Some(&[-999.0, -999.0, -999.0, -1.0, -2.0]));
        check("{} inf -Inf", Some(&[f64::INFINITY, f64::NEG_INFINITY]));
        for wrong in [
            "x 1+2",
            "x 1x",
            "x foo",
            "x 0x",
            "x 1e",
            "x{a=b} 1",
            "x{a=\"b\"}1",
            "x 1xa",
            "x -stale",
        ] {
            check(wrong, None);
        }
        assert!(read("x 1 stale").is_ok_and(|(_, values)| {
            values[1].is_some_and(|value| Sample::new(0, value).is_stale())
        }));
        assert!(read("x 1x99999999999999999999").is_err());
    }
}
