//! Components that climb.

use std::ops::Range;

use super::decode::Decoded;
use super::{places, rules};
use crate::detect::Rule;

/// What the components of one path add up to.
#[derive(Default)]
struct Chain {
    start: usize,
    end: usize,
    parents: usize,
    /// Dots that some file systems and some filters turn into `..`: `...`, `.?`, `.` again and again.
    odd: usize,
    heres: usize,
    escaped: bool,
    /// What follows the last climb.
    target: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Component {
    Parent,
    Odd,
    Here,
    Name,
}

/// Reports climbs. A text of few words is a path that somebody typed; prose may name one.
pub(super) fn find(
    decoded: &Decoded<'_>,
    words: usize,
    report: &mut impl FnMut(&'static Rule, Range<usize>),
) {
    let text = decoded.bytes();
    let mut chain = Chain::default();
    let (mut start, mut after_separator) = (0, false);
    for at in 0..=text.len() {
        let byte = text.get(at).copied();
        let separates = matches!(byte, Some(b'/' | b'\\'));
        if !separates && byte.is_some_and(|byte| !breaks(byte) || decoded.is_escaped(at)) {
            continue;
        }
        let component = classify(&text[start..at]);
        if component != Component::Name && (separates || after_separator) {
            chain.add(component, start..at, separates.then_some(at), decoded);
        }
        if !separates {
            chain.judge(text, words, report);
            chain = Chain::default();
        }
        after_separator = separates;
        start = at + 1;
    }
}

impl Chain {
    fn add(
        &mut self,
        component: Component,
        span: Range<usize>,
        separator: Option<usize>,
        decoded: &Decoded<'_>,
    ) {
        if self.parents + self.odd + self.heres == 0 {
            self.start = span.start;
        }
        self.end = separator.map_or(span.end, |at| at + 1);
        self.target = self.end;
        match component {
            Component::Parent => self.parents += 1,
            Component::Odd => self.odd += 1,
            Component::Here => self.heres += 1,
            Component::Name => {}
        }
        if component == Component::Parent {
            self.escaped |= span.clone().chain(separator).any(|at| decoded.is_escaped(at));
            let before = span.start.checked_sub(1);
            self.escaped |= before.is_some_and(|at| decoded.is_escaped(at));
        }
    }

    fn judge(
        &self,
        text: &[u8],
        words: usize,
        report: &mut impl FnMut(&'static Rule, Range<usize>),
    ) {
        if self.parents + self.odd + self.heres == 0 {
            return;
        }
        let span = self.start..self.end;
        let target = text.get(self.target..).unwrap_or_default();
        let deep = if words < PROSE { 3 } else { 6 };
        let sensitive = || places::is_target(target);
        if self.parents > 0 && self.escaped {
            report(&rules::ENCODED_TRAVERSAL, span);
        } else if self.parents >= deep || (self.parents > 0 && sensitive()) {
            report(&rules::DEEP_TRAVERSAL, span);
        } else if self.odd >= 2
            || self.heres >= 3
            || (self.odd > 0 && (sensitive() || words == 1 && is_dotted(text)))
        {
            report(&rules::DOTS, span);
        } else if self.parents > 0 {
            let short = words <= 2 || (words <= 4 && self.parents == 2);
            report(if short { &rules::TRAVERSAL } else { &rules::TRAVERSAL_IN_PROSE }, span);
        }
    }
}

/// `....//`, `..././`: what is left after a filter has taken `../` away climbs.
fn is_dotted(text: &[u8]) -> bool {
    text.len() < MANY_DOTS
        && text.iter().all(|byte| matches!(byte, b'.' | b'/' | b'\\'))
        && text.iter().filter(|byte| **byte != b'.').count() >= 2
}

/// Says what a component does, apart from what filters and servers drop around it.
fn classify(component: &[u8]) -> Component {
    let mut kept = component;
    if kept.contains(&b';') {
        // A parameter of the component for one server, and a part of the name for another.
        let parts =
            [kept.split(|byte| *byte == b';').next(), kept.rsplit(|byte| *byte == b';').next()];
        kept = parts.into_iter().flatten().find(|part| part.starts_with(b".")).unwrap_or_default();
    }
    while let [b'%' | 0..=b' ', rest @ ..] | [rest @ .., b'%' | b'~' | 0..=b' ' | 0xC0..] = kept {
        kept = rest;
    }
    match kept {
        b"." => Component::Here,
        b".." => Component::Parent,
        [b'.', rest @ ..]
            if rest.len() < MANY_DOTS
                && rest.iter().all(|byte| matches!(byte, b'.' | b'?' | 0)) =>
        {
            if kept.iter().filter(|byte| **byte != 0).eq(b"..") {
                Component::Parent
            } else {
                Component::Odd
            }
        }
        _ => Component::Name,
    }
}

/// Tells whether a path ends at the byte.
const fn breaks(byte: u8) -> bool {
    byte <= b' '
        || matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'='
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b','
                | b':'
                | b'|'
                | b'&'
                | b'#'
        )
}

/// More dots are a line that somebody drew.
const MANY_DOTS: usize = 16;

/// From here on a climb may be a link in a text about a project.
const PROSE: usize = 8;
