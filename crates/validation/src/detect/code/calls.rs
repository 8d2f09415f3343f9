//! Calls of functions, by their names.

use super::functions::{self, Danger};
use super::rules::{CALL, DYNAMIC, EXECUTION, INTERPOLATED, METHOD};
use crate::detect::hits::Hits;
use crate::detect::shell::is_prose;

/// Looks at every name of the text, and at what follows it.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|byte| starts(*byte)))
    {
        let start = at + step;
        let len = bytes[start..].iter().take_while(|byte| is_name(**byte)).count();
        at = start + len.max(1);
        if !hits.spend(COST) {
            return;
        }
        if bytes[start] == b'(' {
            if let Some(end) = grouped(bytes, start) {
                hits.hit(&DYNAMIC, start..end);
            }
        } else if len <= LONGEST && !bytes[start].is_ascii_digit() {
            name(bytes, start, at, hits);
        }
    }
}

fn name(text: &[u8], start: usize, end: usize, hits: &mut Hits<'_>) {
    let rest = &text[end..];
    let gap = blanks(rest);
    let next = rest.get(gap).copied();
    let before = start.checked_sub(1).map(|before| text[before]);
    match next {
        Some(b'(') => called(text, start, end, end + gap, before, hits),
        Some(b'.' | b':' | b'-') => member(text, start, end, end + gap, hits),
        Some(b'"' | b'\'' | b'`') if gap == 1 => {
            // Perl, Ruby and PHP call without parentheses.
            let name = &text[start..end];
            let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
            if is(b"include_once") || is(b"require_once") || is(b"qx") {
                hits.hit(&EXECUTION, start..end);
            }
        }
        _ => {}
    }
}

/// `name(`.
fn called(
    text: &[u8],
    start: usize,
    end: usize,
    open: usize,
    before: Option<u8>,
    hits: &mut Hits<'_>,
) {
    if before == Some(b'$') {
        let end = open + 1;
        let interpolated = start >= 3 && text[start - 2] == b'{';
        hits.hit(if interpolated { &INTERPOLATED } else { &DYNAMIC }, start - 1..end);
        return;
    }
    let name = &text[start..end];
    if before == Some(b'{') && start >= 2 && text[start - 2] == b'$' {
        hits.hit(&INTERPOLATED, start - 2..open + 1);
    }
    let argument =
        text[open + 1..].iter().take(MOST_BLANKS).find(|byte| !byte.is_ascii_whitespace()).copied();
    // `'.system('id').'` joins strings.
    let joins =
        before == Some(b'.') && start >= 2 && matches!(text[start - 2], b'"' | b'\'' | b' ');
    let member = matches!(before, Some(b'.' | b'>' | b':')) && !joins;
    match functions::danger(name) {
        Some(Danger::Execution)
            if !member
                && !is_definition(&text[..start])
                && takes_code(name, &text[open + 1..], open == end) =>
        {
            hits.hit(&EXECUTION, start..open + 1);
        }
        Some(_)
            if hits.wants(&CALL)
                && !member
                && argument.is_some()
                && !(open > end && in_prose(text, hits)) =>
        {
            hits.hit(&CALL, start..open + 1);
        }
        _ => {}
    }
}

/// Tells whether the text reads as prose, where "cut (the rest)" is no call.
fn in_prose(text: &[u8], hits: &mut Hits<'_>) -> bool {
    hits.spend(PROSE) && is_prose(text)
}

/// Tells whether the argument is text or a variable, as code to run is.
fn takes_code(name: &[u8], rest: &[u8], touches: bool) -> bool {
    if name.eq_ignore_ascii_case(b"phpinfo") {
        return true;
    }
    let rest = rest[..rest.len().min(GROUP)].trim_ascii_start();
    let Some(&first) = rest.first() else {
        return false;
    };
    // Where they stand apart it may be prose: `the system ("cpu" line)`.
    let closes = || {
        let end = memchr::memchr(first, &rest[1..]).map(|at| &rest[at + 2..]);
        end.is_none_or(|end| {
            end.trim_ascii_start().first().is_none_or(|byte| b"),.;".contains(byte))
        })
    };
    match first {
        b'"' | b'\'' | b'`' => touches || closes(),
        b'$' | b'[' | b'\\' | b'@' => true,
        // Assertions of other languages take conditions.
        byte => {
            let assertion = name.eq_ignore_ascii_case(b"assert");
            touches && !assertion && (byte.is_ascii_alphabetic() || byte == b'_')
        }
    }
}

