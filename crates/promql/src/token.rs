//! Words and signs.

use crate::ParseError;
use crate::text::unquote;

/// A piece of an expression and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) offset: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    Word(&'a str),
    Number(f64),
    /// In milliseconds.
    Duration(i64),
    Text(String),
    Sign(&'static str),
    End,
}

/// Whether a word means something of its own, so that a metric of that name is better written as a matcher.
pub(crate) fn is_reserved(word: &str) -> bool {
    WORDS.iter().any(|own| own.eq_ignore_ascii_case(word))
}

/// Cuts an expression into tokens, the last of which is [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let mut lexer = Lexer { text, at: 0, inside: Inside::Expression };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let offset = lexer.at;
        let kind = lexer.next()?;
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, offset });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    inside: Inside,
}

/// A colon belongs to a name, to a subquery, or to nothing, depending on what is around it.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Expression,
    Braces,
    Brackets,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Kind<'a>, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Kind::End);
        };
        let second = rest.as_bytes().get(1).copied().unwrap_or(0);
        match first {
            '"' | '\'' | '`' => self.string(),
            '0'..='9' => self.number(),
            '.' if second.is_ascii_digit() => self.number(),
            ':' if self.inside == Inside::Expression => Ok(self.word()),
            'a'..='z' | 'A'..='Z' | '_' => Ok(self.word()),
            _ => self.sign(first),
        }
    }

    fn sign(&mut self, first: char) -> Result<Kind<'a>, ParseError> {
        let rest = self.rest();
        let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
            return Err(self.error(format!("unexpected character {first:?}")));
        };
        match sign {
            "{" => self.inside = Inside::Braces,
            "[" => self.inside = Inside::Brackets,
            "}" | "]" => self.inside = Inside::Expression,
            _ => {}
        }
        self.at += sign.len();
        Ok(Kind::Sign(sign))
    }

    fn word(&mut self) -> Kind<'a> {
        let colon = self.inside == Inside::Expression;
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && colon);
        Kind::Word(self.take(is_part))
    }

    /// Reads a number, or a duration where letters follow that no number has.
    fn number(&mut self) -> Result<Kind<'a>, ParseError> {
        let rest = self.rest();
        let length = number_length(rest);
        let follows = rest[length..].chars().next();
        if self.inside != Inside::Brackets && !follows.is_some_and(is_word_part) {
            let number = parse_number(&rest[..length])
                .ok_or_else(|| self.error(format!("{:?} is no number", &rest[..length])))?;
            self.at += length;
            return Ok(Kind::Number(number));
        }
        let length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        let duration = parse_duration(&rest[..length])
            .ok_or_else(|| self.error(format!("{:?} is no number or duration", &rest[..length])))?;
        self.at += length;
        Ok(Kind::Duration(duration))
    }

    fn string(&mut self) -> Result<Kind<'a>, ParseError> {
        let (text, length) = unquote(self.rest())
            .map_err(|(at, reason)| ParseError::new(self.text, self.at + at, reason))?;
        self.at += length;
        Ok(Kind::Text(text))
    }

    fn skip_blank(&mut self) {
        loop {
            self.take(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if !self.rest().starts_with('#') {
                return;
            }
            self.take(|c| c != '\n' && c != '\r');
        }
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, reason: String) -> ParseError {
        ParseError::new(self.text, self.at, reason)
    }
}

fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns how much of the text can belong to one number.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_hex = bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X');
    let mut at = if is_hex { 2 } else { 0 };
    let is_digit = |byte: u8| if is_hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() };
    let run = |from: usize, is_digit: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| !is_digit(*byte)).map_or(bytes.len(), |n| from + n)
    };
    at = run(at, &is_digit);
    if bytes.get(at) == Some(&b'.') {
        at = run(at + 1, &is_digit);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at = run(at, &|byte| byte.is_ascii_digit());
    }
    at
}

/// Reads a number as Prometheus does, to which `010` is eight.
fn parse_number(text: &str) -> Option<f64> {
    let whole = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => i64::from_str_radix(&text[2..], 16).ok(),
        [b'0', _, ..] => i64::from_str_radix(text, 8).ok(),
        _ => None,
    };
    match whole {
        #[expect(clippy::cast_precision_loss, reason = "a literal is a float")]
        Some(whole) => Some(whole as f64),
        None => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Reads a duration such as `1h30m`, in milliseconds: each unit once, the largest first.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    let mut units = UNITS.as_slice();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let at = units.iter().position(|(name, _)| *name == &rest[..unit])?;
        total = total.checked_add(count.checked_mul(units[at].1)?)?;
        units = &units[at + 1..];
        rest = &rest[unit..];
    }
    // Prometheus counts nanoseconds.
    (!text.is_empty() && total <= i64::MAX / 1_000_000).then_some(total)
}

/// Writes a duration as [`parse_duration`] reads it.
pub(crate) fn write_duration(f: &mut impl std::fmt::Write, mut millis: i64) -> std::fmt::Result {
    if millis < 0 {
        f.write_char('-')?;
        millis = millis.saturating_neg();
    }
    if millis == 0 {
        return f.write_str("0s");
    }
    // Years and weeks read worse than days.
    for (name, size) in &UNITS[2..] {
        if millis / size > 0 {
            write!(f, "{}{name}", millis / size)?;
            millis %= size;
        }
    }
    Ok(())
}

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Longer ones first.
const SIGNS: [&str; 24] = [
    "==", "!=", "=~", "!~", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "{",
    "}", "[", "]", ",", ":", "@",
];

/// Words of the grammar.
const WORDS: [&str; 28] = [
    "and",
    "atan2",
    "avg",
    "bool",
    "bottomk",
    "by",
    "count",
    "count_values",
    "end",
    "group",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "max",
    "min",
    "nan",
    "offset",
    "on",
    "or",
    "quantile",
    "start",
    "stddev",
    "stdvar",
    "sum",
    "topk",
    "unless",
    "without",
];
