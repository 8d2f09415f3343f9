//! JSON in which every value knows its line: lockfiles are reported by line, and a key that stands twice is refused,
//! because two readers would disagree on what it says.

use std::collections::HashSet;

use super::number;

/// A value with the line that it begins on; of a member, the line of its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: u32,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, at: 0, line: 1, counted: 0 };
        let node = reader.value(0)?;
        reader.space();
        if reader.at == text.len() { Ok(node) } else { Err(reader.failed("text after the end")) }
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        self.members().iter().find_map(|(name, node)| (name == key).then_some(node))
    }

    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// Returns the text of a member.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.member(key)?.as_text()
    }

    /// Whether a member is true.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.member(key).is_some_and(|node| node.value == Value::Bool(true))
    }

    /// Returns the names of the members of a member.
    pub(crate) fn keys(&self, key: &str) -> Vec<String> {
        let members = self.member(key).map(Self::members).unwrap_or_default();
        members.iter().map(|(name, _)| name.clone()).collect()
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    counted: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(self.failed("nested too deeply"));
        }
        self.space();
        let line = self.line();
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => {
                let rest = &self.text.as_bytes()[self.at..];
                let is_part = |byte: &u8| {
                    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
                };
                self.at += rest.iter().take_while(|byte| is_part(byte)).count();
                Value::Number
            }
            _ => return Err(self.failed("no value")),
        };
        Ok(Node { line, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let (mut members, mut seen) = (Vec::new(), HashSet::new());
        self.space();
        while self.peek() != Some(b'}') {
            self.space();
            let line = self.line();
            let key = self.string()?;
            if !seen.insert(key.clone()) {
                return Err(self.failed(&format!("the key {key:?} stands twice")));
            }
            self.space();
            self.expect(b':')?;
            let mut node = self.value(depth + 1)?;
            node.line = line;
            members.push((key, node));
            self.space();
            if self.peek() != Some(b'}') {
                self.expect(b',')?;
            }
        }
        self.at += 1;
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        while self.peek() != Some(b']') {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.peek() != Some(b']') {
                self.expect(b',')?;
            }
            self.space();
        }
        self.at += 1;
        Ok(Value::List(items))
    }

    /// The escapes are those of JSON, so that its own reader takes them back.
    fn string(&mut self) -> Result<String, String> {
        if self.peek() != Some(b'"') {
            return Err(self.failed("a text was expected"));
        }
        let bytes = self.text.as_bytes();
        let (start, mut end) = (self.at, self.at + 1);
        let mut is_plain = true;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    self.at = end + 1;
                    if is_plain {
                        return Ok(self.text[start + 1..end].to_owned());
                    }
                    let read = serde_json::from_str(&self.text[start..=end]);
                    return read.map_err(|_| self.failed("no text"));
                }
                b'\n' => break,
                b'\\' => {
                    is_plain = false;
                    end += 2;
                }
                _ => end += 1,
            }
        }
        Err(self.failed("a text without an end"))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, String> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.failed("no value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.peek() != Some(byte) {
            return Err(self.failed(&format!("{:?} was expected", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Counts on from where it counted before.
    fn line(&mut self) -> u32 {
        let passed = &self.text.as_bytes()[self.counted..self.at];
        self.line += number(memchr::memchr_iter(b'\n', passed).count());
        self.counted = self.at;
        self.line
    }

    fn failed(&mut self, reason: &str) -> String {
        format!("line {}: {reason}", self.line())
    }
}

/// Package managers nest a few levels; what nests deeper was made to break readers.
const DEEPEST: usize = 200;
