//! Cuts a template into text and the tokens of its actions.

use std::str::CharIndices;
use std::sync::Arc;

use super::TemplateError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Text(Arc<str>),
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// A name without anything before it: a keyword or function.
    Name(String),
    /// `.name`
    Field(String),
    /// `$name`, or `$` alone.
    Variable(String),
    Dot,
    Quoted(Arc<str>),
    Int(i64),
    Float(f64),
    Pipe,
    LeftParen,
    RightParen,
    /// `:=`
    Declare,
    /// `=`
    Assign,
    Comma,
}

/// A token, where it is, and whether white space is before it.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) line: usize,
    pub(super) spaced: bool,
}

pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>, TemplateError> {
    let mut lexer = Lexer { rest: text, line: 1, out: Vec::new() };
    lexer.run()?;
    Ok(lexer.out)
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    out: Vec<Lexeme>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) -> Result<(), TemplateError> {
        let mut trim = false;
        loop {
            let at = self.rest.find("{{");
            let (text, opened) = match at {
                Some(at) => (self.take(at), true),
                None => (self.take(self.rest.len()), false),
            };
            let text = if trim { text.trim_start_matches(is_space) } else { text };
            let trims_left = opened && has_trim_marker(&self.rest[2..]);
            let text = if trims_left { text.trim_end_matches(is_space) } else { text };
            if !text.is_empty() {
                self.push(Token::Text(text.into()), false);
            }
            if !opened {
                return Ok(());
            }
            self.take(if trims_left { 4 } else { 2 });
            trim = if self.rest.starts_with("/*") { self.comment()? } else { self.action()? };
        }
    }

    /// Moves on; lines are counted on the way.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.bytes().filter(|byte| *byte == b'\n').count();
        self.rest = rest;
        taken
    }

    fn push(&mut self, token: Token, spaced: bool) {
        self.out.push(Lexeme { token, line: self.line, spaced });
    }

    fn error<T>(&self, reason: impl Into<String>) -> Result<T, TemplateError> {
        Err(TemplateError { line: self.line, reason: reason.into() })
    }

    /// Returns whether white space behind it goes, too.
    fn comment(&mut self) -> Result<bool, TemplateError> {
        let Some(end) = self.rest.find("*/") else {
            return self.error("a comment is not closed");
        };
        self.take(end + 2);
        if self.rest.starts_with("}}") {
            self.take(2);
            return Ok(false);
        }
        match trim_end_marker(self.rest) {
            Some(bytes) => {
                self.take(bytes);
                Ok(true)
            }
            None => self.error("a comment ends before its action does"),
        }
    }

    /// Returns whether white space behind it goes, too.
    fn action(&mut self) -> Result<bool, TemplateError> {
        self.push(Token::Open, false);
        loop {
            let trimmed = trim_end_marker(self.rest);
            if let Some(bytes) = trimmed {
                self.push(Token::Close, true);
                self.take(bytes);
                return Ok(true);
            }
            let spaces = self.rest.len() - self.rest.trim_start_matches(is_space).len();
            if spaces > 0 && trim_end_marker(&self.rest[spaces - 1..]).is_some() {
                self.take(spaces - 1);
                continue;
            }
            self.take(spaces);
            if self.rest.starts_with("}}") {
                self.push(Token::Close, spaces > 0);
                self.take(2);
                return Ok(false);
            }
            if self.rest.is_empty() {
                return self.error("an action is not closed");
            }
            self.token(spaces > 0)?;
        }
    }

    fn token(&mut self, spaced: bool) -> Result<(), TemplateError> {
        let mut chars = self.rest.chars();
        let (first, second) = (chars.next().unwrap_or_default(), chars.next().unwrap_or_default());
        let (token, bytes) = match first {
            '|' => (Token::Pipe, 1),
            '(' => (Token::LeftParen, 1),
            ')' => (Token::RightParen, 1),
            ',' => (Token::Comma, 1),
            '=' => (Token::Assign, 1),
            ':' if second == '=' => (Token::Declare, 2),
            '"' | '`' | '\'' => return self.quoted(first, spaced),
            '$' => {
                let length = 1 + name_length(&self.rest[1..]);
                (Token::Variable(self.rest[..length].to_owned()), length)
            }
            '.' if is_name_start(second) => {
                let length = name_length(&self.rest[1..]);
                (Token::Field(self.rest[1..=length].to_owned()), length + 1)
            }
            '.' if !second.is_ascii_digit() => (Token::Dot, 1),
            first if is_name_start(first) => {
                let length = name_length(self.rest);
                (Token::Name(self.rest[..length].to_owned()), length)
            }
            '0'..='9' | '+' | '-' | '.' => return self.number(spaced),
            other => return self.error(format!("an action has {other:?}, which means nothing")),
        };
        self.push(token, spaced);
        self.take(bytes);
        Ok(())
    }

    fn number(&mut self, spaced: bool) -> Result<(), TemplateError> {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_');
        let mut length = 1;
        for char in self.rest.chars().skip(1) {
            let exponent = matches!(char, '+' | '-')
                && self.rest[..length].ends_with(['e', 'E'])
                && !self.rest.starts_with("0x");
            if !is_part(char) && !exponent {
                break;
            }
            length += 1;
        }
        let text = self.rest[..length].replace('_', "");
        let unsigned = text.trim_start_matches(['+', '-']);
        let negative = text.starts_with('-');
        let radix = |radix: u32, from: usize| {
            let number = i64::from_str_radix(&unsigned[from..], radix).ok()?;
            Some(Token::Int(if negative { -number } else { number }))
        };
        let prefix = unsigned.get(..2).unwrap_or_default().to_ascii_lowercase();
        let token = match prefix.as_str() {
            "0x" => radix(16, 2),
            "0b" => radix(2, 2),
            "0o" => radix(8, 2),
            _ if unsigned.len() > 1
                && unsigned.starts_with('0')
                && unsigned.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                radix(8, 1)
            }
            _ if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                let integer = text.parse().ok().map(Token::Int);
                integer.or_else(|| text.parse().ok().map(Token::Float))
            }
            _ => None,
        };
        let Some(token) = token else {
            return self.error(format!("an action has {text:?}, which is no number here"));
        };
        self.push(token, spaced);
        self.take(length);
        Ok(())
    }

    fn quoted(&mut self, quote: char, spaced: bool) -> Result<(), TemplateError> {
        let inner = &self.rest[1..];
        if quote == '`' {
            let Some(end) = inner.find('`') else {
                return self.error("a raw text is not closed");
            };
            // Go drops carriage returns from raw texts.
            let text = inner[..end].replace('\r', "");
            self.push(Token::Quoted(text.into()), spaced);
            self.take(end + 2);
            return Ok(());
        }
        let (mut text, mut chars) = (String::new(), inner.char_indices());
        while let Some((at, char)) = chars.next() {
            match char {
                _ if char == quote => {
                    self.push_quoted(quote, &text, spaced)?;
                    self.take(at + 2);
                    return Ok(());
                }
                '\n' => break,
                '\\' => match unescape(&mut chars, quote) {
                    Some(char) => text.push(char),
                    None => return self.error("a text has an unknown escape"),
                },
                other => text.push(other),
            }
        }
        self.error("a text is not closed")
    }

    fn push_quoted(&mut self, quote: char, text: &str, spaced: bool) -> Result<(), TemplateError> {
        let mut chars = text.chars();
        let token = match (quote, chars.next(), chars.next()) {
            ('"', ..) => Token::Quoted(text.into()),
            (_, Some(char), None) => Token::Int(i64::from(u32::from(char))),
            _ => return self.error("single quotes hold one character"),
        };
        self.push(token, spaced);
        Ok(())
    }
}

