//! A metric as it stands in tests: `up{job="api"}`, `{}` or nothing.

use wardkit_promql::Labels;

/// Reads a metric from the beginning of a text, and returns what follows it.
///
/// # Errors
///
/// Returns what is wrong with it.
pub(super) fn prefix(text: &str) -> Result<(Labels, &str), String> {
    let (name, rest) =
        word(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(format!("a metric cannot begin like {name:?}"));
    }
    let mut pairs = Vec::new();
    if !name.is_empty() {
        pairs.push((Labels::NAME.to_owned(), name.to_owned()));
    }
    let Some(mut rest) = rest.strip_prefix('{') else {
        return Ok((pairs.into_iter().collect(), rest));
    };
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((pairs.into_iter().collect(), rest));
        }
        let (label, after) = word(rest, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if label.is_empty() || label.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(format!("a label is wanted at {:?}", start(rest)));
        }
        let Some(after) = after.trim_start().strip_prefix('=') else {
            return Err(format!("= is wanted behind the label {label}"));
        };
        let (value, after) = string(after.trim_start())?;
        pairs.push((label.to_owned(), value));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err(format!("a comma or }} is wanted at {:?}", start(rest))),
        }
    }
}

/// Reads a text that is a metric and nothing else.
///
/// # Errors
///
/// Returns what is wrong with it.
pub(super) fn whole(text: &str) -> Result<Labels, String> {
    let (labels, rest) = prefix(text.trim_start())?;
    // The braces may stand apart here.
    let rest = rest.trim_start();
    if rest.starts_with('{') && labels.name().is_some() && !text.contains('{') {
        return Err("braces are there twice".to_owned());
    }
    if let Some(name) = labels.name().filter(|_| rest.starts_with('{') && labels.len() == 1) {
        let (more, rest) = prefix(rest)?;
        return match rest.trim_start() {
            "" => Ok(more.with(Labels::NAME, name)),
            rest => Err(format!("nothing is wanted at {:?}", start(rest))),
        };
    }
    if rest.is_empty() {
        Ok(labels)
    } else {
        Err(format!("nothing is wanted at {:?}", start(rest)))
    }
}

fn word(text: &str, belongs: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len());
    text.split_at(end)
}

/// Reads a string with Go's escapes.
fn string(text: &str) -> Result<(String, &str), String> {
    let mut chars = text.char_indices();
    let Some((_, quote @ ('"' | '\'' | '`'))) = chars.next() else {
        return Err(format!("a string is wanted at {:?}", start(text)));
    };
    let mut value = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((value, &text[at + c.len_utf8()..])),
            '\\' if quote != '`' => {
                let escape = chars.next().map(|(_, escape)| escape);
                value.push(escaped(escape, quote, &mut chars).ok_or("an escape is not one")?);
            }
            '\n' if quote != '`' => break,
            _ => value.push(c),
        }
    }
    Err("a string does not end".to_owned())
}

fn escaped(
    escape: Option<char>,
    quote: char,
    chars: &mut std::str::CharIndices<'_>,
) -> Option<char> {
    let mut number = |first: &str, digits: usize, radix: u32| {
        let mut text = first.to_owned();
        text.extend(chars.by_ref().take(digits).map(|(_, digit)| digit));
        char::from_u32(u32::from_str_radix(&text, radix).ok()?)
    };
    match escape? {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        '\\' => Some('\\'),
        'x' => number("", 2, 16),
        'u' => number("", 4, 16),
        'U' => number("", 8, 16),
        digit @ '0'..='7' => number(&digit.to_string(), 2, 8),
        c if c == quote => Some(c),
        _ => None,
    }
}

fn start(text: &str) -> String {
    text.chars().take(20).collect()
}
