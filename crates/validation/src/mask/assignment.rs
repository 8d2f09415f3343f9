//! Values that stand beside a name: `password=x`, `"api_key": "x"`, `--token x`, `<secret>x</secret>`.

use std::ops::Range;

use super::alphabet::Alphabet;
use super::names::{self, Meaning};
use super::{header, place, verify};

/// What was found beside a name.
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) meaning: Meaning,
}

/// Looks whether the name at this place has a secret for a value.
pub(super) fn find(bytes: &[u8], start: usize, length: usize, also: &[Box<[u8]>]) -> Option<Value> {
    let (name, end) = name(bytes, start, length)?;
    let at = Place::behind(bytes, name.clone(), end)?;
    let meaning = names::meaning(&bytes[name], also);
    let range = match meaning {
        Meaning::Nothing => return None,
        Meaning::Authorization => header::authorization(bytes, at.value)?,
        Meaning::Cookie => header::cookie(bytes, at.value)?,
        Meaning::Password | Meaning::Pass => at.password(bytes, meaning)?,
        Meaning::Token => at.token(bytes)?,
    };
    Some(Value { range, meaning })
}

/// Looks whether a value is secret because it stands in a field of this name.
pub(super) fn beside(name: &[u8], value: &[u8], also: &[Box<[u8]>]) -> Option<Value> {
    let meaning = names::meaning(name, also);
    let text = value.trim_ascii();
    let range = match meaning {
        Meaning::Nothing => return None,
        Meaning::Authorization => header::authorization(value, 0)?,
        Meaning::Cookie => {
            header::cookie(value, 0).or_else(|| verify::random(text).then_some(0..value.len()))?
        }
        Meaning::Password if is_placeholder(text) => return None,
        Meaning::Pass if is_placeholder(text) || is_no_pass(text) => return None,
        Meaning::Token if !verify::random(text) => return None,
        Meaning::Password | Meaning::Pass | Meaning::Token => 0..value.len(),
    };
    Some(Value { range, meaning })
}

/// Returns the quoted password behind `IDENTIFIED`, as in `IDENTIFIED BY 'x'` and `IDENTIFIED WITH plugin BY 'x'`.
pub(super) fn identified(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let clause = &bytes[at..bytes.len().min(at + 64)];
    let quote = clause.iter().position(|byte| matches!(byte, b'\'' | b'"'))?;
    let words = || clause[..quote].split(u8::is_ascii_whitespace);
    let announced =
        words().any(|word| word.eq_ignore_ascii_case(b"by") || word.eq_ignore_ascii_case(b"as"));
    let start = at + quote + 1;
    let end = quoted(bytes, start, clause[quote], false);
    (announced && start < end && !is_placeholder(&bytes[start..end])).then_some(start..end)
}

/// Returns the whole name that the literal is part of, and where it ends.
fn name(bytes: &[u8], start: usize, length: usize) -> Option<(Range<usize>, usize)> {
    let more = Alphabet::NAME.run(bytes, start + length, FURTHEST);
    let mut end = start + length + more;
    let mut begin = start - Alphabet::NAME.run_back(bytes, start, FURTHEST);
    // `\n` before a name, as JSON writes a line's end.
    if begin > 0 && bytes[begin - 1] == b'\\' && matches!(bytes[begin], b'n' | b'r' | b't') {
        begin += 1;
    }
    begin += place::colour(bytes, begin);
    while end > start + length && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    (more < FURTHEST && begin < end).then_some((begin..end, end))
}

/// How a value is joined to its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// `=` or the like, and nothing between.
    Tight,
    /// `: ` or ` = `.
    Loose,
    /// An option of a command line, and white space.
    Option,
    /// An element of XML.
    Element,
    /// The word before a quoted text, as SQL has it.
    Word,
}

/// Where a value stands.
struct Place {
    name: Range<usize>,
    joint: Joint,
    /// Whether `=` joins them.
    equals: bool,
    value: usize,
}

impl Place {
    /// Reads what is between a name and its value.
    fn behind(bytes: &[u8], name: Range<usize>, end: usize) -> Option<Self> {
        let mut at = end;
        for _ in 0..3 {
            at += usize::from(matches!(bytes.get(at), Some(b'"' | b'\'' | b'`' | b'\\' | b']')));
        }
        at += place::colours(bytes, at);
        let blanks = blanks(bytes, at);
        at += blanks;
        let (joint, equals, width) = match bytes.get(at..)? {
            [b'=', b'>', ..] | [b':', b'=', ..] => (Joint::Loose, true, 2),
            [b'=', b'=' | b'~', ..] | [b':', b':' | b'/', ..] => return None,
            [b'=', ..] => (Joint::Tight, true, 1),
            [b':', ..] => (Joint::Tight, false, 1),
            [b'%', b'3', b'D' | b'd', ..] => (Joint::Tight, true, 3),
            [b'%', b'3', b'A' | b'a', ..] => (Joint::Tight, false, 3),
            [b'>', ..] if name.start > 0 && bytes[name.start - 1] == b'<' => {
                (Joint::Element, true, 1)
            }
            [b'\'', ..] if blanks > 0 && at == end + blanks => (Joint::Word, true, 0),
            _ if blanks > 0 && at == end + blanks && bytes[name.clone()].starts_with(b"-") => {
                (Joint::Option, true, 0)
            }
            _ => return None,
        };
        at += width;
        at += place::colours(bytes, at);
        let after = self::blanks(bytes, at);
        let value = at + after + place::colours(bytes, at + after);
        let joint = match joint {
            Joint::Tight if blanks + after > 0 => Joint::Loose,
            joint => joint,
        };
        Some(Self { name, joint, equals, value })
    }

