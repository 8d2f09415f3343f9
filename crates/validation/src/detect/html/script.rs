//! Code of a browser, as it stands in a text that was to go between tags or into a script.

use std::ops::Range;

use super::rules;
use crate::detect::Rule;

/// Reports code in a text.
pub(super) fn find(text: &[u8], short: bool, report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for word in (Words { text, at: 0 }) {
        let name = &text[word.clone()];
        let before = &text[..word.start];
        let after = &text[word.end..];
        match judge(name, before, after, short) {
            Some(Kind::Call) => {
                report(
                    if short { &rules::SCRIPT_CALL } else { &rules::SCRIPT_CALL_IN_PROSE },
                    word,
                );
            }
            Some(Kind::Object) => report(
                if short { &rules::SCRIPT_OBJECT } else { &rules::SCRIPT_OBJECT_IN_PROSE },
                word,
            ),
            Some(Kind::Constructor) => report(&rules::SCRIPT_CONSTRUCTOR, word),
            None => {}
        }
    }
    symbols(text, report);
    computed_calls(text, report);
    import(text, report);
    if short {
        after_quote(text, report);
    }
}

/// What a word turned out to be.
enum Kind {
    Call,
    Object,
    Constructor,
}

fn judge(name: &[u8], before: &[u8], after: &[u8], short: bool) -> Option<Kind> {
    let (known, alone) =
        (is_function(name), short && is_common_function(name) && !after.starts_with(b" "));
    let called = is_called(after, short) || is_passed(before, after);
    if (known || alone) && called && !is_defined(before) {
        return Some(Kind::Call);
    }
    if matches!(name, b"log" | b"dir") && short && before.ends_with(b"console.") && called {
        return Some(Kind::Call);
    }
    if is_page(name, after, short) {
        return Some(Kind::Object);
    }
    if name.eq_ignore_ascii_case(b"location") && !before.ends_with(b"-") {
        let rest = after.trim_ascii_start();
        let value = rest.strip_prefix(b"=").unwrap_or_default().trim_ascii_start();
        if value.first().is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'))
            && mentions_script(value)
        {
            return Some(Kind::Object);
        }
    }
    let made = before.trim_ascii_end().ends_with(b"new") && after.starts_with(b"(");
    let constructs = name == b"Function"
        && (made || matches!(after, [b'(', b'"' | b'\'' | b'`' | b')', ..] | [b'`', ..]));
    let borrowed = name == b"call" && after.starts_with(b"`");
    if constructs || borrowed || (is_maker(name) && is_reached(before, after)) {
        return Some(Kind::Constructor);
    }
    None
}

/// Tells whether the word is a way into the page, and is used as one.
fn is_page(name: &[u8], after: &[u8], short: bool) -> bool {
    let own = is_page_object(name);
    if !own && !is_object(name) {
        return false;
    }
    match after {
        [b')', b'[', ..] => return short,
        [b'[', b'"' | b'\'' | b'`', inner @ ..] => {
            let end = inner
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\'' | b'`'))
                .unwrap_or(inner.len());
            let hidden = matches!(inner.get(end + 1), Some(b'+')) || inner[..end].contains(&b'\\');
            return own
                || hidden
                || is_page_object(&inner[..end])
                || is_member(&inner[..end])
                || is_function(&inner[..end]);
        }
        // The name of the member, or the end of the object's, is hidden from a filter.
        [b'[', b'/' | b'(' | b'+' | b'\\' | b'!', ..] | [b'/', b'*', ..] => return true,
        [b'[', b'a'..=b'z' | b'0'..=b'9', ..] if own => return short,
        _ => {}
    }
    let moved = short && name == b"location";
    if moved
        && member(after).is_some_and(|member| {
            matches!(member, b"href" | b"hash" | b"search" | b"replace" | b"assign")
        })
    {
        return true;
    }
    member(after).is_some_and(|member| is_member(member) && (own || is_telling_member(member)))
}

/// Tells whether arguments follow. A blank before them is prose, unless what they are leaves no doubt.
fn is_called(after: &[u8], short: bool) -> bool {
    let rest = skip_comments(after);
    let rest = rest.strip_prefix(b"?.").unwrap_or(rest);
    match rest {
        // Prose names functions so.
        [b'(', b')', ..] => short,
        [0..=b' ', ..] => {
            let arguments = rest.trim_ascii_start();
            let telling = matches!(
                arguments,
                [b'(', b'0'..=b'9' | b'"' | b'\'' | b'`' | b'/' | b')', ..] | [b'`', ..]
            );
            let whole = short && arguments.starts_with(b"(") && !arguments.contains(&b' ');
            telling || whole || arguments.starts_with(b"(document")
        }
        [b'&', ..] => rest.starts_with(b"&lpar;") || rest.starts_with(b"&#40"),
        [b'\\' | b'%', ..] => {
            [&b"\\x28"[..], b"\\u0028", b"%28"].iter().any(|paren| rest.starts_with(paren))
        }
        [b'.', ..] => {
            [&b".call("[..], b".apply(", b".bind("].iter().any(|method| rest.starts_with(method))
        }
        [b'(' | b'`', ..] | [b')', b'(' | b'`', ..] | [b'"' | b'\'', b']', b'(', ..] => true,
        _ => false,
    }
}

