//! What tags and their attributes do, and quotes that end an attribute.

use std::ops::Range;

use super::elements::{self, Effect};
use super::tokens::{self, Attribute, Tag};
use super::{css, rules, urls};
use crate::detect::Rule;

/// Reports tags that do something.
pub(super) fn find(text: &[u8], short: bool, report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let closes = memchr::memmem::find(text, b"</").is_some();
    let (mut at, mut read, mut nested) = (0, 0, 0);
    while let Some(tag) = tokens::next_tag(text, at) {
        at = tag.head.end;
        if is_name_of_something_else(text, &tag, closes) {
            continue;
        }
        let inner = tag.head.start < read;
        nested += usize::from(inner);
        let skipped = inner && nested > MOST_NESTED;
        let sure = skipped || judge_attributes(text, &tag, &mut read, report) || closes;
        judge_element(&tag, sure, report);
    }
    declarations(text, report);
    match memchr::memchr(b'<', text) {
        None => break_outs(text, report),
        Some(first) => tag_after_quote(text, first, report),
    }
    handlers_after_quotes(text, short, report);
}

/// `Vec<Form>`, `<name@host>`, `<math.h>`: angle brackets around what is no element.
fn is_name_of_something_else(text: &[u8], tag: &Tag<'_>, closes: bool) -> bool {
    if matches!(
        tag.next_byte(),
        Some(b'.' | b'@' | b',' | b')' | b'|' | b'*' | b'?' | b'(' | 0x80..)
    ) {
        return true;
    }
    let quoted = tag.head.start.checked_sub(1).is_some_and(|before| text[before] == b'`');
    if quoted && text[tag.head.end..].starts_with(b">`") {
        return true;
    }
    let generic = tag.head.start.checked_sub(1).is_some_and(
        |before| matches!(text[before], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':'),
    );
    let name = &text[tag.head.start + 1..tag.head.end];
    generic
        && matches!(tag.next_byte(), Some(b'>' | b'<' | b'&'))
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && name.get(1).is_some_and(u8::is_ascii_lowercase)
        && !closes
}

fn judge_element(tag: &Tag<'_>, sure: bool, report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let name = tag.name.local();
    let span = tag.head.clone();
    match elements::effect(name) {
        Effect::Runs if !tag.spaced || is_plain(name) => {
            report(&rules::LIVE_ELEMENT, span);
        }
        Effect::Changes if !tag.spaced => report(&rules::PAGE_ELEMENT, span),
        Effect::Word if !tag.spaced && sure && name != b"a" => report(&rules::PAGE_ELEMENT, span),
        _ => {}
    }
}

/// Elements that a filter is likely to have been made for.
const fn is_plain(name: &[u8]) -> bool {
    matches!(name, b"script" | b"iframe" | b"svg" | b"embed" | b"applet")
}

/// Tells whether it is a tag for certain: an attribute has a value, or the tag does not end.
fn judge_attributes(
    text: &[u8],
    tag: &Tag<'_>,
    read: &mut usize,
    report: &mut impl FnMut(&'static Rule, Range<usize>),
) -> bool {
    let mut sure = false;
    let link = matches!(tag.name.local(), b"a" | b"area");
    let end = tag.attributes(|attribute| {
        let Attribute { name, value, has_value } = attribute;
        let letters =
            text[name.clone()].iter().take_while(|byte| !byte.is_ascii_alphabetic()).count();
        let name = name.start + letters..name.end;
        if name.is_empty() {
            return;
        }
        if !has_value {
            // `<x onclick`: the value is what the page writes next.
            if value.end == text.len() && elements::is_known_handler(&text[name.clone()]) {
                report(&rules::EVENT_HANDLER, name);
            }
            return;
        }
        sure = true;
        let (key, content) = (&text[name.clone()], &text[value.clone()]);
        if elements::is_handler(key) {
            report(&rules::EVENT_HANDLER, name.start..value.end);
        } else if urls::runs(content) {
            report(&rules::SCRIPT_URL, name.start..value.end);
        } else if elements::is_dangerous(key)
            || (key.eq_ignore_ascii_case(b"style") && css::is_active(content))
        {
            report(&rules::ACTIVE_ATTRIBUTE, name.start..value.end);
        } else if link && key.eq_ignore_ascii_case(b"href") {
            report(&rules::LINK, name.start..value.end);
        }
    });
    *read = (*read).max(end);
    sure || text[..end].last() != Some(&b'>')
}

/// Comments that run, and the document's own declaration.
fn declarations(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for at in memchr::memmem::find_iter(text, b"<!") {
        let rest = text[at + 2..].trim_ascii_start();
        let begins = |start: &[u8]| {
            rest.get(..start.len()).is_some_and(|rest| rest.eq_ignore_ascii_case(start))
        };
        if begins(b"--[if")
            || begins(b"[if")
            || begins(b"--#")
            || begins(b"--><")
            || begins(b"--!><")
            || begins(b"--`")
        {
            report(&rules::ACTIVE_COMMENT, at..at + 2);
        } else if begins(b"doctype html") {
            report(&rules::PAGE_ELEMENT, at..at + 2);
        } else if rest.starts_with(b"--") {
            report(&rules::COMMENT, at..at + 4);
        }
    }
    for sign in [&b"+ADw-"[..], b"+AD4-"] {
        for at in memchr::memmem::find_iter(text, sign) {
            report(&rules::UTF_7, at..at + sign.len());
        }
    }
    // In Latin-1 the eighth bit of these is all that tells them from angle brackets.
    for at in memchr::memmem::find_iter(text, "\u{BC}".as_bytes()) {
        if tokens::next_tag(&angled(&text[at + 2..]), 0)
            .is_some_and(|tag| elements::effect(tag.name.local()) != Effect::Formats)
        {
            report(&rules::LIVE_ELEMENT, at..at + 2);
        }
    }
    for at in memchr::memchr_iter(b'<', text) {
        if is_spelled_out(&text[at + 1..text.len().min(at + FAR_ENOUGH)]) {
            report(&rules::LIVE_ELEMENT, at..at + 1);
        }
    }
}

/// Puts an angle bracket before the first bytes of a text.
fn angled(text: &[u8]) -> [u8; 24] {
    let mut copy = [b' '; 24];
    copy[0] = b'<';
    for (to, from) in copy[1..].iter_mut().zip(text) {
        *to = if *from < 0x80 { *from } else { b'>' };
    }
    copy
}

/// `<s c r i p t`: what filters make of something between the letters.
fn is_spelled_out(rest: &[u8]) -> bool {
    let mut name = [0; 16];
    let mut length = 0;
    let mut gap = MOST_GAP;
    for byte in rest {
        if byte.is_ascii_alphabetic() && gap > 0 && length < name.len() {
            name[length] = byte.to_ascii_lowercase();
            length += 1;
            gap = 0;
        } else if !byte.is_ascii_alphanumeric() && gap < MOST_GAP {
            gap += 1;
        } else {
            break;
        }
    }
    length >= 3 && elements::effect(&name[..length]) != Effect::Formats
}

/// In a text without tags: a quote, and an attribute after it.
fn break_outs(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for quote in memchr::memchr2_iter(b'"', b'\'', text) {
        let closes = quote == 0 || text[quote - 1] > b' ';
        let rest = &text[quote + 1..];
        // A new line is one of program text.
        let blanks =
            rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'/' | 0 | 0x0C)).count();
        if !closes || blanks == rest.len() {
            continue;
        }
        let name = name_before_equals(&rest[blanks..]);
        let apart = blanks > 0 && elements::breaks_out(name);
        if !name.is_empty() && (apart || elements::is_dangerous(name)) {
            let start = quote + 1 + blanks;
            report(&rules::ATTRIBUTE_BREAK_OUT, quote..start + name.len());
        }
    }
}

