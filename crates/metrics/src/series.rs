//! A series' text taken apart again.

#[cfg(any(feature = "history", feature = "otlp"))]
use std::borrow::Cow;

/// Returns the name of a series: what stands before its labels.
pub(crate) fn name(series: &str) -> &str {
    series.split_once('{').map_or(series, |(name, _)| name)
}

/// Returns the labels of a series with their values as they are written, escapes and all.
pub(crate) fn labels(series: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = series.split_once('{').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once("=\"")?;
        let end = end_of_value(after)?;
        let value = &after[..end];
        // Behind the quote a comma follows, or the end.
        rest = after.get(end + 2..).unwrap_or_default();
        Some((name, value))
    })
}

/// Returns a value without its escapes; a backslash before anything but an `n` gives what follows it.
#[cfg(any(feature = "history", feature = "otlp"))]
pub(crate) fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        text.extend(match letter {
            '\\' => letters.next().map(|escaped| if escaped == 'n' { '\n' } else { escaped }),
            _ => Some(letter),
        });
    }
    Cow::Owned(text)
}

/// Returns where the quote stands that ends a value.
pub(crate) fn end_of_value(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_taken_apart() {
        for (series, expected) in [
            ("up", vec![]),
            (r#"up{a="1"}"#, vec![("a", "1")]),
            (r#"up{a="1",b="x\"y\\",c=""}"#, vec![("a", "1"), ("b", r#"x\"y\\"#), ("c", "")]),
            (r#"up{a="{,}=",b="2"}"#, vec![("a", "{,}="), ("b", "2")]),
            (r#"up{a="torn"#, vec![]),
            (r#"up{a="torn\"#, vec![]),
        ] {
            assert_eq!(name(series), "up", "{series}");
            assert_eq!(labels(series).collect::<Vec<_>>(), expected, "{series}");
        }
    }

    #[test]
    #[cfg(any(feature = "history", feature = "otlp"))]
    fn a_value_loses_its_escapes() {
        for (value, expected) in [
            ("", ""),
            ("plain", "plain"),
            (r#"a \"b\" \\ \n"#, "a \"b\" \\ \n"),
            (r"\\n", r"\n"),
            (r"\\\n", "\\\n"),
            (r"\é", "é"),
            ("\\", ""),
        ] {
            assert_eq!(unescaped(value), expected, "{value}");
        }
    }
}