/// Tells whether the function is handed on to be called: `[1].find(alert)`, `onerror=alert;throw 1`.
fn is_passed(before: &[u8], after: &[u8]) -> bool {
    match (before.last(), after.first()) {
        (Some(b'('), Some(b')' | b',')) => {
            before[..before.len() - 1].last().is_some_and(u8::is_ascii_alphabetic)
                && before[before.len().saturating_sub(FAR_ENOUGH)..].contains(&b'.')
        }
        (Some(b'='), Some(b';' | b'}' | b',' | b'&')) => true,
        _ => false,
    }
}

/// Tells whether it is the definition of something of that name, as in program text.
fn is_defined(before: &[u8]) -> bool {
    [&b"fn "[..], b"def ", b"function ", b"sub ", b"func ", b"void ", b"fun ", b"->", b"::"]
        .iter()
        .any(|word| before.ends_with(word))
}

/// `x.constructor(`, `x["constructor"]`, `x.constructor.constructor`.
fn is_reached(before: &[u8], after: &[u8]) -> bool {
    let reached = before.ends_with(b".")
        || before.ends_with(b"[\"")
        || before.ends_with(b"['")
        || before.ends_with(b"[`");
    reached && matches!(after, [b'(' | b'.' | b'[' | b'`', ..] | [b'"' | b'\'', b']', ..])
}

/// Returns the member that follows: `.cookie`.
fn member(after: &[u8]) -> Option<&[u8]> {
    let rest = skip_comments(after).strip_prefix(b".")?;
    let rest = skip_comments(rest);
    let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
    Some(&rest[..length])
}

fn skip_comments(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = text.strip_prefix(b"/*") {
        match memchr::memmem::find(&rest[..rest.len().min(FAR_ENOUGH)], b"*/") {
            Some(end) => text = &rest[end + 2..],
            None => break,
        }
    }
    text
}

fn mentions_script(value: &[u8]) -> bool {
    let value = value[1..].trim_ascii_start();
    value.get(..11).is_some_and(|start| start.eq_ignore_ascii_case(b"javascript:"))
        || value.starts_with(b"//")
        || value.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"http"))
}

/// Programs of six characters, and the usual beginnings of others that have no letters.
fn symbols(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let mut start = None;
    for at in 0..=text.len() {
        let symbol = text.get(at).is_some_and(|byte| {
            matches!(byte, b'[' | b']' | b'(' | b')' | b'!' | b'+' | b'{' | b'}')
        });
        match (symbol, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                let run = &text[from..at];
                let near = &run[..run.len().min(FAR_ENOUGH)];
                let has = |signs: &[&[u8]]| signs.iter().any(|sign| contains(near, sign));
                let sure = has(&[b"!+[]", b"!![]", b"![][", b"+[]+", b"[][["]);
                let telling =
                    run.len() >= SHORTEST_RUN && has(&[b"![]", b"+[]", b"[][(", b"+{}", b"({}+"]);
                if sure || telling {
                    report(&rules::SCRIPT_SYMBOLS, from..at);
                }
            }
            _ => {}
        }
    }
    for sign in [
        &b"=~[];"[..],
        b"=!![]",
        b"=''+!",
        b"/_=/",
        b"with(document",
        "\u{FF9F}\u{3C9}\u{FF9F}\u{FF89}".as_bytes(),
    ] {
        if let Some(at) = memchr::memmem::find(text, sign) {
            report(&rules::SCRIPT_SYMBOLS, at..at + sign.len());
        }
    }
}

/// `self["x"]["y"]("z")`: a member whose name is a text is called.
fn computed_calls(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for at in memchr::memmem::find_iter(text, b"](") {
        let Some(quote) = at
            .checked_sub(1)
            .map(|last| text[last])
            .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))
        else {
            continue;
        };
        let from = at.saturating_sub(FAR_ENOUGH);
        let inner = &text[from..at - 1];
        let Some(open) = inner.iter().rposition(|byte| *byte == b'[') else { continue };
        let owned =
            inner[..open].last().is_some_and(|byte| is_word(*byte) || matches!(byte, b']' | b')'));
        if owned
            && matches!(inner.get(open + 1), Some(first) if *first == quote || matches!(first, b'"' | b'\'' | b'`' | b'/'))
        {
            report(&rules::SCRIPT_OBJECT, from + open..at + 2);
        }
    }
}

/// A text that begins as a module does.
fn import(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let trimmed = text.trim_ascii();
    let Some(rest) = trimmed.strip_prefix(b"import") else { return };
    let start = text.len() - text.trim_ascii_start().len();
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let names = line
        .trim_ascii_start()
        .first()
        .is_some_and(|byte| matches!(byte, b'{' | b'*' | b'"' | b'\'' | b'('));
    let from =
        [&b"from \""[..], b"from '", b"from\"", b"from'"].iter().any(|sign| contains(line, sign));
    let direct =
        line.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'(' | b'"' | b'\''));
    if rest.len() == line.len() && (direct || (from && (names || line.starts_with(b" ")))) {
        report(&rules::SCRIPT_IMPORT, start..start + trimmed.len());
    }
}

