//! `printf` and its relatives.

use std::iter::Peekable;
use std::str::Chars;

use super::number;
use super::value::Value;

/// Formats values by a text, as `fmt.Sprintf` does.
pub(super) fn printf(format: &str, values: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let spec = Spec::read(&mut chars)?;
        match spec.verb {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.next() {
                Some(value) => spec.write(verb, value, &mut out)?,
                None => out.extend(["%!", verb.encode_utf8(&mut [0; 4]), "(MISSING)"]),
            },
        }
    }
    let extra: Vec<String> = values.map(typed).collect();
    if !extra.is_empty() {
        out.extend(["%!(EXTRA ", &extra.join(", "), ")"]);
    }
    Ok(out)
}

/// As `fmt.Sprint`: a blank between two of which neither is a text.
pub(super) fn print(values: &[Value]) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| values.get(before));
        let is_text = |value: &Value| matches!(value, Value::Text(_) | Value::Html(_));
        if before.is_some_and(|before| !is_text(before) && !is_text(value)) {
            out.push(' ');
        }
        value.write(&mut out);
    }
    out
}

/// As `fmt.Sprintln`.
pub(super) fn println(values: &[Value]) -> String {
    values.iter().map(Value::printed).collect::<Vec<_>>().join(" ") + "\n"
}

/// As Go quotes a text.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            char if char.is_ascii_control() => {
                out.extend(["\\x", &hexadecimal(char.encode_utf8(&mut [0; 4]))]);
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

/// What stands between `%` and the verb, and the verb.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the syntax")]
struct Spec {
    left: bool,
    plus: bool,
    zero: bool,
    blank: bool,
    width: usize,
    precision: Option<usize>,
    verb: Option<char>,
}

impl Spec {
    fn read(chars: &mut Peekable<Chars<'_>>) -> Result<Self, String> {
        let mut spec = Self::default();
        while let Some(flag) = chars.next_if(|char| "-+0 #".contains(*char)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                '0' => spec.zero = true,
                ' ' => spec.blank = true,
                _ => return Err("printf with # is not supported".to_owned()),
            }
        }
        spec.width = digits(chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(digits(chars)?.unwrap_or(0));
        }
        if let Some(char @ ('*' | '[')) = chars.peek() {
            return Err(format!("printf with {char} is not supported"));
        }
        spec.verb = chars.next();
        Ok(spec)
    }

    fn write(&self, verb: char, value: &Value, out: &mut String) -> Result<(), String> {
        if verb == 'T' || verb == 'p' {
            return Err(format!("printf with %{verb} is not supported"));
        }
        let text = match (verb, value) {
            ('v' | 's', Value::Text(text) | Value::Html(text)) => self.cut(text).to_owned(),
            ('q', Value::Text(text) | Value::Html(text)) => quote(self.cut(text)),
            ('x', Value::Text(text)) => hexadecimal(text),
            ('X', Value::Text(text)) => hexadecimal(text).to_uppercase(),
            ('v' | 't', Value::Bool(value)) => value.to_string(),
            (_, Value::Int(number)) => match self.integer(verb, *number) {
                Some(text) => {
                    self.pad_number(&text, out);
                    return Ok(());
                }
                None => wrong(verb, value),
            },
            (_, Value::Float(number)) => match self.float(verb, *number) {
                Some(text) => {
                    let special = !number.is_finite();
                    Self { zero: self.zero && !special, ..*self }.pad_number(&text, out);
                    return Ok(());
                }
                None => wrong(verb, value),
            },
            ('v', Value::Nil) => "<nil>".to_owned(),
            (_, Value::Nil) => format!("%!{verb}(<nil>)"),
            ('s' | 'v', Value::Time(_) | Value::Map(..) | Value::List(..))
            | ('v', Value::Record(_)) => value.printed(),
            (_, Value::Text(_) | Value::Html(_) | Value::Bool(_)) => wrong(verb, value),
            _ => return Err(format!("printf with %{verb} of a {}", value.type_name())),
        };
        self.pad(&text, out);
        Ok(())
    }

    fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = self.precision.and_then(|most| text.char_indices().nth(most));
        end.map_or(text, |(at, _)| &text[..at])
    }

    fn integer(&self, verb: char, number: i64) -> Option<String> {
        let magnitude = number.unsigned_abs();
        let mut digits = match verb {
            'd' | 'v' => magnitude.to_string(),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            'o' => format!("{magnitude:o}"),
            'b' => format!("{magnitude:b}"),
            'c' => {
                let char = u32::try_from(number).ok().and_then(char::from_u32);
                return Some(char.unwrap_or(char::REPLACEMENT_CHARACTER).to_string());
            }
            _ => return None,
        };
        if let Some(missing) = self.precision.and_then(|least| least.checked_sub(digits.len())) {
            digits.insert_str(0, &"0".repeat(missing));
        }
        Some(self.signed(number < 0, &digits))
    }

    fn float(&self, verb: char, value: f64) -> Option<String> {
        let precision = self.precision;
        let text = match verb {
            'v' | 'g' => number::general(value, precision),
            'G' => number::general(value, precision).to_uppercase(),
            'e' => number::exponential(value, precision.unwrap_or(6)),
            'E' => number::exponential(value, precision.unwrap_or(6)).to_uppercase(),
            'f' | 'F' => number::fixed(value, precision.unwrap_or(6)),
            _ => return None,
        };
        Some(match text.strip_prefix('-') {
            Some(digits) => self.signed(true, digits),
            None if text == "+Inf" && !self.plus => text,
            None => self.signed(false, text.trim_start_matches('+')),
        })
    }

    fn signed(&self, negative: bool, digits: &str) -> String {
        let sign = match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.blank => " ",
            () => "",
        };
        format!("{sign}{digits}")
    }

    fn pad_number(&self, text: &str, out: &mut String) {
        let sign = text.len() - text.trim_start_matches(['-', '+', ' ']).len();
        if self.zero && !self.left && self.width > text.len() {
            out.push_str(&text[..sign]);
            out.push_str(&"0".repeat(self.width - text.len()));
            out.push_str(&text[sign..]);
        } else {
            self.pad(text, out);
        }
    }

    fn pad(&self, text: &str, out: &mut String) {
        let missing = self.width.saturating_sub(text.chars().count());
        let padding = std::iter::repeat_n(' ', missing);
        if self.left {
            out.push_str(text);
            out.extend(padding);
        } else {
            out.extend(padding);
            out.push_str(text);
        }
    }
}

fn hexadecimal(text: &str) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn digits(chars: &mut Peekable<Chars<'_>>) -> Result<Option<usize>, String> {
    let mut number = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let digit = usize::try_from(digit.to_digit(10).unwrap_or_default()).unwrap_or_default();
        number = Some(number.unwrap_or(0) * 10 + digit);
        if number > Some(MOST) {
            return Err(format!("printf with a width above {MOST}"));
        }
    }
    Ok(number)
}

fn wrong(verb: char, value: &Value) -> String {
    format!("%!{verb}({})", typed(value))
}

fn typed(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        value => format!("{}={}", value.type_name(), value.printed()),
    }
}

/// No line is wider.
const MOST: usize = 400;
