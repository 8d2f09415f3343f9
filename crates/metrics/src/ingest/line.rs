//! What a line of samples is made of. Label values stay as they are written: every legal spelling is the one in which
//! they are printed again.

use memchr::memchr2;

use super::{IngestConfig, Reason};

/// A line, from where it has not been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    rest: &'a str,
}

/// A label's name and its value with escapes.
pub(super) type Label<'a> = (&'a str, &'a str);

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim_ascii() }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Takes what a name may consist of; colons are for metrics only.
    pub(super) fn name(&mut self, is_metric: bool) -> Option<&'a str> {
        let is_name =
            |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (is_metric && byte == b':');
        let bytes = self.rest.as_bytes();
        let end = bytes.iter().position(|byte| !is_name(*byte)).unwrap_or(bytes.len());
        let first = bytes.first()?;
        if end == 0 || first.is_ascii_digit() {
            return None;
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(name)
    }

    /// Takes the byte if it is next, blanks before it too.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let is_next = self.rest.as_bytes().first() == Some(&byte);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    /// Takes the next word, blanks before it too.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        self.skip_blanks();
        let end = self.rest.bytes().position(is_blank).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Takes labels with their braces, sorted by name and without empty ones, which are none.
    pub(super) fn labels(
        &mut self,
        labels: &mut Vec<Label<'a>>,
        limits: &IngestConfig,
    ) -> Result<(), Reason> {
        labels.clear();
        if !self.eat(b'{') {
            return Ok(());
        }
        while !self.eat(b'}') {
            let name = self.name(false).ok_or(Reason::LabelName)?;
            if name.starts_with("__") {
                return Err(Reason::LabelName);
            }
            if !self.eat(b'=') || !self.eat(b'"') {
                return Err(Reason::LabelValue);
            }
            let value = self.quoted()?;
            if value.len() > limits.max_label_value {
                return Err(Reason::LongLabel);
            }
            if labels.len() >= limits.max_labels {
                return Err(Reason::ManyLabels);
            }
            labels.push((name, value));
            if !self.eat(b',') {
                if self.eat(b'}') {
                    break;
                }
                return Err(Reason::Braces);
            }
        }
        // Nearly always they are sorted already, and sorting them again costs one comparison each.
        labels.sort_unstable_by_key(|(name, _)| *name);
        if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Reason::LabelTwice);
        }
        labels.retain(|(_, value)| !value.is_empty());
        Ok(())
    }

    /// Takes the value, and after it a timestamp and an exemplar, which are checked and not kept.
    pub(super) fn value(
        &mut self,
        scratch: &mut Vec<Label<'a>>,
        limits: &IngestConfig,
    ) -> Result<f64, Reason> {
        let value = self.word().and_then(number).ok_or(Reason::Value)?;
        if !self.rest.is_empty() && !self.is_exemplar() {
            self.word().and_then(number).ok_or(Reason::Time)?;
        }
        if self.is_exemplar() {
            self.eat(b'#');
            self.labels(scratch, limits)?;
            self.word().and_then(number).ok_or(Reason::Value)?;
            if let Some(time) = self.word() {
                number(time).ok_or(Reason::Time)?;
            }
        }
        if self.rest.is_empty() { Ok(value) } else { Err(Reason::Surplus) }
    }

    fn is_exemplar(&self) -> bool {
        let mut rest = *self;
        rest.eat(b'#') && rest.eat(b'{')
    }

    /// Takes the rest of a quoted text, whose opening quote is taken already.
    fn quoted(&mut self) -> Result<&'a str, Reason> {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        loop {
            let found = memchr2(b'"', b'\\', &bytes[at..]).ok_or(Reason::LabelValue)?;
            at += found;
            if bytes[at] == b'"' {
                let (value, rest) = self.rest.split_at(at);
                self.rest = &rest[1..];
                return Ok(value);
            }
            match bytes.get(at + 1) {
                Some(b'\\' | b'"' | b'n') => at += 2,
                _ => return Err(Reason::Escape),
            }
        }
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.bytes().take_while(|byte| is_blank(*byte)).count();
        self.rest = &self.rest[blanks..];
    }
}

/// Reads a number as Go prints it: decimal, or one of the spellings of infinity and of what is no number.
pub(crate) fn number(text: &str) -> Option<f64> {
    let is_decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if text.bytes().all(is_decimal) {
        return text.parse().ok();
    }
    let magnitude = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_special =
        ["inf", "infinity", "nan"].iter().any(|name| magnitude.eq_ignore_ascii_case(name));
    is_special.then(|| text.parse().ok()).flatten()
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