/// `' in x.y=`: a quote that ends a literal, an operator, and an assignment to a member.
fn after_quote(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    if memchr::memmem::find(text, b"://").is_some() {
        return;
    }
    for quote in memchr::memchr2_iter(b'"', b'\'', text).take(MOST_QUOTES) {
        let rest = match text[quote + 1..].trim_ascii_start() {
            [b'i', b'n', rest @ ..] => rest,
            [operator, rest @ ..] if b";+-*/|^%})]?".contains(operator) => rest,
            _ => continue,
        };
        let target = rest.trim_ascii_start();
        let length = target.iter().take_while(|byte| is_word(**byte) || **byte == b'.').count();
        let name = &target[..length];
        let known = [&b"location"[..], b"name", b"onerror", b"valueOf"].contains(&name);
        let assigned = target[length..].trim_ascii_start().first() == Some(&b'=');
        if assigned && (known || name.contains(&b'.')) {
            report(&rules::SCRIPT_OBJECT, quote..text.len() - target.len() + length);
        }
    }
}

/// The identifiers of a text.
struct Words<'t> {
    text: &'t [u8],
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at + self.text[self.at..].iter().position(|byte| is_word(*byte))?;
        let length = self.text[start..].iter().position(|byte| !is_word(*byte));
        self.at = length.map_or(self.text.len(), |length| start + length);
        Some(start..self.at)
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Functions that show, run or send something.
#[rustfmt::skip]
const fn is_function(name: &[u8]) -> bool {
    matches!(
        name,
        b"alert" | b"confirm" | b"prompt" | b"eval" | b"setTimeout" | b"setInterval"
        | b"setImmediate" | b"execScript" | b"globalEval" | b"msgbox" | b"MsgBox" | b"fromCharCode"
        | b"fromCodePoint" | b"importScripts" | b"createContextualFragment" | b"insertAdjacentHTML"
        | b"ALERT" | b"Alert" | b"$eval" | b"trustAsHtml"
    )
}

/// Functions that many programs call, and hardly a text of a few words.
#[rustfmt::skip]
const fn is_common_function(name: &[u8]) -> bool {
    matches!(
        name,
        b"atob" | b"btoa" | b"fetch" | b"import" | b"getScript" | b"parseHTML" | b"postMessage"
        | b"addEventListener" | b"requestAnimationFrame"
    )
}

/// Objects that only a page has.
#[rustfmt::skip]
const fn is_page_object(name: &[u8]) -> bool {
    matches!(
        name,
        b"document" | b"window" | b"top" | b"frames" | b"globalThis" | b"opener" | b"navigator"
        | b"localStorage" | b"sessionStorage"
    )
}

/// Objects that other programs have as well.
#[rustfmt::skip]
const fn is_object(name: &[u8]) -> bool {
    matches!(name, b"self" | b"this" | b"parent" | b"location" | b"history")
}

/// Members of these that no text needs.
#[rustfmt::skip]
const fn is_member(name: &[u8]) -> bool {
    matches!(
        name,
        b"cookie" | b"write" | b"writeln" | b"domain" | b"location" | b"documentElement" | b"body"
        | b"createElement" | b"getElementById" | b"getElementsByTagName" | b"querySelector"
        | b"querySelectorAll" | b"innerHTML" | b"outerHTML" | b"forms" | b"scripts"
        | b"execCommand" | b"defaultView" | b"URL" | b"documentURI" | b"referrer" | b"href"
        | b"hash" | b"replace" | b"assign" | b"open" | b"name" | b"alert" | b"eval" | b"onerror"
        | b"parent" | b"top" | b"frames" | b"opener" | b"sendBeacon" | b"pushState" | b"getItem"
        | b"setItem" | b"atob" | b"implementation" | b"all" | b"execScript" | b"confirm"
        | b"prompt" | b"document" | b"window" | b"globalEval" | b"setTimeout"
    )
}

/// Those that betray the page whatever the object is called.
#[rustfmt::skip]
const fn is_telling_member(name: &[u8]) -> bool {
    matches!(name, b"alert" | b"eval" | b"onerror" | b"execScript" | b"document" | b"pushState")
}

/// Members from which any function can be made.
#[rustfmt::skip]
const fn is_maker(name: &[u8]) -> bool {
    matches!(
        name,
        b"constructor" | b"__proto__" | b"globalEval" | b"innerHTML" | b"outerHTML" | b"srcdoc"
        | b"parentNode"
    )
}

/// Six-character programs are hundreds long; punctuation in prose and code is not.
const SHORTEST_RUN: usize = 9;

/// What is further away does not belong to it.
const FAR_ENOUGH: usize = 256;

/// A short text has few.
const MOST_QUOTES: usize = 16;
