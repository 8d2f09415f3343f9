//! What follows a command's name.

use std::sync::LazyLock;

use super::commands::{self, Name};
use super::word::Word;
use crate::detect::lookup::Lookup;

/// What follows a command's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// Nothing: the text, the command or the quotes around it end.
    None,
    /// What people write to a machine: an option, a path, a variable, a redirection.
    Typed,
    /// Another command, as in `sudo id`.
    Command,
    /// A word, which prose has as well.
    Word,
    /// What makes the name no command, as in `id = 3`.
    Not,
}

/// Looks at what follows the word of a command.
pub(super) fn after(text: &[u8], word: &Word) -> Argument {
    if word.field_separator {
        return Argument::Typed;
    }
    let rest = &text[word.end..];
    match rest.first() {
        None
        | Some(b';' | b'|' | b'&' | b'\n' | b'\r' | b'`' | b')' | b'#' | b'"' | b'\'' | b'}' | 0) => {
            Argument::None
        }
        Some(b'>') if rest.get(1) == Some(&b'=') => Argument::Not,
        Some(b'<' | b'>' | b'$' | b',') => Argument::Typed,
        Some(b' ' | b'\t' | b'+') => {
            let gap = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'+')).count();
            next(&rest[gap..], word)
        }
        Some(_) => Argument::Not,
    }
}

fn next(rest: &[u8], word: &Word) -> Argument {
    let len = rest.iter().take(LONGEST).take_while(|byte| !byte.is_ascii_whitespace()).count();
    let token = &rest[..len];
    let second = token.get(1).copied().unwrap_or(b' ');
    match token.first() {
        None | Some(b'|' | b'&' | b';' | b'#' | b'`' | b')' | b'}') => Argument::None,
        Some(b'=' | b'!' | b':' | b'?' | b',' | b'(') if second != b'-' => Argument::Not,
        Some(b'-') if second.is_ascii_alphanumeric() || second == b'-' && len > 2 => {
            Argument::Typed
        }
        Some(b'-') if len == 1 && commands::is_interpreter(word.base()) => Argument::Typed,
        Some(b'-' | b'+')
            if second != b' ' && second != b'=' && second != b'+' && word.name().len() < 6 =>
        {
            Argument::Typed
        }
        Some(b'-' | b'+' | b'=') => Argument::Not,
        Some(b'/' | b'~' | b'*' | b'$' | b'%' | b'\\' | b'{' | b'[' | b'@') if len > 1 => {
            Argument::Typed
        }
        Some(b'/' | b'~' | b'*' | b'"' | b'\'') => Argument::Typed,
        Some(b'.')
            if len == 1 || second == b'.' || second == b'/' || second.is_ascii_alphabetic() =>
        {
            Argument::Typed
        }
        Some(b'<' | b'>') if second != b'=' => Argument::Typed,
        Some(_) if is_typed(token) => Argument::Typed,
        Some(_) if commands::takes(word.base(), token) => Argument::Typed,
        Some(byte) if byte.is_ascii_digit() => digits(token, word),
        Some(_) => match Word::read(rest, 0).and_then(|next| commands::command(&next)) {
            Some(command) if command.hidden || command.name == Name::Sure => Argument::Command,
            _ => Argument::Word,
        },
    }
}

/// Tells whether a token has what words of prose do not have.
fn is_typed(token: &[u8]) -> bool {
    let inner = token.strip_suffix(b".").or_else(|| token.strip_suffix(b",")).unwrap_or(token);
    // One look for each would cost more than most tokens have bytes.
    let marked = inner.iter().enumerate().any(|(at, byte)| match byte {
        b'$' | b'\\' | b'|' | b'`' => true,
        b'.' => inner.get(at + 1) == Some(&b'.'),
        b':' => inner[at..].starts_with(b"://"),
        _ => false,
    });
    if marked {
        return true;
    }
    // A drive of Windows.
    if inner.len() == 2 && inner[0].is_ascii_alphabetic() && inner[1] == b':' {
        return true;
    }
    // A path, but not "and/or".
    let slashes = memchr::memchr_iter(b'/', inner).count();
    if slashes > 1 || inner.ends_with(b"/") && slashes == 1 && inner.len() > 2 {
        return true;
    }
    if let Some(dot) = memchr::memrchr(b'.', inner)
        && dot > 0
        && inner[dot + 1..].first().is_some_and(u8::is_ascii_alphanumeric)
    {
        let end = &inner[dot + 1..];
        let letters = end.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        return (1..=LONGEST_LABEL).contains(&letters) && inner[dot - 1].is_ascii_alphanumeric();
    }
    memchr::memchr(b'=', inner).is_some_and(|at| at > 0 && at + 1 < inner.len())
        || memchr::memchr(b'@', inner).is_some_and(|at| at > 0 && at + 1 < inner.len())
        || inner.len() > 4 && inner.windows(2).any(|pair| pair == b":/")
}

/// Commands that take a number; "cut 3 slices" is prose.
fn digits(token: &[u8], word: &Word) -> Argument {
    let number = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends = token[number..].first().is_none_or(|byte| b";|&)'\"`#.,".contains(byte));
    let takes = matches!(
        word.base(),
        "sleep"
            | "timeout"
            | "kill"
            | "seq"
            | "usleep"
            | "echo"
            | "chmod"
            | "umask"
            | "exit"
            | "timeout.exe"
    );
    if ends && takes { Argument::Typed } else { Argument::Word }
}

/// Counts words of letters alone.
pub(super) fn words(text: &[u8]) -> usize {
    let word = |token: &&[u8]| token.len() > 1 && token.iter().all(u8::is_ascii_alphabetic);
    text.split(u8::is_ascii_whitespace).filter(word).count()
}

/// Tells whether a line reads as prose: it has the small words that hold sentences together.
pub(in crate::detect) fn is_prose(line: &[u8]) -> bool {
    let line = &line[..line.len().min(LINE)];
    let mut words = 0;
    let mut small = 0;
    for token in line.split(u8::is_ascii_whitespace) {
        let token = token.strip_suffix(b",").unwrap_or(token);
        if token.is_empty()
            || !token.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'\'')
        {
            continue;
        }
        words += 1;
        small += usize::from(SMALL.has(token));
    }
    small >= 2 || small == 1 && words >= 4
}

/// The ends of files and of hosts are rarely longer.
const LONGEST_LABEL: usize = 8;

/// A token is judged by its start.
const LONGEST: usize = 160;

/// A line is judged by its start.
const LINE: usize = 400;

static SMALL: LazyLock<Lookup<()>> = LazyLock::new(|| Lookup::of_words(SMALL_WORDS));

const SMALL_WORDS: &str = "
    the a an all of that which and with from is are not its it this these you your my me i we was be have has can
    will but or if than their into using under any each every files directories on to in by as at then who what
    how does do should when where only
";
