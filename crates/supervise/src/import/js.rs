//! Literals of JavaScript: what ecosystem files are made of. Nothing is run; an expression is an error.

use serde_json::{Map, Value};

use super::ImportError;

pub(super) fn read(text: &str) -> Result<Value, ImportError> {
    let mut reader = Reader { text, at: 0 };
    reader.blank()?;
    for word in ["module.exports", "export default"] {
        if let Some(rest) = reader.rest().strip_prefix(word) {
            reader.at = text.len() - rest.len();
            reader.blank()?;
            reader.takes('=');
        }
    }
    let value = reader.value(0)?;
    reader.blank()?;
    reader.takes(';');
    reader.blank()?;
    if reader.rest().is_empty() { Ok(value) } else { Err(reader.wrong("has more after its end")) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, reason: &str) -> ImportError {
        let line = self.text[..self.at].matches('\n').count() + 1;
        ImportError::new("", reason).at(line)
    }

    fn takes(&mut self, c: char) -> bool {
        let is_there = self.rest().starts_with(c);
        if is_there {
            self.at += c.len_utf8();
        }
        is_there
    }

    /// Leaps over blanks and comments.
    fn blank(&mut self) -> Result<(), ImportError> {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            let end = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").ok_or_else(|| self.wrong("has a comment without end"))? + 2
            } else {
                return Ok(());
            };
            self.at += end;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, ImportError> {
        if depth > DEEPEST {
            return Err(self.wrong("is nested too deep"));
        }
        self.blank()?;
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"' | '\'' | '`') => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ImportError> {
        self.takes('{');
        let mut map = Map::new();
        loop {
            self.blank()?;
            if self.takes('}') {
                return Ok(Value::Object(map));
            }
            let key = match self.rest().chars().next() {
                Some('"' | '\'') => self.string()?,
                _ => self.identifier().ok_or_else(|| self.wrong("is no key of an object"))?,
            };
            self.blank()?;
            if !self.takes(':') {
                return Err(self.wrong(&format!("has no `:` after the key {key}")));
            }
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.blank()?;
            if !self.takes(',') && !self.rest().starts_with('}') {
                return Err(self.wrong("is an expression; only literals are read"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, ImportError> {
        self.takes('[');
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.takes(']') {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.blank()?;
            if !self.takes(',') && !self.rest().starts_with(']') {
                return Err(self.wrong("is an expression; only literals are read"));
            }
        }
    }

    fn string(&mut self) -> Result<String, ImportError> {
        let Some(quote) = self.rest().chars().next() else { return Err(self.wrong("ends")) };
        let mut text = String::new();
        let mut rest = self.rest()[1..].chars();
        loop {
            match rest.next() {
                None => return Err(self.wrong("has a quote that is not closed")),
                Some(c) if c == quote => break,
                Some('\n') if quote != '`' => {
                    return Err(self.wrong("has a quote that is not closed"));
                }
                Some('$') if quote == '`' && rest.as_str().starts_with('{') => {
                    return Err(self.wrong("is an expression; only literals are read"));
                }
                Some('\\') => match rest.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('u') => {
                        let digits = rest.as_str().get(..4);
                        let c = digits
                            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                            .and_then(char::from_u32)
                            .ok_or_else(|| self.wrong("has a \\u that is not understood"))?;
                        text.push(c);
                        rest = rest.as_str()[4..].chars();
                    }
                    Some('\n') => {}
                    Some(c) => text.push(c),
                    None => return Err(self.wrong("has a quote that is not closed")),
                },
                Some(c) => text.push(c),
            }
        }
        self.at = self.text.len() - rest.as_str().len();
        Ok(text)
    }

    fn identifier(&mut self) -> Option<String> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        self.at += end;
        (end > 0).then(|| rest[..end].to_owned())
    }

    /// A number or a word that has a value.
    fn word(&mut self) -> Result<Value, ImportError> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || "_$.+-".contains(c);
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let value = match &rest[..end] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" | "undefined" => Value::Null,
            word => word
                .parse::<i64>()
                .map(Value::from)
                .or_else(|_| word.parse::<f64>().map(Value::from))
                .map_err(|_| self.wrong("is an expression; only literals are read"))?,
        };
        self.at += end;
        Ok(value)
    }
}

const DEEPEST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_and_expressions_are_not() {
        let text = "// why\nmodule.exports = {\n  apps: [{ 'name': \"a\\n\\u0041\", n: -1.5, /* b */ t: true, u: `x`, }],\n};\n";
        let value = read(text).unwrap();
        assert_eq!(value.to_string(), r#"{"apps":[{"n":-1.5,"name":"a\nA","t":true,"u":"x"}]}"#);
        for text in [
            "module.exports = { a: process.env.A }",
            "{a: `${b}`}",
            "{a: 1 + 2}",
            "{a: f()}",
            "{a: 'b}",
            "{a}",
            "{a: 1} b",
            "[1",
            "",
            "/*",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("{\n\na: b }").unwrap_err().line, Some(3));
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
