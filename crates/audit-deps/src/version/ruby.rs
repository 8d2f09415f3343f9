//! Versions of gems, and of PHP's packages, which are ordered alike as far as advisories go: numbers and words by
//! segments, a word before a number.

use std::cmp::Ordering;

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (segments(a)?, segments(b)?);
    let zero = Segment::Number(String::new());
    for index in 0..a.len().max(b.len()) {
        let order = a.get(index).unwrap_or(&zero).cmp(b.get(index).unwrap_or(&zero));
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Word(String),
    /// Its digits, without zeros before them.
    Number(String),
}

impl Ord for Segment {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Word(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Word(_)) => Ordering::Greater,
            (Self::Number(a), Self::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        }
    }
}

impl PartialOrd for Segment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn segments(text: &str) -> Option<Vec<Segment>> {
    let text = text.trim().split('+').next().unwrap_or_default();
    // A hyphen begins what comes before the release.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let is_word = first.is_ascii_alphabetic();
        let end =
            rest.find(|letter: char| {
                if is_number { !letter.is_ascii_digit() } else { !letter.is_ascii_alphabetic() }
            })
            .unwrap_or(rest.len());
        if is_number {
            segments.push(Segment::Number(rest[..end].trim_start_matches('0').to_owned()));
        } else if is_word {
            segments.push(Segment::Word(rest[..end].to_ascii_lowercase()));
        }
        rest = if is_number || is_word { &rest[end..] } else { &rest[first.len_utf8()..] };
    }
    Some(segments)
}