/// Tells whether the name before is being defined rather than called.
fn is_definition(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(16)..];
    let trimmed = before.trim_ascii_end();
    trimmed.len() < before.len()
        && [b"def".as_slice(), b"function", b"fn", b"func", b"void", b"int", b"sub", b"async"]
            .iter()
            .any(|word| trimmed.ends_with(word))
}

/// `module.function`, with `.`, `::` or `->` between them.
fn member(text: &[u8], start: usize, end: usize, at: usize, hits: &mut Hits<'_>) {
    let rest = &text[at..text.len().min(at + LONGEST + 8)];
    let sign = match rest {
        [b':', b':', ..] | [b'-', b'>', ..] => 2,
        [b'.', ..] => 1,
        _ => return,
    };
    let blanks = rest[sign..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let second = &rest[sign + blanks..];
    let second = &second[..second.iter().take_while(|byte| is_name(**byte)).count()];
    let first = &text[start..end];
    if second.is_empty() {
        return;
    }
    let end = at + sign + blanks + second.len();
    // `exec()` of a document has nothing between its parentheses.
    let called = matches!(text.get(end), Some(b'(' | b'.')) && text.get(end + 1) != Some(&b')');
    if called && functions::runs(first, second) {
        hits.hit(&EXECUTION, start..end);
    } else if functions::is_method(first, second) {
        hits.hit(&METHOD, start..end);
    }
}

/// `(system)(…)`, `('sys'.'tem')(…)`, `"system"(…)`: what is called is computed.
fn grouped(text: &[u8], open: usize) -> Option<usize> {
    let before = open.checked_sub(1).map(|before| text[before]);
    match before {
        Some(quote @ (b'"' | b'\''))
            if is_called_string(&text[open.saturating_sub(40)..open - 1], quote) =>
        {
            return Some(open + 1);
        }
        // `$x['f'](…)`
        Some(b']') => {
            let back = &text[open.saturating_sub(40)..open - 1];
            let variable = back.iter().rposition(|byte| *byte == b'[').is_some_and(|at| {
                let name = back[..at].iter().rev().take_while(|byte| is_name(**byte)).count();
                back[..at].iter().rev().nth(name) == Some(&b'$')
            });
            return variable.then_some(open + 1);
        }
        _ => {}
    }
    if before.is_some_and(is_name) {
        return None;
    }
    let rest = &text[open + 1..text.len().min(open + GROUP)];
    let close = memchr::memmem::find(rest, b")(")?;
    let inside = rest[..close].trim_ascii();
    let quotes = inside.iter().any(|byte| b"'\"$".contains(byte))
        && inside.iter().any(|byte| b".^~$".contains(byte));
    let named = functions::danger(inside).is_some();
    (quotes || named).then_some(open + 1 + close + 2)
}

/// Tells whether the string that ends here names a function.
fn is_called_string(back: &[u8], quote: u8) -> bool {
    let Some(start) = memchr::memrchr(quote, back) else {
        return false;
    };
    let name = &back[start + 1..];
    functions::danger(name).is_some() || memchr::memmem::find(name, b"\\x").is_some()
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Counts what may stand between a name and its parenthesis: blanks, the vertical ones too, and a comment.
fn blanks(text: &[u8]) -> usize {
    let text = &text[..text.len().min(MOST_BLANKS)];
    let blank = |text: &[u8]| text.iter().take_while(|byte| matches!(byte, 9..=13 | b' ')).count();
    let before = blank(text);
    let comment =
        text[before..].strip_prefix(b"/*").and_then(|rest| memchr::memmem::find(rest, b"*/"));
    comment.map_or(before, |len| {
        let end = before + len + 4;
        end + blank(&text[end..])
    })
}

fn starts(byte: u8) -> bool {
    is_name(byte) || byte == b'('
}

/// How many bytes the look at a name costs, for the budget of work.
const COST: usize = 24;

/// How many the look at the whole text does.
const PROSE: usize = 400;

/// No name that is known is longer.
const LONGEST: usize = 40;

/// More blanks than this stand in no call.
const MOST_BLANKS: usize = 40;

/// How far a computed name goes.
const GROUP: usize = 96;
