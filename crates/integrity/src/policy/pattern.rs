//! What a rule's pattern may look like, and how one name is held against one of its parts.

use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::automaton::Automaton;

/// An anchored glob over whole paths: `/etc/**`, `/etc/*.conf`.
///
/// It covers exactly the paths that it spells, so `/etc/app` does not cover `/etc/app.conf`. `?` is one character, `*`
/// any number of them within one name, `[a-z]` one of a class, `[!a-z]` one outside it, a backslash takes the next
/// character for itself. `**` stands alone between slashes, for any number of directories, none included: `/etc/**`
/// covers `/etc` and all that lies below it. Names are bytes: what is not UTF-8 counts one character a byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > LONGEST {
            return Err(PatternError::Long);
        }
        let Some(rest) = text.strip_prefix('/') else { return Err(PatternError::NotAnchored) };
        let mut parts = Vec::new();
        if !rest.is_empty() {
            for part in rest.split('/') {
                let part = Part::parse(part)?;
                // One after the other says the same as one.
                if part != Part::AnyDepth || parts.last() != Some(&Part::AnyDepth) {
                    parts.push(part);
                }
            }
        }
        if parts.len() > DEEPEST {
            return Err(PatternError::Deep);
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Returns the pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tells whether it covers a path.
    #[must_use]
    pub fn covers(&self, path: &Path) -> bool {
        Automaton::new([(0, self)].into_iter(), |_| true)
            .find(path.as_os_str().as_bytes())
            .rule
            .is_some()
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It does not begin with a slash.
    #[error("a pattern begins with `/`; for a name at any depth write `/**/name`")]
    NotAnchored,
    /// Two slashes in a row, or one at the end.
    #[error(
        "nothing stands between two slashes or after the last; `/dir` is the directory alone, `/dir/**` is it and all below"
    )]
    Empty,
    /// `.` or `..` between slashes.
    #[error("`.` and `..` cover nothing: scans name every path without them")]
    Dots,
    /// `**` beside other characters.
    #[error("`**` stands alone between slashes")]
    Depth,
    /// A class that is not closed, empty, or runs backwards.
    #[error("a class is written `[abc]`, `[a-z]` or `[!a-z]`, and `\\[` is the character")]
    Class,
    /// A brace.
    #[error(
        "braces are no wildcard here: list several patterns, or write `\\{{` for the character"
    )]
    Brace,
    /// A backslash at the end of a part.
    #[error("a backslash takes the next character for itself, and there is none")]
    Backslash,
    /// A NUL, which no path holds.
    #[error("no path holds a NUL")]
    Nul,
    /// More than 4096 bytes.
    #[error("longer than 4096 bytes")]
    Long,
    /// More than 128 parts.
    #[error("more than 128 names deep")]
    Deep,
}

/// What stands between two slashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// `**`.
    AnyDepth,
    /// A name without wildcards.
    Name(Box<[u8]>),
    /// A name with wildcards.
    Glob(Glob),
}

impl Part {
    fn parse(text: &str) -> Result<Self, PatternError> {
        match text {
            "" => return Err(PatternError::Empty),
            "." | ".." => return Err(PatternError::Dots),
            "**" => return Ok(Self::AnyDepth),
            _ => {}
        }
        let tokens = tokens(text)?;
        let literal: Option<String> = tokens
            .iter()
            .map(|token| match token {
                Token::One(character) => Some(*character),
                _ => None,
            })
            .collect();
        Ok(match literal {
            Some(name) => Self::Name(name.into_bytes().into()),
            None => Self::Glob(Glob::new(tokens)),
        })
    }
}

/// A name with wildcards.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Glob {
    tokens: Box<[Token]>,
    /// What a name must begin and end with: most names are refused by these at once.
    front: Box<[u8]>,
    back: Box<[u8]>,
}

impl Glob {
    fn new(tokens: Vec<Token>) -> Self {
        let one = |token: &Token| match token {
            Token::One(character) => Some(*character),
            _ => None,
        };
        let front: String = tokens.iter().map_while(one).collect();
        let mut back: Vec<char> = tokens.iter().rev().map_while(one).collect();
        back.reverse();
        let back: String = back.into_iter().collect();
        Self {
            tokens: tokens.into(),
            front: front.into_bytes().into(),
            back: back.into_bytes().into(),
        }
    }