    /// Returns the value of a name whose every value is secret.
    fn password(&self, bytes: &[u8], meaning: Meaning) -> Option<Range<usize>> {
        let (judged, quoted) = value(window(bytes, self.value), self.value)?;
        let value = &bytes[judged.clone()];
        let words = if self.equals || quoted { ABSENT } else { STATES };
        if is_placeholder(value) || is_one_of(value, words) {
            return None;
        }
        if meaning == Meaning::Pass {
            let setting = self.equals || self.name.len() > 4 && self.begins(bytes);
            if is_no_pass(value) || !quoted && !setting {
                return None;
            }
        }
        let tight = self.joint == Joint::Tight && self.equals || self.joint == Joint::Element;
        let loose = !quoted && !tight;
        // A sentence goes on: "password: incorrect for bob".
        let prose = loose && !self.equals && !self.begins(bytes) && is_prose(bytes, &judged);
        let option = loose && self.joint == Joint::Option && value.first() == Some(&b'-');
        if prose || option || tight && !quoted && is_call(value) {
            return None;
        }
        let range = whole(bytes, self.value, judged)?;
        // A setting is the rest of its line.
        let setting = loose && self.joint == Joint::Loose && self.begins(bytes);
        Some(if setting { rest(bytes, range) } else { range })
    }

    /// Returns the value of a name whose value is secret when it looks so.
    fn token(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let (judged, _) = value(window(bytes, self.value), self.value)?;
        verify::random(&bytes[judged.clone()]).then(|| whole(bytes, self.value, judged))?
    }

    /// Tells whether the name begins its line, as settings do and sentences do not: in lower case, or all capitals.
    fn begins(&self, bytes: &[u8]) -> bool {
        let blank = bytes[..self.name.start].iter().rev().take(FURTHEST);
        let blank = blank.take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let first = self.name.start - blank;
        let sentence = bytes.get(self.name.start).is_some_and(u8::is_ascii_uppercase)
            && bytes.get(self.name.start + 1).is_some_and(u8::is_ascii_lowercase);
        (first == 0 || bytes[first - 1] == b'\n') && !sentence
    }
}

/// Returns the text up to as far as a value is judged. Were all of a value read before it is found to be harmless, a
/// line of nothing but names would be read over and over.
fn window(bytes: &[u8], at: usize) -> &[u8] {
    &bytes[..bytes.len().min(at.saturating_add(JUDGED))]
}

/// Returns all of a value whose beginning was judged.
fn whole(bytes: &[u8], at: usize, judged: Range<usize>) -> Option<Range<usize>> {
    let cut = judged.end == window(bytes, at).len() && judged.end < bytes.len();
    if cut { value(bytes, at).map(|(range, _)| range) } else { Some(judged) }
}

/// Returns the value that begins here, without its quotes, and whether it had some.
fn value(bytes: &[u8], mut at: usize) -> Option<(Range<usize>, bool)> {
    if bytes.get(at..)?.starts_with(b"Some(") {
        at += 5;
    }
    // b"", r"", u"" of some languages.
    if matches!(bytes.get(at..)?, [b'b' | b'r' | b'u' | b'f', b'"' | b'\'', ..]) {
        at += 1;
    }
    let (quote, width) = match bytes.get(at..)? {
        [b'\\', quote @ (b'"' | b'\''), ..] => (*quote, 2),
        [quote @ (b'"' | b'\'' | b'`'), ..] => (*quote, 1),
        [b'{' | b'[' | b'(', ..] | [] => return None,
        [_, ..] => {
            let end = unquoted(bytes, at);
            return (at < end).then_some((at..end, false));
        }
    };
    let start = at + width;
    let end = quoted(bytes, start, quote, width == 2);
    (start < end).then_some((start..end, true))
}

/// Returns where a quoted text ends. A line that ends before does, too.
fn quoted(bytes: &[u8], start: usize, quote: u8, escaped: bool) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => break,
            b'\\' if escaped && bytes.get(at + 1) == Some(&quote) => break,
            b'\\' => at += 2,
            byte if *byte == quote => break,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// Returns where a value without quotes ends.
