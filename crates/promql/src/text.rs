//! Strings in quotes, as Go reads and writes them.

use std::fmt::Write as _;

/// Reads the string that a text begins with, and returns it with its length in the text.
///
/// An error is a place in the text and a reason.
pub(crate) fn unquote(text: &str) -> Result<(String, usize), (usize, String)> {
    let Some(quote) = text.chars().next() else {
        return Err((0, "a string is missing".to_owned()));
    };
    let mut out = String::new();
    let mut at = quote.len_utf8();
    while let Some(char) = text[at..].chars().next() {
        let after = at + char.len_utf8();
        match char {
            _ if char == quote => return Ok((out, after)),
            '\\' if quote != '`' => {
                let (char, length) =
                    escape(&text[after..], quote).map_err(|reason| (at, reason))?;
                out.push(char);
                at = after + length;
                continue;
            }
            '\n' if quote != '`' => return Err((at, "a string ends with its line".to_owned())),
            _ => out.push(char),
        }
        at = after;
    }
    Err((0, "unterminated string".to_owned()))
}

/// Reads an escape after its backslash, and returns what it stands for with its length.
fn escape(rest: &str, quote: char) -> Result<(char, usize), String> {
    let first = rest.chars().next().ok_or("unterminated string")?;
    let simple = match first {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        _ if first == quote => first,
        'x' => return numbered(rest, 1, 2, 16),
        'u' => return numbered(rest, 1, 4, 16),
        'U' => return numbered(rest, 1, 8, 16),
        '0'..='7' => return numbered(rest, 0, 3, 8),
        _ => return Err(format!("unknown escape \\{}", first.escape_default())),
    };
    Ok((simple, first.len_utf8()))
}

fn numbered(rest: &str, from: usize, count: usize, radix: u32) -> Result<(char, usize), String> {
    let digits = rest.get(from..from + count).filter(|all| all.chars().all(|c| c.is_digit(radix)));
    let digits = digits.ok_or_else(|| format!("an escape needs {count} digits"))?;
    let number = u32::from_str_radix(digits, radix).map_err(|_| "an escape is too large")?;
    let is_byte = count < 4;
    if is_byte && number > 0x7f {
        return Err("an escape is a byte that is no UTF-8".to_owned());
    }
    let char = char::from_u32(number).ok_or("an escape is no character")?;
    Ok((char, from + count))
}

/// Writes a text as a string in double quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if char.is_control() => {
                write!(out, "\\u{:04x}", u32::from(char)).expect("a String takes what is written");
            }
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_go_reads_them() {
        let check = |text: &str, expected: &str| {
            assert_eq!(unquote(text), Ok((expected.to_owned(), text.len())), "{text}");
        };
        check(r#""a\n\t\"\\ \x41\101\u00e9\U0001F600é""#, "a\n\t\"\\ AA\u{e9}\u{1F600}é");
        check(r"'it\'s'", "it's");
        check("`raw \\n\nline`", "raw \\n\nline");
        for wrong in
            [r#""\'""#, r#""\q""#, "\"a\nb\"", r#""\xff""#, r#""\ud800""#, r#""\x4""#, "\"a"]
        {
            assert!(unquote(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        for text in ["", "a\"b\\c", "\u{0}\u{7f}\u{85}\n\r\t", "é\u{1F600}"] {
            let quoted = quoted(text);
            assert_eq!(unquote(&quoted), Ok((text.to_owned(), quoted.len())));
        }
    }
}