fn unescape(chars: &mut CharIndices<'_>, quote: char) -> Option<char> {
    let (_, first) = chars.next()?;
    let mut code = |digits: usize, radix: u32, start: u32| {
        let mut code = start;
        for _ in 0..digits {
            code = code.checked_mul(radix)? + chars.next()?.1.to_digit(radix)?;
        }
        char::from_u32(code)
    };
    // Escapes of bytes stand for characters only within ASCII.
    let ascii = |char: char| char.is_ascii().then_some(char);
    match first {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        '\\' => Some('\\'),
        'x' => code(2, 16, 0).and_then(ascii),
        'u' => code(4, 16, 0),
        'U' => code(8, 16, 0),
        '0'..='7' => code(2, 8, first.to_digit(8)?).and_then(ascii),
        other => (other == quote).then_some(other),
    }
}

/// `- ` behind `{{`.
fn has_trim_marker(behind: &str) -> bool {
    behind.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// ` -}}`, as how many bytes it has.
fn trim_end_marker(rest: &str) -> Option<usize> {
    (rest.starts_with(is_space) && rest[1..].starts_with("-}}")).then_some(4)
}

pub(super) const fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

fn is_name_start(char: char) -> bool {
    char == '_' || char.is_alphabetic()
}

fn name_length(text: &str) -> usize {
    text.find(|char: char| char != '_' && !char.is_alphanumeric()).unwrap_or(text.len())
}