/// `"><x`: the first tag follows the end of a value and of a tag that the page has begun.
fn tag_after_quote(
    text: &[u8],
    first: usize,
    report: &mut impl FnMut(&'static Rule, Range<usize>),
) {
    let before = text[..first].trim_ascii_end();
    let Some(before) = before.strip_suffix(b">") else { return };
    let before = before.strip_suffix(b"/").unwrap_or(before).trim_ascii_end();
    let begins =
        text.get(first + 1).is_some_and(|byte| byte.is_ascii_alphabetic() || b"/!?".contains(byte));
    if begins && matches!(before.last(), Some(b'"' | b'\'')) {
        report(&rules::ATTRIBUTE_BREAK_OUT, before.len() - 1..first + 1);
    }
}

/// The handler of an event that exists, after a quote or a blank, wherever that is.
fn handlers_after_quotes(
    text: &[u8],
    short: bool,
    report: &mut impl FnMut(&'static Rule, Range<usize>),
) {
    for equals in memchr::memchr_iter(b'=', text) {
        let before = text[..equals].trim_ascii_end();
        let letters = before
            .iter()
            .rev()
            .take(LONGEST_EVENT)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let start = before.len() - letters;
        let name = &before[start..];
        let known = elements::is_known_handler(name);
        if !known
            && (!short
                || !elements::is_handler(name)
                || text.get(equals + 1).is_none_or(|byte| *byte <= b'='))
        {
            continue;
        }
        let outer = text[..start].trim_ascii_end();
        let rule = match start.checked_sub(1).map(|at| text[at]) {
            Some(b'"' | b'\'' | b'`' | b'/') => &rules::ATTRIBUTE_BREAK_OUT,
            Some(0..=b' ') if outer.ends_with(b"\"") || outer.ends_with(b"'") => {
                &rules::ATTRIBUTE_BREAK_OUT
            }
            None | Some(0..=b' ' | b';' | b'(' | b',' | b'0'..=b'9') if before.len() == equals => {
                &rules::HANDLER_ALONE
            }
            _ => continue,
        };
        report(rule, start..equals + 1);
    }
}

/// Returns the name if an equals sign follows it.
fn name_before_equals(text: &[u8]) -> &[u8] {
    let length = text
        .iter()
        .take(LONGEST_EVENT)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'))
        .count();
    let (name, rest) = text.split_at(length);
    let assigned = matches!(rest, [b'=', value, ..] if *value > b' ') || rest == b"=";
    if assigned || name.eq_ignore_ascii_case(b"autofocus") { name } else { b"" }
}

/// Tags within the values of tags are read up to this number; their names always.
const MOST_NESTED: usize = 8;

/// Letters that are further apart do not make a word.
const MOST_GAP: usize = 3;

/// Longer words are no event.
const LONGEST_EVENT: usize = 40;

/// Enough for a name with a blank after each letter.
const FAR_ENOUGH: usize = 40;
