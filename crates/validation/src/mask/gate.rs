//! What tells, at the price of one look-up a byte, that a text has nothing to recognise.
//!
//! Of every literal the pair of bytes that logs have least is put into a table. Where no pair of the text is in it, no
//! literal is. This visits each byte once and depends on none before, so the processor does many at a time; an
//! automaton cannot, because each of its steps waits for the one before.

use std::collections::BTreeMap;

use super::recogniser::Special;

/// Finds where a literal stands.
pub(super) struct Gate {
    /// By a pair's two bytes of seven bits: 0 for nothing, else the number of the group, counted from 1.
    pairs: Box<[u8]>,
    /// Which literals have such a pair.
    groups: Vec<Vec<usize>>,
    literals: Vec<Literal>,
}

/// A gate in the making.
#[derive(Default)]
pub(super) struct GateBuilder {
    pairs: BTreeMap<[u8; 2], Vec<usize>>,
    literals: Vec<Literal>,
}

/// A literal that announces something.
pub(super) struct Literal {
    /// None where the pair is all.
    bytes: Box<[u8]>,
    /// Whether case does not count; then the bytes are lower case.
    folded: bool,
    /// Where its pair stands in it.
    offset: usize,
    pub(super) target: Target,
}

/// What a literal announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A shape, by its number.
    Shape(usize),
    /// What has code of its own.
    Special(Special),
}

impl GateBuilder {
    /// Adds a literal of at least two bytes.
    pub(super) fn add(&mut self, bytes: &[u8], folded: bool, target: Target) {
        let weight = |pair: &[u8]| weight(pair[0]) * weight(pair[1]);
        let Some((offset, pair)) =
            bytes.windows(2).enumerate().min_by_key(|(_, pair)| weight(pair))
        else {
            return;
        };
        self.literals.push(Literal { bytes: bytes.into(), folded, offset, target });
        let cases = |byte: u8| [byte, if folded { byte.to_ascii_uppercase() } else { byte }];
        for first in cases(pair[0]) {
            for second in cases(pair[1]) {
                self.insert([first, second]);
            }
        }
    }

    /// Adds pairs that announce something by themselves.
    pub(super) fn add_pairs(&mut self, pairs: impl IntoIterator<Item = [u8; 2]>, target: Target) {
        self.literals.push(Literal { bytes: [].into(), folded: false, offset: 0, target });
        pairs.into_iter().for_each(|pair| self.insert(pair));
    }

    /// Notes that the newest literal has this pair.
    fn insert(&mut self, pair: [u8; 2]) {
        let newest = self.literals.len() - 1;
        let known = self.pairs.entry(pair).or_default();
        if known.last() != Some(&newest) {
            known.push(newest);
        }
    }

    /// Returns the gate.
    pub(super) fn build(self) -> Gate {
        let mut pairs = vec![0; PAIRS].into_boxed_slice();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for ([first, second], literals) in self.pairs {
            let number = groups.iter().position(|group| *group == literals).unwrap_or_else(|| {
                // Where numbers run out, the last group is shared: that costs time, and misses nothing.
                if groups.len() < usize::from(u8::MAX) {
                    groups.push(literals);
                } else if let Some(last) = groups.last_mut() {
                    last.extend(literals);
                }
                groups.len() - 1
            });
            pairs[index(first, second)] = u8::try_from(number + 1).unwrap_or(u8::MAX);
        }
        Gate { pairs, groups, literals: self.literals }
    }
}

impl Gate {
    /// Returns the first pair from `from` on that is in the table: where, and the number of its group.
    #[inline]
    pub(super) fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, u8)> {
        // Its length is known here, and then no look-up checks it.
        let pairs: &[u8; PAIRS] = self.pairs.as_ref().try_into().ok()?;
        let mut at = from;
        while let Some(chunk) = bytes.get(at..at + 9) {
            let low =
                [chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]];
            let low = u64::from_le_bytes(low);
            let high = low >> 8 | u64::from(chunk[8]) << 56;
            let of =
                |word: u64, shift: u32| pairs[usize::try_from(word >> shift & MASK).unwrap_or(0)];
            // The pairs that begin at even places, and at odd ones.
            let even = of(low, 0) | of(low, 16) | of(low, 32) | of(low, 48);
            let odd = of(high, 0) | of(high, 16) | of(high, 32) | of(high, 48);
            if even | odd != 0 {
                break;
            }
            at += 8;
        }
        bytes.get(at..)?.windows(2).enumerate().find_map(|(number, pair)| {
            let group = pairs[index(pair[0], pair[1])];
            (group != 0).then_some((at + number, group))
        })
    }

    /// Returns the literals of a group that stand where its pair was found: where each begins, and what it announces.
    pub(super) fn literals<'g>(
        &'g self,
        group: u8,
        bytes: &'g [u8],
        at: usize,
    ) -> impl Iterator<Item = (usize, &'g Literal)> {
        self.groups[usize::from(group) - 1].iter().filter_map(move |number| {
            let literal = &self.literals[*number];
            if literal.bytes.is_empty() {
                return bytes[at..at + 2].is_ascii().then_some((at, literal));
            }
            let start = at.checked_sub(literal.offset)?;
            let found = bytes.get(start..start + literal.bytes.len())?;
            let equal = if literal.folded {
                found.eq_ignore_ascii_case(&literal.bytes)
            } else {
                found == &*literal.bytes
            };
            equal.then_some((start, literal))
        })
    }

    #[cfg(test)]
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }
}

impl Literal {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

const fn index(first: u8, second: u8) -> usize {
    (first & 0x7f) as usize | ((second & 0x7f) as usize) << 8
}

/// How often a byte is in logs, roughly.
fn weight(byte: u8) -> u32 {
    match byte {
        b' ' | b'e' => 10,
        b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 6,
        b'a'..=b'z' | b'0'..=b'9' | b'.' | b':' | b'/' | b'-' | b'=' | b'"' | b',' => 3,
        b'A'..=b'Z' => 2,
        _ => 1,
    }
}

/// Seven bits of each byte, the eighth between them left out: what is not ASCII shares its places, and is told apart
/// when the literal is compared.
const MASK: u64 = 0x7f7f;
const PAIRS: usize = 0x8000;
