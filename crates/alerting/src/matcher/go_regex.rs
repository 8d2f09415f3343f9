//! Go's regular expressions: the dialect of everything that comes from Prometheus.
//!
//! Both engines are of the same family, so only the text differs: here `\d` is ASCII, `{` may stand for itself, `\Q`
//! quotes, and sets inside a class are no operations.

use std::fmt;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex::bytes::{Regex, RegexBuilder};

/// A regular expression of Go's that matches all of a text or nothing.
#[derive(Clone, Debug)]
pub(crate) struct GoRegex(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// Words with `|` between them: what most are.
    Literals(Vec<String>),
    Regex(Regex),
}

impl GoRegex {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        // How Alertmanager writes those of the old notation; the outer anchors say nothing more.
        if let Some(inner) = text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$"))
            && inner.chars().all(|char| char == '|' || !is_meta(char))
        {
            return Self::new(inner);
        }
        if text.chars().all(|char| char == '|' || !is_meta(char)) {
            return Ok(Self(Kind::Literals(text.split('|').map(str::to_owned).collect())));
        }
        let regex = compile(&format!("^(?:{})$", translate(text)?))?;
        Ok(Self(Kind::Regex(regex)))
    }

    /// Compiles an expression that may match a part of a text, for looking up and replacing.
    pub(crate) fn unanchored(text: &str) -> Result<Regex, String> {
        compile(&translate(text)?)
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Kind::Literals(words) => words.iter().any(|word| word == text),
            Kind::Regex(regex) => regex.is_match(text.as_bytes()),
        }
    }

    pub(crate) fn literals(&self) -> Option<Vec<&str>> {
        match &self.0 {
            Kind::Literals(words) => Some(words.iter().map(String::as_str).collect()),
            Kind::Regex(_) => None,
        }
    }
}

/// Writes a value in quotes, as Alertmanager shows it.
pub(crate) fn quoted(f: &mut impl fmt::Write, value: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in value.chars() {
        match char {
            '\\' => f.write_str(r"\\")?,
            '"' => f.write_str("\\\"")?,
            '\n' => f.write_str("\\n")?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}

fn compile(translated: &str) -> Result<Regex, String> {
    RegexBuilder::new(translated).size_limit(MAX_COMPILED).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "its regular expression is too big".to_owned(),
        // The engine's own message shows the translated text over several lines; its last line says why.
        other => {
            let text = other.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("its regular expression is none: {why}")
        }
    })
}

fn translate(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let mut repeated = false;
    while let Some(char) = chars.next() {
        let mut repeats = false;
        match char {
            '\\' => escape(&mut chars, &mut out)?,
            '[' => class(&mut chars, &mut out)?,
            '(' => group(&mut chars, &mut out)?,
            '*' | '+' | '?' => {
                repeats = true;
                out.push(char);
            }
            '{' => match repetition(&mut chars)? {
                Some(count) => {
                    repeats = true;
                    out.push_str(&count);
                }
                None => out.push_str(r"\{"),
            },
            '}' | ']' => out.extend(['\\', char]),
            other => out.push(other),
        }
        if repeats {
            if repeated {
                return Err("its regular expression repeats a repetition".to_owned());
            }
            if chars.peek() == Some(&'?') {
                out.extend(chars.next());
            }
        }
        repeated = repeats;
    }
    Ok(out)
}

fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    match chars.next() {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('s') => out.push_str(r"[\t\n\f\r ]"),
        Some('S') => out.push_str(r"[^\t\n\f\r ]"),
        Some('b') => out.push_str(r"(?-u:\b)"),
        Some('B') => out.push_str(r"(?-u:\B)"),
        Some('A') => out.push_str(r"\A"),
        Some('z') => out.push_str(r"\z"),
        Some('Q') => quote(chars, out),
        Some(property @ ('p' | 'P')) => unicode(property, chars, out)?,
        Some(other) => literal(escaped_char(other, chars)?, out),
        None => return Err("its regular expression ends in a backslash".to_owned()),
    }
    Ok(())
}

/// `\Q…\E` stands for what is between, as it is.
fn quote(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    while let Some(char) = chars.next() {
        if char == '\\' && chars.peek() == Some(&'E') {
            chars.next();
            return;
        }
        literal(char, out);
    }
}

fn unicode(
    property: char,
    chars: &mut Peekable<Chars<'_>>,
    out: &mut String,
) -> Result<(), String> {
    out.extend(['\\', property]);
    let first = chars.next().ok_or("its regular expression ends within \\p")?;
    out.push(first);
    if first == '{' {
        for char in chars.by_ref() {
            out.push(char);
            if char == '}' {
                return Ok(());
            }
        }
        return Err("its regular expression ends within \\p{".to_owned());
    }
    Ok(())
}

