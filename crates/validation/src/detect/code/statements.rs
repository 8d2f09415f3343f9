//! Shapes of statements and expressions, for texts that go to an interpreter: what is no code there is a word or a
//! number.

use super::rules::{BREAKOUT, STATEMENT};
use crate::detect::hits::Hits;

/// Looks at where statements start, at members that are called, and at the ends of the text.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    if !hits.spend(text.len()) {
        return;
    }
    let bytes = text.as_bytes();
    if product(bytes) {
        return hits.hit(&STATEMENT, 0..text.len());
    }
    if breaks_out(bytes) {
        hits.hit(&BREAKOUT, 0..text.len());
    }
    let mut starts = true;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii_alphabetic() || *byte == b'_' {
            let name = word(&bytes[at..]);
            let end = at + name.len();
            if starts && starts_statement(name, &bytes[end..])
                || name == b"new" && makes_object(&bytes[end..])
                || calls_member(bytes, at, end)
            {
                return hits.hit(&STATEMENT, at..end);
            }
            starts = false;
            at = end;
            continue;
        }
        if b";\n\r{}".contains(byte) {
            starts = true;
        } else if !byte.is_ascii_whitespace() && !b"@\\".contains(byte) {
            starts = false;
        }
        at += 1;
    }
}

/// `import os`, `from os import x`, `use POSIX;`, `system "id"`, `fork { … }`.
fn starts_statement(name: &[u8], rest: &[u8]) -> bool {
    let gap = rest.iter().take(MOST_BLANKS).take_while(|byte| byte.is_ascii_whitespace()).count();
    let after = &rest[gap..];
    let next = word(after);
    let behind = after[next.len()..].trim_ascii_start();
    match name {
        b"import" => gap > 0 && is_one_of(MODULES, next) || after.first() == Some(&b'{'),
        b"from" => gap > 0 && behind.starts_with(b"import"),
        b"use" | b"no" => {
            let named = next.first().is_some_and(u8::is_ascii_uppercase) || next == b"strict";
            gap > 0 && named && (behind.starts_with(b";") || behind.starts_with(b"::"))
        }
        b"var" | b"let" | b"const" | b"my" | b"local" => gap > 0 && behind.starts_with(b"="),
        b"our" => after.first() == Some(&b'$'),
        b"function" | b"def" | b"sub" => gap > 0 && !next.is_empty() && behind.starts_with(b"("),
        b"lambda" => gap > 0 && behind.starts_with(b":"),
        b"export" => next == b"default" || next == b"const" || next == b"function",
        b"echo" | b"print" | b"puts" | b"p" | b"return" if product(after) => true,
        b"fork" | b"eval" | b"BEGIN" | b"END" | b"trap" => after.first() == Some(&b'{'),
        b"exit" | b"abort" => rest.first() == Some(&b'!'),
        b"qx" | b"qq" => gap == 0 && rest.first().is_some_and(|byte| b"({[/!|'`".contains(byte)),
        _ => {
            let quoted = matches!(after.first(), Some(b'"' | b'\'' | b'`'));
            let variable = after.first() == Some(&b'$') && behind.len() > 1 && name.len() > 6;
            (quoted
                || variable && name.starts_with(b"require")
                || variable && name.starts_with(b"include"))
                && is_one_of(COMMANDS, &name.to_ascii_lowercase())
        }
    }
}

/// `7*7`: two numbers multiplied, as is tried to see whether anything computes it.
fn product(text: &[u8]) -> bool {
    let digits =
        |text: &[u8]| text.iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits(text);
    let rest = &text[first..];
    first > 0
        && rest.first() == Some(&b'*')
        && digits(&rest[1..]) > 0
        && rest[1..]
            .trim_ascii_end()
            .iter()
            .all(|byte| byte.is_ascii_digit() || b";)".contains(byte))
}

/// `new Thing(`.
fn makes_object(rest: &[u8]) -> bool {
    let gap = rest.iter().take_while(|byte| **byte == b' ').count();
    let path = rest[gap..]
        .iter()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_.\\$".contains(byte))
        .count();
    gap > 0 && path > 0 && rest[gap..].get(path) == Some(&b'(')
}

/// `thing.method(`, `Thing::method(`, `thing->method(`: not the end of a sentence and a parenthesis.
fn calls_member(text: &[u8], start: usize, end: usize) -> bool {
    let before = &text[..start];
    let joined = before.ends_with(b"->")
        || before.ends_with(b"::")
        || before.ends_with(b".") && before.len() > 1 && is_operand(before[before.len() - 2]);
    joined && end - start > 1 && text.get(end) == Some(&b'(') && !is_traced(before)
}

/// Tells whether the path that ends here stands in the trace of an error: `at java.util.List.of(`.
fn is_traced(path: &[u8]) -> bool {
    let path = &path[path.len().saturating_sub(LONGEST)..];
    let start = path.iter().rposition(u8::is_ascii_whitespace).unwrap_or(0);
    path[..start].trim_ascii_end().ends_with(b"at")
}

fn is_operand(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_)]}'\"".contains(&byte)
}

/// `'+f()+'`, `";f();//`, `'.f().'`: the text closes a string, goes on as code, and makes good what follows.
fn breaks_out(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let Some((quote @ (b'"' | b'\'' | b'`'), rest)) = text.split_first() else {
        return false;
    };
    let code = rest.trim_ascii_start();
    let code = code.iter().position(|byte| !b")]} ".contains(byte)).map_or(code, |at| &code[at..]);
    let operator =
        matches!(code.first(), Some(b';' | b'+' | b'.' | b'-' | b'*' | b'|' | b'&' | b','));
    let calls =
        code.contains(&b'(') || code.len() > 3 && code.contains(&b'*') || code.contains(&b'`');
    let ends = code.ends_with(b"//")
        || code.ends_with(b"#")
        || code.ends_with(b"/*")
        || code.ends_with(b";")
        || code.ends_with(&[*quote]) && code.len() > 2 && {
            let joint = code[..code.len() - 1].trim_ascii_end();
            joint.last().is_some_and(|byte| b"+.-*|&;,(=".contains(byte))
        };
    operator && calls && ends
}

fn word(text: &[u8]) -> &[u8] {
    let len = text
        .iter()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    &text[..len]
}

fn is_one_of(words: &str, word: &[u8]) -> bool {
    words.split_ascii_whitespace().any(|known| known.as_bytes() == word)
}

/// Names are shorter.
const LONGEST: usize = 64;

/// More blanks than these stand between no name and its argument.
const MOST_BLANKS: usize = 8;

/// Modules that code imports to reach out of the interpreter.
const MODULES: &str = "os sys subprocess socket pty pickle marshal ctypes shutil builtins importlib commands popen2 platform \
    code requests urllib urllib2 http ftplib telnetlib smtplib base64 codecs signal threading multiprocessing java javax \
    fs child_process net process tempfile glob pathlib runpy types inspect";

/// What runs, loads or prints its argument without parentheses.
const COMMANDS: &str = "system exec eval spawn popen passthru shell_exec include include_once require require_once \
    require_relative load do open print puts echo die abort unlink syscall backtick shell msgbox printf p warn throw raise return";