    /// Tells whether it covers every name that `other` covers, as far as can be told at once.
    pub(super) fn covers(&self, other: &Self) -> bool {
        *self.tokens == [Token::Any] || self == other
    }

    /// Tells whether it covers a name. Takes steps of the order of the two lengths' product at most.
    pub(super) fn matches(&self, name: &[u8]) -> bool {
        // The outermost bytes before the rest: they refuse most names, and comparing one byte is no call.
        let differs = |own: Option<&u8>, other: Option<&u8>| own.is_some() && own != other;
        if differs(self.front.first(), name.first())
            || differs(self.back.last(), name.last())
            || !name.starts_with(&self.front)
            || !name.ends_with(&self.back)
        {
            return false;
        }
        let (mut token, mut at) = (0, 0);
        // Where to try again: the token after the last star, and the place up to which that star reached.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    token += 1;
                    star = Some((token, at));
                    continue;
                }
                Some(wanted) if at < name.len() => {
                    let (character, width) = character(&name[at..]);
                    if wanted.matches(character) {
                        token += 1;
                        at += width;
                        continue;
                    }
                }
                None if at == name.len() => return true,
                _ => {}
            }
            match star {
                Some((after, reached)) if reached < name.len() => {
                    let reached = reached + character(&name[reached..]).1;
                    star = Some((after, reached));
                    (token, at) = (after, reached);
                }
                _ => return false,
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Token {
    /// This character.
    One(char),
    /// `?`
    Some,
    /// `*`
    Any,
    /// `[…]`
    Class { inverted: bool, ranges: Box<[(char, char)]> },
}

impl Token {
    fn matches(&self, character: Option<char>) -> bool {
        match self {
            Self::One(wanted) => character == Some(*wanted),
            Self::Some | Self::Any => true,
            Self::Class { inverted, ranges } => {
                let within = |character| {
                    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
                };
                character.is_some_and(within) != *inverted
            }
        }
    }
}

/// Returns the first character and its width; a byte that begins no character stands for itself.
fn character(bytes: &[u8]) -> (Option<char>, usize) {
    if bytes[0].is_ascii() {
        return (Some(char::from(bytes[0])), 1);
    }
    let width = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (None, 1),
    };
    let text = bytes.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| text.chars().next()).map_or((None, 1), |found| (Some(found), width))
}

fn tokens(text: &str) -> Result<Vec<Token>, PatternError> {
    let mut tokens = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        tokens.push(match character {
            '*' if tokens.last() == Some(&Token::Any) => return Err(PatternError::Depth),
            '*' => Token::Any,
            '?' => Token::Some,
            '[' => class(&mut rest)?,
            '\\' => Token::One(rest.next().ok_or(PatternError::Backslash)?),
            '{' | '}' => return Err(PatternError::Brace),
            '\0' => return Err(PatternError::Nul),
            other => Token::One(other),
        });
    }
    Ok(tokens)
}

/// Reads a class behind its bracket. As in the shell, a `]` that comes first stands for itself.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, PatternError> {
    let inverted = rest.as_str().starts_with(['!', '^']);
    if inverted {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let first = match rest.next().ok_or(PatternError::Class)? {
            ']' if !ranges.is_empty() => {
                return Ok(Token::Class { inverted, ranges: ranges.into() });
            }
            '\\' => rest.next().ok_or(PatternError::Class)?,
            other => other,
        };
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(']') | None) | (None, _) => first,
            (Some('-'), Some('\\')) => {
                *rest = ahead;
                rest.next().ok_or(PatternError::Class)?
            }
            (Some('-'), Some(last)) => {
                *rest = ahead;
                last
            }
            _ => first,
        };
        if last < first {
            return Err(PatternError::Class);
        }
        ranges.push((first, last));
    }
}

/// What no path that the system takes exceeds.
const LONGEST: usize = 4096;

/// Far more than any policy needs, and few enough that building stays cheap.
const DEEPEST: usize = 128;
