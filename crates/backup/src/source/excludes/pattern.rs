//! One pattern, as Go's `filepath.Match` and restic's `**` understand it.

use std::fmt;

/// A pattern of a path.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    given: Vec<u8>,
    is_negated: bool,
    /// It begins with `/`.
    is_absolute: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of names, none too.
    Names,
    /// A name without anything special.
    Exact(Vec<u8>),
    Glob(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`: one letter, or one byte that is part of none.
    Any,
    /// `*`: any bytes.
    Star,
    Class {
        is_negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Parses a pattern that is not empty; `given` is what the operator wrote.
    pub(super) fn parse(pattern: &[u8], given: &[u8]) -> Option<Self> {
        let without = pattern.strip_prefix(b"!");
        let is_negated = without.is_some();
        let pattern = without.unwrap_or(pattern);
        let parts = clean(pattern).into_iter().map(Part::parse).collect::<Option<_>>()?;
        let is_absolute = pattern.starts_with(b"/");
        Some(Self { given: given.to_vec(), is_negated, is_absolute, parts })
    }

    pub(super) const fn is_negated(&self) -> bool {
        self.is_negated
    }

    /// Whether it matches a path or a directory that the path lies in.
    pub(super) fn matches(&self, names: &[&[u8]]) -> bool {
        let end = self.parts.len();
        // Which parts may come next. `/` alone and `.` are no names, and match none.
        let mut next = vec![false; end + 1];
        let mut after = vec![false; end + 1];
        if end == 0 {
            return false;
        }
        self.allow(&mut next, 0);
        for name in names {
            if next[end] {
                return true;
            }
            after.fill(false);
            for (place, part) in self.parts.iter().enumerate().filter(|&(place, _)| next[place]) {
                match part {
                    Part::Names => self.allow(&mut after, place),
                    part if part.matches(name) => self.allow(&mut after, place + 1),
                    _ => {}
                }
            }
            if !self.is_absolute {
                self.allow(&mut after, 0);
            }
            std::mem::swap(&mut next, &mut after);
        }
        next[end]
    }

    /// A part may come next; so may the one after it when it may stand for nothing.
    fn allow(&self, next: &mut [bool], mut place: usize) {
        next[place] = true;
        while self.parts.get(place) == Some(&Part::Names) {
            place += 1;
            next[place] = true;
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.given))
    }
}

impl Part {
    fn parse(part: &[u8]) -> Option<Self> {
        match part {
            b"**" => Some(Self::Names),
            part if part.iter().any(|byte| b"\\[]*?".contains(byte)) => {
                tokens(part).map(Self::Glob)
            }
            part => Some(Self::Exact(part.to_vec())),
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Names => true,
            Self::Exact(exact) => exact == name,
            Self::Glob(tokens) => glob_matches(tokens, name),
        }
    }
}

/// The names of an absolute path.
pub(super) fn path_names(path: &[u8]) -> Vec<&[u8]> {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).collect()
}

/// The names of a pattern without those that say nothing, as Go's `filepath.Clean` has it.
fn clean(pattern: &[u8]) -> Vec<&[u8]> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in pattern.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." if names.last().is_some_and(|&name| name != b"..") => {
                names.pop();
            }
            b".." if pattern.starts_with(b"/") => {}
            name => names.push(name),
        }
    }
    names
}

/// Matches a whole name; of several stars only the last one ever has to try again.
fn glob_matches(tokens: &[Token], name: &[u8]) -> bool {
    let (mut token, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        match tokens.get(token) {
            Some(Token::Star) => {
                token += 1;
                star = Some((token, at));
                continue;
            }
            Some(one) => {
                if let Some(length) = one.length_in(&name[at..]) {
                    token += 1;
                    at += length;
                    continue;
                }
            }
            None if at == name.len() => return true,
            None => {}
        }
        match star {
            Some((after, from)) if from < name.len() => {
                (token, at) = (after, from + 1);
                star = Some((after, at));
            }
            _ => return false,
        }
    }
}

impl Token {
    /// How many of these bytes it takes, if it matches their beginning.
    fn length_in(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Byte(byte) => (bytes.first() == Some(byte)).then_some(1),
            Self::Any => letter(bytes).map(|(_, length)| length),
            Self::Star => None,
            Self::Class { is_negated, ranges } => {
                let (letter, length) = letter(bytes)?;
                let is_in = ranges.iter().any(|&(low, high)| low <= letter && letter <= high);
                (is_in != *is_negated).then_some(length)
            }
        }
    }
}

/// The first letter of some bytes; a byte that is part of none counts as one.
fn letter(bytes: &[u8]) -> Option<(char, usize)> {
    let first = bytes.get(..bytes.len().min(4))?.utf8_chunks().next()?;
    let letter = first.valid().chars().next();
    Some(letter.map_or((char::REPLACEMENT_CHARACTER, 1), |letter| (letter, letter.len_utf8())))
}

fn tokens(part: &[u8]) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = part;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        tokens.push(match first {
            b'*' => Token::Star,
            b'?' => Token::Any,
            b'[' => {
                let (class, after) = class(rest)?;
                rest = after;
                class
            }
            b'\\' => {
                let (&escaped, after) = rest.split_first()?;
                rest = after;
                Token::Byte(escaped)
            }
            byte => Token::Byte(byte),
        });
    }
    Some(tokens)
}

/// Parses `a-z]`, behind the bracket that opens it.
fn class(text: &[u8]) -> Option<(Token, &[u8])> {
    let without = text.strip_prefix(b"^");
    let is_negated = without.is_some();
    let mut rest = without.unwrap_or(text);
    let mut ranges = Vec::new();
    loop {
        if let ([b']', after @ ..], false) = (rest, ranges.is_empty()) {
            return Some((Token::Class { is_negated, ranges }, after));
        }
        let (low, after) = class_letter(rest)?;
        rest = after;
        let mut high = low;
        if let [b'-', after @ ..] = rest {
            (high, rest) = class_letter(after)?;
        }
        ranges.push((low, high));
    }
}

fn class_letter(text: &[u8]) -> Option<(char, &[u8])> {
    let text = match text {
        [] | [b'-' | b']', ..] => return None,
        [b'\\', escaped @ ..] => escaped,
        text => text,
    };
    let (letter, length) = letter(text)?;
    let is_text = letter != char::REPLACEMENT_CHARACTER || length > 1;
    is_text.then(|| (letter, &text[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let pattern = Pattern::parse(pattern.as_bytes(), pattern.as_bytes()).unwrap();
        pattern.matches(&path_names(path.as_bytes()))
    }

    #[test]
    fn patterns_match_as_restic_has_them() {
        for (pattern, path, wanted) in [
            ("foo", "/a/foo", true),
            ("foo", "/a/foo/b", true),
            ("foo", "/a/food", false),
            ("/foo", "/foo/b", true),
            ("/foo", "/a/foo", false),
            ("foo/", "/a/foo", true),
            ("./foo", "/a/foo", true),
            ("a/../foo", "/b/foo", true),
            ("a/b", "/x/a/b/c", true),
            ("a/b", "/x/a/c/b", false),
            ("*.o", "/a/b.o", true),
            ("*.o", "/a/b.oo", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/c", false),
            ("/a/**/c", "/a/c", true),
            ("/a/**/c", "/a/1/2/3/c/d", true),
            ("/a/**/c", "/b/a/c", false),
            ("a/**", "/a", true),
            ("**", "/a", true),
            ("**/c", "/c", true),
            ("a/**/b/**/c", "/a/1/b/2/3/c", true),
            ("a/**/b/**/c", "/a/1/2/3/c", false),
            ("?", "/ä", true),
            ("??", "/ä", false),
            ("[a-c]x", "/bx", true),
            ("[^a-c]x", "/bx", false),
            ("[!a]x", "/!x", true),
            ("[ä-ü]", "/ö", true),
            ("\\*", "/*", true),
            ("\\*", "/a", false),
            ("a]", "/a]", true),
            ("[\\]]", "/]", true),
            ("a*b*c", "/aXbYbZc", true),
            ("a*b*c", "/aXcYb", false),
            (".", "/a", false),
            ("", "/a", false),
        ] {
            assert_eq!(matches(pattern, path), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_understood_is_none() {
        for wrong in ["[", "[]", "[a", "[a-", "[a-]", "[-a]", "x\\", "[\\", "a/[/b", "[^]"] {
            assert!(Pattern::parse(wrong.as_bytes(), b"").is_none(), "{wrong}");
        }
    }

    #[test]
    fn many_wildcards_take_no_time() {
        let pattern = "**/a/".repeat(30) + "b";
        assert!(!matches(&pattern, &"/a".repeat(2000)));
        assert!(!matches(&"*a".repeat(50), &format!("/{}", "a".repeat(40))));
    }
}