/// An escape that stands for one character.
fn escaped_char(first: char, chars: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    match first {
        'a' => Ok('\u{7}'),
        'f' => Ok('\u{c}'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\u{b}'),
        'x' => hexadecimal(chars).ok_or_else(|| "its regular expression has a bad \\x".to_owned()),
        '0'..='7' => octal(first, chars)
            .ok_or_else(|| "its regular expression refers back, which has no bound".to_owned()),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok(other),
        other => Err(format!("its regular expression has an unknown \\{}", other.escape_debug())),
    }
}

fn hexadecimal(chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let first = chars.next()?;
    if first != '{' {
        return char::from_u32(first.to_digit(16)? * 16 + chars.next()?.to_digit(16)?);
    }
    let mut code = None;
    for char in chars.by_ref() {
        if char == '}' {
            return char::from_u32(code?);
        }
        let next = code.unwrap_or(0) * 16 + char.to_digit(16)?;
        code = (next <= 0x10_ffff).then_some(next);
        code?;
    }
    None
}

/// One digit other than zero alone would refer back.
fn octal(first: char, chars: &mut Peekable<Chars<'_>>) -> Option<char> {
    let is_octal = |char: &char| char.is_digit(8);
    if first != '0' && !chars.peek().is_some_and(is_octal) {
        return None;
    }
    let mut code = first.to_digit(8)?;
    for _ in 0..2 {
        let Some(digit) = chars.next_if(is_octal) else { break };
        code = code * 8 + digit.to_digit(8)?;
    }
    char::from_u32(code)
}

/// `{2}`, `{2,}` or `{2,3}`; anything else is a brace that stands for itself, and nothing is consumed.
fn repetition(chars: &mut Peekable<Chars<'_>>) -> Result<Option<String>, String> {
    let mut ahead = chars.clone();
    let mut count = String::from("{");
    loop {
        match ahead.next() {
            Some('}') => break,
            Some(char) if char.is_ascii_digit() || char == ',' => count.push(char),
            _ => return Ok(None),
        }
        // Longer than any count that is allowed.
        if count.len() > 16 {
            return Ok(None);
        }
    }
    let (low, high) = match count[1..].split_once(',') {
        Some((low, high)) => (low, high),
        None => (&count[1..], ""),
    };
    if low.is_empty() || high.contains(',') {
        return Ok(None);
    }
    let number = |digits: &str| digits.parse().unwrap_or(u32::MAX);
    if number(low) > MAX_COUNT
        || (!high.is_empty() && (number(high) > MAX_COUNT || number(high) < number(low)))
    {
        return Err("its regular expression repeats more often than 1000 times".to_owned());
    }
    *chars = ahead;
    count.push('}');
    Ok(Some(count))
}

fn group(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    out.push('(');
    if chars.next_if_eq(&'?').is_none() {
        return Ok(());
    }
    out.push('?');
    let mut flags = chars.clone();
    let known = match flags.next() {
        Some('P') => flags.next() == Some('<'),
        Some(':') => true,
        Some('i' | 'm' | 's' | 'U' | '-') => flags
            .find(|char| !matches!(char, 'i' | 'm' | 's' | 'U' | '-'))
            .is_some_and(|end| end == ':' || end == ')'),
        _ => false,
    };
    if !known {
        return Err("its regular expression has a group of an unknown kind".to_owned());
    }
    // What stands there is spelled alike in both dialects, up to where the group begins.
    for char in chars.by_ref() {
        out.push(char);
        if matches!(char, ':' | '>' | ')') {
            break;
        }
    }
    Ok(())
}

fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    let unclosed = || "its regular expression has a [ without ]".to_owned();
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut first = true;
    loop {
        let char = chars.next().ok_or_else(unclosed)?;
        match char {
            ']' if !first => break,
            '[' if chars.peek() == Some(&':') => posix(chars, out)?,
            '\\' if chars.peek().is_some_and(|next| "dDwWsSpP".contains(*next)) => {
                escape(chars, out)?;
            }
            _ => {
                let low = class_char(char, chars)?;
                literal(low, out);
                let mut ahead = chars.clone();
                if ahead.next() == Some('-') && ahead.peek().is_some_and(|next| *next != ']') {
                    chars.next();
                    let next = chars.next().ok_or_else(unclosed)?;
                    let high = class_char(next, chars)?;
                    if high < low {
                        return Err("its regular expression has a range backwards".to_owned());
                    }
                    out.push('-');
                    literal(high, out);
                }
            }
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

fn class_char(char: char, chars: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    if char != '\\' {
        return Ok(char);
    }
    let next = chars.next().ok_or("its regular expression ends in a backslash")?;
    escaped_char(next, chars)
}

/// `[:alpha:]` and the like; without `:]` behind it, a bracket that stands for itself.
fn posix(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<(), String> {
    // The longest is `[:^xdigit:]`; looking no further keeps this linear.
    let ahead: String = chars.clone().take(12).collect();
    let Some(end) = ahead[1..].find(":]") else {
        literal('[', out);
        return Ok(());
    };
    let name = &ahead[1..=end];
    if !POSIX.contains(&name.trim_start_matches('^')) {
        return Err("its regular expression has an unknown [:class:]".to_owned());
    }
    write!(out, "[:{name}:]").map_err(|error| error.to_string())?;
    for _ in 0..name.chars().count() + 3 {
        chars.next();
    }
    Ok(())
}

fn literal(char: char, out: &mut String) {
    if is_meta(char) || matches!(char, '-' | '&' | '~' | '#' | '/') {
        out.push('\\');
    }
    out.push(char);
}

const fn is_meta(char: char) -> bool {
    matches!(
        char,
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
    )
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Go's own bound.
const MAX_COUNT: u32 = 1000;

/// In bytes; a tenth of what the engine allows by itself, because there may be thousands of matchers.
const MAX_COMPILED: usize = 1 << 20;