fn unquoted(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let ends = match byte {
            0..=b' ' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' | b'\\' | 0x7f => true,
            b'%' => bytes.get(at + 1..at + 3).is_some_and(|code| code == b"26" || code == b"22"),
            b',' | b';' => {
                let name = Alphabet::NAME.run(bytes, at + 1, FURTHEST);
                closes(bytes.get(at + 1)) || matches!(bytes.get(at + 1 + name), Some(b'=' | b':'))
            }
            b')' | b']' | b'}' => closes(bytes.get(at + 1)),
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    at
}

/// Returns the value with what follows it in its line, where that is no other field.
fn rest(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let line = &bytes[range.end..];
    let mut end = range.end + memchr::memchr(b'\n', line).unwrap_or(line.len());
    while end > range.end && bytes[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    // What follows a comma or a quote is another field.
    let other = bytes[range.end..end].iter().any(|byte| b",;\"'=:}".contains(byte));
    if other { range } else { range.start..end }
}

/// Tells whether a value may end before this byte.
fn closes(next: Option<&u8>) -> bool {
    next.is_none_or(|next| next.is_ascii_whitespace() || b",;)]}\"'\\.".contains(next))
}

/// Tells whether a value is none: left out, masked already, or a word of how it went.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let trimmed = value.strip_suffix(b".").or(value.strip_suffix(b",")).unwrap_or(value);
    let Some(first) = trimmed.first() else { return true };
    let alike = trimmed.iter().all(|byte| byte == first)
        && (b"*.-#?_".contains(first) || matches!(first, b'x' | b'X') && trimmed.len() > 2);
    let variable = match trimmed {
        [b'$', b'{' | b'(', ..]
        | [b'{', b'{', ..]
        | [b'%', b'(' | b'{' | b's' | b'v' | b'q', ..] => true,
        [b'$', rest @ ..] | [b'%', rest @ .., b'%'] => {
            rest.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        }
        [b'<', .., b'>'] | [b'[', .., b']'] => trimmed.len() < 24,
        _ => false,
    };
    alike || variable || super::pseudonym::is_mask(trimmed) || is_one_of(trimmed, ABSENT)
}

/// Tells whether the value of `pass` or `pwd` is a directory, a verdict or an address.
fn is_no_pass(value: &[u8]) -> bool {
    let directory = matches!(value, [b'/' | b'~' | b'.', ..] | [_, b':', b'\\' | b'/', ..]);
    let verdict = value.iter().all(|byte| byte.is_ascii_digit() || b".%/s".contains(byte));
    directory || verdict || memchr::memmem::find(value, b"://").is_some()
}

fn is_one_of(value: &[u8], words: &[&str]) -> bool {
    let value = value.strip_suffix(b".").or(value.strip_suffix(b",")).unwrap_or(value);
    value.len() <= 14 && words.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// Tells whether a word and what follows are a sentence.
fn is_prose(bytes: &[u8], word: &Range<usize>) -> bool {
    bytes[word.clone()].iter().all(u8::is_ascii_alphabetic)
        && matches!(bytes.get(word.end..), Some([b' ', next, ..]) if next.is_ascii_alphabetic())
}

/// Tells whether a value is a call, as source code has it: `get_password()`.
fn is_call(value: &[u8]) -> bool {
    let name = Alphabet::NAME.run(value, 0, value.len());
    value.len() < JUDGED && name > 2 && matches!(value.get(name), Some(b'(' | b'['))
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take(MOST_BLANKS).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// What stands for no value, or for one that others have masked.
const ABSENT: &[&str] = &[
    "yes",
    "no",
    "true",
    "false",
    "null",
    "none",
    "nil",
    "undefined",
    "redacted",
    "filtered",
    "masked",
    "hidden",
    "protected",
    "removed",
    "required",
    "missing",
    "invalid",
    "incorrect",
    "expired",
    "string",
    "str",
    "&str",
    "option",
];

/// What a colon announces in a sentence: how it went.
const STATES: &[&str] = &[
    "on",
    "off",
    "empty",
    "unset",
    "set",
    "not",
    "is",
    "was",
    "must",
    "should",
    "cannot",
    "can",
    "has",
    "for",
    "to",
    "the",
    "ok",
    "failed",
    "failure",
    "success",
    "successful",
    "accepted",
    "rejected",
    "denied",
    "wrong",
    "changed",
    "unchanged",
    "updated",
    "reset",
    "sent",
    "mismatch",
    "matched",
    "valid",
    "unknown",
    "default",
    "enabled",
    "disabled",
    "optional",
    "authentication",
    "int",
    "bool",
    "any",
    "bytes",
    "text",
    "char",
    "varchar",
    "number",
    "object",
    "prompt",
];

/// No name is longer, on either side of the word in it.
const FURTHEST: usize = 48;
/// Columns are aligned with more, but then a name is no name of a value.
const MOST_BLANKS: usize = 16;
/// As much of a value as is looked at to judge it.
const JUDGED: usize = 64;
